"""How `scaling columns` looks."""
