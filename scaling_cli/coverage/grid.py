"""Likelihood and coverage of any law of difficulty by quadrature, on one grid of chances of success.

The chance of success is p = offset + scale * u; a law is a distribution of the log-odds t of u, and the offset allows
for a verifier that passes wrong attempts. The likelihood of each pair of counts at each grid point is computed once.
A law is then a vector of weights, and its likelihood and coverage are weighted sums. Laws with a small exponent have
mass at chances too small for any grid (u^0.07 at e^-60 is 1.5 %), so the grid has an atom at each end that carries the
mass beyond it; without the lower atom the log-likelihood is off by 3 nats.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betainc, betaln, gammaln, xlog1py, xlogy

from scaling_cli.coverage.counts import Array, Counts, Indices
from scaling_cli.record import Record

LOWEST, HIGHEST = -60.0, 40.0  # of the log-odds
WIDEST_STEP = 0.05
STEPS_A_PEAK = 2.0  # per standard deviation of the narrowest likelihood: the trapezoid rule is then exact to rounding
NEGLIGIBLE = 45.0  # grid points this many nats below a pair's peak are left out: e^-45 is below rounding


class Grid(Record):
    """Likelihoods of pairs near their peaks.

    The `values` of pair i begin at index `starts[i]`; their grid points are the entries of `columns` there.
    """

    t: Array
    scale: float
    offset: float
    values: Array
    columns: Indices
    starts: Indices
    atoms: Array  # likelihood of each pair at u = 0 and u = 1, (pairs, 2)
    multiplicity: Array

    def log_likelihood(self, weights: Array, ends: tuple[float, float]) -> float:
        """Log-likelihood of the counts under a law with these weights on the grid and the mass `ends` in the atoms."""
        likelihood = np.add.reduceat(self.values * weights[self.columns], self.starts) + self.atoms @ np.array(ends)
        with np.errstate(divide="ignore"):
            return float(self.multiplicity @ np.log(likelihood))

    def log_failure(self, weights: Array, ends: tuple[float, float], k: Array) -> Array:
        """Log of the chance that k attempts at a random problem all fail."""
        inside = _log_rest(self.t, self.scale, self.offset)
        bottom = np.log1p(-self.offset)
        top = np.log1p(-self.offset - self.scale) if self.offset + self.scale < 1 else -np.inf
        k = np.asarray(k, dtype=float)
        at_ends = [ends[0] * np.exp(attempts * bottom) + ends[1] * np.exp(attempts * top) for attempts in k]
        failed = np.array([weights @ np.exp(attempts * inside) for attempts in k]) + at_ends
        return np.asarray(np.log(failed))


def make_grid(counts: Counts, scale: float = 1.0, offset: float = 0.0) -> Grid:
    """A grid fine enough for the likelihoods of these counts, for chances of success offset + scale * u."""
    n, c = counts.pair_n, counts.pair_c
    share = np.clip((c / n - offset) / scale, 0.5 / n, 1 - 0.5 / n)
    narrowest = 1 / np.sqrt(float((n * share * (1 - share)).max()))
    step = min(WIDEST_STEP, narrowest / STEPS_A_PEAK)
    t = np.arange(LOWEST, HIGHEST + step, step)
    log_p = np.log(offset + scale / (1 + np.exp(-t))) if offset else np.log(scale) - np.log1p(np.exp(-t))
    log_rest = _log_rest(t, scale, offset)
    values, columns, lengths = [], [], []
    for attempts, solved in zip(n.tolist(), c.tolist(), strict=True):
        logs = _log_binomial(attempts, solved) + solved * log_p + (attempts - solved) * log_rest
        near = np.flatnonzero(logs > logs.max() - NEGLIGIBLE)
        values.append(np.exp(logs[near]))
        columns.append(near)
        lengths.append(len(near))
    return Grid(
        t=t,
        scale=scale,
        offset=offset,
        values=np.concatenate(values),
        columns=np.concatenate(columns),
        starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        atoms=np.stack([_at_chance(n, c, offset), _at_chance(n, c, offset + scale)], axis=1),
        multiplicity=counts.multiplicity,
    )


def _log_rest(t: Array, scale: float, offset: float) -> Array:
    """log(1 - p), computed from p where p is small and from 1 - u near the top."""
    from_below = np.log1p(-offset - scale / (1 + np.exp(-np.minimum(t, 0))))
    return np.asarray(np.where(t < 0, from_below, np.log(1 - offset - scale + scale / (1 + np.exp(t)))))


def _log_binomial(n: int, c: int) -> float:
    return float(gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1))


def _at_chance(n: Indices, c: Indices, p: float) -> Array:
    """The likelihood of each pair at one chance of success, which may be 0 or 1."""
    logs = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1) + xlogy(c, p) + xlog1py(n - c, -p)
    return np.asarray(np.exp(logs))


Prior = Callable[[Grid, Array], tuple[Array, tuple[float, float]]]


def beta_weights(grid: Grid, theta: Array) -> tuple[Array, tuple[float, float]]:
    """Weights and atoms of Beta(alpha, beta); theta holds log alpha and log beta."""
    alpha, beta = np.exp(theta)
    log_u, log_rest = -np.log1p(np.exp(-grid.t)), -np.log1p(np.exp(grid.t))
    density = np.exp(alpha * log_u + beta * log_rest - betaln(alpha, beta))
    below = float(betainc(alpha, beta, np.exp(log_u[0])))
    above = float(betainc(beta, alpha, np.exp(log_rest[-1])))
    return _trapezoid(density, grid.t), (below, above)


def kumaraswamy_weights(grid: Grid, theta: Array) -> tuple[Array, tuple[float, float]]:
    """Weights and atoms of Kumaraswamy's law, P(U < u) = 1 - (1 - u^alpha)^beta; theta holds log alpha and log beta."""
    alpha, beta = np.exp(theta)
    log_u, log_rest = -np.log1p(np.exp(-grid.t)), -np.log1p(np.exp(grid.t))
    log_above = np.log(-np.expm1(alpha * log_u))  # of 1 - u^alpha
    density = np.exp(np.log(alpha * beta) + alpha * log_u + (beta - 1) * log_above + log_rest)
    below = float(-np.expm1(beta * log_above[0]))
    return _trapezoid(density, grid.t), (below, float(np.exp(beta * log_above[-1])))


def _trapezoid(density: Array, t: Array) -> Array:
    weights = density * (t[1] - t[0])
    weights[[0, -1]] /= 2
    return np.asarray(weights)
