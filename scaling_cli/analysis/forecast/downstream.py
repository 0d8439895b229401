"""The second of two stages: a task metric from the loss, and from there at the targets.

The link, a sigmoid or an exponential that saturates, is fitted to the runs' losses and metrics. Runs are resampled for
both stages at once, so a run that is off in its loss is off in the link too. The link is no law of nature: outside the
losses that it was fitted to, widened a little, nothing is forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.arrays import Array, Indices
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.uncertainty import Resampling, run_weights
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Then, ThenPrediction

LINKS = ("sigmoid", "exponential-saturation")
CHANCE_NAMES = {"sigmoid": "b", "exponential-saturation": "epsilon"}  # the level that a model without skill is at
FEWEST_RUNS = 6
WIDENED = 0.25  # of the range of log loss that the link was fitted to, on either side


class Link(Record):
    """A fitted second stage: coordinates of its replicates `(replicates, k)`."""

    metric: str
    fitted: Fitted
    replicates: Array
    loss: Array

    @property
    def law(self) -> Law:
        """From loss to metric."""
        return self.fitted.problem.law

    def values(self, theta: Array, loss: Array) -> Array:
        """The metric `(replicates, n)` at losses `(n,)`."""
        problem = self.fitted.problem
        return self.law.evaluate_linear(problem.raw(theta), self.law.prepare({"x": loss}))[0]

    def is_outside(self, loss: Array) -> Array:
        """Which losses the link says nothing about."""
        low, high = np.log(self.loss.min()), np.log(self.loss.max())
        margin = WIDENED * (high - low)
        outside: Array = (np.log(loss) < low - margin) | (np.log(loss) > high + margin)
        return outside


def link(
    metric: str, loss: Array, values: Array, runs: Indices, *, law: str, chance: float | None, resampling: Resampling
) -> Link:
    """Fit the second stage.

    Raises:
        UsageError: There is no such link.
        FitError: The runs are too few, or the metric does not follow the loss.
    """
    if law not in LINKS:
        raise UsageError(f"--then-law {law!r} is no link.", hint=f"Choose one of {', '.join(LINKS)}.")
    if len(np.unique(runs)) < FEWEST_RUNS:
        raise FitError(f"{metric} is known for too few runs to link it to the loss.", hint=f"Add {FEWEST_RUNS} runs.")
    found = find_law(law)
    if chance is not None:
        found = constrain(found, {CHANCE_NAMES[law]: chance})
    _, numbered = np.unique(runs, return_inverse=True)
    problem = problem_from_arrays(found, {"x": loss}, values, numbered, space="linear")
    fitted = optimum(problem, Objective("huber"))
    missed = problem.residuals(fitted.theta[None])[0][0]
    if not np.sqrt(np.mean(missed**2)) < np.std(values):
        raise FitError(
            f"A {law} of the loss tells {metric} no better than its mean does.",
            hint="Check --chance, --then-law and whether the metric changes with the loss.",
        )
    rows = range(resampling.replicates)
    weights = run_weights(resampling, rows, problem.runs) * problem.weights
    start = np.tile(problem.off_zero(fitted.theta[None]), (len(rows), 1))
    solution = minimise(problem, start, delta=fitted.delta, weights=weights, gain=1e-6, most_steps=60)
    return Link(metric, fitted, solution.theta, loss)


def then(fitted: Link, bands: Bands, targets: Sequence[Mapping[str, float]], level: float, seed: int) -> Then:
    """The metric at targets whose losses are `bands`."""
    loss = np.exp(bands.estimate)
    outside = fitted.is_outside(loss)
    centre = fitted.values(fitted.fitted.theta[None], loss)[0]
    # One deviate a replicate: the first stage errs alike at all targets.
    deviates = np.random.default_rng([seed, len(loss)]).standard_normal(len(fitted.replicates))
    spread = bands.prediction / NormalDist().inv_cdf(0.5 + level / 2)
    rows = np.stack([
        fitted.values(theta[None], np.exp(bands.estimate + deviate * spread))[0]
        for theta, deviate in zip(fitted.replicates, deviates, strict=True)
    ])  # fmt: skip
    residuals = fitted.fitted.problem.residuals(fitted.fitted.theta[None])[0][0]
    rows = rows + np.std(residuals) * np.random.default_rng([seed, 1]).standard_normal(rows.shape)
    low, high = np.quantile(rows, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return Then(
        metric=fitted.metric,
        law=fitted.law.name,
        formula=fitted.law.formula,
        parameters=_parameters(fitted, level),
        points=len(fitted.loss),
        rmse=float(np.sqrt(np.mean(residuals**2))),
        loss_range=(float(fitted.loss.min()), float(fitted.loss.max())),
        predictions=tuple(
            ThenPrediction(
                dict(at),
                float(loss[i]),
                _estimate(centre[i], low[i], high[i], is_known=not outside[i]),
                bool(outside[i]),
            )
            for i, at in enumerate(targets)
        ),
    )


def _estimate(value: float, low: float, high: float, *, is_known: bool) -> Estimate:
    return Estimate(float(value), float(low), float(high)) if is_known else Estimate(None)


def _parameters(fitted: Link, level: float) -> dict[str, Estimate]:
    problem = fitted.fitted.problem
    values = problem.parameters(fitted.fitted.theta[None])[0]
    low, high = np.quantile(problem.parameters(fitted.replicates), [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return {
        name: Estimate(float(value), float(left), float(right))
        for name, value, left, right in zip(problem.law.names, values, low, high, strict=True)
    }
