"""`fbdev run FILE`: its options, the live table, and what it prints."""
