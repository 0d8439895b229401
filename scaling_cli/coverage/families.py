"""Families of distributions of difficulty, on a grid of log-odds, and the fixed draws that integrals over them use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from scipy.special import betaln, ndtr, ndtri

from scaling_cli.coverage.counts import Array
from scaling_cli.record import Record

STEP = 0.2
T = np.arange(-26.0, 16.0 + STEP / 2, STEP)  # log-odds of the chance of success
LOG_P, LOG_Q = -np.log1p(np.exp(-T)), -np.log1p(np.exp(T))
DRAWS = 384  # of the parameters of each family
TINY = 1e-300


class Family(Record):
    """Distributions of log-odds: `weights` takes normal deviates `(draws, size)` and gives masses `(draws, len(T))`."""

    size: int
    weights: Callable[[Array], Array]


@cache
def from_prior(family: Family) -> Array:
    """Masses drawn from the prior, `(DRAWS, len(T))`."""
    return family.weights(normals(family.size, 0))


@cache
def normals(size: int, turn: int) -> Array:
    """Normal deviates `(DRAWS, size)` from the additive sequence of the generalised golden ratio (Roberts 2018)."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (size + 1))
    steps = ratio ** -np.arange(1.0, size + 1)
    places = (0.5 + turn * DRAWS * steps + np.outer(np.arange(1, DRAWS + 1), steps)) % 1
    return np.asarray(ndtri(np.clip(places, 1e-9, 1 - 1e-9)))


def _beta(log_alpha: Array, log_beta: Array) -> Array:
    alpha, beta = np.exp(log_alpha)[:, None], np.exp(log_beta)[:, None]
    weights = STEP * np.exp(alpha * LOG_P + beta * LOG_Q - betaln(alpha, beta))
    weights[:, 0] += np.exp(alpha[:, 0] * LOG_P[0] - betaln(alpha, beta)[:, 0]) / alpha[:, 0]  # below the grid
    return _summing_to_one(weights)


def _logit_normal(middle: Array, log_spread: Array) -> Array:
    return _summing_to_one(np.exp(-0.5 * ((T - middle[:, None]) / np.exp(log_spread)[:, None]) ** 2) + TINY)


def _summing_to_one(weights: Array) -> Array:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _one_beta(z: Array) -> Array:
    return _beta(np.log(0.6) + z[:, 0], np.log(4) + 1.6 * z[:, 1])


def _one_normal(z: Array) -> Array:
    return _logit_normal(-2.5 + 3 * z[:, 0], np.log(2.5) + 0.6 * z[:, 1])


def _inflated(solvable: Callable[[Array], Array], z: Array) -> Array:
    share = ndtr(z[:, 2])[:, None]
    weights = (1 - share) * solvable(z)
    weights[:, 0] += share[:, 0]  # a chance of e^-26 is never met
    return np.asarray(weights)


def _two(first: Callable[[Array, Array], Array], second: Callable[[Array, Array], Array], z: Array) -> Array:
    share = ndtr(z[:, 4])[:, None]
    return np.asarray(share * first(z[:, 0], z[:, 1]) + (1 - share) * second(z[:, 2], z[:, 3]))


FAMILIES = {
    "beta": Family(2, _one_beta),
    "normal": Family(2, _one_normal),
    "inflated-beta": Family(3, partial(_inflated, _one_beta)),
    "inflated-normal": Family(3, partial(_inflated, _one_normal)),
    "two-betas": Family(
        5,
        partial(
            _two,
            lambda a, b: _beta(np.log(0.8) + a, np.log(2) + 1.2 * b),
            lambda a, b: _beta(np.log(0.8) + a, np.log(20) + 2 * b),
        ),
    ),
    "two-normals": Family(
        5,
        partial(
            _two,
            lambda a, b: _logit_normal(2 * a, np.log(1.5) + 0.6 * b),
            lambda a, b: _logit_normal(-5 + 3 * a, np.log(1.5) + 0.6 * b),
        ),
    ),
    "two-narrow": Family(
        5,
        partial(
            _two,
            lambda a, b: _logit_normal(2 * a, np.log(0.3) + 0.5 * b),
            lambda a, b: _logit_normal(-5 + 3 * a, np.log(0.3) + 0.5 * b),
        ),
    ),
}
