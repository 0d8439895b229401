"""Formulas that users write: text to tree, tree to values and derivatives."""
