"""Laws of one group's coverage: their fits, their forecasts, and one combined forecast.

The combined forecast is half the mixture of laws of difficulty, and half the mean of the two laws of the curve. The
mixture knows how the attempts at each problem vary, and weighs laws that fit the attempts equally well; the laws of the
curve follow its shape, which on real logs goes on far beyond the attempts made. Their errors differ, so the mean of
both errs little in simulations and on real logs. No weight was chosen by its result. The interval is that of the
mixture, stretched where needed to contain the combined forecast: it spans what distributions of difficulty predict that
fit equally well. Where that is more than half of everything, no number is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.printed import COMBINED, printed_forecast
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.beta_binomial import NoSpreadError
from scaling_cli.coverage.bootstrap import draw_parts, percentiles
from scaling_cli.coverage.counts import Array
from scaling_cli.coverage.curves import (
    EXPONENTIATED,
    POWER,
    CurveLaw,
    fit_exponentiated,
    fit_power_law,
    joined,
    log_grid,
)
from scaling_cli.coverage.distribution import Distribution
from scaling_cli.coverage.distributions import BETA_BINOMIAL, DISTRIBUTIONS, MIXTURE, fit_distribution
from scaling_cli.coverage.inflated import ZERO_INFLATED
from scaling_cli.data.names import guess
from scaling_cli.errors import FitError, UsageError
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import Forecast, LawFit, Slope
from scaling_cli.results.fit import Curve, Estimate

LAWS = (*DISTRIBUTIONS, POWER, EXPONENTIATED)
DEFAULT = (BETA_BINOMIAL, POWER, EXPONENTIATED, MIXTURE)
OF_CURVE = (POWER, EXPONENTIATED)
COMBINES = {MIXTURE, *OF_CURVE}  # the laws behind the combined forecast
CURVE_FITS = {POWER: fit_power_law, EXPONENTIATED: fit_exponentiated}

WIDEST = 0.5  # interval of coverage above which no single number is given
LARGEST_REACH = 100.0  # times the attempts made, beyond which nothing is forecast
CHUNK_VALUES = 1 << 18  # of replicates at once: 2 MB
STEPS_A_DOUBLING = 4  # of the attempts at which lower ends are computed


class FittedLaws(Record):
    """Fitted laws by name: of difficulty, and of the curve, whose replicates drew `units` problems or clusters.

    `measured` is the number of attempts made, and the ends of the coverage measured there without any law.
    """

    distributions: dict[str, Distribution]
    curves: dict[str, CurveLaw]
    level: float | None
    units: int
    measured: tuple[int, float, float] = (1, 0.0, 0.0)

    def __bool__(self) -> bool:
        return bool(self.distributions or self.curves)

    @property
    def names(self) -> list[str]:
        """The laws, in the order of `LAWS`."""
        return [name for name in LAWS if name in self.distributions or name in self.curves]

    def coverage(self, name: str, k: Array) -> tuple[Array, Array, Array]:
        """A law's coverage at each k, and the ends of its interval.

        Coverage never falls as k grows, so a lower end at fewer attempts also holds at more of them, and the highest of
        these ends is used, be it of the law or measured. An upper end is the highest up to k too, which is safe.
        """
        fewer = np.exp2(np.arange(0.0, np.log2(max(k.max(), 1.0)), 1 / STEPS_A_DOUBLING))
        everywhere = np.unique(np.concatenate([fewer, k]))
        values, low, high = self._each(name, everywhere)
        at = np.searchsorted(everywhere, k)
        attempts, *ends = self.measured
        low, high = (
            np.fmax.accumulate(np.where(everywhere >= attempts, np.fmax(part, end), part))
            for part, end in zip((low, high), ends, strict=True)
        )
        return values[at], np.fmin(low, values)[at], high[at]

    def _each(self, name: str, k: Array) -> tuple[Array, Array, Array]:
        if name in self.distributions:
            return self.distributions[name].coverage(k)
        law = self.curves[name]
        parts = np.array_split(k, -(-len(k) * len(law.exponent) // CHUNK_VALUES))  # to hold a part in memory
        values, low, high = (
            np.concatenate(ends) for ends in zip(*(self._of_curve(law, part) for part in parts), strict=True)
        )
        return values, low, high

    def _of_curve(self, law: CurveLaw, k: Array) -> tuple[Array, Array, Array]:
        values = law.coverage(k)
        if len(values) == 1 or self.level is None:
            return values[0], values[0], values[0]
        low, high = percentiles(values[1:], self.level, self.units)
        first = values[0].copy()  # a view would keep all replicates in memory
        return first, low, np.fmax(high, first)

    def estimate(self, values: Array) -> Estimate:
        """The estimate and interval from a value per replicate `(replicates,)`, the first from the fit to the data."""
        if len(values) < 3 or self.level is None:
            return Estimate(float(values[0]))
        low, high = percentiles(values[1:], self.level, self.units)
        return Estimate(float(values[0]), float(low), float(high))


def law_names(choice: str) -> tuple[str, ...]:
    """The laws that `--fit` names.

    Raises:
        UsageError: No law has this name.
    """
    several = {"auto": DEFAULT, "all": LAWS, "none": ()}
    if choice in several:
        return several[choice]
    if choice in LAWS:
        return (choice,)
    raise UsageError(
        f"No law is called {choice!r}.", hint=f"{guess(choice, LAWS)}Choose one of auto, all, none, {', '.join(LAWS)}."
    )


def fit_laws(
    data: Sampled, names: Sequence[str], level: float | None, group: dict[str, str] | None
) -> tuple[FittedLaws, list[Caveat]]:
    """The laws that the data determine, and a caveat for each law that could not be fitted."""
    distributions: dict[str, Distribution] = {}
    curves: dict[str, CurveLaw] = {}
    caveats = []
    for name in names:
        try:
            if name in CURVE_FITS:
                curves[name] = _fit_curve(data, name)
            else:
                distributions[name] = fit_distribution(name, data.counts, level)
        except FitError as error:
            code = "overdispersion-not-identified" if isinstance(error, NoSpreadError) else "law-not-fitted"
            caveats.append(caveat(code, group, law=name, reason=error.message, hint=error.hint))
    return FittedLaws(distributions, curves, level, data.counts.clusters), caveats


def _fit_curve(data: Sampled, name: str) -> CurveLaw:
    grid = data.fitting_grid()
    estimate = data.coverage(grid)[None]
    parts = draw_parts(data.counts, grid, data.resampling, data.batch)
    drawn = (part.coverage for part in parts) if data.resampling.replicates else [estimate[:0]]
    law = joined([CURVE_FITS[name](grid.astype(float), np.concatenate([estimate, part])) for part in drawn])
    left_out = 0 if data.batch is not None else len(log_grid(data.longest)) - len(grid)
    return replace(law, dropped=law.dropped + left_out)


def describe(fitted: FittedLaws, start: int, end: int) -> dict[str, LawFit]:
    """Each law's parameters, its slope over the range of the data and its asymptotic exponent."""
    fits = {}
    for name in fitted.names:
        slope = _slope(fitted, name, start, end)
        law = fitted.distributions.get(name)
        fits[name] = _of_curve(fitted, name, slope) if law is None else _of_distribution(law, slope)
    return fits


def _slope(fitted: FittedLaws, name: str, start: int, end: int) -> Slope:
    if name in fitted.curves:
        law = fitted.curves[name]
        return Slope(start, law.last, float(law.exponent[0]))
    # From log(-log C) directly, since coverage that rounds to 1 has no log(-log C).
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


def _of_curve(fitted: FittedLaws, name: str, slope: Slope) -> LawFit:
    law = fitted.curves[name]
    signs = {"A": 1.0, "b": 1.0} if name == POWER else {"a": -1.0, "b": -1.0}
    draws = np.stack([np.exp(law.log_coefficient), law.exponent])
    parameters = {
        parameter: fitted.estimate(sign * values)
        for (parameter, sign), values in zip(signs.items(), draws, strict=True)
    }
    return LawFit(parameters, None, fitted.estimate(law.exponent), slope, dropped=law.dropped)


def combine(fitted: FittedLaws, k: Array) -> tuple[Array, Array, Array] | None:
    """The combined coverage at each k with its interval; None without the mixture, which the interval comes from."""
    if MIXTURE not in fitted.names:
        return None
    mixed, low, high = fitted.coverage(MIXTURE, k)
    curves = [fitted.coverage(name, k)[0] for name in OF_CURVE if name in fitted.names]
    middle = (mixed + np.mean(curves, axis=0)) / 2 if curves else mixed
    return middle, np.fmin(low, middle), np.fmax(high, middle)


def forecast(
    fitted: FittedLaws,
    asked: Sequence[str],
    k: Sequence[int],
    attempts: int,
    *,
    force: bool,
    group: dict[str, str] | None,
) -> tuple[list[Forecast], list[Caveat]]:
    """Coverage at each k beyond the data by each law asked for, and the combined forecast if it includes both laws."""
    rows: list[Forecast] = []
    caveats: list[Caveat] = []
    combines = set(asked) >= COMBINES
    for one_k in k:
        too_far = one_k > LARGEST_REACH * attempts and not force
        fitted_names = fitted.names
        rows += [_row(fitted, name, one_k, is_refused=too_far or name not in fitted_names) for name in asked]
        if combines:
            rows.append(_combined_row(fitted, one_k, too_far=too_far, force=force))
    furthest = max(k, default=0)
    if furthest > LARGEST_REACH * attempts:
        caveats.append(far_doubt(furthest, attempts, group, is_shown=force))
    unknown = [row for row in rows if row.law == COMBINED and row.estimate is None and row.low is not None]
    if unknown and unknown[0].high is not None and unknown[0].low is not None:
        spread = unknown[0].high - unknown[0].low
        caveats.append(caveat("laws-disagree", group, k=f"{unknown[0].k:,}", spread=spread))
    return rows, caveats


def far_doubt(k: int, attempts: int, group: dict[str, str] | None, *, is_shown: bool) -> Caveat:
    """A caveat that k is more than `LARGEST_REACH` times the attempts made, shown only with --force."""
    what = "is a guess at best" if is_shown else "is not forecast"
    remedy = "Sample" if is_shown else "Give --force to see what the laws predict, or sample"
    return caveat("far-extrapolation", group, k=f"{k:,}", reach=k / attempts, what=what, remedy=remedy)


def combined_at(fitted: FittedLaws, k: int, attempts: int, *, force: bool) -> Estimate:
    """The combined forecast at one k; an empty estimate where it is refused."""
    row = _combined_row(fitted, k, too_far=k > LARGEST_REACH * attempts and not force, force=force)
    if fitted.level is not None:
        row = printed_forecast(row, fitted.level)
    return Estimate(row.estimate, row.low, row.high)


def _row(fitted: FittedLaws, name: str, k: int, *, is_refused: bool) -> Forecast:
    if is_refused:
        return Forecast(k, name, None, None, None)
    middle, low, high = (float(values[0]) for values in fitted.coverage(name, np.array([k], dtype=float)))
    return Forecast(k, name, middle, low, high)


def _combined_row(fitted: FittedLaws, k: int, *, too_far: bool, force: bool) -> Forecast:
    combined = None if too_far else combine(fitted, np.array([k], dtype=float))
    if combined is None:
        return Forecast(k, COMBINED, None, None, None)
    middle, low, high = (float(part[0]) for part in combined)
    return Forecast(k, COMBINED, middle if force or high - low <= WIDEST else None, low, high)


def drawn_forecast(fitted: FittedLaws, asked: Sequence[str], start: int, end: int, points: int) -> Curve | None:
    """The laws as a curve with a band, from one attempt over the last one made to the furthest forecast."""
    if not fitted or end <= start:
        return None
    k = np.unique(np.concatenate([np.geomspace(1, start, points), np.geomspace(start, end, points)]))
    if set(asked) >= COMBINES:
        combined = combine(fitted, k)
        return None if combined is None else Curve(tuple(k.tolist()), *(tuple(part.tolist()) for part in combined))
    return Curve(tuple(k.tolist()), *(tuple(values.tolist()) for values in fitted.coverage(fitted.names[0], k)))


def near_ceiling_doubts(fitted: FittedLaws, data: Sampled, group: dict[str, str] | None) -> list[Caveat]:
    """A caveat if the power law was fitted to part of the curve, because coverage is close to 1 in the rest."""
    law = fitted.curves.get(POWER)
    if law is None or data.batch is not None or law.last == data.longest:
        return []
    return [caveat("near-ceiling", group, last=f"{law.last:,}")]


def ceiling_doubts(fits: dict[str, LawFit], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat if the data are compatible with no ceiling of coverage."""
    law = fits.get(ZERO_INFLATED)
    if law is None:
        return []
    share = law.parameters["unsolvable"]
    if share.low != 0:
        return []
    return [caveat("ceiling-not-identified", group, estimate=share.estimate, high=share.high)]
