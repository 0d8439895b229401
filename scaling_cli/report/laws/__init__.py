"""How `scaling laws` looks."""
