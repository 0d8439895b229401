"""The verdict on a pair as a sentence that a reader can quote."""

from __future__ import annotations

import math
from collections.abc import Mapping

from scaling_cli.numbers.format import figure
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


def drift_words(difference: Estimate, own: tuple[float, float], role: str, right: str) -> str:
    """What a difference of exponents does to the multiplier of the input `role` over `RANGE` times the right group's.

    The left group reaches the loss of the right one with right^(b_right / b_left), so that the multiplier grows as
    right^(b_right / b_left - 1). Of other differences than that of the estimates `own`, the mean is the same.
    """
    middle = abs(own[0] + own[1]) / 2
    toward = 1 if own[0] + own[1] > 0 else -1
    logs = [_drift(value, middle, toward) for value in (difference.estimate, difference.low, difference.high)]
    if logs[0] is None or abs(logs[0]) > LARGEST_LOG:
        return ""
    known = [abs(log) for log in logs[1:] if log is not None]
    crosses = None not in (difference.low, difference.high) and difference.low * difference.high < 0  # type: ignore[operator]
    least = 1.0 if crosses else _power(min(known, default=0.0))
    most = _power(max(known)) if len(known) == 2 else math.inf  # both ends
    change = (
        f"{figure(_power(abs(logs[0])), 3)}x [{figure(least, 3)}, {'inf' if math.isinf(most) else figure(most, 3)}]"
    )
    given = f"with {RANGE:,} times the {role} of {right}"
    return f"{given}, this difference alone changes the {role} multiplier by {change}"


def _drift(difference: float | None, middle: float, toward: int) -> float | None:
    """The log of the change; None where the left group's exponent would be 0 or have the other sign."""
    left = None if difference is None else middle + toward * difference / 2
    if difference is None or left is None or left <= 0:
        return None
    return -toward * difference / left * math.log(RANGE)


def _power(log: float) -> float:
    return math.exp(log) if log <= LARGEST_LOG else math.inf


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
