"""Fits a law to points, on numpy arrays: starting values, solver, intervals, identifiability and ranking of laws.

`problem` holds the points and the law. `fit` fits one problem: `starts` finds starting values (`non_negative`
coefficients at each node of a grid), `solve` minimises the `objective`, with whatever `extra` terms it has, from each,
`optimum` picks the best end, and `escapes` goes on from there for laws with many local optima. Each step solves normal
equations (`equations` sets them up, `normal` solves them). `ask` lets many fits share one batch of the solver
(`stacked_problems` makes their problems one), and `threads` sets up the process for them.

`identifiability` checks that the data determine the parameters, and `undetermined` says which they do not. `intervals`
computes intervals of all `quantities`: `uncertainty` by replicates (`drawing` says what they draw), `profile` by
profile likelihood, `linear` from the curvature; `leverage` corrects residuals for this, and the folder `noise` adds
what they do not show. The folder `checks` looks for what may be wrong with a fit, `estimators` repeats it with other
objectives, `prior` adds weak priors, `complete` restores fixed and tied parameters, and `ranking` compares several
laws.
"""
