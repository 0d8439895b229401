"""Caveats about plans, and forecasts that are scored later."""

SENTENCES = {
    "plan-other-law": (
        "The runs contradict the additive law (chinchilla), so the plan uses {law}, which has one more parameter, and "
        "intervals are wider. To plan with the additive law anyway, give --law chinchilla."
    ),
    "cost-not-fitted": (
        "The recorded cost of the runs does not give the cost of future runs: {reason} Give --peak-flops and --mfu to "
        "compute it, or name other columns with --map gpu_hours=COLUMN."
    ),
    "plan-unknown-goal": (
        "The planned runs do not determine {goals}: the expected interval has no end, so the plan does not reach this "
        "goal. Allow more or larger runs, or a wider range of tokens per param."
    ),
    "forecast-knew-runs": (
        "{files} was made from runs by which it is now scored, so its errors may be too small. Give only runs "
        "that were trained after the forecast."
    ),
    "forecast-converted": (
        "{file} forecasts a loss in {made}, and {column} of the runs is in {reached}, so the forecast is multiplied by "
        "{factor:.4f}. If both are in one unit, {remedy}."
    ),
    "score-in-bits": (
        "The runs' {column} is {ratio:.3f} times what {file} forecasts, and a loss in bits is 1.443 times that in "
        "nats, so they are probably in different units and the errors mean nothing. {remedy}."
    ),
}

WHEN = {
    "plan-other-law": "An F test at the 1 % level prefers the law with a free power of the sum to the additive law.",
    "cost-not-fitted": (
        "The runs have a column of GPU-hours, or of seconds and GPUs, and it has fewer than "
        "{analysis.recorded_cost.FEWEST} values, does not grow roughly in proportion to compute, or differs by more "
        "than a factor of 2 between runs of equal compute."
    ),
    "plan-unknown-goal": "With the planned runs the expected interval of a goal has no end.",
    "forecast-knew-runs": (
        "A scored run has the amounts and the loss of a run that the forecast was made from; if the forecast does not "
        "hold its runs, a file of runs has the hash of a file that it was made from."
    ),
    "forecast-converted": (
        "By --loss-unit or the names of their columns, a forecast is in nats and the runs are in bits, or the reverse."
    ),
    "score-in-bits": (
        "The errors of all runs that a forecast is scored by lie within {analysis.score_units.LIKE_BITS} in log loss "
        "of the factor between bits and nats."
    ),
}
