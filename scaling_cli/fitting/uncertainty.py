"""Replicates: the law fitted again to resampled data.

Checkpoints of one run share its seed, data order and hyper-parameters, so their errors are correlated. Replicates
therefore resample whole runs. Resampling points instead gives intervals that are far too narrow (25 % coverage instead
of 90 % on ten runs of ten checkpoints). There are two methods:

- `bootstrap` draws runs with replacement, each with all its points. Most papers print its percentile intervals. With
  few runs they are unreliable, because a replicate may lack the runs that determine a parameter.
- `wild` keeps every run and draws its errors (see `drawing`). `docs/evidence/calibration.md` has the coverage of both.

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

import numpy as np

from scaling_cli import jobs
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.ask import Ask, Asking, alone
from scaling_cli.fitting.drawing import Redrawn, Resampling, Scheme, wild_scheme
from scaling_cli.fitting.leverage import residuals
from scaling_cli.fitting.objective import LAD_DELTA, MAD_TO_SIGMA, SMALLEST_DELTA
from scaling_cli.fitting.optimum import AGREEMENT, Fitted, absolute_asking
from scaling_cli.fitting.prior import strength
from scaling_cli.fitting.solve import Solution, joined
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record

CHUNK_REPLICATES = 1024
CHUNK_VALUES = 1 << 15  # replicates times points: keeps a chunk's arrays in cache, and memory flat
OTHER_STARTS = 3
STANDS_OUT = 6.0  # robust standard deviations from the replicates' median: further out, a replicate is an outlier


class Replicates(Record):
    """Coordinates `(replicates, k)` on centred inputs of the replicates that converged.

    `failed` replicates did not converge; `retried` were also fitted from other starts, which improved `moved` of them.
    """

    theta: Array
    failed: int
    retried: int = 0
    moved: int = 0


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


def replicates_asking(
    fitted: Fitted,
    resampling: Resampling,
    *,
    is_wild: bool,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Asking[Replicates]:
    """`wild` or `bootstrap`, as work that asks the solver."""
    scheme = wild_scheme(fitted, resampling) if is_wild else Redrawn()
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
