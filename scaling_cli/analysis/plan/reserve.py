"""Runs that test the law: where a law that is wrong would show it.

Beside the terms of the law, log loss gets terms in the squares and products of the log inputs, which the law does not
have. Runs are chosen that determine these terms best, given all other runs (Ds-optimality; Atkinson et al. 2007,
section 10.3). If the true loss bends away from the law anywhere in the range of the candidates, its residuals then
show it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.plan.search import OVER, Limits
from scaling_cli.analysis.plan.square_error import Model
from scaling_cli.arrays import Array, Indices

USUAL_BEND = 0.02  # of log loss at the edge of the candidates: how far a law is thought to be off


def bends(logs: Sequence[Array]) -> Array:
    """Squares and products `(m, e)` of log inputs, each scaled to the range -1 to 1 over the candidates."""
    scaled = [2 * (x - x.min()) / (np.ptp(x) or 1.0) - 1 for x in logs]
    return np.stack([x * y for x, y in itertools.combinations_with_replacement(scaled, 2)], axis=1)


def test_runs(model: Model, bent: Array, noise: Array, chosen: Indices, limits: Limits) -> Indices:
    """Candidates that best show a departure from the law, given the runs `chosen`; `noise` `(m,)` is that of a run."""
    model = model.law
    rows = np.concatenate([model.jacobian, np.broadcast_to(bent / noise[:, None], (len(model.known), *bent.shape))], 2)
    size, terms = model.known.shape[-1], rows.shape[-1]
    known = np.zeros((len(rows), terms, terms))
    known[:, :size, :size] = model.base
    known[:, range(size, terms), range(size, terms)] = 1 / USUAL_BEND**2
    known += rows[:, chosen].swapaxes(1, 2) @ rows[:, chosen]
    picked: list[int] = []
    spent = 0.0
    while len(picked) < limits.runs:
        is_affordable = (spent + limits.cost <= limits.budget * OVER) & limits.free([*chosen.tolist(), *picked])
        if not is_affordable.any():
            break
        whole = np.einsum("rmk,rkl,rml->rm", rows, np.linalg.inv(known), rows)
        part = np.einsum("rmk,rkl,rml->rm", rows[:, :, :size], np.linalg.inv(known[:, :size, :size]), rows[:, :, :size])
        share = (limits.budget - spent) / (limits.runs - len(picked))
        gain = (np.log1p(whole) - np.log1p(part)).mean(axis=0) / np.maximum(limits.cost, share)
        best = int(np.argmax(np.where(is_affordable, gain, -np.inf)))
        picked.append(best)
        spent += float(limits.cost[best])
        row = rows[:, best]
        known = known + row[:, :, None] * row[:, None, :]
    return np.array(picked, dtype=int)


def shown(model: Model, bent: Array, noise: Array, chosen: Indices) -> float:
    """The largest departure, as a share of the loss, that would stay unseen with 80 % power at the 5 % level.

    It is that of the bend that these runs show worst, at the edge of the candidates.
    """
    model = model.law
    rows = np.concatenate([model.jacobian[:1], (bent / noise[:, None])[None]], axis=2)[0, chosen]
    size = model.known.shape[-1]
    whole = rows.T @ rows
    whole[:size, :size] += model.base[0]
    left = whole[size:, size:] - whole[size:, :size] @ np.linalg.solve(whole[:size, :size], whole[:size, size:])
    error = np.sqrt(np.maximum(np.diag(np.linalg.pinv(left)), 0.0))  # rounding makes those below zero that are zero
    return float(2.8 * error.max())
