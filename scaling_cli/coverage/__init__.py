"""Success counts of repeated sampling -> coverage: estimates, laws, verifiers and budgets, in numpy."""
