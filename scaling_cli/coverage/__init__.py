"""Coverage (pass@k) from the success counts of repeated sampling, on numpy arrays.

`counts` holds the attempts and successes of each problem. `estimate` gives the unbiased coverage at each k, `stopping`
the estimate for logs that stop at a success, and `bootstrap` the intervals. Laws of difficulty (`beta_binomial`,
`distributions`, with `grid` and `maximise`) and laws of the curve (`curves`) extend coverage beyond the attempts made.
`verifier` gives the accuracy if one attempt must be chosen, `budget` what attempts cost and what a budget buys.
"""
