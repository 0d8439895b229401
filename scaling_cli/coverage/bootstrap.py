"""Coverage of resampled problems: intervals at each k, a band over all k, and curves to which laws are fitted.

Replicates draw problems (or clusters of them) with replacement. This already includes the noise of the attempts, so
attempts are not resampled. Intervals at one k are studentised on the logit scale. Nominal 95 % intervals of this kind
cover 95 to 97 % at 128 problems (percentiles: 94 to 97 %) and 93 to 95 % at 40 problems (percentiles: 89 to 93 %).

If few problems are solved, or few unsolved, resampling understates the uncertainty. There the interval is at least as
wide as Clopper and Pearson's for the number of problems that gives an equal standard error (Korn and Graubard 1998).
If less than one unsolved problem is expected, the lower end at k is at most the lower end for all attempts: problems
that are never solved may be missing by chance, and without this limit intervals just below k = n covered 70 %.

A simultaneous band widens the studentised scale by the largest deviation over all k. Laws of the curve have no standard
error of their own to studentise by. Their intervals are percentiles, moved outwards by the ratio of Student's t for
this many problems to the normal quantile (Hesterberg 2015, arXiv:1411.5279).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtr, ndtri, stdtrit

from scaling_cli.coverage.counts import (
    Array,
    Counts,
    Indices,
    ProblemResampling,
    pair_weights,
    problem_weights,
    unit_weights,
)
from scaling_cli.coverage.estimate import error_over_problems, mean, solve_rates
from scaling_cli.coverage.stopping import product_limit
from scaling_cli.record import Record

SMALLEST_ERROR = 1e-9
FEW_EVENTS = 10.0  # problems solved, or unsolved, below which resampling alone is not trusted
NO_EVENT = 1.0  # expected unsolved problems, below which the lower end for all attempts is a limit
HULL = (np.fmin, np.fmax)


class Draws(Record):
    """Coverage and its standard error in each replicate, `(replicates, len(k))`; no errors for stopped sampling."""

    k: Indices
    coverage: Array
    error: Array | None


def draw_curves(counts: Counts, k: Indices, resampling: ProblemResampling, batch: int | None = None) -> Draws:
    """Coverage at each k in each replicate; with a batch size, by the product-limit estimate."""
    parts = list(draw_parts(counts, k, resampling, batch))
    coverage = np.concatenate([part.coverage for part in parts])
    errors = [part.error for part in parts if part.error is not None]
    return Draws(k, coverage, np.concatenate(errors) if errors else None)


def draw_parts(counts: Counts, k: Indices, resampling: ProblemResampling, batch: int | None = None) -> Iterator[Draws]:
    """`draw_curves` for some of the replicates after others, so that they need not be held in memory together."""
    if batch is not None:
        for weights in problem_weights(counts, resampling):
            yield Draws(k, product_limit(counts, batch, k, weights), None)
        return
    rates = solve_rates(counts, k)
    if counts.clusters == counts.problems:
        for weights in pair_weights(counts, resampling):
            yield Draws(k, *_of_pairs(weights, rates, counts.problems))
        return
    sums = np.zeros((counts.clusters, len(k)))
    np.add.at(sums, counts.cluster, rates[counts.pair])
    sizes = np.bincount(counts.cluster).astype(float)
    for weights in unit_weights(counts, resampling):
        yield Draws(k, *_of_clusters(weights, sums, sizes))


def _of_pairs(weights: Array, rates: Array, problems: int) -> tuple[Array, Array]:
    coverage = weights @ rates / problems
    variance = np.maximum(weights @ rates**2 / problems - coverage**2, 0) / max(problems - 1, 1)
    return coverage, np.sqrt(variance)


def _of_clusters(weights: Array, sums: Array, sizes: Array) -> tuple[Array, Array]:
    problems = (weights @ sizes)[:, None]
    coverage = weights @ sums / problems
    squares = weights @ sums**2 - 2 * coverage * (weights @ (sums * sizes[:, None]))
    squares += coverage**2 * (weights @ sizes**2)[:, None]
    correction = len(sizes) / max(len(sizes) - 1, 1)
    return coverage, np.sqrt(np.maximum(squares, 0) * correction) / problems


def intervals(counts: Counts, draws: Draws, level: float, *, simultaneous: bool = False) -> tuple[Array, Array]:
    """Ends of the interval of coverage at each k; NaN where the standard error is zero.

    Args:
        counts: The problems that were resampled.
        draws: The output of `draw_curves`, with errors.
        level: Of each interval, or with `simultaneous` of the band as a whole.
        simultaneous: Whether to make one band that holds at all k together.
    """
    assert draws.error is not None
    rates = solve_rates(counts, draws.k)
    coverage, error = mean(counts, rates), error_over_problems(counts, rates)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = error / (coverage * (1 - coverage))
        deviation = logit(draws.coverage) - logit(coverage)
        studentised = deviation * draws.coverage * (1 - draws.coverage) / draws.error
    # Replicates with all problems solved, or none, have no standard error.
    studentised[~np.isfinite(studentised) | (draws.error < SMALLEST_ERROR)] = np.nan
    low, high = _sup_limits(studentised, level) if simultaneous else _limits(studentised, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = expit(logit(coverage) - high * scale), expit(logit(coverage) - low * scale)
    edge = np.minimum(coverage, 1 - coverage) * counts.clusters < FEW_EVENTS
    exact = _effective_exact(counts, coverage, error, level)
    low, high = (
        np.where(edge, choose(bootstrap_end, exact_end), bootstrap_end)
        for choose, bootstrap_end, exact_end in zip(HULL, ends, exact, strict=True)
    )
    low = np.where((1 - coverage) * counts.clusters < NO_EVENT, np.minimum(low, _least_ever_solved(counts, level)), low)
    spread = error > SMALLEST_ERROR
    return np.where(spread, low, np.nan), np.where(spread, high, np.nan)


def _effective_exact(counts: Counts, coverage: Array, error: Array, level: float) -> tuple[Array, Array]:
    """Clopper and Pearson's limits for the number of problems that gives a share this standard error.

    Where problems are drawn in clusters, the error is itself an estimate from few numbers: the number of problems is
    at most that of the data, and smaller by the squared ratio of the normal quantile to Student's (Korn and Graubard
    1998).
    """
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        problems = coverage * (1 - coverage) / error**2
        if counts.clusters < counts.problems:
            rarer = float(ndtri(1 - tail) / stdtrit(max(counts.clusters - 1, 1), 1 - tail)) ** 2
            problems = rarer * np.minimum(problems, counts.problems)
        solved = coverage * problems
        low = betaincinv(solved, problems - solved + 1, tail)
        high = betaincinv(solved + 1, problems - solved, 1 - tail)
    return np.asarray(low), np.asarray(high)


def _least_ever_solved(counts: Counts, level: float) -> float:
    """Clopper and Pearson's lower limit of the share of problems that are solved at least once."""
    solved = counts.clusters * float((counts.c > 0).mean())
    return float(betaincinv(solved, counts.clusters - solved + 1, (1 - level) / 2)) if solved else 0.0


def percentiles(draws: Array, level: float, units: int) -> tuple[Array, Array]:
    """Ends of the interval of a quantity that was computed from each replicate, along the first axis of `draws`.

    Args:
        draws: Values of the quantity; NaN where a replicate gave none.
        level: Level of the interval.
        units: How many problems or clusters each replicate draws.
    """
    widening = np.sqrt(units / max(units - 1, 1))
    tail = float(ndtr(-widening * stdtrit(max(units - 1, 1), (1 + level) / 2)))
    low, high = _quantiles(draws, [tail, 1 - tail])
    return low, high


def _limits(studentised: Array, level: float) -> tuple[Array, Array]:
    usable = np.isfinite(studentised).any(axis=0)
    filled = np.where(usable, studentised, 0.0)
    low, high = _quantiles(filled, [(1 - level) / 2, (1 + level) / 2])
    return low, high


def _quantiles(values: Array, shares: list[float]) -> Array:
    """Quantiles along the first axis of `values` of those that are not NaN.

    On average, Weibull's quantiles leave out exactly the share asked for; the usual ones a little more. The function of
    numpy for values with NaN takes one column after the other, so it is called only where there are some.
    """
    find = np.nanquantile if np.isnan(values).any() else np.quantile
    return np.asarray(find(values, shares, axis=0, method="weibull"))


def _sup_limits(studentised: Array, level: float) -> tuple[Array, Array]:
    largest = np.nanmax(np.abs(np.nan_to_num(studentised)), axis=1)
    critical = np.full(studentised.shape[1], float(np.quantile(largest, level)))
    return -critical, critical
