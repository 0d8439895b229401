"""How `scaling extrapolate` looks: tables, then charts."""
