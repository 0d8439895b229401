"""From a test to words: how large a difference matters, what the data could have shown, and what may be said.

`equivalent` needs evidence that the difference is small: two one-sided tests (Schuirmann 1987), each with the whole
tail of the two-sided statistic, for profiles are lopsided and half of it is no one-sided tail. That is to say that the
printed interval lies within the margin. `different` needs evidence that it is not nothing. Where
neither is there, the answer is `inconclusive`, with the difference that these data would have shown four times in
five; a large p-value alone never says that exponents are the same. Where even that answer would mislead, since the
data leave a floor open and the exponent with it, it is `not-identified`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.comparison.profile import DifferenceProfile
from scaling_cli.analysis.comparison.reference import Reference
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


class Judged(Record):
    """What is said of one exponent of two groups."""

    difference: Estimate
    margin: float | None
    equivalence_p_value: float | None
    minimum_detectable: float | None


def judge(
    profile: DifferenceProfile, reference: Reference, *, error: float, margin: float | None, level: float
) -> Judged:
    """Interval, equivalence and minimum detectable difference of one exponent.

    Args:
        profile: The statistic of every difference, and the null's distribution `reference` of it.
        error: Standard error of the difference under the design.
        margin: The difference that is too small to matter.
        level: Of the interval; 1 - level is the size of the tests.
    """
    low, high = profile.interval(reference.cut(level))
    return Judged(
        Estimate(profile.estimate, low, high),
        margin,
        None if margin is None else _equivalence(profile, reference, margin, level),
        _detectable(reference, error, level),
    )


def _equivalence(profile: DifferenceProfile, reference: Reference, margin: float, level: float) -> float:
    """The larger p-value of the tests of a difference at either end of the margin."""
    worst = 0.0
    for end in (-margin, margin):
        tail = reference.one_tail(profile.statistic(end), level)
        is_within = (profile.estimate - end) * end < 0
        worst = max(worst, tail if is_within else 1.0)
    return worst


def _detectable(reference: Reference, error: float, level: float) -> float | None:
    """The difference whose test rejects with probability `POWER`, for a standard error that grows as the cut does."""
    from scipy.special import fdtri, stdtrit

    if not np.isfinite(error) or error <= 0:
        return None
    inflation = np.sqrt(reference.cut(level) / float(fdtri(1, reference.freedom, level)))
    quantiles = stdtrit(reference.freedom, (1 + level) / 2) + stdtrit(reference.freedom, POWER)
    return float(quantiles * error * inflation)


def exponent_margins(margin: Margin, exponents: Mapping[str, float]) -> dict[str, float | None]:
    """For each exponent (by its size, shared by the two groups) the difference that the margin allows.

    Compute for equal loss above the floor grows as loss^(1/b), so a difference d lets the multiplier drift by a
    factor of (to / start)^(d / b). On a surface, params grow as compute^(beta / (alpha + beta)) and tokens
    as the rest, and it is the multiplier of each that may drift.
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
    """One of the four words."""
    size = 1 - level
    if p_adjusted is None:
        return NOT_IDENTIFIED
    if is_identified and all(p is not None and p <= size for p in equivalence_p_values):
        return EQUIVALENT
    if p_adjusted <= size:
        return DIFFERENT
    return INCONCLUSIVE if is_identified else NOT_IDENTIFIED
