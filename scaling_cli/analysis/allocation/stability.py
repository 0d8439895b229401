"""Whether the exponent changes if the points with fewest tokens are left out.

A law that fits all points gives equal exponents from any part of them, up to noise. If early checkpoints or short runs
follow a different law, the exponent depends on the cut-off below which they are left out, and no interval shows this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.analysis.allocation.envelope import envelope
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.parametric import exponents
from scaling_cli.analysis.allocation.plan import AllocationPlan, ApproachAnswer, answered
from scaling_cli.analysis.allocation.surface import chinchilla_of
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.uncertainty import Replicates, bootstrap, wild
from scaling_cli.numbers.format import count
from scaling_cli.record import replace
from scaling_cli.results.allocation import Cutoff

if TYPE_CHECKING:
    from scaling_cli.analysis.allocation.evidence import AllocationData

SHARES = (0.25, 0.5)  # of the points: those with fewest tokens are left out
FEWEST_POINTS = 20
SWING = 0.05  # in the exponent: smaller changes are ignored
SIGMAS = 3.0  # standard errors
REPLICATES = 100  # enough for a standard error


def cutoffs(
    data: AllocationData, answers: Mapping[str, ApproachAnswer], plan: AllocationPlan, settings: Settings
) -> tuple[Cutoff, ...]:
    """The exponents of the parametric fit and of the envelope without the points of fewest tokens."""
    steps: list[Cutoff | None] = []
    for share in SHARES:
        if "parametric" in answers:
            steps.append(_parametric(data, share, plan, answered(answers["parametric"].allocations), settings))
        if "envelope" in answers and data.curves is not None:
            steps.append(_envelope(data.curves, share, settings))
    return tuple(step for step in steps if step is not None)


def _parametric(
    data: AllocationData, share: float, plan: AllocationPlan, budgets: Sequence[float], settings: Settings
) -> Cutoff | None:
    problem = data.grouped.problem
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
    # Computed as in the answer: under another --flops-rule the exponent is not the law's own.
    return _cutoff(least, len(kept), "parametric", exponents(law, plan, budgets)[0])


def _envelope(curves: AllocationPoints, share: float, settings: Settings) -> Cutoff | None:
    least = float(np.quantile(curves.log_tokens, share))
    kept = np.flatnonzero(curves.log_tokens >= least)
    part = curves.subset(kept)
    part = replace(part, runs=np.unique(part.runs, return_inverse=True)[1])
    try:
        resampling = None if settings.interval == "none" else _resampling(settings)
        # The hull as it is read in published work: a law of the part would correct what the cut-off does to it.
        frontier = envelope(part, resampling, is_corrected=False)
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
    steps: Sequence[Cutoff], answers: Mapping[str, ApproachAnswer], group: dict[str, str] | None
) -> list[Caveat]:
    """A caveat for each approach whose exponent changes more than by noise; none if the noise is not known.

    If the law holds, the variance of the change is at most that of the exponent from the smaller part (Hausman 1978).
    """
    caveats = []
    for approach in dict.fromkeys(step.approach for step in steps):
        whole = answers[approach].exponents["params"].estimate
        own_steps = [step for step in steps if step.approach == approach]
        if whole is None:
            continue
        moved = [
            step
            for step in own_steps
            if step.standard_error is not None
            and abs(step.params_exponent - whole) > max(SWING, SIGMAS * step.standard_error)
        ]
        if moved:
            values = [whole, *(step.params_exponent for step in own_steps)]
            furthest = max(moved, key=lambda step: abs(step.params_exponent - whole))
            caveats.append(
                caveat(
                    "unstable-exponent", group, low=min(values), high=max(values), tokens=count(furthest.tokens),
                    approach=approach,
                )
            )  # fmt: skip
    return caveats
