"""What may be wrong with a fit: its law, single runs, runs at equal inputs that err together."""
