"""Charts, and what draws them: the terminal and files."""
