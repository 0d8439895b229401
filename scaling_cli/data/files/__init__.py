"""Files of every format, opened as lazy tables."""
