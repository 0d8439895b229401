"""Approach 1: the lower envelope of training curves.

Each curve is smoothed over a window of 5 % of its length in log compute (Porian et al. 2024 smooth by the same share).
The envelope is the lower convex hull of all curves over log compute: the lowest loss at each compute (Hoffmann et al.
2022, section 3.1) would hop between curves wherever noise makes one lucky, the hull (Henighan et al. 2020, figure 1)
keeps the runs that no mix of two others beats. The hull is read at compute evenly apart in logs, each time at the
nearest of its points, and params and tokens there are lines in log compute.

Where the smallest or largest model is on the hull, others beyond it might be better: those ends are left out of the
lines as long as three sizes remain. Two biases stay and are reported: points before the end of a run have a learning
rate that has not decayed, and the lowest of many noisy curves is lucky.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import Points
from scaling_cli.analysis.allocation.lines import LossLine, PowerLine, loss_line, power_line
from scaling_cli.arrays import Array, Indices
from scaling_cli.errors import FitError
from scaling_cli.fitting.uncertainty import Resampling, run_weights
from scaling_cli.record import Record
from scaling_cli.results.allocation import Envelope

WINDOW = 0.05  # of the compute at a point: rows within this share of it are averaged
FEWEST_ROWS = 5  # of a run that count as a curve
FEWEST_CURVES = 3
FINISHED = 0.85  # of a run's tokens: a cosine schedule has by then done most of its decay
FEWEST_INNER_SIZES = 3
READINGS = 300  # of the hull
SAME_SIZE = 1e-6  # in log params


class Frontier(Record):
    """Power laws along the envelope, each `(replicates,)`, and the hull of the estimate as `(compute, params)`."""

    params: PowerLine
    tokens: PowerLine
    loss: LossLine | None
    facts: Envelope
    hull: tuple[Array, Array]


def envelope(points: Points, resampling: Resampling | None) -> Frontier:
    """The envelope of the curves in `points`, every row a checkpoint.

    Raises:
        FitError: There are too few curves, or all of the hull is one model.
    """
    curves = smoothed(points)
    count = int(curves.runs.max()) + 1 if len(curves.runs) else 0
    if count < FEWEST_CURVES:
        raise FitError(
            f"{count} runs have training curves of {FEWEST_ROWS} checkpoints or more; an envelope needs "
            f"{FEWEST_CURVES}.",
            hint="Log the loss along training (one row a checkpoint, with its tokens), for models of three sizes.",
        )
    weights = np.ones((1, count))
    if resampling is not None:
        drawn = run_weights(resampling, range(resampling.replicates), np.arange(count))
        weights = np.concatenate([weights, drawn])
    hulls = [_hull(curves, row > 0) for row in weights]
    hull = curves.subset(hulls[0])
    if len(_sizes(hull)) < 2:
        raise FitError(
            "The envelope is made of one model size, so it shows no exponent.",
            hint="Add curves of smaller and larger models, long enough to cross those there are.",
        )
    compute, params, loss = (np.stack(each) for each in zip(*(_read(curves, each) for each in hulls), strict=True))
    rate = float(np.mean(curves.log_compute - curves.log_params - curves.log_tokens))
    return Frontier(
        params=power_line(compute, params),
        tokens=power_line(compute, compute - params - rate),
        loss=loss_line(compute, loss),
        facts=_facts(curves, hulls[0], count),
        hull=(np.exp(hull.log_compute), np.exp(hull.log_params)),
    )


def _sizes(points: Points) -> Array:
    return np.unique(np.round(points.log_params, 6))


def _read(curves: Points, hull: Indices) -> tuple[Array, Array, Array]:
    """Log compute, log params and loss along a hull, without the ends where a larger or smaller model might win."""
    points = curves.subset(hull)
    sizes = points.log_params
    inner = (sizes > curves.log_params.min() + SAME_SIZE) & (sizes < curves.log_params.max() - SAME_SIZE)
    if len(_sizes(points.subset(np.flatnonzero(inner)))) >= FEWEST_INNER_SIZES:
        points = points.subset(np.flatnonzero(inner))
    at = points.log_compute
    grid = np.linspace(at[0], at[-1], READINGS)
    middles = (at[1:] + at[:-1]) / 2
    return grid, points.log_params[np.searchsorted(middles, grid)], np.interp(grid, at, points.loss)


def smoothed(points: Points) -> Points:
    """Curves in order of run and compute, each loss the mean of its neighbourhood; runs without a curve left out."""
    order = np.lexsort((points.log_compute, points.runs))
    points = points.subset(order)
    _, first, counts = np.unique(points.runs, return_index=True, return_counts=True)
    kept: list[Indices] = []
    losses: list[Array] = []
    runs: list[Indices] = []
    for start, rows in zip(first, counts, strict=True):
        if rows < FEWEST_ROWS:
            continue
        index = np.arange(start, start + rows)
        logs = points.log_compute[index]
        left = np.searchsorted(logs, logs - np.log1p(WINDOW), side="left")
        right = np.searchsorted(logs, logs + np.log1p(WINDOW), side="right")
        sums = np.concatenate([[0.0], np.cumsum(points.loss[index])])
        losses.append((sums[right] - sums[left]) / (right - left))
        runs.append(np.full(rows, len(runs)))
        kept.append(index)
    if not kept:
        return points.subset(np.array([], dtype=int))
    curves = points.subset(np.concatenate(kept))
    return Points(
        curves.log_params, curves.log_tokens, curves.log_compute, np.concatenate(losses), np.concatenate(runs)
    )


def _hull(curves: Points, used: np.ndarray) -> Indices:
    """Points of the lower convex hull of loss over log compute, as far as loss falls."""
    index = np.flatnonzero(used[curves.runs])
    index = index[np.lexsort((curves.loss[index], curves.log_compute[index]))]
    # Only points that undercut everything cheaper can lie on the falling part of the hull.
    lowest = np.minimum.accumulate(curves.loss[index])
    index = index[np.concatenate([[True], lowest[1:] < lowest[:-1]])]
    x, y = curves.log_compute[index].tolist(), np.log(curves.loss[index]).tolist()
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) >= 2:
            left, middle = kept[-2], kept[-1]
            # Drop the middle point where it lies on or above the chord of its neighbours.
            if (y[middle] - y[left]) * (x[i] - x[left]) < (y[i] - y[left]) * (x[middle] - x[left]):
                break
            kept.pop()
        kept.append(i)
    hull: Indices = index[kept]
    return hull


def _facts(curves: Points, hull: Indices, count: int) -> Envelope:
    sizes, ends = curves.log_params, np.full(count, -np.inf)
    np.maximum.at(ends, curves.runs, curves.log_tokens)
    at_edge = (sizes[hull] <= sizes.min() + 1e-9) | (sizes[hull] >= sizes.max() - 1e-9)
    unfinished = curves.log_tokens[hull] < ends[curves.runs[hull]] + np.log(FINISHED)
    return Envelope(count, len(hull), float(at_edge.mean()), float(unfinished.mean()))
