"""Laws of one group's coverage: fitted, forecast, and combined into one number where they allow it.

The combined forecast weighs two laws that err in opposite ways. The power law of the curve varies less from sample to
sample and overshoots; the beta-binomial undershoots less and varies more. Within ten times the attempts made they count
alike; from there the beta-binomial's share falls with the logarithm of the reach, to nothing at a hundred times. On
seven models with ten thousand attempts this erred less than either law and than choosing one by its own backtest
(benchmarks/coverage_backtest.py). Its interval spans those of both laws, so it contains their disagreement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.beta_binomial import NoSpreadError
from scaling_cli.coverage.bootstrap import draw_curves, percentiles
from scaling_cli.coverage.counts import Array
from scaling_cli.coverage.curves import EXPONENTIATED, POWER, CurveLaw, fit_exponentiated, fit_power_law, log_grid
from scaling_cli.coverage.distributions import (
    BETA_BINOMIAL,
    DISTRIBUTIONS,
    ZERO_INFLATED,
    Distribution,
    fit_distribution,
)
from scaling_cli.errors import FitError, UsageError
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import Forecast, LawFit, Slope
from scaling_cli.results.fit import Curve, Estimate

LAWS = (*DISTRIBUTIONS, POWER, EXPONENTIATED)
DEFAULT = (BETA_BINOMIAL, POWER)
COMBINED = "combined"
CURVE_FITS = {POWER: fit_power_law, EXPONENTIATED: fit_exponentiated}

LARGEST_SPREAD = 0.05  # between laws, in coverage, above which no single number is given
LARGEST_REACH = 100.0  # times the attempts made, beyond which nothing is forecast
EQUAL_REACH = 10.0


class Fitted(Record):
    """Laws by name: of difficulty, and of the curve, whose replicates drew `units` problems or clusters."""

    distributions: dict[str, Distribution]
    curves: dict[str, CurveLaw]
    level: float | None
    units: int

    def __bool__(self) -> bool:
        return bool(self.distributions or self.curves)

    @property
    def names(self) -> list[str]:
        """The laws, in the order of `LAWS`."""
        return [name for name in LAWS if name in self.distributions or name in self.curves]

    def coverage(self, name: str, k: Array) -> tuple[Array, Array, Array]:
        """A law's coverage at each k, and the ends of its interval."""
        if name in self.distributions:
            return self.distributions[name].coverage(k)
        values = self.curves[name].coverage(k)
        if len(values) == 1 or self.level is None:
            return values[0], values[0], values[0]
        low, high = percentiles(values[1:], self.level, self.units)
        return values[0], low, high

    def estimate(self, values: Array) -> Estimate:
        """What each replicate of a curve says `(replicates,)`, the first being the fit to the data."""
        if len(values) < 3 or self.level is None:
            return Estimate(float(values[0]))
        low, high = percentiles(values[1:], self.level, self.units)
        return Estimate(float(values[0]), float(low), float(high))


def law_names(choice: str) -> tuple[str, ...]:
    """The laws that `--fit` names.

    Raises:
        UsageError: There is no such law.
    """
    several = {"auto": DEFAULT, "all": LAWS, "none": ()}
    if choice in several:
        return several[choice]
    if choice in LAWS:
        return (choice,)
    raise UsageError(f"There is no law named {choice!r}.", hint=f"Choose auto, all, none, {', '.join(LAWS)}.")


def fit_laws(
    data: Sampled, names: Sequence[str], level: float | None, group: dict[str, str] | None
) -> tuple[Fitted, list[Caveat]]:
    """The laws that the data determine, and what kept the others from being fitted."""
    distributions: dict[str, Distribution] = {}
    curves: dict[str, CurveLaw] = {}
    found = []
    for name in names:
        try:
            if name in CURVE_FITS:
                curves[name] = _fit_curve(data, name)
            else:
                distributions[name] = fit_distribution(name, data.counts, level)
        except FitError as error:
            code = "overdispersion-not-identified" if isinstance(error, NoSpreadError) else "law-not-fitted"
            found.append(caveat(code, group, law=name, reason=error.message, hint=error.hint))
    return Fitted(distributions, curves, level, data.counts.clusters), found


def _fit_curve(data: Sampled, name: str) -> CurveLaw:
    grid = data.fitting_grid()
    drawn = np.empty((0, len(grid)))
    if data.resampling.replicates:
        drawn = draw_curves(data.counts, grid, data.resampling, data.batch).coverage
    law = CURVE_FITS[name](grid.astype(float), np.concatenate([data.coverage(grid)[None], drawn]))
    left_out = 0 if data.batch is not None else len(log_grid(data.longest)) - len(grid)
    return replace(law, dropped=law.dropped + left_out)


def describe(fitted: Fitted, start: int, end: int) -> dict[str, LawFit]:
    """Each law's parameters, with its slope over the range of the data beside its asymptotic exponent."""
    found = {}
    for name in fitted.names:
        slope = _slope(fitted, name, start, end)
        law = fitted.distributions.get(name)
        found[name] = _of_curve(fitted, name, slope) if law is None else _of_distribution(law, slope)
    return found


def _slope(fitted: Fitted, name: str, start: int, end: int) -> Slope:
    if name in fitted.curves:
        law = fitted.curves[name]
        return Slope(start, law.last, float(law.exponent[0]))
    # On the scale itself: coverage that rounds to 1 has no logarithm to take.
    ends = fitted.distributions[name].transformed(np.array([start, end], dtype=float))[0]
    return Slope(start, end, float((ends[0] - ends[1]) / np.log(end / start)))


def _of_distribution(law: Distribution, slope: Slope) -> LawFit:
    parameters = {name: Estimate(*value) for name, value in law.parameters.items()}
    exponent = parameters["alpha"] if law.asymptotic_exponent is not None else None
    return LawFit(
        parameters=parameters,
        log_likelihood=law.log_likelihood,
        asymptotic_exponent=exponent,
        slope=slope,
        likelihood_ratio=law.likelihood_ratio,
        p_value=law.p_value,
    )


def _of_curve(fitted: Fitted, name: str, slope: Slope) -> LawFit:
    law = fitted.curves[name]
    signs = {"A": 1.0, "b": 1.0} if name == POWER else {"a": -1.0, "b": -1.0}
    draws = np.stack([np.exp(law.log_coefficient), law.exponent])
    parameters = {
        parameter: fitted.estimate(sign * values)
        for (parameter, sign), values in zip(signs.items(), draws, strict=True)
    }
    return LawFit(parameters, None, fitted.estimate(law.exponent), slope, dropped=law.dropped)


def beta_share(reach: float) -> float:
    """The beta-binomial's weight in the combined forecast, `reach` being k over the attempts made."""
    return 0.5 * float(np.clip(np.log(LARGEST_REACH / reach) / np.log(LARGEST_REACH / EQUAL_REACH), 0, 1))


def combine(fitted: Fitted, k: float, attempts: int) -> tuple[float, float, float] | None:
    """The combined coverage at k and the ends of both laws' intervals; None without the laws it is made of."""
    names = [name for name in DEFAULT if name in fitted.names]
    if not names:
        return None
    rows = [[float(each[0]) for each in fitted.coverage(name, np.array([k], dtype=float))] for name in names]
    weights = [beta_share(k / attempts), 1 - beta_share(k / attempts)] if len(names) == 2 else [1.0]
    middle = sum(weight * row[0] for weight, row in zip(weights, rows, strict=True))
    return middle, min(row[1] for row in rows), max(row[2] for row in rows)


def forecast(
    fitted: Fitted, asked: Sequence[str], k: Sequence[int], attempts: int, *, force: bool, group: dict[str, str] | None
) -> tuple[list[Forecast], list[Caveat]]:
    """Coverage at each k beyond the data by each law asked for, and combined where both default laws were."""
    rows: list[Forecast] = []
    found: list[Caveat] = []
    combines = set(DEFAULT) <= set(asked)
    for each in k:
        too_far = each > LARGEST_REACH * attempts and not force
        known = fitted.names
        rows += [_row(fitted, name, each, is_refused=too_far or name not in known) for name in asked]
        if combines:
            rows.append(_combined_row(fitted, each, attempts, too_far=too_far, force=force))
    furthest = max(k, default=0)
    if furthest > LARGEST_REACH * attempts:
        found.append(far_doubt(furthest, attempts, group, is_shown=force))
    if combines and (spread := _largest_spread(fitted, k, attempts, force=force)) is not None:
        found.append(caveat("laws-disagree", group, k=f"{spread[0]:,}", spread=spread[1]))
    return rows, found


def far_doubt(k: int, attempts: int, group: dict[str, str] | None, *, is_shown: bool) -> Caveat:
    """That a k lies further beyond the attempts than laws are followed, unless by force."""
    what = "is a guess at best" if is_shown else "is not forecast"
    remedy = "Sample" if is_shown else "Give --force to see what the laws predict, or sample"
    return caveat("far-extrapolation", group, k=f"{k:,}", reach=k / attempts, what=what, remedy=remedy)


def combined_at(fitted: Fitted, k: int, attempts: int, *, force: bool) -> Estimate:
    """The combined forecast at one k, empty where it is refused."""
    row = _combined_row(fitted, k, attempts, too_far=k > LARGEST_REACH * attempts and not force, force=force)
    return Estimate(row.estimate, row.low, row.high)


def _row(fitted: Fitted, name: str, k: int, *, is_refused: bool) -> Forecast:
    if is_refused:
        return Forecast(k, name, None, None, None)
    middle, low, high = (float(each[0]) for each in fitted.coverage(name, np.array([k], dtype=float)))
    return Forecast(k, name, middle, low, high)


def _combined_row(fitted: Fitted, k: int, attempts: int, *, too_far: bool, force: bool) -> Forecast:
    found = None if too_far else combine(fitted, k, attempts)
    if found is None:
        return Forecast(k, COMBINED, None, None, None)
    is_agreed = force or _spread(fitted, k) <= LARGEST_SPREAD
    return Forecast(k, COMBINED, found[0] if is_agreed else None, found[1], found[2])


def _spread(fitted: Fitted, k: int) -> float:
    values = [
        float(fitted.coverage(name, np.array([k], dtype=float))[0][0]) for name in DEFAULT if name in fitted.names
    ]
    return max(values) - min(values) if values else 0.0


def _largest_spread(fitted: Fitted, k: Sequence[int], attempts: int, *, force: bool) -> tuple[int, float] | None:
    """The first k at which the laws differ too much, and by how much."""
    for each in k:
        if (force or each <= LARGEST_REACH * attempts) and (spread := _spread(fitted, each)) > LARGEST_SPREAD:
            return each, spread
    return None


def drawn_forecast(fitted: Fitted, asked: Sequence[str], start: int, end: int, points: int) -> Curve | None:
    """The forecast as a line with its band, from the edge of the data on."""
    if not fitted or end <= start:
        return None
    k = np.geomspace(start, end, points)
    if set(DEFAULT) <= set(asked):
        rows = [combine(fitted, float(each), start) for each in k]
        columns = list(zip(*[row for row in rows if row is not None], strict=True))
        return Curve(tuple(k.tolist()), *columns) if columns else None
    return Curve(tuple(k.tolist()), *(tuple(each.tolist()) for each in fitted.coverage(fitted.names[0], k)))


def near_ceiling_doubts(fitted: Fitted, data: Sampled, group: dict[str, str] | None) -> list[Caveat]:
    """That the law of a curve which has nearly reached 1 does not rest on all of it."""
    law = fitted.curves.get(POWER)
    if law is None or data.batch is not None or law.last == data.longest:
        return []
    return [caveat("near-ceiling", group, last=f"{law.last:,}")]


def ceiling_doubts(fits: dict[str, LawFit], group: dict[str, str] | None) -> list[Caveat]:
    """That a ceiling of coverage is not established, where none is compatible with the data."""
    law = fits.get(ZERO_INFLATED)
    if law is None:
        return []
    share = law.parameters["unsolvable"]
    if share.low != 0:
        return []
    return [caveat("ceiling-not-identified", group, estimate=share.estimate, high=share.high)]
