"""The verdict on a pair as a sentence that a reader can quote."""

from __future__ import annotations

import math
from collections.abc import Mapping

from scaling_cli.results.comparison import DIFFERENT, EQUIVALENT, INCONCLUSIVE
from scaling_cli.results.fit import Estimate

RANGE = 1_000  # factor of the input over which the drift of a multiplier is said
LARGEST_LOG = 50.0  # a drift beyond e^50 is no practical number


def sentence(
    left: str,
    right: str,
    verdict: str,
    *,
    difference: Mapping[str, Estimate],
    p_adjusted: float | None,
    margin: Mapping[str, float | None],
    detectable: Mapping[str, float | None],
    drift: str = "",
) -> str:
    """The verdict in words, with the numbers on which it is based; `drift` says what the difference does."""
    pair = f"{left} and {right}"
    drift = f". {drift[:1].upper()}{drift[1:]}" if drift else ""
    given = "the difference is " if len(difference) == 1 else ""
    if verdict == DIFFERENT:
        return (
            f"The exponents of {pair} differ: {given}{_differences(difference)} (p = {_number(p_adjusted, 2)}){drift}."
        )
    if verdict == EQUIVALENT:
        return (
            f"The exponents of {pair} are equivalent: {given}{_differences(difference)}, within the margin of "
            f"{_amounts(margin)}{drift}."
        )
    shown = f"Data like these would show a difference of {_amounts(detectable)} four times in five"
    if verdict == INCONCLUSIVE:
        return (
            f"The data do not show whether the exponents of {pair} differ: {given}{_differences(difference)} "
            f"(p = {_number(p_adjusted, 2)}){drift}. {shown}."
        )
    return (
        f"The data do not identify the exponents of {pair} well enough to compare them: {given}"
        f"{_differences(difference)}. {shown}."
    )


def drift_words(difference: Estimate, size: float, role: str) -> str:
    """What a difference of exponents of about this size does to the multiplier of the input `role` over `RANGE`."""
    ends = [_drift(value, size) for value in (difference.estimate, difference.low, difference.high)]
    if ends[0] is None:
        return ""
    crosses = None not in (difference.low, difference.high) and difference.low * difference.high < 0  # type: ignore[operator]
    known = [end for end in ends[1:] if end is not None]
    least = 1.0 if crosses else min(known, default=1.0)
    most = f"{max(known):.3g}" if len(known) == len(ends) - 1 else "inf"
    change = f"{ends[0]:.3g}x [{least:.3g}, {most}]"
    return f"with {RANGE:,} times the {role}, this difference alone changes the {role} multiplier by {change}"


def _drift(difference: float | None, size: float) -> float | None:
    if difference is None or size <= 0 or abs(difference) / size * math.log(RANGE) > LARGEST_LOG:
        return None
    return math.exp(abs(difference) / size * math.log(RANGE))


def _differences(difference: Mapping[str, Estimate]) -> str:
    named = len(difference) > 1
    return ", ".join((f"{name} " if named else "") + _interval(value) for name, value in difference.items())


def _interval(value: Estimate) -> str:
    low = "-inf" if value.low is None else _number(value.low, 2)
    high = "inf" if value.high is None else _number(value.high, 2)
    return f"{_number(value.estimate, 2)} [{low}, {high}]"


def _amounts(amounts: Mapping[str, float | None]) -> str:
    named = len(amounts) > 1
    return ", ".join(_number(value, 2) + (f" in {name}" if named else "") for name, value in amounts.items())


def _number(value: float | None, digits: int) -> str:
    return "?" if value is None else f"{value:.{digits}g}"
