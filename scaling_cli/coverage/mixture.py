"""Coverage averaged over many laws of difficulty, each weighted by how well it predicts the counts.

Attempts up to n hardly show how the chances of success below 1 / n are spread, yet coverage beyond n depends on them.
One law answers this by its shape alone, so its interval is too narrow wherever its shape is wrong. Here six families
share the answer: a beta distribution, a normal distribution of log-odds, each of them with a share of problems that no
attempt solves, and mixtures of two of each. Parameters have weak priors and are integrated by importance sampling from
a t distribution that is fitted to the posterior in three rounds; the weight of a family is its marginal likelihood,
which is the product of its predictions of each problem from the others (Hoeting et al. 1999, "Bayesian model
averaging"). The points of the integral are a fixed sequence of low discrepancy, so results do not depend on a seed.

If the problems come in clusters, the likelihood is raised to one over the design effect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from scipy.special import betaln, chdtri, gammaln, ndtr, ndtri

from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.record import Record

STEP = 0.2
T = np.arange(-26.0, 16.0 + STEP / 2, STEP)  # log-odds of the chance of success
LOG_P, LOG_Q = -np.log1p(np.exp(-T)), -np.log1p(np.exp(T))
SHARP = 1.5 * STEP  # standard deviation below which the likelihood of a problem is widened to this one
DRAWS = 384  # of the parameters of each family
ROUNDS = 3
FREEDOM = 5.0  # of the t distribution
WIDER = 1.3  # its variance, over that of the posterior
TINY = 1e-300


class Family(Record):
    """Distributions of log-odds: `weights` takes normal deviates `(draws, size)` and gives masses `(draws, len(T))`."""

    size: int
    weights: Callable[[Array], Array]


class Mixture(Record):
    """Draws of the distribution of difficulty.

    `weights` are masses on the grid of log-odds, `(draws, len(T))`, and `chances` the probabilities of the draws, which
    sum to one. `families` has the probability of each family.
    """

    weights: Array
    chances: Array
    families: dict[str, float]

    def failure(self, k: Array) -> Array:
        """One minus the coverage at each k in each draw, `(draws, len(k))`."""
        return np.asarray(self.weights @ np.exp(LOG_Q[:, None] * np.asarray(k, dtype=float)))

    def mean(self, values: Array) -> Array:
        """The mean of `(draws, m)` over the draws."""
        return np.asarray(self.chances @ values)

    def ends(self, values: Array, level: float) -> tuple[Array, Array]:
        """The central interval of each column of `(draws, m)`."""
        order = np.argsort(values, axis=0)
        below = np.cumsum(self.chances[order], axis=0)
        places = [(below < share * below[-1]).sum(axis=0) for share in ((1 - level) / 2, (1 + level) / 2)]
        ranked = np.take_along_axis(values, order, axis=0)
        low, high = (ranked[np.minimum(place, len(values) - 1), np.arange(values.shape[1])] for place in places)
        return low, high


def fit_mixture(counts: Counts, scale: float = 1.0, offset: float = 0.0) -> Mixture:
    """The distribution of difficulty behind the counts; a chance u of the grid shows as `offset + scale * u`."""
    likelihood, multiplicity = _likelihood(counts, scale, offset)
    multiplicity = multiplicity / design_effect(counts)
    parts = [_posterior(family, likelihood, multiplicity) for family in FAMILIES.values()]
    evidence = np.array([part[0] for part in parts])
    shares = np.exp(evidence - evidence.max())
    shares /= shares.sum()
    return Mixture(
        np.concatenate([part[2] for part in parts]),
        np.concatenate([share * part[1] for share, part in zip(shares, parts, strict=True)]),
        dict(zip(FAMILIES, shares.tolist(), strict=True)),
    )


def design_effect(counts: Counts) -> float:
    """The variance of a mean over problems in clusters, over that of independent problems; at least 1.

    It is the larger of those of two means: the share of successes, and the share of problems with any success.
    """
    if counts.clusters == counts.problems:
        return 1.0
    effects = [1.0]
    for values in (counts.c / counts.n, (counts.c > 0).astype(float)):
        apart = values - values.mean()
        sums = np.bincount(counts.cluster, apart)
        alone = float(apart @ apart)
        if alone > 0:
            effects.append(float(sums @ sums) / alone * len(sums) / max(len(sums) - 1, 1))
    return max(effects)


def _likelihood(counts: Counts, scale: float, offset: float) -> tuple[Array, Array]:
    """The likelihood of each distinct problem on the grid, over its largest value, and how many problems are like it.

    A problem with many successes and failures has a likelihood narrower than the grid. It is widened to the grid, and
    problems next to each other are joined: they are solved within the attempts made, so forecasts hardly depend on it.
    """
    n, c = counts.pair_n.astype(float), counts.pair_c.astype(float)
    share = np.clip(((c + 0.5) / (n + 1) - offset) / scale, 1e-9, 1 - 1e-9)
    center = np.log(share / (1 - share))
    is_sharp = n * share * (1 - share) > SHARP**-2
    cells, place = np.unique(np.round(center[is_sharp] / STEP), return_inverse=True)
    near = np.exp(-0.5 * ((T - STEP * cells[:, None]) / SHARP) ** 2) + TINY
    joined = np.bincount(place, counts.multiplicity[is_sharp], len(cells))
    log_p = np.log(offset + scale * np.exp(LOG_P)) if offset else np.log(scale) + LOG_P
    log_q = LOG_Q if scale == 1 and not offset else np.log1p(-offset - scale * np.exp(LOG_P))
    logs = c[~is_sharp, None] * log_p + (n - c)[~is_sharp, None] * log_q
    logs -= logs.max(axis=1, keepdims=True)
    return np.concatenate([near, np.exp(logs) + TINY]), np.concatenate([joined, counts.multiplicity[~is_sharp]])


def _posterior(family: Family, likelihood: Array, multiplicity: Array) -> tuple[float, Array, Array]:
    """The log of the marginal likelihood, and draws with their probabilities and masses on the grid."""
    size = family.size
    z = _normals(size, 0)
    weights = _from_prior(family)
    logs = np.log(weights @ likelihood.T + TINY) @ multiplicity
    for turn in range(ROUNDS):
        mean, root = _moments(z, logs)
        spread = _normals(size + 1, turn + 1)
        scale = np.sqrt(chdtri(FREEDOM, ndtr(spread[:, size])) / FREEDOM)
        x = spread[:, :size] / scale[:, None]
        z = mean + x @ root.T
        weights = family.weights(z)
        fit = np.log(weights @ likelihood.T + TINY) @ multiplicity
        logs = fit + _log_normal(z) - _log_t(x, root)
    chances = np.exp(logs - logs.max())
    return float(logs.max() + np.log(chances.mean())), chances / chances.sum(), weights


@cache
def _from_prior(family: Family) -> Array:
    return family.weights(_normals(family.size, 0))


def _moments(z: Array, logs: Array) -> tuple[Array, Array]:
    """Mean and root of the widened covariance of weighted draws; weights are evened out while few draws have any."""
    size = z.shape[1]
    for power in (1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01):
        chances = np.exp(power * (logs - logs.max()))
        chances /= chances.sum()
        if 1 / (chances @ chances) >= 4 * size:
            break
    mean = chances @ z
    covariance = (z - mean).T @ ((z - mean) * chances[:, None])
    return mean, np.linalg.cholesky(WIDER * covariance + 1e-6 * np.eye(size))


def _log_normal(z: Array) -> Array:
    return np.asarray(-0.5 * (z**2).sum(axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi))


def _log_t(x: Array, root: Array) -> Array:
    size = x.shape[1]
    norm = gammaln((FREEDOM + size) / 2) - gammaln(FREEDOM / 2) - 0.5 * size * np.log(FREEDOM * np.pi)
    norm -= np.log(np.diag(root)).sum()
    return np.asarray(norm - (FREEDOM + size) / 2 * np.log1p((x**2).sum(axis=1) / FREEDOM))


@cache
def _normals(size: int, turn: int) -> Array:
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
}
