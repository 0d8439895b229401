"""Replicates: the law fitted again to data as they might have come out.

Checkpoints of one run share its seed, data order and hyper-parameters, so they err together: replicates vary whole
runs. Varying points instead gives intervals that are far too narrow (25 % coverage instead of 90 % on ten runs of ten
checkpoints). Two ways:

- `bootstrap` draws runs with replacement, each with all its points. Its percentile intervals are what most papers
  print; from few runs they are unreliable, since a replicate may lack the runs that tell a parameter.
- `wild` keeps every run where it is and multiplies its residuals, freed of the run's own pull on the fit, by a random
  sign: Rademacher's, or Webb's six values where runs are so few that signs would repeat. A whole replicate is
  multiplied by the square root of freedom over chi-squared as well, so that replicates have the tails of Student's t:
  the size of the noise is itself known from few runs only. `docs/evidence/calibration.md` has the coverage of both.

A replicate starts from the full fit. One that stops early, ends at a bound or stands out is tried from other starts
too, and the best end counts. Replicate i draws from its own generator, seeded by (seed, group, i), and chunks are cut
by the size of the problem alone, so the answer does not depend on how the work is spread.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from scaling_cli import jobs
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.leverage import freed_residuals, freedom, residuals
from scaling_cli.fitting.objective import LAD_DELTA, MAD_TO_SIGMA, SMALLEST_DELTA
from scaling_cli.fitting.optimum import AGREEMENT, Fitted, minimise_absolute
from scaling_cli.fitting.prior import strength
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, minimise
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record

CHUNK_REPLICATES = 128
CHUNK_VALUES = 1 << 16  # replicates times points: keeps a chunk's arrays in cache, and memory flat
OTHER_STARTS = 3
STANDS_OUT = 6.0  # robust standard deviations from the replicates' median
WEBB = np.sqrt([0.5, 1.0, 1.5])  # with either sign; Webb 2014
FEW_SIGNS = 12  # runs below which 2^runs sign patterns are too few


class Resampling(Record):
    """What to draw: `group` seeds groups apart; a paired design gives all its groups the same one."""

    replicates: int
    seed: int
    group: int

    def generator(self, replicate: int) -> np.random.Generator:
        """The source of randomness of one replicate."""
        return np.random.default_rng([self.seed, self.group, replicate])


class Replicates(Record):
    """Coordinates `(replicates, k)` on centred inputs, of the replicates that converged; the rest are counted.

    `retried` were tried from other starts as well, which took `moved` of them elsewhere.
    """

    theta: Array
    failed: int
    retried: int = 0
    moved: int = 0


class _Redrawn(Record):
    """Data of replicates in which runs are drawn with replacement."""

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array, Array | None]:
        return run_weights(resampling, replicates, problem.runs) * problem.weights, None


class _Turned(Record):
    """Data of replicates in which the residuals of runs are multiplied at random."""

    prediction: Array
    residuals: Array
    freedom: float

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        factors = run_multipliers(resampling, replicates, problem.run_count, self.freedom)
        return None, self.prediction + factors[:, problem.runs] * self.residuals


def group_hash(group: Mapping[str, str]) -> int:
    """A number that depends on the group alone, the same on every machine and in every process."""
    text = json.dumps(sorted(group.items()))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def bootstrap(
    fitted: Fitted,
    resampling: Resampling,
    *,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Replicates:
    """Fit the law to resampled runs."""
    return _replicate(fitted, _Redrawn(), resampling, workers, on_progress)


def wild(
    fitted: Fitted,
    resampling: Resampling,
    *,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Replicates:
    """Fit the law to its own predictions with the runs' residuals, multiplied at random."""
    prediction = fitted.problem.target - residuals(fitted)
    scheme = _Turned(prediction, freed_residuals(fitted), freedom(fitted))
    return _replicate(fitted, scheme, resampling, workers, on_progress)


def run_weights(resampling: Resampling, replicates: Sequence[int], runs: Indices) -> Array:
    """How often each point is drawn `(replicates, n)`: as often as its run."""
    count = int(runs.max()) + 1
    drawn = np.empty((len(replicates), count))
    for row, replicate in enumerate(replicates):
        drawn[row] = np.bincount(resampling.generator(replicate).integers(count, size=count), minlength=count)
    return drawn[:, runs]


def run_multipliers(resampling: Resampling, replicates: Sequence[int], runs: int, freedom: float) -> Array:
    """What the residuals of each run are multiplied by `(replicates, runs)`."""
    factors = np.empty((len(replicates), runs))
    for row, replicate in enumerate(replicates):
        generator = resampling.generator(replicate)
        factors[row] = 2.0 * generator.integers(2, size=runs) - 1.0
        if runs < FEW_SIGNS:
            factors[row] *= WEBB[generator.integers(len(WEBB), size=runs)]
        factors[row] *= np.sqrt(freedom / generator.chisquare(freedom))
    return factors


def _replicate(
    fitted: Fitted,
    scheme: _Redrawn | _Turned,
    resampling: Resampling,
    workers: jobs.Workers,
    on_progress: jobs.Progress | None,
) -> Replicates:
    everyone = np.arange(resampling.replicates)
    found = _solve(fitted, scheme, resampling, fitted.theta[None], everyone, workers, on_progress)
    suspects = np.flatnonzero(_is_suspect(fitted, found))
    moved = 0
    if len(suspects):
        others = starts(fitted.problem, OTHER_STARTS)
        again = _solve(fitted, scheme, resampling, others, suspects, workers, None)
        improved = again.value < found.value[suspects] * (1 - AGREEMENT)
        taken = improved | (again.is_settled & ~found.is_settled[suspects] & (again.value <= found.value[suspects]))
        found.theta[suspects[taken]] = again.theta[taken]
        found.value[suspects[taken]] = again.value[taken]
        found.is_settled[suspects[taken]] = again.is_settled[taken]
        moved = int(taken.sum())
    usable = found.is_settled & np.isfinite(found.value)
    return Replicates(found.theta[usable], int((~usable).sum()), len(suspects), moved)


def _is_suspect(fitted: Fitted, found: Solution) -> Flags:
    problem = fitted.problem
    middle = np.median(found.theta, axis=0)
    scale = MAD_TO_SIGMA * np.median(np.abs(found.theta - middle), axis=0)
    stands_out = (np.abs(found.theta - middle) > STANDS_OUT * scale).any(axis=1)
    free = (fitted.theta > problem.low) & (fitted.theta < problem.high)
    at_bound = ((found.theta <= problem.low) | (found.theta >= problem.high))[:, free].any(axis=1)
    suspect: Flags = ~found.is_settled | ~np.isfinite(found.value) | stands_out | at_bound
    return suspect


def _solve(
    fitted: Fitted,
    scheme: _Redrawn | _Turned,
    resampling: Resampling,
    first: Array,
    replicates: Indices,
    workers: jobs.Workers,
    on_progress: jobs.Progress | None,
) -> Solution:
    """Replicates with these numbers, each from every row of `first`; the best ends."""
    size = max(1, min(CHUNK_REPLICATES, CHUNK_VALUES // len(fitted.problem.observed)))
    chunks = [replicates[start : start + size].tolist() for start in range(0, len(replicates), size)]
    task = partial(_fit_chunk, fitted, scheme, resampling, first)
    parts = list(jobs.each(task, chunks, workers=workers, on_progress=on_progress))
    return Solution(
        np.concatenate([part.theta for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.is_settled for part in parts]),
    )


def _fit_chunk(
    fitted: Fitted, scheme: _Redrawn | _Turned, resampling: Resampling, first: Array, replicates: Sequence[int]
) -> Solution:
    weights, target = scheme.draw(fitted.problem, resampling, replicates)
    best: Solution | None = None
    for start in fitted.problem.roused(first):
        found = refit(fitted, np.tile(start, (len(replicates), 1)), weights=weights, target=target)
        if best is None:
            best = found
        else:
            better = found.value < best.value
            for name in ("theta", "value", "is_settled"):
                getattr(best, name)[better] = getattr(found, name)[better]
    assert best is not None
    return best


def refit(fitted: Fitted, start: Array, *, weights: Array | None = None, target: Array | None = None) -> Solution:
    """The same objective at the same delta on other weights `(replicates, n)` or other data `(replicates, n)`."""
    problem = fitted.problem
    if fitted.objective.name == "lad":
        size = np.median(np.abs(residuals(fitted)))
        first = max(float(size), SMALLEST_DELTA, 10 * LAD_DELTA)
        return minimise_absolute(problem, start, first_delta=first, weights=weights, target=target, scale=fitted.scale)
    pull = strength(fitted.scale, fitted.delta)
    return minimise(problem, start, delta=fitted.delta, weights=weights, target=target, strength=pull)
