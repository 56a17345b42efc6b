"""Observers for tools that people watch services with; each needs an extra, and is imported from its module."""
