"""How `scaling inference-coverage` looks: tables, then charts."""
