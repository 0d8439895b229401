"""Laws of the spread of difficulty over problems, with one interface: parameters, likelihood and coverage at any k.

`beta-binomial` has a closed form, and `zero-inflated` adds a share of problems that no attempt solves. `scaled-beta`
and `kumaraswamy` spread p over [0, scale]; the scale is taken as known, at (P + 1) / P times the largest share of
successes (Schaeffer et al. 2025, arXiv:2502.17578). `mixture` averages over families of laws.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from scaling_cli.coverage.beta_binomial import BetaBinomial, fit_beta_binomial
from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.coverage.distribution import (
    Distribution,
    covariance_of,
    delta_interval,
    log_minus_log,
    quantile_of,
    wald,
)
from scaling_cli.coverage.grid import Grid, Prior, beta_weights, kumaraswamy_weights, make_grid
from scaling_cli.coverage.inflated import ZERO_INFLATED, zero_inflated
from scaling_cli.coverage.maximise import maximise
from scaling_cli.coverage.mixture import Mixture, failure, fit_mixture

BETA_BINOMIAL, SCALED_BETA, KUMARASWAMY, MIXTURE = "beta-binomial", "scaled-beta", "kumaraswamy", "mixture"
FAMILIES_LEVEL = 0.95  # of the interval of families, whatever the level of intervals that are printed


def fit_distribution(name: str, counts: Counts, level: float | None) -> Distribution:
    """The law called `name`, fitted to the counts, with intervals at `level`; without them (None) it is faster.

    Raises:
        FitError: The counts do not determine its parameters.
    """
    return _FITS[name](counts, level)


def _beta_binomial(counts: Counts, level: float | None) -> Distribution:
    law = fit_beta_binomial(counts)
    return Distribution(
        BETA_BINOMIAL,
        wald({"alpha": law.alpha, "beta": law.beta}, law.covariance, quantile_of(level, counts)),
        law.log_likelihood,
        law.alpha,
        law.log_failure,
        partial(_beta_interval, law, quantile_of(level, counts)),
    )


def _beta_interval(law: BetaBinomial, quantile: float, k: Array) -> tuple[Array, Array, Array]:
    middle, error = log_minus_log(law.log_failure(k)), law.standard_error(k)
    return middle, middle - quantile * error, middle + quantile * error


def plugged_scale(counts: Counts) -> float:
    """The largest chance of success that a scaled law allows: a little above the largest share of successes."""
    problems = counts.problems
    return min(1.0, (problems + 1) / problems * float((counts.pair_c / counts.pair_n).max()))


def _on_grid(name: str, prior: Prior, counts: Counts, level: float | None) -> Distribution:
    first = fit_beta_binomial(counts)
    grid = make_grid(counts, plugged_scale(counts))
    start = np.log([first.alpha, max(first.beta * grid.scale, 0.3)])
    theta, value, curvature = maximise(lambda at: grid.log_likelihood(*prior(grid, at)), start)
    covariance = covariance_of(curvature, name)
    shape = dict(zip(("alpha", "beta"), np.exp(theta).tolist(), strict=True))
    transform = partial(_grid_transform, grid, prior)
    return Distribution(
        name,
        {**wald(shape, covariance, quantile_of(level, counts)), "scale": (grid.scale, None, None)},
        value,
        shape["alpha"],
        lambda k: grid.log_failure(*prior(grid, theta), k),
        partial(delta_interval, transform, theta, covariance, quantile_of(level, counts)),
    )


def _grid_transform(grid: Grid, prior: Prior, theta: Array, k: Array) -> Array:
    return log_minus_log(grid.log_failure(*prior(grid, theta), k))


def _averaged(counts: Counts, level: float | None) -> Distribution:
    law = fit_mixture(counts, with_ends=level is not None)
    return Distribution(
        MIXTURE,
        {name: (chance, None, None) for name, chance in law.families.items()},
        None,
        None,
        lambda k: _log(law.mean(failure(k))),
        partial(_averaged_interval, law, level),
        of_families=partial(_of_families, law),
    )


def _averaged_interval(law: Mixture, level: float | None, k: Array) -> tuple[Array, Array, Array]:
    curve = failure(k)
    middle, low, high = (law.mean(curve),) * 3 if level is None else law.mean_and_ends(curve, level)
    return tuple(log_minus_log(_log(at)) for at in (middle, np.fmin(low, middle), np.fmax(high, middle)))  # type: ignore[return-value]


def _of_families(law: Mixture, k: Array) -> tuple[Array, Array]:
    """The ends of coverage of new problems; without the free shapes, which also say what nothing speaks for."""
    low, high = law.averaged.central(law.averaged.of_new(failure(k)), FAMILIES_LEVEL)
    return 1 - high, 1 - low


def _log(failure: Array) -> Array:
    """The log of a share, which is zero where it is below the smallest number."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(failure))


_FITS: dict[str, Callable[[Counts, float | None], Distribution]] = {
    BETA_BINOMIAL: _beta_binomial,
    ZERO_INFLATED: zero_inflated,
    SCALED_BETA: partial(_on_grid, SCALED_BETA, beta_weights),
    KUMARASWAMY: partial(_on_grid, KUMARASWAMY, kumaraswamy_weights),
    MIXTURE: _averaged,
}
DISTRIBUTIONS = tuple(_FITS)
