"""Logs that training programs print: one module for each program, which says what its lines look like."""
