"""Approach 1: the lower envelope of training curves.

Each curve is smoothed over a window of 5 % in compute (like that of Porian et al. 2024). The envelope is the lower
convex hull of all curves over log compute (Henighan et al. 2020, figure 1). The lowest loss at each compute (Hoffmann
et al. 2022, section 3.1) would jump between curves wherever noise makes one of them low; the hull keeps only points
below every line between two others. Its points are read at compute evenly spaced in logs, and lines in log compute are
fitted to their params and tokens.

If the smallest or largest model is on the hull, models beyond the range might be better. Those parts are left out of
the lines if three sizes remain. Two biases remain: the hull of finitely many noisy curves errs, which a law of the
curves corrects (see `envelope_replicates`), and before the end of a run its learning rate may not have decayed, for
which curves are refused or read at their ends alone (see `schedules`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scaling_cli.analysis.allocation.along_lines import line_allocation, line_curve, line_doubts
from scaling_cli.analysis.allocation.envelope_replicates import (
    CENTRED,
    CorrectedLosses,
    corrected,
    describes,
    law_of_curves,
    simulated,
)
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.lines import Losses, PowerLine, loss_line, power_line
from scaling_cli.analysis.allocation.plan import AllocationPlan, ApproachAnswer, estimated
from scaling_cli.analysis.allocation.schedules import Finished, finished_points
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.record import Record, replace
from scaling_cli.results.allocation import Envelope

WINDOW = 0.05  # of the compute at a point: losses within this share of it are averaged
FEWEST_ROWS = 5  # of a run, to count as a curve
FEWEST_CURVES = 3
FINISHED = 0.85  # of a run's tokens: by then a cosine schedule has completed most of its decay
FEWEST_INNER_SIZES = 3
READINGS = 300  # points read from the hull
NOTABLE_SHARE = 0.3  # of the hull
SAME_SIZE = 1e-6  # in log params


class Frontier(Record):
    """Power laws along the envelope, each `(replicates,)`, and the hull of the estimate as `(compute, params)`.

    `rates` are the least and the largest compute per param and token of the runs. `drop` is what the log loss falls at
    the end of the schedule, where only the ends of runs are used; `is_level` says that it is shown not to fall.
    `has_edges` says that the lines include the smallest and the largest model.
    """

    params: PowerLine
    tokens: PowerLine
    loss: Losses | None
    facts: Envelope
    hull: tuple[Array, Array]
    rates: tuple[float, float]
    drop: float | None = None
    is_level: bool = False
    has_edges: bool = True


def envelope(points: AllocationPoints, resampling: Resampling | None, *, is_corrected: bool = True) -> Frontier:
    """The envelope of the training curves in `points`, where each point is a checkpoint.

    Args:
        points: The checkpoints.
        resampling: How to draw replicates; None for no interval.
        is_corrected: Whether a law of the curves corrects the hull and gives its replicates.

    Raises:
        FitError: There are too few curves, or the hull consists of one model size.
    """
    curves, finished = _curves(points)
    count = int(curves.runs.max()) + 1 if len(curves.runs) else 0
    if count < FEWEST_CURVES:
        raise FitError(
            f"{count} {'run has' if count == 1 else 'runs have'} a training curve of at least {FEWEST_ROWS} "
            f"checkpoints, but an envelope needs {FEWEST_CURVES}.",
            hint="Log the loss during training (one row per checkpoint, with its tokens) for models of three sizes.",
        )
    hull = curves.subset(_hull(curves))
    if len(_sizes(hull)) < 2:
        raise FitError(
            "The envelope consists of one model size, so it gives no exponent.",
            hint="Add curves of smaller and larger models, long enough to cross the existing ones.",
        )
    rate = float(np.mean(curves.log_compute - curves.log_params - curves.log_tokens))
    by_law = _by_law(curves, rate, resampling) if is_corrected else None
    line, losses = by_law or _by_whole_curves(curves, resampling)
    return Frontier(
        params=line,
        tokens=PowerLine(1 - line.exponent, -rate - line.intercept),
        loss=losses,
        facts=_facts(curves, _hull(curves), count),
        hull=(np.exp(hull.log_compute), np.exp(hull.log_params)),
        rates=curves.rates,
        drop=finished.drop,
        is_level=finished.is_level,
        has_edges=len(_inner(curves, hull)) == len(hull.loss),
    )


def _curves(points: AllocationPoints) -> tuple[AllocationPoints, Finished]:
    """Smoothed curves; or the ends of runs alone, where the loss falls at the end of the schedule."""
    finished = finished_points(points)
    used = finished.points
    if finished.drop is None:
        return smoothed(points), finished
    _, first, index = np.unique(used.runs, return_index=True, return_inverse=True)
    count = np.bincount(index)
    params, tokens, compute, loss = (
        np.bincount(index, values) / count for values in (used.log_params, used.log_tokens, used.log_compute, used.loss)
    )
    clusters = None if used.clusters is None else used.clusters[first]
    return AllocationPoints(params, tokens, compute, loss, np.arange(len(first)), clusters), finished


def _by_law(
    curves: AllocationPoints, rate: float, resampling: Resampling | None
) -> tuple[PowerLine, Losses | None] | None:
    """The lines of params and of the loss, corrected by a law of the curves, and their replicates from that law.

    None if no law describes the curves. `rate` is the log of compute per param and token.
    """
    law = law_of_curves(curves, rate)
    if law is None:
        return None
    drawn = [
        simulated(curves, law, CENTRED, is_widened=False),
        *([] if resampling is None else [simulated(curves, law, resampling)]),
    ]
    rows = [curves, *(replace(curves, loss=loss) for losses in drawn for loss in losses)]
    compute, params, loss = _read_all((row, _hull(row)) for row in rows)
    line, losses = power_line(compute, params), loss_line(compute, loss)
    if not describes(line, float(curves.log_compute.mean())):
        return None
    return corrected(line, law), None if losses is None else CorrectedLosses(losses, law.lowest)


def _by_whole_curves(curves: AllocationPoints, resampling: Resampling | None) -> tuple[PowerLine, Losses | None]:
    """The lines of params and of the loss, and their replicates from whole curves drawn with replacement."""
    hulls = [_hull(curves)]
    if resampling is not None:
        first = np.unique(curves.runs, return_index=True)[1]
        clusters = np.unique(curves.resampled[first], return_inverse=True)[1]
        drawn = run_weights(resampling, range(resampling.replicates), clusters)
        hulls += [_hull(curves, row > 0) for row in drawn]
    compute, params, loss = _read_all((curves, hull) for hull in hulls)
    return power_line(compute, params), loss_line(compute, loss)


def _read_all(hulls: Iterable[tuple[AllocationPoints, Indices]]) -> tuple[Array, Array, Array]:
    """Log compute, log params and loss along each hull `(hulls, READINGS)`."""
    compute, params, loss = (np.stack(rows) for rows in zip(*(_read(*hull) for hull in hulls), strict=True))
    return compute, params, loss


def envelope_answer(
    frontier: Frontier, plan: AllocationPlan, largest: float, group: dict[str, str] | None
) -> ApproachAnswer:
    """Splits of the plan's budgets along the envelope, with caveats."""
    allocations = tuple(
        line_allocation(
            "envelope", plan, compute, frontier.params, frontier.tokens, frontier.loss, None, compute / largest
        )
        for compute in plan.budgets
    )
    ends = [float(np.min(frontier.hull[0])), float(np.max(frontier.hull[0]))]
    return ApproachAnswer(
        allocations=allocations,
        exponents={
            "params": estimated(frontier.params.exponent, plan.level),
            "tokens": estimated(frontier.tokens.exponent, plan.level),
        },
        frontier=line_curve(frontier.params, [*plan.budgets, *ends], plan.level),
        caveats=(
            *_doubts(frontier, group),
            *line_doubts(allocations, frontier.rates, group, plan.costs.rate or FLOPS_A_PARAM_AND_TOKEN),
        ),
    )


def _sizes(points: AllocationPoints) -> Array:
    return np.unique(np.round(points.log_params, 6))


def _read(curves: AllocationPoints, hull: Indices) -> tuple[Array, Array, Array]:
    """Log compute, log params and loss along a hull, without the smallest and largest model if enough sizes remain."""
    points = curves.subset(hull)
    points = points.subset(_inner(curves, points))
    at = points.log_compute
    grid = np.linspace(at[0], at[-1], READINGS)
    middles = (at[1:] + at[:-1]) / 2
    return grid, points.log_params[np.searchsorted(middles, grid)], np.interp(grid, at, points.loss)


def _inner(curves: AllocationPoints, hull: AllocationPoints) -> Indices:
    """The points of a hull without those of the smallest and largest model; all, if too few sizes would remain."""
    sizes = hull.log_params
    inner = np.flatnonzero(
        (sizes > curves.log_params.min() + SAME_SIZE) & (sizes < curves.log_params.max() - SAME_SIZE)
    )
    return inner if len(_sizes(hull.subset(inner))) >= FEWEST_INNER_SIZES else np.arange(len(sizes))


def smoothed(points: AllocationPoints) -> AllocationPoints:
    """Smoothed curves, in order of run and compute, without runs that have too few checkpoints."""
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
    return replace(curves, loss=np.concatenate(losses), runs=np.concatenate(runs))


def _hull(curves: AllocationPoints, used: Flags | None = None) -> Indices:
    """Indices of the falling part of the lower convex hull of log loss over log compute, of the runs in `used`."""
    index = np.arange(len(curves.runs)) if used is None else np.flatnonzero(used[curves.runs])
    index = index[np.lexsort((curves.loss[index], curves.log_compute[index]))]
    # Only points with a lower loss than all points of less compute can lie on the falling part of the hull.
    lowest = np.minimum.accumulate(curves.loss[index])
    index = index[np.concatenate([[True], lowest[1:] < lowest[:-1]])]
    x, y = curves.log_compute[index].tolist(), np.log(curves.loss[index]).tolist()
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) >= 2:
            left, middle = kept[-2], kept[-1]
            # Drop the middle point if it lies on or above the chord of its neighbours.
            if (y[middle] - y[left]) * (x[i] - x[left]) < (y[i] - y[left]) * (x[middle] - x[left]):
                break
            kept.pop()
        kept.append(i)
    hull: Indices = index[kept]
    return hull


def _facts(curves: AllocationPoints, hull: Indices, count: int) -> Envelope:
    sizes, ends = curves.log_params, np.full(count, -np.inf)
    np.maximum.at(ends, curves.runs, curves.log_tokens)
    at_edge = (sizes[hull] <= sizes.min() + 1e-9) | (sizes[hull] >= sizes.max() - 1e-9)
    unfinished = curves.log_tokens[hull] < ends[curves.runs[hull]] + np.log(FINISHED)
    return Envelope(count, len(hull), float(at_edge.mean()), float(unfinished.mean()))


def _doubts(frontier: Frontier, group: dict[str, str] | None) -> list[Caveat]:
    caveats = [caveat("no-waste-band", group)]
    if frontier.drop is not None:
        caveats.append(caveat("schedule-ends", group, runs=frontier.facts.curves, drop=float(np.expm1(frontier.drop))))
    if frontier.has_edges and frontier.facts.at_edge > NOTABLE_SHARE:
        caveats.append(caveat("grid-edge", group, share=frontier.facts.at_edge))
    if not frontier.is_level and frontier.facts.unfinished > NOTABLE_SHARE:
        caveats.append(caveat("unfinished-schedules", group, share=frontier.facts.unfinished))
    return caveats
