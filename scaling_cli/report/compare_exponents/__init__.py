"""How `scaling compare-exponents` looks: facts and tables, then charts."""
