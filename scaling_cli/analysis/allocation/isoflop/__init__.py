"""Allocation from IsoFLOP curves: the best model at each of several budgets."""
