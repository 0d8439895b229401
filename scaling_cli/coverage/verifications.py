"""Solutions against verifications: how to split the compute for a problem, from accuracies at settings of both.

At a setting, S solutions are sampled, each is verified V times, and the solution with the highest mean verdict is
chosen. With a verification that costs lambda times as much as a solution, a problem costs C = S (1 + lambda V)
solutions (Singhi et al. 2025, arXiv:2504.01005). With u = ln S and w = ln(1 + lambda V), budgets are the lines
u + w = ln C. The log odds of the mean accuracy are smoothed by a quadratic in u and w, or by a cubic where that is
clearly better (least squares, weighted by the binomial information). The best split of a budget is the highest point on
its line, between the settings of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy.special import fdtrc

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.record import Record

Fit: TypeAlias = tuple[tuple[tuple[int, int], ...], Array, float]  # powers, coefficients and the sum of squares

FEWEST_LEVELS = 3  # of solutions and of verifications
DEGREES = (2, 3)  # of the polynomial: cubic where that is clearly better
SPARE = 1  # settings beyond the terms of a polynomial
CHANCE = 0.01  # of a cubic where a quadratic would do
STEPS = 200  # of solutions along a budget
FEWEST_BUDGETS = 3  # for an exponent
DRAWS = 100  # of the solutions and verdicts of a problem


class Settings(Record):
    """Accuracies `(problems, settings)` at numbers of solutions and of verifications of each `(settings,)`."""

    solutions: Array
    verifications: Array
    accuracy: Array


class Smooth(Record):
    """A smooth accuracy over u and w: coefficients `(replicates, terms)`, and the settings that it rests on.

    `misfit` is the root mean square by which the smooth accuracies miss those of the settings.
    """

    coefficients: Array
    powers: tuple[tuple[int, int], ...]
    u: Array
    w: Array
    misfit: float

    @property
    def budgets(self) -> tuple[float, float]:
        """Logs of the smallest and of the largest budget with a choice of splits."""
        return float((self.u + self.w).min()), float((self.u + self.w).max())

    def span(self, log_budget: float) -> tuple[float, float]:
        """The u between which the line of a budget lies within the settings."""
        low = max(self.u.min(), log_budget - self.w.max())
        return float(low), float(min(self.u.max(), log_budget - self.w.min()))

    def log_odds(self, u: Array, w: Array) -> Array:
        """Log odds of the accuracy `(replicates, n)` at places `(n,)`."""
        return self.coefficients @ _terms(u, w, self.powers).T


class Best(Record):
    """The best split of a budget for each replicate `(replicates,)`.

    `end` is -1 or 1 where it has the fewest or the most solutions that the log allows at this budget, else 0.
    """

    u: Array
    log_odds: Array
    end: Indices


def smooth(settings: Settings, weights: Array, cost: float) -> Smooth | None:
    """The smooth accuracy for each row of weights of problems `(replicates, problems)`; None from too few settings.

    The weights of a row add up to 1. A verification costs `cost` solutions.
    """
    u, w = np.log(settings.solutions), np.log1p(cost * settings.verifications)
    if min(len(np.unique(u)), len(np.unique(w))) < FEWEST_LEVELS:
        return None
    count = len(settings.accuracy)
    means = np.clip(weights @ settings.accuracy, 0.0, 1.0)
    shares = (means * count + 0.5) / (count + 1.0)  # no log odds of 0 or 1; `accuracy_of` undoes it
    roots = np.sqrt(shares[0] * (1 - shares[0]))
    odds = np.log(shares / (1 - shares))
    found = [fit for degree in DEGREES if (fit := _fitted(u, w, odds, roots, degree)) is not None]
    if not found:
        return None
    powers, coefficients, _ = found[0] if len(found) == 1 or not _is_better(found[0], found[1], len(u)) else found[1]
    fitted = accuracy_of(coefficients[0] @ _terms(u, w, powers).T, count)
    spare = max(len(u) - len(powers), 1)
    return Smooth(coefficients, powers, u, w, float(np.sqrt(np.sum((fitted - means[0]) ** 2) / spare)))


def accuracy_of(log_odds: Array, problems: int) -> Array:
    """The accuracy of smooth log odds, without the half problem that was added to keep them finite."""
    shares = 1 / (1 + np.exp(-log_odds))
    return np.clip(shares + (shares - 0.5) / problems, 0.0, 1.0)


def _fitted(u: Array, w: Array, odds: Array, roots: Array, degree: int) -> Fit | None:
    """The polynomial of a degree; None where the settings do not determine it, with a few to spare."""
    powers = tuple((i, j) for i in range(degree + 1) for j in range(degree + 1 - i))
    terms = _terms(u, w, powers) * roots[:, None]
    if len(u) < len(powers) + SPARE or np.linalg.matrix_rank(terms) < len(powers):
        return None
    found = np.linalg.lstsq(terms, (odds * roots).T, rcond=None)[0].T
    return powers, np.asarray(found, dtype=float), float(np.sum((odds[0] * roots - terms @ found[0]) ** 2))


def _is_better(small: Fit, large: Fit, settings: int) -> bool:
    """Whether the further terms of a polynomial lower the squares by more than chance would (an F test)."""
    extra, spare = len(large[0]) - len(small[0]), settings - len(large[0])
    statistic = (small[2] - large[2]) / extra / max(large[2] / spare, ALMOST_ZERO)
    return bool(fdtrc(extra, spare, statistic) < CHANCE)


def _terms(u: Array, w: Array, powers: Sequence[tuple[int, int]]) -> Array:
    return np.stack([u**i * w**j for i, j in powers], axis=-1)


def best(surface: Smooth, log_budget: float) -> Best:
    """The best split of a budget: the highest point of a grid along its line, refined by a parabola."""
    low, high = surface.span(log_budget)
    grid = np.linspace(low, high, STEPS + 1)
    values = surface.log_odds(grid, log_budget - grid)
    top = np.argmax(values, axis=1)
    rows = np.arange(len(values))
    inner = np.clip(top, 1, STEPS - 1)
    left, middle, right = (values[rows, inner + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    is_inner = (top > 0) & (top < STEPS)
    place = np.where(is_inner, grid[inner] + shift * (grid[1] - grid[0]), grid[top])
    end = np.where(is_inner, 0, np.where(top == 0, -1, 1))
    return Best(place, values[rows, top], end)


def exponents(surface: Smooth, cost: float, log_budgets: Array) -> tuple[Array, Array]:
    """Powers of the budget with which the best numbers of solutions and verifications grow `(replicates,)`.

    They are slopes over the budgets whose best split lies between the settings; NaN where fewer than three do.
    """
    splits = [best(surface, float(each)) for each in log_budgets]
    u = np.array([split.u for split in splits])
    with np.errstate(divide="ignore", invalid="ignore"):
        v = np.log(np.expm1(log_budgets[:, None] - u) / cost)
    is_inside = np.array([split.end == 0 for split in splits]) & np.isfinite(v)
    return _slopes(log_budgets, u, is_inside), _slopes(log_budgets, v, is_inside)


def _slopes(x: Array, y: Array, used: Array) -> Array:
    """Slopes `(replicates,)` of columns of `y` `(n, replicates)` on `x` `(n,)`, over the rows in `used`."""
    count = used.sum(axis=0)
    y, x = np.where(used, y, 0.0), np.where(used, x[:, None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = np.where(used, x - x.sum(axis=0) / count, 0.0)
        slope = (centred * y).sum(axis=0) / (centred**2).sum(axis=0)
    return np.asarray(np.where(count >= FEWEST_BUDGETS, slope, np.nan))


def levels(size: int) -> Indices:
    """Doubling numbers of solutions or of verifications, up to `size`."""
    return 2 ** np.arange(int(np.log2(size)) + 1)


def settings_of_verdicts(
    correct: Sequence[Array], verdicts: Sequence[Array], generator: np.random.Generator
) -> Settings:
    """Accuracies at doubling numbers of solutions and verifications, from verdicts on logged solutions.

    For each problem, random solutions and random verdicts on each are drawn from those of the log, and of the drawn
    solutions the one with the highest mean verdict is chosen, at random among equals.

    Args:
        correct: For each problem, whether each solution is correct `(n,)`.
        verdicts: For each problem, the verdicts on each solution `(n, m)`.
        generator: Draws the solutions and verdicts.
    """
    most = min(len(each) for each in correct), min(each.shape[1] for each in verdicts)
    drawn = [levels(size) for size in most]
    accuracy = [
        _drawn(truth, judged, drawn[0], drawn[1], generator) for truth, judged in zip(correct, verdicts, strict=True)
    ]
    solutions, verifications = (each.ravel() for each in np.meshgrid(*drawn, indexing="ij"))
    return Settings(solutions.astype(float), verifications.astype(float), np.array(accuracy))


def _drawn(
    truth: Array, verdicts: Array, solutions: Indices, verifications: Indices, generator: np.random.Generator
) -> Array:
    """Mean accuracy `(settings,)` over draws, at all pairs of numbers of solutions and verifications."""
    found = np.zeros((len(solutions), len(verifications)))
    for _ in range(DRAWS):
        order = generator.permutation(len(truth))[: solutions[-1]]
        judged = generator.permuted(verdicts[order], axis=1)
        means = np.cumsum(judged, axis=1)[:, verifications - 1] / verifications
        ties = generator.random(len(order)) * 1e-9
        for row, size in enumerate(solutions):
            chosen = np.argmax(means[:size] + ties[:size, None], axis=0)
            found[row] += truth[order[chosen]]
    return (found / DRAWS).ravel()
