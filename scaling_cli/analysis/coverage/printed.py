"""Which ends of intervals are printed: none that fall as k grows, and none that leave almost nothing out.

An interval of coverage as wide as its level says nothing: one of that width, put anywhere between 0 and 1 without
looking at the data, holds a share that may be anywhere as often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.counts import Array
from scaling_cli.numbers.format import with_and
from scaling_cli.record import replace
from scaling_cli.results.coverage import Coverage, CoverageResult, Forecast, LawFit
from scaling_cli.results.fit import Estimate

COMBINED = "combined"
ENDS = ("low", "high")
ROUNDING = 1e-9
WIDEST_FACTOR = 1e4  # between the ends of a parameter's interval, above which it is not printed


def printed_ends(ends: Array, level: float) -> tuple[Array, Array]:
    """The ends `(2, len(k))` of coverage at growing k, none below that of a smaller k; NaN where they say nothing.

    Coverage rises with k, so a lower end at fewer attempts holds at more of them too. An upper end at more attempts
    would hold at fewer; instead the wider one counts at both, which is safe.
    """
    low, high = (np.where(np.isnan(part), np.nan, np.fmax.accumulate(part)) for part in ends)
    says = high - low < level
    return np.where(says, low, np.nan), np.where(says, high, np.nan)


def highest_ends(rows: Sequence[Coverage]) -> tuple[float, float]:
    """The highest lower and upper end of measured coverage, which hold at the last k and beyond; 0 without any."""
    known = [row for row in rows if row.estimate is not None]
    low, high = (max((end for row in known if (end := getattr(row, name)) is not None), default=0.0) for name in ENDS)
    return low, high


def says_something(low: float | None, high: float | None, level: float | None) -> bool:
    """Whether an interval of coverage leaves out more than a guess would."""
    return low is not None and high is not None and (level is None or high - low < level)


def is_narrow(low: float | None, high: float | None) -> bool:
    """Whether an interval of a parameter spans less than `WIDEST_FACTOR`; one that holds 0 or both signs does."""
    if low is None or high is None or not np.isfinite([low, high]).all():
        return False
    return low * high <= 0 or max(low / high, high / low) < WIDEST_FACTOR


def printed_forecast(row: Forecast, level: float) -> Forecast:
    """The forecast without an interval that says nothing; the combined one is then no forecast at all."""
    if row.low is None or says_something(row.low, row.high, level):
        return row
    return replace(row, low=None, high=None, estimate=None if row.law == COMBINED else row.estimate)


def printed_fit(fit: LawFit) -> LawFit:
    """The law without intervals of parameters that say nothing, or that exclude their estimate."""
    exponent = fit.asymptotic_exponent
    return replace(
        fit,
        parameters={name: _printed(value) for name, value in fit.parameters.items()},
        asymptotic_exponent=None if exponent is None else _printed(exponent),
    )


def _printed(value: Estimate) -> Estimate:
    if value.estimate is None or value.low is None or value.high is None:
        return value
    holds = value.low - ROUNDING <= value.estimate <= value.high + ROUNDING
    return value if holds and is_narrow(value.low, value.high) else Estimate(value.estimate)


def interval_doubts(
    found: CoverageResult, before: tuple[Sequence[Forecast], Mapping[str, LawFit]], group: dict[str, str] | None
) -> list[Caveat]:
    """A caveat that names what is printed without an interval, since from so few problems it would say nothing.

    Args:
        found: The result as it is printed.
        before: Its forecasts and its laws with all intervals.
        group: The label of the group.
    """
    forecasts, fits = before
    k = [f"{row.k:,}" for row in found.coverage if row.estimate is not None and row.low is None]
    what = [f"coverage at k = {', '.join(k)}"] if k else []
    lost: dict[str, list[str]] = {}
    for old, new in zip(forecasts, found.forecast, strict=True):
        if old.low is not None and new.low is None:
            lost.setdefault(new.law, []).append(f"{new.k:,}")
    what += [f"the {law} forecast at k = {', '.join(places)}" for law, places in lost.items()]
    for law, fit in found.fits.items():
        names = [name for name, value in fit.parameters.items() if value.low is None]
        names = [name for name in names if fits[law].parameters[name].low is not None]
        what += [f"{with_and(names)} of {law}"] if names else []
    if not what:
        return []
    count, units = (found.problems, "problems") if found.clusters is None else (found.clusters, "clusters")
    unit = units.rstrip("s") if count == 1 else units
    return [caveat("no-coverage-interval", group, what="; ".join(what), count=f"{count:,}", unit=unit, units=units)]
