"""Coverage (pass@k) from the success counts of repeated sampling, on numpy arrays.

`counts` holds the attempts and successes of each problem. `estimate` gives the unbiased coverage at each k, `stopping`
the estimate for logs that stop at a success, and `bootstrap` the intervals. Laws of difficulty (`beta_binomial`,
`inflated` with a share of unsolvable problems, and others in `distributions`; all are a `distribution`) are computed on
a `grid` and fitted by `maximise`. They and laws of the curve (`curves`) extend coverage beyond the attempts made, and
`mixture` averages many `families` of them. `verifier` gives the accuracy if one attempt must be chosen, `verifications`
splits compute between solutions and verifications, and `budget` says what attempts cost and what a budget buys.
"""
