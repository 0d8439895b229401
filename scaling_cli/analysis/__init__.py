"""The answers: one folder per question, none of which imports another."""
