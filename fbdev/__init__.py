"""fbdev helps people write and run nets of components: the command line, drawings, live tables."""
