"""Caveats about the best split of compute between params and tokens."""

SENTENCES = {
    "limited": (
        "The split of {compute} FLOPs is determined by {limit}, so the loss is higher than it would be without. Loosen "
        "this limit if you can."
    ),
    "falls-again": (
        "At {compute} FLOPs the law has its lowest loss at an extreme number of params, so the split given is the best "
        "one within {low} to {high} params. Give --min-params and --max-params if you expect it elsewhere."
    ),
    "search-end": (
        "The loss is lowest at the {end} {name} that --search allows, {value}, so a {beyond} one may be better still. "
        "Give --search a wider range, unless no other value is possible."
    ),
    "search-beyond": (
        "The best {name}, {value}, lies outside the values of the runs, {low} to {high}, and the law may not hold "
        "there. Add runs around it before relying on it."
    ),
    "mixture-corner": (
        "The best mixture has no {names}, because only the effect of each domain on the fitted loss counts. If the "
        "model must also be good at something that this loss does not measure, fit a loss on all domains that matter."
    ),
    "rule-column-varies": (
        "--flops-rule counts with {name}, which varies from {low} to {high} in runs of similar params, and future "
        "models are given a typical value, so their compute may be wrong. Give the value: --hold {name}=VALUE."
    ),
    "pools-overlap": (
        "{names} are taken as pools that have no sample in common, so if one contains samples of another, they are "
        "worth less together than this result says. Compare with the best single pool in the table."
    ),
    "far-samples": (
        "{samples} samples is {reach:times} times what any run has seen, and the half-lives of the pools are the least "
        "certain there. Add runs of more epochs before relying on it."
    ),
    "far-reach": (
        "{compute} FLOPs is {reach:times} times the largest run, and the interval assumes that the law still holds "
        "there. Add larger runs before spending this budget."
    ),
    "small-budget": (
        "{compute} FLOPs is {times:times} times less than the smallest run used, and the data do not show whether the "
        "law holds there, so the split may be wrong. Check the unit of the budget, or add smaller runs."
    ),
    "split-off-budget": (
        "By the {approach} approach 6 * params * tokens is {share:.3g} of {compute} FLOPs, because the compute column "
        "of these runs is {rates} times params * tokens, and not 6. Check that column, and say how it counts "
        "with --flops-rule, or count compute as 6 * params * tokens with --compute none."
    ),
    "split-by-6nd": (
        "The parametric approach counts compute as 6 * params * tokens, but the compute column of these runs is "
        "{rates} times params * tokens, so a split of {compute} FLOPs takes {share:.3g} times as many by that column. "
        "Give a rule that counts like the column ({rule}), or leave the column out with --compute none."
    ),
    "unanswered": "{reason} The other budgets and targets are not affected. {hint}",
    "many-epochs": (
        "A budget of {compute} FLOPs trains on {unique} unique tokens {epochs:.3g} times, and the last epochs lower "
        "the loss by {worth}. Find more data, or spend less."
    ),
    "training-exponents": (
        "The exponents describe training compute alone and ignore {options}. Compare the rows of several budgets to "
        "see how the best split changes with compute."
    ),
    "published-repetition": (
        "The value of repeated tokens is taken from Muennighoff et al. 2023, not from your runs, so it may not fit "
        "your data. Fit --law data-constrained to runs of several epochs to measure it."
    ),
    "sparse-peak": (
        "A peak of {peak:.4g} FLOP/s is that of {gpu} for sparse matrices, which training does not reach, so "
        "GPU-hours and price are too low. Give the peak for dense matrices: --peak-flops {dense:.4g}."
    ),
    "high-mfu": (
        "--mfu {mfu:g} is above {usual:g}, the highest that large runs report, so GPU-hours and price may be too low. "
        "Check that it is a share of the dense peak."
    ),
    "budgets-refused": (
        "{refused} of {total} budgets {refused:were|was} left out: {reasons}. To include them, add runs: {runs}."
    ),
    "few-budgets": (
        "The exponent rests on only {budgets} budgets, so it is uncertain. Add runs at more budgets before "
        "extrapolating."
    ),
    "thin-side": (
        "At {budgets} FLOPs only one size lies on one side of the minimum, so the minimum is uncertain. Add runs with "
        "{side} params."
    ),
    "drifting-grid": (
        "Relative to the minima, the centres of the grids of model sizes move by {slope:+.2f} decades per decade of "
        "compute, which changes the exponent that parabolas give by {bias:+.4f}. Use --profile exact, or centre the "
        "grids on the minima."
    ),
    "parabola-bias": (
        "Compared with the exact profile, parabolas on these grids miss the best params by {low:+.1%} to {high:+.1%}. "
        "Use --profile exact, or correct for this bias."
    ),
    "replicates-lost": (
        "{share:.0%} of replicates have no minimum at {compute} FLOPs, so the interval there uses only the others. Add "
        "runs around that minimum."
    ),
    "profiles-differ": (
        "The exponent of params depends on the profile: on these curves it ranges from {low:.3f} ({lowest}) to "
        "{high:.3f} ({highest}). Add runs near the minima, and state the profile whenever you quote the exponent."
    ),
    "grid-edge": (
        "{share:.0%} of the envelope lies on the smallest or largest model, where a still smaller or larger one might "
        "be better, so the exponent may be wrong. Add smaller and larger models, or use --approach parametric."
    ),
    "schedule-ends": (
        "The {runs} runs end {drop:.1%} below the law of their earlier checkpoints, as they do if the learning rate "
        "decays, so the envelope uses only their ends. Add finished runs of other lengths and sizes to fill "
        "the envelope."
    ),
    "unfinished-schedules": (
        "{share:.0%} of the envelope comes from points before the last 15 % of a run's tokens, where a decaying "
        "learning rate has not yet lowered the loss, so best params and exponents may be wrong. Use runs with a "
        "constant learning rate, or --approach parametric on finished runs."
    ),
    "no-waste-band": (
        "An envelope does not show how flat the optimum is, so the envelope approach lacks the range of params that "
        "waste at most 5 % of the compute. Use the range of the parametric approach instead (--approach parametric or "
        "all)."
    ),
    "approach-skipped": "The approach {approach} gives no result: {reason} {hint}",
    "approaches-disagree": (
        "At {compute} FLOPs the best params of the approaches differ by a factor of {ratio:.2g}, and their intervals "
        "do not overlap, so at least one is probably wrong. Check whether schedules are unfinished, whether params "
        "include embeddings, and whether minima lie at the edge of the grid, before choosing one."
    ),
    "unstable-exponent": (
        "In the {approach} approach the params exponent changes from {low:.3f} to {high:.3f} if points below {tokens} "
        "tokens are left out, which is more than noise explains. Skip early checkpoints with --skip-tokens, and state "
        "the cut-off with any exponent you quote."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "limited": "--min-params, --max-params, --max-tokens or --inference-budget decides the split.",
    "falls-again": (
        "The law has its lowest loss at the smallest or the largest possible params, and the split is a local minimum "
        "before that end."
    ),
    "search-end": "The best value of a searched input lies at an end of its range, unless it is a share of a mixture.",
    "search-beyond": "The best value of a searched input lies outside the values of the runs.",
    "mixture-corner": "The best mixture leaves a domain out.",
    "rule-column-varies": (
        "A column of --flops-rule that is neither held nor searched does not follow from params: this changes the log "
        "of compute by more than {analysis.allocation.evidence.NOTABLE_SPREAD} (standard deviation)."
    ),
    "pools-overlap": "Several pools together are the best choice for a budget of samples.",
    "far-samples": "A budget is more than {analysis.allocation.plan.FAR:g} times the samples of the longest run.",
    "far-reach": "A budget is more than {analysis.allocation.plan.FAR:g} times the compute of the largest run.",
    "small-budget": "A budget is over {analysis.allocation.plan.FAR:g} times below the compute of the smallest run.",
    "split-off-budget": (
        "Params and tokens of a split spend {analysis.allocation.along_lines.NOTABLE_GAP:.0%} more or less than the "
        "budget."
    ),
    "split-by-6nd": (
        "A fitted law splits budgets by 6 * params * tokens, and the compute column of the runs of similar size "
        "differs from that by more than {analysis.allocation.along_lines.NOTABLE_GAP:.0%}."
    ),
    "unanswered": "One of several budgets or target losses has no best split.",
    "many-epochs": (
        "--unique-tokens, and a split trains on more than {analysis.allocation.each_budget.TIRED_EPOCHS:g} epochs."
    ),
    "training-exponents": "--inference-tokens or a limit is given, which exponents do not take into account.",
    "published-repetition": "--unique-tokens with a law that does not model repetition.",
    "sparse-peak": "--peak-flops is within {analysis.hardware.SAME:.0%} of the peak of a GPU with sparsity.",
    "high-mfu": "--mfu is above {analysis.hardware.HIGHEST_MFU:.0%}.",
    "budgets-refused": "The IsoFLOP curve of a budget bends downwards, or has its minimum outside its runs.",
    "few-budgets": "Fewer than {analysis.allocation.isoflop.tables.ENOUGH_BUDGETS} IsoFLOP budgets can be used.",
    "thin-side": (
        "A budget has fewer than {analysis.allocation.isoflop.tables.ENOUGH_ON_A_SIDE} sizes on a side of its minimum."
    ),
    "drifting-grid": (
        "The grid of sizes drifts across budgets (p < {analysis.allocation.isoflop.tables.DRIFT_LEVEL}), and this "
        "biases the exponent that parabolas give by more than {analysis.allocation.isoflop.tables.DRIFT_BIAS:g}."
    ),
    "parabola-bias": (
        "--profile parabola, and its vertex is off the minimum of the exact curve by more than "
        "{analysis.allocation.isoflop.tables.NOTABLE_BIAS:.0%} of params."
    ),
    "replicates-lost": (
        "In more than {analysis.allocation.isoflop.tables.LOST_SHARE:.0%} of replicates, a budget that is used has no "
        "minimum."
    ),
    "profiles-differ": (
        "Exponents by different profiles differ by more than {analysis.allocation.isoflop.tables.PROFILE_SWING} and, "
        "where there are intervals, by more than {analysis.allocation.isoflop.tables.SIGMAS:g} standard errors."
    ),
    "grid-edge": (
        "More than {analysis.allocation.envelope.NOTABLE_SHARE:.0%} of the envelope belongs to the smallest or the "
        "largest size, and it has fewer than {analysis.allocation.envelope.FEWEST_INNER_SIZES} other sizes, so that "
        "these two count."
    ),
    "schedule-ends": (
        "The ends of runs lie more than {analysis.allocation.schedules.DROP:.1%} and "
        "{analysis.allocation.schedules.SIGMAS:.0f} standard errors below the law of their earlier checkpoints."
    ),
    "unfinished-schedules": (
        "More than {analysis.allocation.envelope.NOTABLE_SHARE:.0%} of the envelope lies before "
        "{analysis.allocation.envelope.FINISHED:.0%} of the tokens of their runs, and the curves do not show that "
        "their ends follow the law of their earlier checkpoints."
    ),
    "no-waste-band": "--approach envelope or all.",
    "approach-skipped": "--approach all, and one approach is not possible.",
    "approaches-disagree": "--approach all, and the intervals of best params by the approaches do not overlap.",
    "unstable-exponent": (
        "Leaving out the {analysis.allocation.stability.SHARES[0]:.0%} or "
        "{analysis.allocation.stability.SHARES[1]:.0%} of at least {analysis.allocation.stability.FEWEST_POINTS} "
        "points with fewest tokens moves the exponent of params by more than {analysis.allocation.stability.SWING} "
        "and {analysis.allocation.stability.SIGMAS:g} standard errors."
    ),
}
