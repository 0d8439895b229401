"""How `scaling fit` looks: facts and tables, then charts."""
