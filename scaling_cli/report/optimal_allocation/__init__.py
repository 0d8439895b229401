"""How `scaling optimal-allocation` looks: tables, then charts."""
