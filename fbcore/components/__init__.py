"""The shelf: components that any net may use, written with nothing but what users have too."""
