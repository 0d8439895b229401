"""Replicates: the law fitted again to resampled data.

Checkpoints of one run share its seed, data order and hyper-parameters, so their errors are correlated. Replicates
therefore resample whole runs. Resampling points instead gives intervals that are far too narrow (25 % coverage instead
of 90 % on ten runs of ten checkpoints). There are two methods:

- `bootstrap` draws runs with replacement, each with all its points. Most papers print its percentile intervals. With
  few runs they are unreliable, because a replicate may lack the runs that determine a parameter.
- `wild` keeps every run and multiplies its residuals, corrected for leverage, by a random sign (Rademacher weights), or
  by one of Webb's six values if there are so few runs that patterns of signs would repeat. Each replicate is also
  multiplied by the square root of freedom over chi-squared, which gives replicates the tails of Student's t, because
  the size of the noise is estimated from few runs. If noise clearly changes with scale, or if there are hardly more
  runs than parameters, and each run has one point, replicates draw Gaussian noise of the size that `noise_model.py`
  estimates instead. `docs/evidence/calibration.md` has the coverage of both methods.

A replicate starts from the full fit. One that does not converge, ends at a bound or is an outlier is also fitted from
other starts, and the best end counts. Another start that ends at the same optimum confirms it; where they disagree,
further starts are tried. Replicate i has its own random generator, seeded by (seed, group, i), and the size of chunks
depends only on the problem, so the result does not depend on how the work is distributed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from scaling_cli import jobs
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.ask import Ask, Asking, alone
from scaling_cli.fitting.leverage import freed_residuals, freedom, residuals
from scaling_cli.fitting.noise_model import NoiseModel, noise_model
from scaling_cli.fitting.objective import LAD_DELTA, MAD_TO_SIGMA, SMALLEST_DELTA
from scaling_cli.fitting.optimum import AGREEMENT, Fitted, absolute_asking
from scaling_cli.fitting.prior import strength
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, joined
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record
from scaling_cli.streams import draws, generators

CHUNK_REPLICATES = 1024
CHUNK_VALUES = 1 << 15  # replicates times points: keeps a chunk's arrays in cache, and memory flat
OTHER_STARTS = 3
STANDS_OUT = 6.0  # robust standard deviations from the replicates' median: further out, a replicate is an outlier
WEBB = np.sqrt([0.5, 1.0, 1.5])  # with either sign; Webb 2014
FEW_SIGNS = 12  # runs below which 2^runs sign patterns are too few


class Resampling(Record):
    """What to draw. `group` gives each group its own draws; in a paired design all groups share one value.

    If the draws of several groups belong together (`is_matched`), wild replicates always turn the runs' own residuals,
    which say how far the errors of matched runs are correlated.
    """

    replicates: int
    seed: int
    group: int
    is_matched: bool = False


class Replicates(Record):
    """Coordinates `(replicates, k)` on centred inputs of the replicates that converged.

    `failed` replicates did not converge; `retried` were also fitted from other starts, which improved `moved` of them.
    """

    theta: Array
    failed: int
    retried: int = 0
    moved: int = 0


class _Redrawn(Record):
    """Draws the data of bootstrap replicates: runs drawn with replacement."""

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array, Array | None]:
        return run_weights(resampling, replicates, problem.runs) * problem.weights, None


class _Turned(Record):
    """Draws the data of wild replicates: predictions plus the runs' residuals times random factors."""

    prediction: Array
    residuals: Array
    freedom: float

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        factors = run_multipliers(resampling, replicates, problem.run_count, self.freedom)
        return None, self.prediction + factors[:, problem.runs] * self.residuals


class _Modelled(Record):
    """Draws the data of wild replicates: predictions plus Gaussian noise of the modelled size."""

    prediction: Array
    model: NoiseModel

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        n, freedom = len(self.prediction), self.model.freedom
        normal, squares = np.empty((len(replicates), n + 1)), np.empty(len(replicates))
        for row, generator in enumerate(generators(resampling.seed, resampling.group, replicates)):
            normal[row] = generator.standard_normal(n + 1)
            squares[row] = generator.chisquare(freedom)
        noise = normal[:, 1:] * self.model.deviations(normal[:, 0])
        return None, self.prediction + np.sqrt(freedom / squares)[:, None] * noise


Scheme: TypeAlias = _Redrawn | _Turned | _Modelled


def group_hash(group: Mapping[str, str]) -> int:
    """A number that depends only on the group, equal on every machine and in every process."""
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
    return alone(replicates_asking(fitted, resampling, is_wild=False, workers=workers, on_progress=on_progress))


def wild(
    fitted: Fitted,
    resampling: Resampling,
    *,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Replicates:
    """Fit the law to its own predictions plus the runs' residuals times random factors."""
    return alone(replicates_asking(fitted, resampling, is_wild=True, workers=workers, on_progress=on_progress))


def run_weights(resampling: Resampling, replicates: Sequence[int], runs: Indices, *, count: int | None = None) -> Array:
    """How often each point is drawn `(replicates, n)`: as often as its run, of `count` runs that are drawn from."""
    count = int(runs.max()) + 1 if count is None else count
    drawn = np.empty((len(replicates), count))
    for row, generator in enumerate(generators(resampling.seed, resampling.group, replicates)):
        drawn[row] = np.bincount(generator.integers(count, size=count), minlength=count)
    return drawn[:, runs]


def run_multipliers(resampling: Resampling, replicates: Sequence[int], runs: int, freedom: float) -> Array:
    """Random factors by which the residuals of each run are multiplied `(replicates, runs)`."""
    sizes = len(WEBB) if runs < FEW_SIGNS else 0
    factors, chosen, squares = draws(resampling.seed, resampling.group, replicates, runs, sizes=sizes, freedom=freedom)
    if chosen is not None:
        factors *= WEBB[chosen]
    assert squares is not None
    factors *= np.sqrt(freedom / squares)[:, None]
    return factors


def replicates_asking(
    fitted: Fitted,
    resampling: Resampling,
    *,
    is_wild: bool,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Asking[Replicates]:
    """`wild` or `bootstrap`, as work that asks the solver."""
    scheme = _wild_scheme(fitted, resampling) if is_wild else _Redrawn()
    everyone = np.arange(resampling.replicates)
    solution = yield from _solve(fitted, scheme, resampling, fitted.theta, everyone, workers, on_progress, near=True)
    suspects = np.flatnonzero(_is_suspect(fitted, solution))
    left, has_moved = suspects, np.zeros(resampling.replicates, dtype=bool)
    for start in starts(fitted.problem, OTHER_STARTS) if len(suspects) else ():
        again = yield from _solve(fitted, scheme, resampling, start, left, workers, None, near=False)
        improved = again.value < solution.value[left] * (1 - AGREEMENT)
        taken = improved | (again.is_settled & ~solution.is_settled[left] & (again.value <= solution.value[left]))
        # Two starts that end at one optimum have shown it; only where they disagree further ones are asked.
        agreed = ~improved & again.is_settled & (again.value <= solution.value[left] * (1 + AGREEMENT))
        for name in ("theta", "value", "is_settled"):
            getattr(solution, name)[left[taken]] = getattr(again, name)[taken]
        has_moved[left[improved]] = True
        left = left[~agreed]
        if not len(left):
            break
    moved = int(has_moved.sum())
    usable = solution.is_settled & np.isfinite(solution.value)
    return Replicates(fitted.problem.law.in_order(solution.theta[usable]), int((~usable).sum()), len(suspects), moved)


def _wild_scheme(fitted: Fitted, resampling: Resampling) -> Scheme:
    prediction = fitted.problem.target - residuals(fitted)
    model = None if resampling.is_matched else noise_model(fitted)
    if model is not None:
        return _Modelled(prediction, model)
    return _Turned(prediction, freed_residuals(fitted), freedom(fitted))


def _is_suspect(fitted: Fitted, solution: Solution) -> Flags:
    problem = fitted.problem
    middle = np.median(solution.theta, axis=0)
    scale = MAD_TO_SIGMA * np.median(np.abs(solution.theta - middle), axis=0)
    stands_out = (np.abs(solution.theta - middle) > STANDS_OUT * scale).any(axis=1)
    free = (fitted.theta > problem.low) & (fitted.theta < problem.high)
    at_bound = ((solution.theta <= problem.low) | (solution.theta >= problem.high))[:, free].any(axis=1)
    suspect: Flags = ~solution.is_settled | ~np.isfinite(solution.value) | stands_out | at_bound
    return suspect


def _solve(
    fitted: Fitted,
    scheme: Scheme,
    resampling: Resampling,
    start: Array,
    replicates: Indices,
    workers: jobs.Workers,
    on_progress: jobs.Progress | None,
    *,
    near: bool,
) -> Asking[Solution]:
    """Fit the replicates with these numbers from coordinates `(k,)`; `near` says that they are those of the fit."""
    size = max(1, min(CHUNK_REPLICATES, CHUNK_VALUES // len(fitted.problem.observed)))
    chunks = [replicates[place : place + size].tolist() for place in range(0, len(replicates), size)]
    if workers.is_serial or len(chunks) == 1:
        parts = []
        for done, chunk in enumerate(chunks, start=1):
            parts.append((yield from _chunk_asking(fitted, scheme, resampling, start, near, chunk)))
            if on_progress is not None:
                on_progress(done, len(chunks))
    else:
        task = partial(_fit_chunk, fitted, scheme, resampling, start, near)
        parts = list(jobs.each(task, chunks, workers=workers, on_progress=on_progress))
    return joined(parts)


def _fit_chunk(
    fitted: Fitted,
    scheme: Scheme,
    resampling: Resampling,
    start: Array,
    near: bool,
    replicates: Sequence[int],
) -> Solution:
    return alone(_chunk_asking(fitted, scheme, resampling, start, near, replicates))


def _chunk_asking(
    fitted: Fitted,
    scheme: Scheme,
    resampling: Resampling,
    start: Array,
    near: bool,
    replicates: Sequence[int],
) -> Asking[Solution]:
    weights, target = scheme.draw(fitted.problem, resampling, replicates)
    rows = np.tile(fitted.problem.off_zero(start[None]), (len(replicates), 1))
    return (yield from refit_asking(fitted, rows, weights=weights, target=target, near=near))


def refit_asking(
    fitted: Fitted, start: Array, *, weights: Array | None = None, target: Array | None = None, near: bool = True
) -> Asking[Solution]:
    """Fit again, with the fit's objective and delta, to other weights or other data, both `(replicates, n)`.

    `near` says that the search starts from the fit itself.
    """
    problem = fitted.problem
    if fitted.objective.name == "lad":
        size = np.median(np.abs(residuals(fitted)))
        first = max(float(size), SMALLEST_DELTA, 10 * LAD_DELTA)
        return (
            yield from absolute_asking(
                problem, start, first_delta=first, weights=weights, target=target, scale=fitted.scale
            )
        )
    pull = strength(fitted.scale, fitted.delta)
    return (yield Ask(problem, start, fitted.delta, weights=weights, target=target, strength=pull, near=near))
