"""Caveats about the fit of a law to runs."""

SENTENCES = {
    "few-runs": (
        "There {runs:are|is} only {runs} {runs:runs|run} for {parameters} parameters, and intervals from so few runs "
        "are too narrow. Add runs."
    ),
    "no-interval-room": (
        "{points} points for {parameters} parameters leave almost nothing from which to estimate the noise, so "
        "neither the parameters nor their intervals can be relied on. Add runs before using them."
    ),
    "short-range": (
        "{quantity} spans only {decades} {decades:decades|decade}, so exponents are uncertain. Add runs until it spans "
        "two decades before relying on exponents."
    ),
    "parameters-unknown": (
        "The data determine the predictions of {law}, but not {parameters}, which can change together without changing "
        "predictions. The estimates of these parameters are arbitrary and have no intervals. Use predictions "
        "inside the data."
    ),
    "condition-number": (
        "The parameters trade off against each other (condition number {condition:.1e}), so single parameters are "
        "uncertain, while predictions inside the data are not. Use such predictions instead of single parameters, or "
        "add runs at other inputs."
    ),
    "fixed-tokens-per-param": (
        "Four of five runs have {low:.3g} to {high:.3g} tokens per param, so the fit hardly separates alpha from beta. "
        "Add runs trained on fewer and on more tokens per param (a span of 16x is enough)."
    ),
    "collinear-design": (
        "log params and log tokens have a correlation of {correlation:.3f}, so the fit can hardly separate their "
        "exponents. Add runs with other ratios of tokens to params."
    ),
    "at-bound": (
        "{parameter} is at its bound, {value:.3g}, so its value comes from the bound and not from the data. Try a law "
        "without this parameter, or add runs."
    ),
    "lone-start": (
        "Only {agreeing} of {tried} starts reached the best objective, so this may not be the global optimum. Compare "
        "with --objective least-squares before relying on it."
    ),
    "runs-err-together": (
        "Runs at equal inputs ({runs} runs at {configurations} different inputs) differ from each other by less than "
        "their means differ from the law (F test, p {p_value}): either the errors of runs at equal inputs are "
        "correlated, or the law does not fit some inputs, so {effect}. Add other inputs rather than repeats, and "
        "compare with another --law."
    ),
    "rival-optimum": (
        "Another optimum within 1 % of the best objective gives {difference}, so the data do not decide between the "
        "two. Report both, or add runs over a wider range."
    ),
    "replicates-failed": (
        "{failed} of {replicates} replicates did not converge, so the interval uses only the others and is less "
        "reliable. Add runs, or try a law with fewer parameters."
    ),
    "influential-run": (
        "Without run {run}, {parameter} would be {value:.4g}, which is {moves:.1f} standard errors away{others}, so "
        "the estimate depends on single runs. Check that run, or repeat it with another seed."
    ),
    "outlying-run": (
        "{run} lies {size} {side} the fit, {times:.0f} times the noise of all runs{others}, so it is probably wrong or "
        "differs in more than its size, and it dominates rmse and R2. Check it, and leave it out with "
        "--where if it does not belong to the law."
    ),
    "no-cutoffs": (
        "The runs are too few, or too close in scale, to test forecasts of larger runs from smaller ones, so laws are "
        "ranked by AICc on the runs they are fitted to. Add larger runs before extrapolating."
    ),
    "baseline-wins": (
        "The baseline {baseline} predicts larger runs better than any law does, so forecasts by a law cannot be "
        "trusted here. Add larger runs before extrapolating."
    ),
    "floor-unknown": (
        "{parameter} may lie anywhere from {low:.3g} to {high:.3g}, and the smallest loss {place} its estimate, so the "
        "irreducible loss is not known. Add larger runs before extrapolating far."
    ),
    "open-interval": (
        "The data do not limit {parameters} on one side or on both, so the interval has no end there. Add runs over a "
        "wider range, or use predictions instead."
    ),
    "replicates-at-bound": (
        "{parameter} is at a bound in {share:.0%} of replicates, so its interval is cut off there. Add runs, or choose "
        "a law without this parameter."
    ),
    "law-misfit": (
        "{law} does not fit these points: its residuals {what} (p = {p_value:.2g}), which noise does not explain, so "
        "its exponents and floor depend on which points are fitted, their intervals may miss the truth, and forecasts "
        "and splits of budgets outside the data may be wrong. {remedy}."
    ),
    "poor-fit": (
        "{law} explains only {share:.0%} of the spread of log loss, and misses it by {rmse} on average, far more than "
        "noise between runs, so its parameters mean little. Find what else differs between the points and separate it "
        "with --by or --where, or try another law."
    ),
    "interval-off-estimate": (
        "For {parameters} the interval did not contain the estimate and was extended to it, so neither is reliable: "
        "when data are simulated from this fit and fitted again, the parameters come out different. Use predictions "
        "inside the data instead of single parameters, or fit a law with fewer parameters."
    ),
    "rule-bends-split": (
        "Compute by --flops-rule {rule} is not proportional to params * tokens, so {quantities} do not apply and are "
        "left out. Use `scaling optimal-allocation` with this rule to find the best split of a budget."
    ),
    "no-draws": (
        "The saved fit has no replicates, so there are no intervals. Fit again with `scaling fit --json --interval "
        "wild`, without --no-draws."
    ),
    "guessed-uncertainty": (
        "The data of {fit} are not public, so intervals rest on guessed standard errors: {exponents:.0%} of each "
        "exponent and of the irreducible loss, and {coefficients:.0%} of each coefficient. Use chinchilla:besiroglu, "
        "whose data are public, or fit your own runs."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "guessed-uncertainty": "--law NAME:FIT names a published fit whose data are not public.",
    "few-runs": "Fewer runs than {fitting.identifiability.FEW_RUNS} or than twice the parameters.",
    "no-interval-room": "There are fewer points than the number of parameters plus two.",
    "short-range": (
        "Compute (for laws of params and tokens), or an input (for other laws), spans less than "
        "{fitting.identifiability.ENOUGH_DECADES:g} decades."
    ),
    "parameters-unknown": (
        "The condition number of the scaled Jacobian is above {fitting.identifiability.HOPELESS_CONDITION:g} for a law "
        "that is used for its predictions, such as distillation."
    ),
    "condition-number": (
        "The condition number of the scaled Jacobian is above {fitting.identifiability.DOUBTFUL_CONDITION:g}; above "
        "{fitting.identifiability.HOPELESS_CONDITION:g} the fit is refused."
    ),
    "fixed-tokens-per-param": (
        "The middle 80 % of tokens per param span a factor below {fitting.identifiability.NARROW_RATIO:g}."
    ),
    "collinear-design": (
        "The correlation of log params and log tokens is above {fitting.identifiability.COLLINEAR} or below "
        "-{fitting.identifiability.COLLINEAR}."
    ),
    "at-bound": "A parameter ends at its bound.",
    "lone-start": "Only one start reached the best objective.",
    "runs-err-together": (
        "Inputs repeat, and lack of fit exceeds pure error (F test, p < {fitting.checks.repeats.LEVEL}, at least "
        "{fitting.noise.scatter.FEWEST_REPEATS} repeats). Where it is less clear, wild replicates add an error that "
        "runs at equal inputs share, of the size that the data suggest, and other replicates resample these runs "
        "together from p < {fitting.checks.repeats.DOUBT} on."
    ),
    "rival-optimum": (
        "Another optimum has an objective within {fitting.optimum.RIVAL:.0%}, and a parameter that differs by more "
        "than {fitting.identifiability.SAME_VALUE:.0%}."
    ),
    "replicates-failed": "A replicate did not converge.",
    "influential-run": (
        "Without the run, an exponent moves by more than {fitting.checks.influence.NOTABLE:g} standard error, and the "
        "run lies off the fit of all others (t test, p < {fitting.checks.influence.CHANCE} over all runs)."
    ),
    "outlying-run": (
        "A run lies more than {fitting.checks.influence.OUTLYING:g} robust standard deviations, and "
        "{fitting.checks.influence.LEAST_OUTLYING:.1%} of the loss, off the fit, and influential-run does not fire."
    ),
    "no-cutoffs": "--law all, and no larger runs can be held out.",
    "baseline-wins": "--law all, and a baseline has the lowest held-out error.",
    "floor-unknown": (
        "The interval of a floor reaches down to 0, or is wider than the distance of its estimate from the smallest "
        "loss."
    ),
    "open-interval": "--interval profile, and the profile does not reach its limit on one side.",
    "replicates-at-bound": "A parameter is at a bound in more than {fitting.fit.OFTEN_AT_BOUND:.0%} of replicates.",
    "law-misfit": (
        "There are at least {fitting.checks.adequacy.FEWEST_SPARE} more runs than parameters, and one of these holds. "
        "(1) A bend, a wave or a product of inputs explains the residuals: p < {fitting.checks.adequacy.SIZE} by an F "
        "test adjusted for all such patterns (p < {fitting.checks.adequacy.PATTERN_SIZE} if repeated inputs show lack "
        "of fit with p < {fitting.checks.adequacy.PURE_SIZE}), and p < {fitting.checks.adequacy.ROBUST_SIZE} by a test "
        "that allows uneven noise. (2) Residuals of neighbouring points are similar (p < "
        "{fitting.checks.adequacy.NEIGHBOUR_SIZE}; for points of about the same predicted loss p < "
        "{fitting.checks.adequacy.LEVEL_SIZE}; for points with one equal input, such as params, p < "
        "{fitting.checks.adequacy.EQUAL_SIZE}). (3) `general` fits better than chinchilla (p < "
        "{fitting.checks.adequacy.GAMMA_SIZE})."
    ),
    "poor-fit": (
        "rmse of log loss is at least 0.1 and R2 at most 0.5, or rmse at least 0.05 and R2 at most 0.92 (for laws of "
        "params and tokens also rmse at least 0.03 and R2 at most 0.95), and law-misfit does not fire."
    ),
    "interval-off-estimate": (
        "A percentile interval misses its estimate by at least {fitting.intervals.NOTABLE_GAP:.0%} of its width."
    ),
    "rule-bends-split": (
        "--flops-rule whose FLOPs are not in proportion to params * tokens, with a law that gives exponents of compute."
    ),
    "no-draws": "The saved fit was written with --no-draws, or with an --interval other than wild, bootstrap or bca.",
}
