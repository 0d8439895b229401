"""The forecast that combines laws of coverage, and where it is not given.

It is half the mixture of laws of difficulty, and half the mean of the two laws of the curve. The mixture knows how the
attempts at each problem vary, and weighs laws that fit the attempts equally well; the laws of the curve follow its
shape, which on real logs goes on far beyond the attempts made. Their errors differ, so the mean of both errs little in
simulations and on real logs. No weight was chosen by its result. The laws of the curve follow their formula even where
the attempts speak against it, as where problems are of two kinds or some cannot be solved. So before the mean is taken,
they are moved into the interval of the families that the mixture averages over.

The interval is that of the mixture, stretched where needed to contain the combined forecast: it spans what
distributions of difficulty predict that fit equally well. Where that is more than `widest`, no number is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage.laws import OF_CURVE, FittedLaws
from scaling_cli.analysis.coverage.printed import COMBINED, printed_forecast
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.counts import Array
from scaling_cli.coverage.distributions import MIXTURE
from scaling_cli.results.coverage import Forecast
from scaling_cli.results.fit import Curve, Estimate

COMBINES = {MIXTURE, *OF_CURVE}  # the laws behind the combined forecast
NEAR = 10.0  # times the attempts made, up to which wider intervals still go with a number
WIDEST_NEAR, WIDEST = 0.6, 0.5  # intervals of coverage above which no single number is given, up to there and beyond
LARGEST_REACH = 100.0  # times the attempts made, beyond which nothing is forecast


def widest(reach: float) -> float:
    """The widest interval of coverage at `reach` times the attempts made with which a single number is given.

    In simulations, intervals of these widths and less contain the truth as often as they claim. Beyond `NEAR` they do
    not where most problems cannot be solved, so the limit is lower there.
    """
    return WIDEST_NEAR if reach <= NEAR else WIDEST


def combine(fitted: FittedLaws, k: Array) -> tuple[Array, Array, Array] | None:
    """The combined coverage at each k with its interval; None without the mixture, which the interval comes from."""
    if MIXTURE not in fitted.names:
        return None
    mixed, low, high = fitted.coverage(MIXTURE, k)
    curves = [fitted.coverage(name, k)[0] for name in OF_CURVE if name in fitted.names]
    families = fitted.distributions[MIXTURE].of_families
    if curves and families is not None:
        curves = list(np.clip(curves, *families(k)))
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
            rows.append(_combined_row(fitted, one_k, attempts, force=force))
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
    row = _combined_row(fitted, k, attempts, force=force)
    if fitted.level is not None:
        row = printed_forecast(row, fitted.level)
    return Estimate(row.estimate, row.low, row.high)


def _row(fitted: FittedLaws, name: str, k: int, *, is_refused: bool) -> Forecast:
    if is_refused:
        return Forecast(k, name, None, None, None)
    middle, low, high = (float(values[0]) for values in fitted.coverage(name, np.array([k], dtype=float)))
    return Forecast(k, name, middle, low, high)


def _combined_row(fitted: FittedLaws, k: int, attempts: int, *, force: bool) -> Forecast:
    too_far = k > LARGEST_REACH * attempts and not force
    combined = None if too_far else combine(fitted, np.array([k], dtype=float))
    if combined is None:
        return Forecast(k, COMBINED, None, None, None)
    middle, low, high = (float(part[0]) for part in combined)
    is_given = force or high - low <= widest(k / attempts)
    return Forecast(k, COMBINED, middle if is_given else None, low, high)


def drawn_forecast(fitted: FittedLaws, asked: Sequence[str], start: int, end: int, points: int) -> Curve | None:
    """The laws as a curve with a band, from one attempt over the last one made to the furthest forecast."""
    if not fitted or end <= start:
        return None
    k = np.unique(np.concatenate([np.geomspace(1, start, points), np.geomspace(start, end, points)]))
    if set(asked) >= COMBINES:
        combined = combine(fitted, k)
        return None if combined is None else Curve(tuple(k.tolist()), *(tuple(part.tolist()) for part in combined))
    return Curve(tuple(k.tolist()), *(tuple(values.tolist()) for values in fitted.coverage(fitted.names[0], k)))
