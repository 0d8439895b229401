"""Fits a law to points, on numpy arrays: starting values, solver, intervals, identifiability and ranking of laws.

`problem` holds the points and the law. `fit` fits one problem: `starts` finds starting values, `solve` minimises the
`objective` from each, `optimum` picks the best end, `identifiability` checks that the data determine the parameters,
and `intervals` computes intervals (`uncertainty` by replicates, `profile` by profile likelihood, `linear` from the
curvature). `influence` finds runs that strongly move an exponent, `estimators` repeats the fit with other objectives,
`prior` adds weak priors, `complete` restores fixed and tied parameters, and `ranking` compares several laws.
"""
