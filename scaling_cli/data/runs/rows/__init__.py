"""Rows before points are chosen from them: which of them form a run, their order, their split, and their tokens."""
