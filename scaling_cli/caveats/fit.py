"""Caveats about the fit of a law to runs."""

SENTENCES = {
    "few-runs": (
        "There are only {runs} runs for {parameters} parameters, and intervals from so few runs are too narrow. Add "
        "runs."
    ),
    "no-interval-room": (
        "{points} points for {parameters} parameters leave almost nothing from which to estimate the noise, so the "
        "intervals mean little. Add runs before using them."
    ),
    "short-range": (
        "{quantity} spans only {decades:.2g} decades, so exponents are uncertain. Add runs until it spans two decades "
        "before relying on exponents."
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
        "The interval of {parameters} did not contain its estimate and is extended to it, so neither is reliable: when "
        "data are simulated from this fit and fitted again, the parameters come out different. Use predictions inside "
        "the data instead of single parameters, or fit a law with fewer parameters."
    ),
    "rule-bends-split": (
        "Compute by --flops-rule {rule} is not proportional to params * tokens, so {quantities} do not apply and are "
        "left out. Use `scaling optimal-allocation` with this rule to find the best split of a budget."
    ),
    "no-draws": (
        "The saved fit has no replicates, so there are no intervals. Fit again with `scaling fit --json`, without "
        "--no-draws."
    ),
}
