"""Forecasts of a task metric in two stages: the loss at the targets, then the metric from the loss.

The link from loss to metric, a sigmoid or a saturating exponential, is fitted to the runs' losses and metrics. Both
stages use one set of resampled runs, so a run with an unusual loss affects both. The link is empirical: outside the
range of losses to which it was fitted, with a margin, no metric is forecast.
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
CHANCE_NAMES = {"sigmoid": "b", "exponential-saturation": "epsilon"}  # the parameter that is the level of chance
FEWEST_RUNS = 6
WIDENED = 0.25  # of the range of log loss that the link was fitted to, on either side


class Link(Record):
    """A fitted link from loss to metric, with the coordinates of its replicates `(replicates, k)`."""

    metric: str
    fitted: Fitted
    replicates: Array
    loss: Array

    @property
    def law(self) -> Law:
        """The law from loss to metric."""
        return self.fitted.problem.law

    def values(self, theta: Array, loss: Array) -> Array:
        """The metric `(replicates, n)` at losses `(n,)`."""
        problem = self.fitted.problem
        return self.law.evaluate_linear(problem.raw(theta), self.law.prepare({"x": loss}))[0]

    def is_outside(self, loss: Array) -> Array:
        """Which losses lie outside the range, with its margin, to which the link was fitted."""
        low, high = np.log(self.loss.min()), np.log(self.loss.max())
        margin = WIDENED * (high - low)
        outside: Array = (np.log(loss) < low - margin) | (np.log(loss) > high + margin)
        return outside


def fit_link(
    metric: str, loss: Array, values: Array, runs: Indices, *, law: str, chance: float | None, resampling: Resampling
) -> Link:
    """Fit the link from loss to metric.

    Raises:
        UsageError: No link has this name.
        FitError: There are too few runs, or the metric does not depend on the loss.
    """
    if law not in LINKS:
        raise UsageError(f"--then-law {law!r} is unknown.", hint=f"Choose one of {', '.join(LINKS)}.")
    if len(np.unique(runs)) < FEWEST_RUNS:
        raise FitError(
            f"{metric} is known for too few runs to fit a law from the loss to it.",
            hint=f"Add runs until {FEWEST_RUNS} have both.",
        )
    link_law = find_law(law)
    if chance is not None:
        link_law = constrain(link_law, {CHANCE_NAMES[law]: chance})
    _, numbered = np.unique(runs, return_inverse=True)
    problem = problem_from_arrays(link_law, {"x": loss}, values, numbered, space="linear")
    fitted = optimum(problem, Objective("huber"))
    missed = problem.residuals(fitted.theta[None])[0][0]
    if not np.sqrt(np.mean(missed**2)) < np.std(values):
        raise FitError(
            f"The {law} law predicts {metric} from the loss no better than the mean of {metric} does.",
            hint="Check --chance and --then-law, and whether the metric changes with the loss.",
        )
    rows = range(resampling.replicates)
    weights = run_weights(resampling, rows, problem.runs) * problem.weights
    start = np.tile(problem.off_zero(fitted.theta[None]), (len(rows), 1))
    solution = minimise(problem, start, delta=fitted.delta, weights=weights, gain=1e-6, most_steps=60)
    return Link(metric, fitted, solution.theta, loss)


def forecast_metric(
    fitted: Link, bands: Bands, targets: Sequence[Mapping[str, float]], level: float, seed: int
) -> Then:
    """The metric at the targets, whose loss forecasts are `bands`."""
    loss = np.exp(bands.estimate)
    outside = fitted.is_outside(loss)
    centre = fitted.values(fitted.fitted.theta[None], loss)[0]
    # One deviate per replicate, since the errors of the loss forecast are correlated over targets.
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
