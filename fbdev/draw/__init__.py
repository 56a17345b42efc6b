"""`fbdev draw FILE`: a net as a drawing."""
