"""Who runs where, and what if it fails: settings, policies, and the orchestrator that builds a net by them."""
