"""Training logs: rows become points of runs."""
