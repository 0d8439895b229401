"""How large the effect of a term is, with its interval, and which effect the data could have shown.

The effect of a factor is the difference of a parameter between two of its levels, all else equal: one coefficient of
the wider model, if its columns are written for these levels. The interval holds the values of this coefficient at which
the objective rises by less than the cut of the term's test (a profile), so it is as asymmetric as the data make it. A
factor with several levels is shown by the two that differ most; as they are chosen by the data, the cut is Scheffe's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import fdtri, stdtrit

from scaling_cli.analysis.comparison.factors.cells import DesignedProblem
from scaling_cli.analysis.comparison.factors.design import Factor, Term, base_of
from scaling_cli.analysis.comparison.factors.term_test import Ready, TermTest
from scaling_cli.analysis.comparison.models import solve_in_chunks
from scaling_cli.analysis.comparison.profile import LAD_INFLATION, crossings
from scaling_cli.analysis.comparison.verdict import POWER
from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.fitting.objective import LAD_DELTA, robust_scale
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate

NODES = 25
UNREACHED = 1e12  # rise of the objective where a fit has no value
REACH = 40.0  # standard errors to either side
DENSITY = 4.0  # how much denser nodes are at the estimate than far from it
MOST_CONTRASTS = 400  # of a factor with many levels: more are not searched


class Contrast(Record):
    """Two levels of each factor of a term, `high` less `low`."""

    high: tuple[int, ...]
    low: tuple[int, ...]

    def words(self, term: Term) -> str:
        """`muon - adamw`, `(b - a) at y - at x` for an interaction, or `per unit of lr`."""
        names = []
        for factor, high, low in zip(term.factors, self.high, self.low, strict=True):
            names.append(
                f"per unit of {factor.name}"
                if factor.is_continuous
                else f"{factor.levels[high]} - {factor.levels[low]}"
            )
        return names[0] if len(names) == 1 else f"({names[0]}) x ({names[1]})"


class Size(Record):
    """The effect of a term on one parameter, in its coordinate, and the smallest one found four times in five."""

    effect: Estimate
    detects: float | None
    contrast: Contrast


def effect_of(setting: Ready, term: Term, terms: Sequence[Term], test: TermTest, name: str, level: float) -> Size:
    """The largest effect of a term on the parameter `name`, with the interval that its test gives."""
    base = base_of(term, terms)
    covariance = _covariance(setting, test.wider, test.phi)
    values = test.wider.designs[name] @ test.phi[test.wider.places[name]]
    found = list(_contrasts(term, base))
    sizes: Array = np.array([row for _, row in found]) @ values
    contrast, row = found[int(np.abs(sizes).argmax())]
    along = np.zeros(len(test.phi))
    along[test.wider.places[name]] = test.wider.designs[name].T @ row
    estimate = float(along @ test.phi)
    variance = float(along @ covariance @ along)
    error = float(np.sqrt(max(variance, 0.0)))
    cut = _cut(test, level, test.wider.designs[name].shape[1] - test.base_columns)
    low, high = _interval(setting, test, along, estimate, error, covariance, cut)
    freedom = test.distribution.freedom
    quantiles = float(stdtrit(freedom, (1 + level) / 2)) + float(stdtrit(freedom, POWER))
    inflation = float(np.sqrt(cut / float(fdtri(1, freedom, level))))
    detects = float(quantiles * error * inflation) if np.isfinite(error) and error > 0 else None
    return Size(Estimate(estimate, low, high), detects, contrast)


def _cut(test: TermTest, level: float, columns: int) -> float:
    """The rise of the statistic at which the interval of one coefficient ends."""
    expected = float(fdtri(columns, test.distribution.freedom, level))
    return columns * expected * test.distribution.inflation(level)


def _contrasts(term: Term, base: Array) -> Iterator[tuple[Contrast, Array]]:
    """Each pair of levels, with the weights `(cells,)` that give its effect from the cells' values of the wider model.

    The weights are the row of the pseudoinverse of the design that belongs to the term's column for these levels.
    """
    every = [_level_pairs(factor) for factor in term.factors]
    for choice in itertools.islice(itertools.product(*every), MOST_CONTRASTS):
        highs, lows = tuple(pair[0] for pair in choice), tuple(pair[1] for pair in choice)
        columns = term.columns(lows)
        place = _column_of(term, highs, lows)
        rest = np.column_stack([base, np.delete(columns, place, axis=1)])
        own = columns[:, place] - rest @ np.linalg.lstsq(rest, columns[:, place], rcond=1e-9)[0]
        length = float(own @ own)
        if length > 1e-9:
            yield Contrast(highs, lows), own / length


def _level_pairs(factor: Factor) -> list[tuple[int, int]]:
    if factor.is_continuous:
        return [(0, 0)]
    return [(high, low) for low, high in itertools.combinations(range(len(factor.levels)), 2)]


def _column_of(term: Term, highs: Sequence[int], lows: Sequence[int]) -> int:
    """The place of the column of the levels `highs` among the term's columns with the references `lows`."""
    place = 0
    for factor, high, low in zip(term.factors, highs, lows, strict=True):
        size = 1 if factor.is_continuous else len(factor.levels) - 1
        place = place * size + (0 if factor.is_continuous else high - (high > low))
    return place


def _covariance(setting: Ready, problem: DesignedProblem, phi: Array) -> Array:
    """Covariance `(K, K)` of a designed fit, from design and noise; coordinates at bounds are held."""
    slopes = problem.residuals(phi[None])[1][0] * np.sqrt(_precision(setting))[:, None]
    free = (phi > problem.low) & (phi < problem.high)
    length = np.maximum(np.sqrt((slopes**2).sum(axis=0)), ALMOST_ZERO)
    unit = np.where(free, slopes / length, 0.0)
    covariance: Array = np.linalg.pinv(unit.T @ unit, rcond=1e-12) / np.outer(length, length)
    return covariance


def _precision(setting: Ready) -> Array:
    """One over the variance of each point `(n,)`.

    Least absolute deviations have no curvature: their errors are those for Gaussian noise of the median residual size.
    """
    if all(member.delta > LAD_DELTA for member in setting.members):
        return np.asarray(setting.fits.weights(setting.members)[0])
    scales = [
        LAD_INFLATION * robust_scale(member.problem.residuals(theta)[0][0], len(member.theta))
        for member, theta in zip(setting.members, setting.fits.thetas, strict=True)
    ]
    points = [member.points for member in setting.members]
    return np.asarray(setting.fits.point_weights(setting.members)[0] / np.repeat(scales, points) ** 2)


def _interval(
    setting: Ready, test: TermTest, along: Array, estimate: float, error: float, covariance: Array, cut: float
) -> tuple[float | None, float | None]:
    """Ends of the values of `along @ phi` at which the objective rises by less than `cut`; None for no end."""
    if not np.isfinite(error) or error <= 0:
        return None, None
    steps = np.sinh(DENSITY * np.linspace(-1, 1, NODES)) / np.sinh(DENSITY) * REACH * error
    problem, turned = _turned(test.wider, along)
    place, rest = turned
    direction = covariance @ along / error**2
    phis = test.phi + steps[:, None] * direction
    starts = np.clip(_into(phis, along, place), problem.low, problem.high)
    starts[:, place] = estimate + steps
    weights = np.broadcast_to(setting.fits.weights(setting.members), (len(steps), len(problem.target)))
    fixed = np.zeros(len(rest), dtype=bool)
    fixed[place] = True
    fit = solve_in_chunks(
        problem, starts, delta=np.broadcast_to(setting.fits.deltas, weights.shape), weights=weights, fixed=fixed
    )
    rise = np.where(np.isfinite(fit.value), fit.value - np.nanmin(fit.value), UNREACHED)
    roots = np.sign(steps) * np.sqrt(2 * np.maximum(rise, 0.0))
    return crossings(estimate + steps, np.maximum.accumulate(roots), float(np.sqrt(cut)))


def _turned(problem: DesignedProblem, along: Array) -> tuple[DesignedProblem, tuple[int, Array]]:
    """The problem in coordinates of which one is the effect itself, in place of its largest part."""
    from scaling_cli.record import replace

    place = int(np.argmax(np.abs(along)))
    back = np.eye(len(along))
    back[place] = -along / along[place]
    back[place, place] = 1 / along[place]
    low, high = problem.low.copy(), problem.high.copy()
    low[place], high[place] = -np.inf, np.inf
    return replace(problem, maps=tuple(turn @ back for turn in problem.maps), low=low, high=high), (place, low)


def _into(phis: Array, along: Array, place: int) -> Array:
    """Coordinates with the effect in its place."""
    found = phis.copy()
    found[:, place] = phis @ along
    return found
