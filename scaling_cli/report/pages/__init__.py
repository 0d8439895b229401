"""Pages of facts, tables and sentences, and one renderer for each format."""
