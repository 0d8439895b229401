"""Replicates of an envelope, and the error that its grid of models makes by itself.

To draw whole curves with replacement would leave out a third of the models in each replicate: such hulls are far
coarser than that of all models, and their spread is several times that of the envelope. Instead, a law is fitted to the
curves. Each replicate is the law's curves with the residuals of each run multiplied by one random factor (a wild
bootstrap over runs; Liu 1988), read by the same hull.

The law also says where the best splits of its own curves are, which the hull of finitely many models misses: it jumps
from model to model, and its ends lean on the smallest and the largest. What `CENTRED` replicates err by on average is
taken off the estimate, with or without an interval, and what further replicates err by gives the interval (basic
bootstrap; Davison and Hinkley 1997, section 5.2).

Where the hull of the curves is none that the law's replicates give, the law does not describe the curves. Then whole
curves are drawn after all, and nothing is corrected.
"""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.lines import LossLine, PowerLine
from scaling_cli.analysis.allocation.schedules import best_fit, curve_law, log_losses, thinned
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling, run_multipliers
from scaling_cli.record import Record, replace

LARGEST_WITHIN = 0.005  # of log loss: a law that misses the course of curves by more does not describe them
SIGMAS = 3.0  # of replicates: a hull further off is none of this law's curves
ROUNDING = 0.01  # in the exponent, or log params: what smoothing alone does to a hull without noise
ABSORBED = 3.0  # runs: floor, size and exponent of params follow run errors; the tokens' terms, each run's own curve
CENTRED = Resampling(60, 0, 0)  # enough for a mean
LEAST_FREEDOM = 2.0  # runs less those absorbed
KNOWN = 1e9  # degrees of freedom of errors whose size is known


class CurveLaw(Record):
    """A law fitted to curves: its log losses `(n,)` at their points, and its best params and lowest loss by compute."""

    log_loss: Array
    best: PowerLine
    lowest: LossLine


class CorrectedLosses(Record):
    """Losses along hulls, less what hulls of the `law` err by; `hulls` has rows as for `corrected`."""

    hulls: LossLine
    law: LossLine

    def at(self, compute: float) -> Array:
        """Losses `(replicates,)` at one budget."""
        return _less_errors(self.hulls.at(compute), self.law.at(compute))


def law_of_curves(curves: AllocationPoints, rate: float) -> CurveLaw | None:
    """The law of the curves, where `rate` is the log of compute per param and token; None if none describes them."""
    try:
        problem = curve_law(curves.subset(thinned(curves)))
        theta = best_fit(problem)
    except FitError:
        return None
    values = dict(zip(problem.law.names, problem.parameters(theta)[0].tolist(), strict=True))
    alpha, beta = values["alpha"], values["beta"]
    if not (alpha > 0 and beta > 0 and values["A"] > 0 and values["B"] > 0):
        return None
    exponent = beta / (alpha + beta)
    centre = float(curves.log_compute.mean())
    scale = (log(alpha * values["A"]) - log(beta * values["B"])) / (alpha + beta)
    best = PowerLine(np.array([exponent]), np.array([scale - exponent * rate]))
    size = scale + exponent * (centre - rate)
    reducible = values["A"] * exp(-alpha * size) + values["B"] * exp(-beta * (centre - rate - size))
    floor, height, gamma = (np.array([each]) for each in (values["E"], reducible, alpha * exponent))
    lowest = LossLine(floor, height, gamma, centre)
    log_loss = log_losses(problem, theta, curves)
    residuals = np.log(curves.loss) - log_loss
    count = np.bincount(curves.runs)
    within = residuals - (np.bincount(curves.runs, residuals) / np.maximum(count, 1))[curves.runs]
    return CurveLaw(log_loss, best, lowest) if float(np.std(within)) < LARGEST_WITHIN else None


def simulated(curves: AllocationPoints, law: CurveLaw, resampling: Resampling, *, is_widened: bool = True) -> Array:
    """Losses `(replicates, n)` of the curves in every replicate.

    For an interval they are widened, since the size of the errors is itself uncertain. The mean error of hulls grows
    with the size of errors, so that wider replicates would take off too much.
    """
    together = np.unique(curves.resampled, return_inverse=True)[1]
    runs = int(together.max()) + 1
    freedom = max(runs - ABSORBED, LEAST_FREEDOM)
    spread = freedom if is_widened else KNOWN
    factors = run_multipliers(resampling, range(resampling.replicates), runs, spread)
    residuals = (np.log(curves.loss) - law.log_loss) * sqrt(runs / freedom)  # which are smaller than errors
    losses: Array = np.exp(law.log_loss + factors[:, together] * residuals)
    return losses


def describes(lines: PowerLine, middle: float) -> bool:
    """Whether the curves' own hull is one that the law would give: rows as for `corrected`, at log compute `middle`."""
    centred = slice(1, CENTRED.replicates + 1)
    for values in (lines.exponent, lines.intercept + lines.exponent * middle):
        off = abs(float(values[0] - np.mean(values[centred])))
        if off > SIGMAS * float(np.std(values[centred])) + ROUNDING:
            return False
    return True


def corrected(lines: PowerLine, law: CurveLaw) -> PowerLine:
    """The lines of the estimate and of its replicates.

    Row 0 of `lines` is what the curves' own hull gives; the next rows are the replicates of `CENTRED`, and the others
    those of the interval. What these err by, compared with the law's own line, is taken off.
    """
    return replace(
        lines,
        exponent=_less_errors(lines.exponent, law.best.exponent),
        intercept=_less_errors(lines.intercept, law.best.intercept),
    )


def _less_errors(values: Array, truth: Array) -> Array:
    """What the curves' own hull gives, less what replicates err by compared with the law's `truth` `(1,)`."""
    centred = CENTRED.replicates + 1
    return np.append(values[0] - np.mean(values[1:centred] - truth), values[0] - (values[centred:] - truth))
