"""The verdict on a pair: which difference matters, which one the data could have shown, and what may be concluded.

`equivalent` needs evidence that the difference is small, by two one-sided tests (Schuirmann 1987). Each uses the whole
tail of the two-sided statistic, because profiles are asymmetric and half of that tail is not a one-sided tail; in other
words, the printed interval must lie within the margin. `different` needs evidence that the difference is not zero, and
comes first: a difference that the test finds is never called equivalent, however wide the margin is.
Without either, the verdict is `inconclusive`, with the difference that these data would show in four cases of five; a
large p-value alone never means that exponents are equal. If the data do not identify the floor, and with it the
exponent, the verdict is `not-identified`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.profile import DifferenceProfile
from scaling_cli.record import Record
from scaling_cli.results.comparison import (
    DIFFERENT,
    EQUIVALENT,
    INCONCLUSIVE,
    NOT_IDENTIFIED,
    Margin,
)
from scaling_cli.results.fit import Estimate

POWER = 0.8  # probability with which the minimum detectable difference is found


class ExponentJudgement(Record):
    """The difference of one exponent between two groups, the margin, and the tests against it."""

    difference: Estimate
    margin: float | None
    equivalence_p_value: float | None
    minimum_detectable: float | None


def judge(
    profile: DifferenceProfile, distribution: NullDistribution, *, error: float, margin: float | None, level: float
) -> ExponentJudgement:
    """Interval, equivalence and minimum detectable difference of one exponent.

    Args:
        profile: The statistic of every difference.
        distribution: The null distribution of the statistic.
        error: Standard error of the difference under the design.
        margin: The largest difference that is too small to matter.
        level: Level of the interval; 1 - level is the size of the tests.
    """
    low, high = profile.interval(distribution.cut(level))
    return ExponentJudgement(
        Estimate(profile.estimate, low, high),
        margin,
        None if margin is None else _equivalence(profile, distribution, margin, level),
        _detectable(distribution, error, level),
    )


def _equivalence(profile: DifferenceProfile, distribution: NullDistribution, margin: float, level: float) -> float:
    """The larger of the p-values of the one-sided tests at both ends of the margin."""
    if not abs(profile.estimate) < margin:
        return 1.0
    return max(distribution.one_tail(profile.statistic(end), level) for end in (-margin, margin))


def _detectable(distribution: NullDistribution, error: float, level: float) -> float | None:
    """The difference that the test finds with probability `POWER`, for a standard error that grows with the cut."""
    from scipy.special import fdtri, stdtrit

    if not np.isfinite(error) or error <= 0:
        return None
    inflation = np.sqrt(distribution.cut(level) / float(fdtri(1, distribution.freedom, level)))
    quantiles = stdtrit(distribution.freedom, (1 + level) / 2) + stdtrit(distribution.freedom, POWER)
    return float(quantiles * error * inflation)


def exponent_margins(margin: Margin, exponents: Mapping[str, float]) -> dict[str, float | None]:
    """The difference that the margin allows for each exponent, given the exponents' sizes (shared by both groups).

    Compute for equal loss above the floor grows as loss^(1/b), so a difference d makes the multiplier drift by a factor
    of (to / start)^(d / b). On a surface, params grow as compute^(beta / (alpha + beta)) and tokens as the rest, and
    the margin limits the drift of the multiplier of each.
    """
    if margin.difference is not None:
        return dict.fromkeys(exponents, margin.difference)
    assert margin.start is not None
    assert margin.drift is not None
    reach = math.log(margin.to / margin.start)
    if reach <= 0:
        return dict.fromkeys(exponents)
    share = dict.fromkeys(exponents, 1.0)
    if {"alpha", "beta"} <= exponents.keys():
        total = exponents["alpha"] + exponents["beta"]
        share = {"alpha": exponents["beta"] / total, "beta": exponents["alpha"] / total}
    drift = math.log(margin.drift)
    return {name: abs(value) * drift / (share[name] * reach) for name, value in exponents.items()}


def verdict(
    *, p_adjusted: float | None, equivalence_p_values: list[float | None], is_identified: bool, level: float
) -> str:
    """The verdict: one of the four words."""
    size = 1 - level
    if p_adjusted is None:
        return NOT_IDENTIFIED
    if p_adjusted <= size:
        return DIFFERENT
    if is_identified and all(p is not None and p <= size for p in equivalence_p_values):
        return EQUIVALENT
    return INCONCLUSIVE if is_identified else NOT_IDENTIFIED
