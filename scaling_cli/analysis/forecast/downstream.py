"""The link from a loss to a task metric, the second stage of a forecast of the metric.

It is a sigmoid or a saturating exponential, fitted to the runs' losses and metrics. Its replicates are of the same
resampled runs for all tasks, so a run with an unusual loss affects all of them. The link is empirical: outside the
range of losses to which it was fitted, with a margin, no metric is forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.suite import Task
from scaling_cli.arrays import Array, Indices
from scaling_cli.data.names import normalise
from scaling_cli.errors import DataError, FitError
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.leverage import is_free
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.numbers.units import metric_unit
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Then, ThenPrediction

CHANCE_NAMES = {"sigmoid": "b", "exponential-saturation": "epsilon"}  # the parameter that is the level of chance
FEWEST_RUNS = 6
LOW_RUNS, FAR_BELOW = 0.25, 0.6  # the share of values, and of chance, by which a level of chance is another task's
ROUNDING = 1e-9  # by which a share of 1 may be exceeded
WIDENED = 0.25  # of the range of log loss that the link was fitted to, on either side


class Link(Record):
    """A fitted link from loss to metric, with the coordinates of its replicates `(replicates, k)`.

    `follows` is the column of the loss, whose values at the points of the fit are `loss` `(n,)`. `most` is the largest
    value that the metric can have, if it is a share or a percentage; it is then not below 0 either.
    """

    metric: str
    follows: str
    fitted: Fitted
    replicates: Array
    loss: Array
    most: float | None = None

    @property
    def residuals(self) -> Array:
        """The metric at the points less that of the fit `(n,)`."""
        missed: Array = self.fitted.problem.residuals(self.fitted.theta[None])[0][0]
        return missed

    @property
    def rmse(self) -> float:
        """Root mean square error of the metric at the points."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    @property
    def noise(self) -> float:
        """Standard deviation of the metric of one run around the law, by the residuals of all points."""
        spare = len(self.residuals) - int(is_free(self.fitted).sum())
        return float(np.sqrt(np.sum(self.residuals**2) / max(spare, 1)))

    def possible(self, metric: Array) -> Array:
        """Values of the metric, cut off at what it can be."""
        return metric if self.most is None else np.clip(metric, 0.0, self.most)

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
    task: Task, follows: str, loss: Array, values: Array, runs: Indices, *, run_count: int, resampling: Resampling
) -> Link:
    """Fit the link from loss to metric; `runs` `(n,)` are numbered among `run_count` that replicates draw from.

    Raises:
        FitError: There are too few runs, or the metric does not depend on the loss.
    """
    if len(np.unique(runs)) < FEWEST_RUNS:
        raise FitError(
            f"{task.metric} is known for too few runs to fit a law from the loss to it.",
            hint=f"Add runs until {FEWEST_RUNS} have both.",
        )
    law = find_law(task.law)
    if task.chance is not None:
        law = constrain(law, {CHANCE_NAMES[task.law]: task.chance})
    _, numbered = np.unique(runs, return_inverse=True)
    problem = problem_from_arrays(law, {"x": loss}, values, numbered, space="linear")
    fitted = optimum(problem, Objective("huber"))
    missed = problem.residuals(fitted.theta[None])[0][0]
    if not np.sqrt(np.mean(missed**2)) < np.std(values):
        raise FitError(
            f"The {task.law} law predicts {task.metric} from the loss no better than the mean of {task.metric} does.",
            hint="Check the level of chance and the law, and whether the metric changes with the loss.",
        )
    rows = range(resampling.replicates)
    weights = run_weights(resampling, rows, runs, count=run_count) * problem.weights
    start = np.tile(problem.off_zero(fitted.theta[None]), (len(rows), 1))
    solution = minimise(problem, start, delta=fitted.delta, weights=weights, gain=1e-6, most_steps=60)
    return Link(task.metric, follows, fitted, solution.theta, loss, _most(task, values))


def _most(task: Task, values: Array) -> float | None:
    """The largest value that a metric can have: that of a share or a percentage, which its name or its chance shows."""
    if task.chance is None and metric_unit(normalise(task.metric)) != "accuracy":
        return None
    return next((most for most in (1.0, 100.0) if (values >= 0).all() and values.max() <= most * (1 + ROUNDING)), None)


def refuse_other_scale(task: Task, values: Array) -> None:
    """Refuse a level of chance that is a share where the metric `(n,)` is none, such as an accuracy in percent.

    Raises:
        DataError: Chance is above 0, and a value above 1 or many values far below chance.
    """
    known = values[np.isfinite(values)]
    _refuse_below_chance(task, known)
    largest = float(np.max(known, initial=0.0))
    if not task.chance or largest <= 1 + ROUNDING:
        return
    is_percent = 1.5 < largest <= 100 and (known >= 0).all()
    shares = f"Divide {task.metric} by 100 in the file" if is_percent else f"Write {task.metric} as shares"
    raise DataError(
        f"{task.metric} has values up to {largest:.6g}, but its level of chance is {task.chance:g}, a share of 1, so "
        "the two are on different scales and the law would start from a wrong level.",
        hint=f"{shares}, or leave the level of chance out: it is then fitted.",
    )


def _refuse_below_chance(task: Task, known: Array) -> None:
    """Refuse a level of chance far above what many runs reach, which is that of another task.

    Small models lie a little below chance on some tasks, so only values below a share of it count.
    """
    if not task.chance or not len(known):
        return
    low = float(np.quantile(known, LOW_RUNS))
    if low < FAR_BELOW * task.chance:
        raise DataError(
            f"A quarter of the values of {task.metric} lie below {low:.3g}, far below its level of chance of "
            f"{task.chance:g}, so this is the chance of another task, and the law would start from a wrong level.",
            hint="Give the chance of this task (in a suite file each task has its own), or leave it out: it is then "
            "fitted.",
        )


def drawn_metric(link: Link, loss: Array, noise: Array) -> Array:
    """Draws of the metric `(draws, n)` at draws of the loss `(draws, n)`; `noise` is in units of the link's noise.

    Draw i uses replicate i modulo their number.
    """
    count = len(link.replicates)
    drawn = np.empty_like(loss)
    for i, theta in enumerate(link.replicates):
        rows = loss[i::count]
        drawn[i::count] = link.values(theta[None], rows.ravel())[0].reshape(rows.shape)
    return link.possible(drawn + link.noise * noise)


def then_of(link: Link, targets: Sequence[Mapping[str, float]], loss: Array, drawn: Array, level: float) -> Then:
    """The metric at the targets, whose forecast losses are `loss` `(n,)`, with intervals of its draws `(draws, n)`."""
    outside = link.is_outside(loss)
    centre = link.possible(link.values(link.fitted.theta[None], loss)[0])
    return Then(
        metric=link.metric,
        law=link.law.name,
        formula=link.law.formula,
        parameters=_parameters(link, level),
        points=len(link.loss),
        rmse=link.rmse,
        loss_range=(float(link.loss.min()), float(link.loss.max())),
        predictions=tuple(
            ThenPrediction(
                dict(at),
                float(loss[i]),
                estimate_of(None if outside[i] else float(centre[i]), drawn[:, i], level),
                bool(outside[i]),
            )
            for i, at in enumerate(targets)
        ),
        loss=link.follows,
    )


def estimate_of(centre: float | None, drawn: Array, level: float) -> Estimate:
    """An estimate with the interval of its draws `(draws,)`; without one where it, or its spread, is unknown."""
    if centre is None or not np.isfinite(drawn).all():
        return Estimate(centre)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return Estimate(centre, float(low), float(high))


def _parameters(link: Link, level: float) -> dict[str, Estimate]:
    problem = link.fitted.problem
    values = problem.parameters(link.fitted.theta[None])[0]
    low, high = np.quantile(problem.parameters(link.replicates), [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return {
        name: Estimate(float(value), float(left), float(right))
        for name, value, left, right in zip(problem.law.names, values, low, high, strict=True)
    }
