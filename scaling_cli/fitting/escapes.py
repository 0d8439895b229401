"""Escapes from local optima, for laws with many parameters: random steps from the best places found, refined again.

This is basin hopping (Wales and Doye 1997) with a batch of steps at a time. A step moves about a third of the
coordinates that are not solved for, some by amounts from hardly anything to most of their range, some to any place in
that range. A term that has vanished would not return that way, so in half of the steps all coordinates that no
prediction depends on go to any place. The coefficients take their best values for where a step lands. Rounds end after
`PATIENCE` rounds without gain. The random numbers have a fixed seed, so that equal data give equal fits.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.fitting.ask import Ask, Asking
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, joined
from scaling_cli.fitting.starts import with_coefficients

HOPS = 96  # steps tried in a round
REFINED = 24  # of them, the best ones, are refined
KEPT = 8  # ends that later fits start from
MOVED, REDRAWN = 0.2, 0.15  # shares of coordinates that a step moves, or draws from the whole range
REVIVED = 0.5  # share of steps that move all coordinates of vanished terms
FAINT = 1e-5  # of the longest column of the Jacobian
SAME = 1e-6  # relative: closer objectives are the same place
SMALLEST, LARGEST = 0.02, 1.0  # sizes of steps, in units of the spread of an axis's starts
PATIENCE = 6
GAIN = 1e-5  # relative decrease of the objective that counts as gain
STEPS = 60  # of the solver, for each step tried


def escaped(problem: Problem, found: Solution, delta: float) -> Asking[Solution]:
    """The best ends of a search that goes on from those `found`."""
    generator = np.random.default_rng(0)
    axes = {name: np.asarray(values) for name, values in problem.law.axes(problem.scene).items()}
    ends = np.array(
        [(axes[name].min(), axes[name].max()) if name in axes else (0.0, 0.0) for name in problem.law.names]
    )
    best, idle = _best(found, KEPT), 0
    for _ in range(problem.law.escapes):
        before = best.value[0]
        hops = _hopped(problem, best.theta, ends, generator)
        refined = yield Ask(problem, hops, delta, most_steps=STEPS)
        best = _best(joined([best, refined]), KEPT)
        idle = 0 if best.value[0] < before * (1 - GAIN) else idle + 1
        if idle >= PATIENCE:
            break
    return (yield Ask(problem, best.theta, delta))


def _hopped(problem: Problem, places: Array, ends: Array, generator: np.random.Generator) -> Array:
    """The places `(REFINED, k)` with the least misfit among random steps from `places`."""
    weights = 0.5 ** np.arange(len(places))
    chosen = generator.choice(len(places), HOPS, p=weights / weights.sum())
    origins = places[chosen]
    size = np.exp(generator.uniform(np.log(SMALLEST), np.log(LARGEST), (HOPS, 1)))
    spread = ends[:, 1] - ends[:, 0]
    chance = generator.random(origins.shape)
    moved = origins + generator.standard_normal(origins.shape) * size * spread
    anywhere = ends[:, 0] + generator.random(origins.shape) * spread
    nodes = np.where(chance < MOVED, moved, np.where(chance < MOVED + REDRAWN, anywhere, origins))
    is_revived = _vanished(problem, places)[chosen] & (generator.random((HOPS, 1)) < REVIVED)
    nodes = np.where(is_revived, anywhere, nodes)
    nodes[:, spread == 0] = 0.0
    landed, misfit = with_coefficients(problem, np.clip(nodes, problem.low, problem.high))
    landed = np.clip(problem.off_zero(landed), problem.low, problem.high)
    order = np.argsort(np.where(np.isfinite(misfit), misfit, np.inf), kind="stable")
    return np.asarray(landed[order[:REFINED]])


def _vanished(problem: Problem, places: Array) -> Flags:
    """Which coordinates `(places, k)` the predictions hardly depend on."""
    with np.errstate(all="ignore"):
        jacobian = np.nan_to_num(problem.residuals(places)[1], posinf=0.0, neginf=0.0)
        length = np.sqrt(np.einsum("rnk,rnk->rk", jacobian, jacobian)) * np.maximum(np.abs(places), 1.0)
    return np.asarray(length < FAINT * length.max(axis=1, keepdims=True))


def _best(found: Solution, count: int) -> Solution:
    """The solutions with the lowest objectives."""
    order = np.argsort(np.where(np.isnan(found.value), np.inf, found.value), kind="stable")
    value = found.value[order]
    is_new = np.concatenate([[True], value[1:] > value[:-1] * (1 + SAME)])
    order = np.concatenate([order[is_new], order[~is_new]])[:count]
    return found.rows(order)
