"""Which runs to train next: `search` chooses them, `goals` says what they are to tell, `beliefs` what is known before.

`answer` puts a plan together: `candidates` are the runs that the limits allow, `usual` the grids that others would
train, `check` simulates a plan, and `judge` rates runs that somebody else chose.
"""
