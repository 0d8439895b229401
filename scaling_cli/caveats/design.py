"""Caveats about amounts, and what runs differ in."""

SENTENCES = {
    "best-over": (
        "Of runs that differ only in {columns}, only the one with the lowest loss is kept, so {after} of {before} "
        "points remain; {several} of them are the best of several runs{edges}. A minimum of noisy losses is too low. "
        "Compare with a fit of more seeds, and extend sweeps whose best value is at an end."
    ),
    "unread-input": (
        "{columns} {verb} like {role} by name, but no column was read as {role}, so the law ignores {role} and may be "
        "wrong. Give {flag} if {what}."
    ),
    "sizes-in-names": (
        "Names of runs such as {name} hold a size, but no column was read as params, so the law ignores params and may "
        "be wrong. Give --params-from-name {pattern} if these sizes are params."
    ),
    "active-params": (
        "params are read from {read}, but {column} counts those that are active for each token. In mixtures of experts "
        "compute follows the active params, so exponents and splits of budgets differ between the two. Give {flag} if "
        "the law should be of active params."
    ),
    "ignored-input": (
        "{role} takes {number} values, from {low} to {high}, and the law does not use it, so its effect on the loss "
        "is attributed to other parameters. Fit --law {law} with `scaling fit`, or fit each value separately with "
        "--by {column}."
    ),
    "partly-known": (
        "Only {known} of {total} points have a value of {role}, so the law does not use {role} and treats runs "
        "with different {role} as equal, which may make it wrong. Fill in the missing values, or leave these points "
        "out with --where '{role} > 0'."
    ),
    "ignored-steps": (
        "Runs of equal params were trained for different numbers of steps, from {low} to {high} over all runs, but "
        "{why}, so the law ignores how long each run was trained and may be wrong. Give --tokens a "
        "formula, such as --tokens 'step * 524288' where one step has 524,288 tokens."
    ),
    "pooled-sweep": (
        "Runs at equal {inputs} differ in {role}, by up to {spread:.1%} in loss{share}, so the law describes an "
        "average over {role} and not the best losses. Keep the best of each size with --best-over {column}, or "
        "separate the values with --by {column} or --where."
    ),
    "tied-to-tokens": (
        "{role} ({column}) changes together with tokens between runs of equal params, so their effects cannot be "
        "separated: the exponent of tokens includes that of {role}, and holds only for runs whose {role} changes in "
        "this way too. Add runs of equal params and tokens with other values."
    ),
    "pooled-groups": (
        "{column} takes {levels} values and explains {share:.0%} of the variance of the log loss {where} {inputs}, so "
        "one law is fitted to several kinds of runs. {remedy}."
    ),
    "unread-setting": (
        "{column} takes {levels} values and explains {share:.0%} of the variance of the log loss {where} {inputs}, but "
        "the law does not use it, so its effect on the loss is attributed to {inputs}. Keep runs with similar values "
        "with --where, or fit a formula that has {column} with --law."
    ),
    "unexplained-spread": (
        "Losses of runs at equal {inputs} differ by up to {spread:.1%}, more than different seeds explain, and no "
        "column of few values explains it either, so the runs may be of several kinds, and the law describes their "
        "average. Add the column in which they differ, and give it to --by."
    ),
    "repeated-data": (
        "{points} of {total} points {points:were trained on their|was trained on its} data more than {few:g} times (up "
        "to {epochs:.3g} times). There, more tokens lower the loss less than new data would, or even raise it, so laws "
        "that ignore repetition may give wrong exponents. Fit --law data-constrained, or keep only points with few "
        "epochs by --where."
    ),
    "late-rise": (
        "{points} {points:points with repeated data have|point with repeated data has} a loss more than {times:.3g} "
        "times the lowest one, as overfitted or diverged runs do, and {points:pull|pulls} the fit up. Leave "
        "{points:them|it} out with --where if {points:they do|it does} not belong to the law."
    ),
    "unit-slip": (
        "{role} of {run} is {value:.3g}, and in {quantity} this run differs from all other runs by a factor of "
        "{factor:.3g} or more. Divided or multiplied by a thousand, it would be in the range of the others, "
        "so the unit may be wrong, and one such value can change every exponent. Correct the value, or leave the run "
        "out with --where."
    ),
    "tiny-value": (
        "{role} of {run} is {value:.3g}, which is too small for any language model, and one such value can change "
        "every exponent. Correct it, or leave the run out with --where '{role} > {least}'."
    ),
    "tiny-unit": (
        "{role}, read from {column}, is at most {most} in every row, which is too small for any language model, so a "
        "unit is probably missing{or_logs}, which makes coefficients and forecasts wrong. Give the unit in the header, "
        "as in {header!r}, or in the cells, as in {cell}{else_logs}."
    ),
    "compute-mismatch": (
        "The compute column is {ratio} times 6*params*tokens, so compute, params and tokens do not agree. Check the "
        "unit of compute, and whether params include embeddings or inactive experts, or ignore the column with "
        "--compute none."
    ),
    "partial-compute": (
        "{points} of {total} points {points:have|has} no value in the compute column and {points:get|gets} "
        "6*params*tokens instead, so compute "
        "may be counted in two different ways, which may change exponents of compute. Fill in the column, or use "
        "6*params*tokens for all points with --compute none."
    ),
    "compute-drift": (
        "The compute column is {small:.3g} times 6*params*tokens at {small_params:.3g} params but {large:.3g} times at "
        "{large_params:.3g} params, which changes fitted exponents. Check whether params include embeddings, and "
        "compare with --compute none."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "best-over": "--best-over.",
    "unread-input": (
        "No column was read as params, tokens or compute, and the name of a column that varies holds such a word, is "
        "one of the letters N, D and C, or is that of GPU-hours."
    ),
    "sizes-in-names": (
        "The law is of tokens or steps, neither params nor compute is known, and the names of at least "
        "{data.runs.likely.SIZED_SHARE:.0%} of the runs hold a number with M or B; these are of several sizes."
    ),
    "active-params": "A column of active params varies, and params are read from another column.",
    "ignored-input": (
        "bits, experts, granularity or streams take several values within a group, or tokens exceed "
        "{points.unread.FEW_EPOCHS} times unique tokens in part of the runs, and the law does not use them."
    ),
    "partly-known": (
        "The law takes only one of params, tokens and steps, and params or tokens that it does not take have several "
        "values, but not for all points."
    ),
    "ignored-steps": (
        "The steps of runs of equal params (to a factor of {points.unread.SAME_SIZE}) differ by more than a factor of "
        "{points.unread.SAME_LENGTH}, the law does not take them, and neither tokens nor compute is known; or what was "
        "read as that is equal in these runs, and below {points.unread.LEAST_PER_STEP:g} tokens a step."
    ),
    "pooled-sweep": "Points of equal inputs differ in learning rate or batch size.",
    "tied-to-tokens": (
        "At equal params, log tokens explain at least {points.tied.SHARE:.0%} of the variance of the log learning "
        "rate or batch size (t test, p < {points.tied.CHANCE:g})."
    ),
    "pooled-groups": (
        "A column of at most {points.pooled.MOST_LEVELS} values explains a part of log loss that a smooth surface of "
        "the inputs does not explain (F test, p < {points.pooled.CHANCE:g} over all columns, or "
        "{points.pooled.CHANCE_OF_LARGE:g} if the surface leaves more than {points.pooled.LARGE_SPREAD:.0%}). This "
        "part is at least {points.pooled.SHARE:.0%} of what the surface leaves ({points.pooled.SHARE_OF_LARGE:.0%} if "
        "losses at equal inputs differ by more than that), and more than {points.variance.EFFECT:.1%} of the loss. "
        "If no column does, and the surface leaves more than {points.pooled.LARGE_SPREAD:.0%}, parts of the names of "
        "runs are tried (p < {points.pooled.CHANCE:g})."
    ),
    "unread-setting": (
        "As pooled-groups, for a column of numbers that takes more values, is called after a setting of training (such "
        "as weight decay or a fraction), and explains the losses by a linear and a quadratic term."
    ),
    "unexplained-spread": (
        "Log losses at equal inputs have a standard deviation above {points.pooled.LARGE_SPREAD}, and neither "
        "pooled-sweep nor pooled-groups fires."
    ),
    "repeated-data": "Some points have more than {data.runs.sanity.FEW_EPOCHS:g} tokens per unique token.",
    "late-rise": (
        "Some points with repeated data have a loss of more than {data.runs.sanity.RISE:g} times the lowest loss."
    ),
    "unit-slip": (
        "Of at least {data.runs.amounts.SLIP_POINTS} points, one has tokens per param that differ from those of all "
        "others by a factor above {data.runs.amounts.LONE_RATIO:g} (if params or tokens are missing, another amount "
        "by a factor above {data.runs.amounts.LONE_AMOUNT:g}), and a factor of {data.runs.amounts.SLIP:g} would bring "
        "it among them."
    ),
    "tiny-value": (
        "One of at least {data.runs.amounts.SLIP_POINTS} runs has params below {data.runs.amounts.SMALLEST[params]:g} "
        "or tokens below {data.runs.amounts.SMALLEST[tokens]:g}, and unit-slip does not fire."
    ),
    "tiny-unit": (
        "All values of a column lie below {data.runs.amounts.SMALLEST[params]:g} (params), "
        "{data.runs.amounts.SMALLEST[tokens]:g} (tokens) or {data.runs.amounts.SMALLEST[compute]:g} (compute)."
    ),
    "compute-mismatch": (
        "compute / (6 * params * tokens) lies outside {data.runs.derive.LOW_RATIO} to {data.runs.derive.HIGH_RATIO} "
        "for some point, and compute-drift does not fire."
    ),
    "partial-compute": "The compute column is empty for some points that have params and tokens.",
    "compute-drift": (
        "compute / (6 * params * tokens) differs by more than {data.runs.derive.DRIFT} times between points of at "
        "least {data.runs.derive.DRIFT_SIZES} sizes, with a rank correlation with params above "
        "{data.runs.derive.DRIFT_RANK}."
    ),
}
