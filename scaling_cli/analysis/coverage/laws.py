"""Laws of one group's coverage: their fits, their coverage at any k with its interval, and their parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage.curve import Sampled
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
from scaling_cli.results.coverage import LawFit, Slope
from scaling_cli.results.fit import Estimate

LAWS = (*DISTRIBUTIONS, POWER, EXPONENTIATED)
DEFAULT = (BETA_BINOMIAL, POWER, EXPONENTIATED, MIXTURE)
OF_CURVE = (POWER, EXPONENTIATED)
CURVE_FITS = {POWER: fit_power_law, EXPONENTIATED: fit_exponentiated}

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
