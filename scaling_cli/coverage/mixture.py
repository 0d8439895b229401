"""Coverage averaged over many laws of difficulty, each weighted by how well it predicts the counts.

Attempts up to n hardly show how the chances of success below 1 / n are spread, yet coverage beyond n depends on them.
One law answers this by its shape alone, so its interval is too narrow wherever its shape is wrong. Here seven families
share the answer: a beta distribution, a normal distribution of log-odds, each of them with a share of problems that no
attempt solves, and mixtures of two of each, or of two narrow normals. Parameters have weak priors and are integrated
by importance sampling from a t distribution that is fitted to the posterior in three rounds; the weight of a family is
its marginal likelihood, which is the product of its predictions of each problem from the others (Hoeting et al. 1999,
"Bayesian model averaging"). The points of the integral are a fixed sequence of low discrepancy, so results do not
depend on a seed.

An interval contains what this average says of other problems of this kind, and of these problems, whose counts are
known. The truth may still have a shape of no family. So the interval also contains the middle part of what free shapes
say: distributions drawn from the priors of all families, and moved towards the likeliest distribution of any shape
until they fit the counts. Where the counts are silent, such as far below 1 / n, they stay as different as they began.

If the problems come in clusters, the likelihood is raised to one over the design effect.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import chdtri, gammaln, ndtr, ndtri

from scaling_cli.coverage.counts import Array, Counts, Mask
from scaling_cli.coverage.families import FAMILIES, LOG_P, LOG_Q, STEP, TINY, Family, T, from_prior, normals
from scaling_cli.record import Record

SHARP = 1.5 * STEP  # standard deviation below which the likelihood of a problem is widened to this one
ROUNDS = 3
FREEDOM = 5.0  # of the t distribution
WIDER = 1.3  # its variance, over that of the posterior
LEAST = 1e-9  # chance of a draw, over that of the likeliest, below which it is left out
FREE_DRAWS, TURNS = 40, 20  # of each family, and steps of EM
FREE_WIDTH = 0.65  # of the interval of free shapes, in standard errors: 80 % where the interval is of 95 %


class Draws(Record):
    """Draws of the distribution of difficulty, as masses on the grid of log-odds `(draws, len(T))`.

    `weights` is the distribution of all problems of this kind, `chances` the probabilities of the draws, which sum to
    one, and `unsolved` and `solved` the parts of `problems` problems with these counts that no attempt or any attempt
    has solved.
    """

    weights: Array
    chances: Array
    unsolved: Array
    solved: Array
    problems: int

    def of_new(self, curve: Array) -> Array:
        """The mean of `curve` `(len(T), m)` over new problems, in each draw, `(draws, m)`."""
        return np.asarray(self.weights @ curve)

    def of_these(self, curve: Array) -> Array:
        """The mean of `curve` over these problems, drawn with the error of their chances, given their counts."""
        middle, variance = np.zeros((len(self.weights), curve.shape[1])), 0.0
        for part in (self.unsolved, self.solved):
            value = part @ curve
            middle += value
            variance = variance + part @ curve**2 - value**2 / np.maximum(part.sum(axis=1, keepdims=True), TINY)
        deviates = np.random.default_rng(1).standard_normal((len(middle), 1))
        drawn = middle + deviates * np.sqrt(np.maximum(variance, 0) / self.problems)
        return np.asarray(np.clip(drawn, curve.min(axis=0), curve.max(axis=0)))

    def ends(self, curve: Array, level: float, of_new: Array | None = None) -> tuple[Array, Array]:
        """The interval of the mean of `curve` that contains the central ones of new and of these problems.

        Whoever has the means over new problems already gives them as `of_new`.
        """
        values = self.of_new(curve) if of_new is None else of_new
        new, these = self.central(values, level), self.central(self.of_these(curve), level)
        return np.minimum(new[0], these[0]), np.maximum(new[1], these[1])

    def central(self, values: Array, level: float) -> tuple[Array, Array]:
        """The ends of the central part of `values` `(draws, m)` that has the probability `level`."""
        order = np.argsort(values, axis=0)
        below = np.cumsum(self.chances[order], axis=0)
        places = [(below < share * below[-1]).sum(axis=0) for share in ((1 - level) / 2, (1 + level) / 2)]
        columns = np.arange(values.shape[1])
        low, high = (values[order[place, columns], columns] for place in places)
        return low, high


class Mixture(Record):
    """The distribution of difficulty, averaged over families and of free shapes; `families` has their probabilities.

    If only means are wanted, `averaged` is without these problems, and there are no free shapes.
    """

    averaged: Draws
    free: Draws | None
    families: dict[str, float]

    def mean(self, curve: Array) -> Array:
        """The mean over problems of `curve` `(len(T), m)`, such as `failure(k)`, `(m,)`."""
        return np.asarray(self.averaged.chances @ self.averaged.of_new(curve))

    def ends(self, curve: Array, level: float) -> tuple[Array, Array]:
        """The interval of the mean of `curve`, for these and for new problems."""
        return self.mean_and_ends(curve, level)[1:]

    def mean_and_ends(self, curve: Array, level: float) -> tuple[Array, Array, Array]:
        """The mean over problems of `curve`, and its interval, for these and for new problems."""
        assert self.free is not None, "the fit is for means alone"
        of_new = self.averaged.of_new(curve)
        averaged = self.averaged.ends(curve, level, of_new)
        free = self.free.ends(curve, 2 * float(ndtr(FREE_WIDTH * ndtri((1 + level) / 2))) - 1)
        mean = np.asarray(self.averaged.chances @ of_new)
        return mean, np.minimum(averaged[0], free[0]), np.maximum(averaged[1], free[1])


def failure(k: Array) -> Array:
    """The chance that k attempts fail, at each log-odds of the grid, `(len(T), len(k))`."""
    return np.asarray(np.exp(LOG_Q[:, None] * np.asarray(k, dtype=float)))


def fit_mixture(counts: Counts, scale: float = 1.0, offset: float = 0.0, *, with_ends: bool = True) -> Mixture:
    """The distribution of difficulty behind the counts; a chance u of the grid shows as `offset + scale * u`.

    Without `with_ends`, the fit is for means alone, which takes less time.
    """
    likelihood, multiplicity, is_unsolved = _likelihood(counts, scale, offset)
    tempered = multiplicity / design_effect(counts)
    parts = [_posterior(family, likelihood, tempered) for family in FAMILIES.values()]
    evidence = np.array([part[0] for part in parts])
    shares = np.exp(evidence - evidence.max())
    shares /= shares.sum()
    chances = np.concatenate([share * part[1] for share, part in zip(shares, parts, strict=True)])
    counted = chances > LEAST * chances.max()
    weights = np.concatenate([part[2] for part in parts])[counted]
    chances = chances[counted] / chances[counted].sum()
    families = dict(zip(FAMILIES, shares.tolist(), strict=True))
    if not with_ends:
        return Mixture(Draws(weights, chances, weights[:0], weights[:0], counts.problems), None, families)
    seen = partial(_draws, likelihood, multiplicity, is_unsolved)
    free = _free(likelihood, tempered)
    return Mixture(seen(weights, chances), seen(free, np.full(len(free), 1 / len(free))), families)


def _draws(likelihood: Array, multiplicity: Array, is_unsolved: Mask, weights: Array, chances: Array) -> Draws:
    """The draws, with the difficulty of these problems given their counts (Bayes' rule, problem by problem)."""
    share = multiplicity / multiplicity.sum() / (weights @ likelihood.T + TINY)
    unsolved, solved = (weights * (share[:, part] @ likelihood[part]) for part in (is_unsolved, ~is_unsolved))
    return Draws(weights, chances, unsolved, solved, int(multiplicity.sum()))


def _free(likelihood: Array, multiplicity: Array) -> Array:
    """Masses `(draws, len(T))` of any shape: random ones, moved towards the likeliest by `TURNS` steps of EM.

    Problems are weighted at random, as in the Bayesian bootstrap (Rubin 1981), so draws also differ by chance.
    """
    weights = np.concatenate([from_prior(family)[:FREE_DRAWS] for family in FAMILIES.values()])
    shares = np.random.default_rng(0).gamma(multiplicity, size=(len(weights), len(multiplicity))) + TINY
    shares /= shares.sum(axis=1, keepdims=True)
    for _ in range(TURNS):
        weights = weights * ((shares / (weights @ likelihood.T + TINY)) @ likelihood)
        weights /= weights.sum(axis=1, keepdims=True)
    return weights


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


def _likelihood(counts: Counts, scale: float, offset: float) -> tuple[Array, Array, Mask]:
    """The likelihood of each distinct problem on the grid, over its largest value, how many are like it, and whether
    no attempt solved them.

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
    is_unsolved = np.concatenate([np.zeros(len(near), dtype=bool), c[~is_sharp] == 0])
    multiplicity = np.concatenate([joined, counts.multiplicity[~is_sharp]])
    return np.concatenate([near, np.exp(logs) + TINY]), multiplicity, is_unsolved


def _posterior(family: Family, likelihood: Array, multiplicity: Array) -> tuple[float, Array, Array]:
    """The log of the marginal likelihood, and draws with their probabilities and masses on the grid."""
    size = family.size
    z = normals(size, 0)
    weights = from_prior(family)
    logs = np.log(weights @ likelihood.T + TINY) @ multiplicity
    for turn in range(ROUNDS):
        mean, root = _moments(z, logs)
        spread = normals(size + 1, turn + 1)
        scale = np.sqrt(chdtri(FREEDOM, ndtr(spread[:, size])) / FREEDOM)
        x = spread[:, :size] / scale[:, None]
        z = mean + x @ root.T
        weights = family.weights(z)
        fit = np.log(weights @ likelihood.T + TINY) @ multiplicity
        logs = fit + _log_normal(z) - _log_t(x, root)
    chances = np.exp(logs - logs.max())
    return float(logs.max() + np.log(chances.mean())), chances / chances.sum(), weights


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
