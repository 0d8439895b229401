"""Files become tidy tables: which column plays which role, and one row for each point."""
