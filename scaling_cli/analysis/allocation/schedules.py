"""Whether training curves are read where the learning rate had not decayed, and what is left if so.

An envelope takes each checkpoint for the end of a run of that length. Where the learning rate decays towards the end,
the loss before it is a few percent higher than a run of that length would have ended with. Such curves can be told from
finished ones: a law fitted to the checkpoints before the last part of every run misses the ends of the runs, all to one
side. Curves at constant learning rate follow one law to their ends.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.arrays import Array, Indices
from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.numbers.format import percent
from scaling_cli.record import Record

LAW = "chinchilla"
MIDDLE = (0.05, 0.5)  # of a run's tokens: points to which the law is fitted
END = 0.97  # of a run's tokens: points that it is compared with
DROP = 0.004  # of log loss: ends that lie less below the law do not move the envelope by much
SIGMAS = 3.0
SURE = 2.0  # standard errors above a drop, within which it is too small to matter
ROWS = 40  # of a run, evenly spaced in logs: enough for a law
FEWEST = 8  # points in the middles
FEWEST_SIZES, FEWEST_LENGTHS = 3, 3  # of runs with equal params, to take the ends of runs alone


def curve_law(points: AllocationPoints) -> Problem:
    """The law's problem for these points."""
    columns = {"params": np.exp(points.log_params), "tokens": np.exp(points.log_tokens)}
    return problem_from_arrays(find_law(LAW), columns, points.loss, points.runs)


def best_fit(problem: Problem) -> Array:
    """Coordinates `(1, k)` of the least-squares fit."""
    return optimum(problem, Objective("least-squares")).theta[None]


def log_losses(problem: Problem, theta: Array, points: AllocationPoints) -> Array:
    """The log losses `(n,)` of the law at other points."""
    columns = {"params": np.exp(points.log_params), "tokens": np.exp(points.log_tokens)}
    law = problem.law
    values: Array = law.evaluate(problem.raw(theta), law.prepare(columns))[0][0]
    return values


def thinned(points: AllocationPoints) -> Indices:
    """At most `ROWS` points of each run, evenly spaced in log tokens."""
    kept = []
    for run in np.unique(points.runs):
        index = np.flatnonzero(points.runs == run)
        logs = points.log_tokens[index]
        grid = np.linspace(logs.min(), logs.max(), ROWS)
        kept.append(index[np.unique(np.abs(logs[:, None] - grid).argmin(axis=0))])
    return np.concatenate(kept)


def end_drop(points: AllocationPoints) -> tuple[float, float] | None:
    """How far the ends of runs lie below the law of their middles, in log loss, and its standard error.

    None if there are too few points to say.
    """
    share = done(points)
    middles = points.subset(np.flatnonzero((share >= MIDDLE[0]) & (share <= MIDDLE[1])))
    if not len(middles.loss):
        return None
    middles = middles.subset(thinned(middles))
    if len(middles.loss) < FEWEST or len(np.unique(np.round(middles.log_params, 6))) < FEWEST_SIZES:
        return None
    try:
        problem = curve_law(middles)
        theta = best_fit(problem)
    except FitError:
        return None
    ends = points.subset(np.flatnonzero(share >= END))
    off = log_losses(problem, theta, ends) - np.log(ends.loss)
    base = log_losses(problem, theta, middles) - np.log(middles.loss)
    # A run that is lower throughout is no sign of a schedule: each end is compared with the middle of its own run.
    drops = np.array([off[ends.runs == run].mean() - base[middles.runs == run].mean()
                      for run in np.unique(ends.runs) if (middles.runs == run).any()])  # fmt: skip
    if len(drops) < FEWEST_SIZES:
        return None
    return float(np.median(drops)), float(np.std(drops, ddof=1) / sqrt(len(drops)))


def done(points: AllocationPoints) -> Array:
    """The tokens of each point as a share of those at the end of its run `(n,)`."""
    ends = np.full(int(points.runs.max()) + 1, -np.inf)
    np.maximum.at(ends, points.runs, points.log_tokens)
    share: Array = np.exp(points.log_tokens - ends[points.runs])
    return share


class Finished(Record):
    """The points that an envelope may use.

    `drop` is how far ends lie below the middles, where only ends are left. `is_level` says that the ends are shown not
    to lie below, so that the learning rate did not decay.
    """

    points: AllocationPoints
    drop: float | None
    is_level: bool


def finished_points(points: AllocationPoints) -> Finished:
    """The points that an envelope may use.

    Raises:
        FitError: The learning rate decays at the end of the runs, and there are too few ends for an envelope.
    """
    found = end_drop(points)
    if found is None or found[0] < DROP or found[0] < SIGMAS * found[1]:
        return Finished(points, None, found is not None and found[0] + SURE * found[1] < DROP)
    ends = points.subset(np.flatnonzero(done(points) >= END))
    last = np.unique(np.stack([ends.runs, np.round(ends.log_params, 6)]), axis=1)
    _, lengths = np.unique(last[1], return_counts=True)
    if (lengths >= FEWEST_LENGTHS).sum() < FEWEST_SIZES:
        raise FitError(
            f"The runs end {percent(float(np.expm1(found[0])))} below the law that their checkpoints follow until "
            "then, as they do if the learning rate decays. An envelope of earlier checkpoints would therefore show too "
            "high losses.",
            hint=f"Give finished runs of {FEWEST_LENGTHS} lengths for each of {FEWEST_SIZES} sizes, or curves at "
            "constant learning rate, or use --approach parametric on the last row of each run.",
        )
    return Finished(ends, found[0], is_level=False)
