"""Python source files of users: read, compiled and run as modules; every refusal says file, line and mend."""
