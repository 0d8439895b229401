"""Do groups of runs differ in exponent, or only in constants?

`answer` runs the comparison. `models` fits several groups under one law with shared parameters, `nested` lists the
models that are compared, and `hypothesis_tests` computes their test statistics, which are read against a
`null_distribution`. `groups` collects what each group shows by itself (`profile` gives intervals of its parameters,
`multiplier` its loss curve), `pairs` compares every two groups, `verdict` reaches a verdict and `wording` writes it.
"""
