"""`fbdev check FILE`: everything about nets and components that can be known before they run."""
