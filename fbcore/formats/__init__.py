"""Nets as files and text: Python files to read, Mermaid to look at."""
