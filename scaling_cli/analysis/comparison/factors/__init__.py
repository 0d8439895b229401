"""Which factors move the exponent, the coefficient or the floor of a law, in designs that may cross several factors.

A cell is one combination of the factors' levels, and has runs of its own. Each parameter of the law has one value per
cell; a model says how these values follow from the factors. The tests compare such models.
"""
