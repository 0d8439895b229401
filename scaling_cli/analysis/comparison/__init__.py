"""Do groups of runs differ in exponent, or only in constants?

`question` holds what the user asks, and `answer` runs the comparison. `equal_inputs` finds runs of equal inputs that
err together. `models` fits several groups under one law with shared parameters, and `nested` lists the models that are
compared. `hypothesis_tests` computes their statistics, with the noise of each group from `noise_scales` and, where it
is `uneven`, with a power of scale from `noise_power`. They are read against a `null_distribution`, which `drawn`
simulates with the random weights of `wild_draws`. `floorless` tests whether groups need floors at all. `sharing` and
`shared_pairs` compare groups that share other parameters, and `joint_profile` gives intervals of their differences.

`groups` collects what each group shows by itself (`profile` gives intervals of its parameters, `multiplier` its loss
curve), `pairs` compares every two groups, `verdict` reaches a verdict and `wording` writes it. `many` adjusts the
p-values of many pairs, and `ranking` puts many groups into one table. `suspect` finds losses that cannot be compared.
`pinned` compares groups whose exponent is held, and the folder `factors` tests the columns behind the groups.
"""
