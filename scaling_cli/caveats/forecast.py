"""Caveats about forecasts of runs that have not been made."""

SENTENCES = {
    "far-forecast": (
        "{place} is {reach:times} times the largest run, so far that no such forecast could be tested on these runs. "
        "Add larger runs before relying on it."
    ),
    "below-data": (
        "{place} is {times:,.3g} times smaller than the smallest run, and the data do not show how the loss continues "
        "there, so the forecast may be wrong. Add smaller runs."
    ),
    "off-hull": (
        "{place} lies outside the params and tokens of the runs by a factor of {outside:.2g}, so the forecast there is "
        "less certain. Add runs nearer to its tokens per param."
    ),
    "off-ratio": (
        "{place} has {ratio} tokens per param, but the runs have {low} to {high}, so {effect}. Add runs with about "
        "{ratio} tokens per param, or choose a target with the ratio of the runs."
    ),
    "no-rolling-origin": (
        "{points} points of {scales} {scales:sizes|size} are too few to hold out the largest ones, so the forecast is "
        "not tested on these runs. Its intervals come from replicates, from how much the laws differ and, for params "
        "and tokens, from errors on public sets of few runs. Add smaller runs to test the forecast."
    ),
    "optimal-split": (
        "No params and tokens are given for {compute} FLOPs, so the forecast is for the best split by these laws. Give "
        "--at params=...,tokens=... for another split."
    ),
    "unstable-forecast": (
        "Without the runs below {cutoff}, the forecast at {place} moves by {shift:+.1%}, where noise would move it by "
        "{noise:.2%}, so it depends on which runs are used. Find out what changes with scale, and state the cut-off "
        "with the number."
    ),
    "rising-loss": (
        "Loss rises with {role} in {share:.0%} of pairs of runs that differ in nothing else, as it does when tokens "
        "repeat, but the law assumes that it falls. Leave those runs out with --where, or fit --law data-constrained."
    ),
    "lone-growth": (
        "In these runs compute grows through {role} alone, so the forecast is for runs with more {role} at {still}. "
        "Add runs in which both params and tokens grow, or give --checkpoints all if the learning rate was constant."
    ),
    "pooled-sizes": (
        "Runs of {sizes} sizes are fitted as one curve along {column}, so differences between sizes count as noise. "
        "Give --by params for one curve per size, or forecast along compute."
    ),
    "mid-schedule-points": (
        "Rows from before the end of a run count as finished runs ({runs} of {total} runs {runs:have|has} several "
        "rows), which is right only if the learning rate was constant. Keep only the last row of each run "
        "(--checkpoints final), or only cooled-down runs."
    ),
    "target-above-data": (
        "A loss of {target:g} is reached by runs smaller than the smallest one, where these laws were not tested. "
        "Choose a lower target, or add smaller runs."
    ),
    "target-below-floor": (
        "With probability {probability:.0%} a loss of {target:g} is not reached within 1e9 times the largest run, "
        "because it lies {limit} of these laws. Choose a {other} target, or add larger runs."
    ),
    "suite-without-common-runs": (
        "The losses or tasks have fewer than 4 runs in common, so their errors are drawn as if independent, and the "
        "intervals of averages may be too narrow. Give runs that have all of them."
    ),
    "task-without-law": ("{metric} is not forecast: {reason} {hint}"),
    "then-outside-range": (
        "{metric} is not forecast at {count} {count:targets|target}, because {count:their losses are|its loss is} too "
        "far outside the range of losses ({low:.4g} to {high:.4g}) in which {metric} was measured. Add runs with "
        "losses nearer to {count:theirs|it}."
    ),
    "unmatched-targets": (
        "{count} {count:targets belong|target belongs} to none of the groups of runs, so {count:they are|it is} not "
        "forecast. Give each target the columns of --by, with the values of a group."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "far-forecast": (
        "A target or target loss lies more than {analysis.forecast.doubts.FAR:g} times beyond the largest run."
    ),
    "below-data": "A target is more than {analysis.forecast.doubts.NOTED:g} times smaller than the smallest run.",
    "off-hull": (
        "A target is at most {analysis.forecast.doubts.NOTED:g} times as large as the largest run, but more than a "
        "factor of {analysis.forecast.doubts.NOTED:g} outside the convex hull of params and tokens."
    ),
    "off-ratio": (
        "Tokens per param of a target lie more than {analysis.forecast.doubts.NOTED:g} times outside those of the runs."
    ),
    "no-rolling-origin": (
        "No cut-off leaves at least {analysis.forecast.windows.FEWEST_TRAINED} points of "
        "{analysis.forecast.windows.FEWEST_SCALES} scales to train on, and larger runs to test."
    ),
    "optimal-split": "A target gives compute alone, and the laws are of params and tokens.",
    "unstable-forecast": (
        "Leaving out the smallest {analysis.forecast.stability.SHARES[0]:.0%} to "
        "{analysis.forecast.stability.SHARES[2]:.0%} of points moves a forecast by more than "
        "{analysis.forecast.stability.SWING:.2%} and {analysis.forecast.stability.SIGMAS:g} standard errors."
    ),
    "rising-loss": (
        "In more than {analysis.forecast.doubts.OFTEN_RISING:.0%} of pairs of runs of equal params (at least "
        "{analysis.forecast.doubts.FEWEST_PAIRS}), more tokens give a loss higher by "
        "{analysis.forecast.doubts.RISE:g} times the noise."
    ),
    "lone-growth": (
        "The forecast is along compute; params or tokens span at most a factor of {analysis.forecast.doubts.STILL}, "
        "and the other at least {analysis.forecast.doubts.MOVED:g}."
    ),
    "pooled-sizes": "The law has one input, neither params nor compute, and runs have several sizes.",
    "mid-schedule-points": (
        "Some runs have several points, at different compute (or input of the law), and mid-schedule does not fire."
    ),
    "target-above-data": "A target loss is reached below the smallest run, or is higher than all losses.",
    "target-below-floor": (
        "A target loss is reached in less than half of the replicates within {analysis.forecast.inverse.BEYOND:g} "
        "times the largest run."
    ),
    "suite-without-common-runs": (
        "Several losses or tasks are forecast, and fewer than {analysis.forecast.joint.FEWEST_COMMON} runs with a "
        "known error have all of the losses, or all of the tasks."
    ),
    "task-without-law": "Several losses or tasks are forecast, and no law from a loss to a task can be fitted.",
    "then-outside-range": (
        "The log of the forecast loss lies outside the range of log losses to which the law of the task was fitted, by "
        "more than {analysis.forecast.downstream.WIDENED:.0%} of the length of that range."
    ),
    "unmatched-targets": "--by with --targets, and the --by columns of some targets have values that no group has.",
}
