"""`fbdev dead-letters FILE`: which letters lie in a file, one of them whole, and taking them out."""
