"""Every caveat: a usable result to read with care.

A caveat has a stable code, for `--allow CODE` and for scripts, and a sentence that ends in something to do.
All of them stand here, so that their wording can be read and kept alike in one place.
"""

from __future__ import annotations

from dataclasses import dataclass

SENTENCES = {
    "rows-excluded": "{count} of {total} rows left out: {reasons}; mend them if they should count.",
    "unused-columns": "No column was read as {roles}; name one with --map if the data have it.",
    "compute-mismatch": (
        "The compute column is {low:.3g} to {high:.3g} times 6*params*tokens; check its unit, and whether params "
        "counts embeddings, or leave it out with --compute none."
    ),
    "few-runs": "Only {runs} runs for {parameters} parameters: intervals from so few are too narrow; add runs.",
    "no-interval-room": (
        "{points} points for {parameters} parameters leave nothing to judge the fit by; add runs before using it."
    ),
    "short-range": "{quantity} spans only {decades:.2g} decades; add runs until it spans two, or doubt exponents.",
    "condition-number": (
        "The parameters trade off against each other (condition number {condition:.1e}); read predictions inside "
        "the data, not single parameters, or add runs with other tokens per param."
    ),
    "fixed-tokens-per-param": (
        "Tokens per param only span {low:.3g} to {high:.3g}, so alpha and beta are hard to tell apart; add runs that "
        "are trained shorter and longer (a span of 16x suffices)."
    ),
    "collinear-design": (
        "log params and log tokens are correlated at {correlation:.3f}, so their exponents are hard to tell apart; "
        "add runs off that line."
    ),
    "at-bound": "{parameter} sits at its bound, {value:.3g}, so it is no finding; try a law without it, or add runs.",
    "lone-start": (
        "Only {agreeing} of {tried} starts reach the best objective; compare --objective least-squares before "
        "trusting it."
    ),
    "rival-optimum": (
        "Another optimum within 1 % of the best objective gives {difference}; report both, or add runs that decide."
    ),
    "replicates-failed": "{failed} of {replicates} bootstrap replicates did not converge; read the interval with care.",
    "replicates-at-bound": (
        "{parameter} sits at a bound in {share:.0%} of replicates, so its interval is cut off there; try "
        "--interval profile or add runs."
    ),
    "limited": "{limit} decides the split of {compute} FLOPs, not the loss; loosen it if you can.",
    "far-reach": (
        "{compute} FLOPs is {reach:,.0f} times the largest run: the interval trusts the law that far out; add larger "
        "runs before spending it."
    ),
    "many-epochs": (
        "{compute} FLOPs sees {unique} unique tokens {epochs:.3g} times, and the last epochs teach {worth}; find more "
        "data, or spend less."
    ),
    "published-repetition": (
        "What repeated tokens are worth is taken from Muennighoff et al. 2023, not from your runs; fit "
        "--law data-constrained to runs of several epochs to measure it."
    ),
    "no-draws": (
        "The saved fit has no replicates, so there are no intervals; fit again with `scaling fit --json`, without "
        "--no-draws."
    ),
    "sparse-peak": (
        "A peak of {peak:.4g} FLOP/s is the {gpu}'s for sparse matrices; training reaches at most the dense peak: "
        "give --peak-flops {dense:.4g}."
    ),
    "high-mfu": "--mfu {mfu:g} is above {usual:g}, the most that large runs report; check what it is a share of.",
    "budgets-refused": "{refused} of {total} budgets left out: {reasons}. To mend them, add runs: {runs}.",
    "few-budgets": "The exponent rests on {budgets} budgets; add runs at more budgets before extrapolating.",
    "thin-side": "{budgets} FLOPs: only one size lies on one side of the minimum; add runs of {side} params.",
    "drifting-grid": (
        "The centres of the grids drift by {slope:+.2f} decades a decade of compute against the minima, which moves a "
        "parabola's exponent by {bias:+.4f}; keep --profile exact, or centre the grids."
    ),
    "parabola-bias": (
        "By the exact curve, parabolas on these grids miss the best params by {low:+.1%} to {high:+.1%}; use "
        "--profile exact, or correct for it."
    ),
    "replicates-lost": (
        "{share:.0%} of replicates lack a minimum at {compute} FLOPs and pass over it; add runs around that minimum."
    ),
    "profiles-differ": (
        "Profiles of the same curves give params exponents from {low:.3f} ({lowest}) to {high:.3f} ({highest}); add "
        "runs near the minima, and quote the profile with the number."
    ),
    "grid-edge": (
        "{share:.0%} of the envelope lies on the smallest or largest model, where no other could beat it; add smaller "
        "and larger models, or trust --approach parametric."
    ),
    "unfinished-schedules": (
        "{share:.0%} of the envelope comes from before the last 15 % of a run's tokens, where a decaying learning rate "
        "has not done its work; use runs of constant learning rate, or --approach parametric on finished runs."
    ),
    "no-waste-band": (
        "The envelope alone does not say how flat the optimum is; add --approach parametric for the range of params "
        "within 5 % of the compute."
    ),
    "approach-skipped": "No answer by {approach}: {reason} {hint}",
    "approaches-disagree": (
        "At {compute} FLOPs the approaches' best params differ by {ratio:.2g}x and their intervals do not overlap; "
        "find out why (schedules, embeddings, grid edges) before choosing."
    ),
    "unstable-exponent": (
        "By the {approach} approach the params exponent swings from {low:.3f} to {high:.3f} as points below {tokens} "
        "tokens are left out, more than noise allows: name the cut-off with any exponent you quote, and skip early "
        "checkpoints."
    ),
}


@dataclass(frozen=True, slots=True)
class Caveat:
    """One thing a reader should know before using a result."""

    code: str
    message: str
    group: dict[str, str] | None = None


def caveat(code: str, group: dict[str, str] | None = None, **facts: object) -> Caveat:
    """The caveat `code` with its sentence filled in; `group` is None where it concerns the whole."""
    return Caveat(code, SENTENCES[code].format(**facts), group)
