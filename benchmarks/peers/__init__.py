"""The chain in other packages, each in an environment of its own, which `--peers` makes in .venv-peers."""
