"""Nets as files, text and pictures: Python files to read, drawings to look at."""
