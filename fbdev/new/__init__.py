"""`fbdev new NAME`: a project to start from."""
