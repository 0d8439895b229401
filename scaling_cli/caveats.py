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
    "floor-open": (
        "The floor may lie anywhere in a range as wide as {width} of the loss above it (at most {most:.0%} would do), "
        "which leaves the exponent open; add larger runs or repeats, and do not read its exponent as one."
    ),
    "apparent-exponents": (
        "{law} has no floor, so its exponents are slopes, which differ wherever floors do; compare "
        "--law power-constant before speaking of exponents."
    ),
    "shared-floor-rejected": (
        "One floor for all groups does not fit (p = {p_value}), so each has its own; leave out --shared-floor."
    ),
    "coarse-p-values": (
        "Adjusted for {pairs} pairs, p-values of {replicates} replicates cannot fall below {least:.2g}; ask for more "
        "--replicates, or compare with one --reference."
    ),
    "low-power": (
        "{weak} of {pairs} pairs could only have shown differences above {share:.0%} of the exponent, so no difference "
        "found says little there; add runs, sizes or seeds before concluding."
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
