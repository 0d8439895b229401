"""Whether the exponent survives leaving out the points with fewest tokens.

A law that fits all points alike gives the same exponent from any part of them, up to noise. Where early checkpoints or
short runs follow another course, the exponent depends on where they are cut off, and no interval says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.analysis.allocation.envelope import envelope
from scaling_cli.analysis.allocation.isoflop.budgets import Points
from scaling_cli.analysis.allocation.parametric import exponents
from scaling_cli.analysis.allocation.plan import Answer, Plan, answered
from scaling_cli.analysis.allocation.surface import chinchilla_of
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.uncertainty import Replicates, Resampling, bootstrap, wild
from scaling_cli.numbers.format import count
from scaling_cli.record import replace
from scaling_cli.results.allocation import Cutoff

if TYPE_CHECKING:
    from scaling_cli.analysis.allocation.evidence import Evidence

SHARES = (0.25, 0.5)  # of the points, those with fewest tokens, that are left out
FEWEST_POINTS = 20
SWING = 0.05  # of the exponent: less is no news
SIGMAS = 3.0  # standard errors
REPLICATES = 100  # enough for a standard error


def cutoffs(evidence: Evidence, answers: Mapping[str, Answer], plan: Plan, settings: Settings) -> tuple[Cutoff, ...]:
    """The exponents of the parametric fit and of the envelope without the points of fewest tokens."""
    found: list[Cutoff | None] = []
    for share in SHARES:
        if "parametric" in answers:
            found.append(_parametric(evidence, share, plan, answered(answers["parametric"].allocations), settings))
        if "envelope" in answers and evidence.curves is not None:
            found.append(_envelope(evidence.curves, share, settings))
    return tuple(each for each in found if each is not None)


def _parametric(
    evidence: Evidence, share: float, plan: Plan, budgets: Sequence[float], settings: Settings
) -> Cutoff | None:
    problem = evidence.grouped.problem
    tokens = problem.columns["tokens"]
    least = float(np.quantile(tokens, share))
    kept = np.flatnonzero(tokens >= least)
    if len(kept) < FEWEST_POINTS:
        return None
    part = replace(problem.subset(kept), runs=np.unique(problem.runs[kept], return_inverse=True)[1])
    try:
        fitted = optimum(part, settings.objective)
    except FitError:
        return None
    theta = fitted.theta[None]
    if settings.interval != "none":
        theta = np.concatenate([theta, _repeat(fitted, settings).theta])
    law = chinchilla_of(problem.law, part.parameters(theta))
    if law is None:
        return None
    # Counted as the whole answer is: by another --flops-rule the law's own exponent is another number.
    return _cutoff(least, len(kept), "parametric", exponents(law, plan, budgets)[0])


def _envelope(curves: Points, share: float, settings: Settings) -> Cutoff | None:
    least = float(np.quantile(curves.log_tokens, share))
    kept = np.flatnonzero(curves.log_tokens >= least)
    part = curves.subset(kept)
    part = replace(part, runs=np.unique(part.runs, return_inverse=True)[1])
    try:
        frontier = envelope(part, None if settings.interval == "none" else _resampling(settings))
    except FitError:
        return None
    return _cutoff(float(np.exp(least)), len(kept), "envelope", frontier.params.exponent)


def _repeat(fitted: Fitted, settings: Settings) -> Replicates:
    return (wild if settings.interval == "wild" else bootstrap)(fitted, _resampling(settings))


def _resampling(settings: Settings) -> Resampling:
    return Resampling(REPLICATES, settings.seed, 0)


def _cutoff(tokens: float, points: int, approach: str, exponent: Array) -> Cutoff:
    drawn = exponent[1:][np.isfinite(exponent[1:])]
    error = float(np.std(drawn)) if len(drawn) > 1 else None
    return Cutoff(tokens, points, approach, float(exponent[0]), error)


def stability_doubts(
    steps: Sequence[Cutoff], answers: Mapping[str, Answer], group: dict[str, str] | None
) -> list[Caveat]:
    """A caveat for each approach whose exponent moves more than noise moves it; none where noise is not known.

    Where the law holds, the change has at most the variance of the exponent from the smaller part (Hausman 1978).
    """
    found = []
    for approach in dict.fromkeys(step.approach for step in steps):
        whole = answers[approach].exponents["params"].estimate
        mine = [step for step in steps if step.approach == approach]
        if whole is None:
            continue
        moved = [
            step
            for step in mine
            if step.standard_error is not None
            and abs(step.params_exponent - whole) > max(SWING, SIGMAS * step.standard_error)
        ]
        if moved:
            values = [whole, *(step.params_exponent for step in mine)]
            furthest = max(moved, key=lambda step: abs(step.params_exponent - whole))
            found.append(
                caveat(
                    "unstable-exponent", group, low=min(values), high=max(values), tokens=count(furthest.tokens),
                    approach=approach,
                )
            )  # fmt: skip
    return found
