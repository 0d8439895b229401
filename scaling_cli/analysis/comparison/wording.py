"""The verdict on a pair as a sentence that a reader can quote."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.results.comparison import DIFFERENT, EQUIVALENT, INCONCLUSIVE
from scaling_cli.results.fit import Estimate


def sentence(
    left: str,
    right: str,
    verdict: str,
    *,
    difference: Mapping[str, Estimate],
    p_adjusted: float | None,
    margin: Mapping[str, float | None],
    detectable: Mapping[str, float | None],
) -> str:
    """The verdict in words, with the numbers on which it is based."""
    pair = f"{left} and {right}"
    if verdict == DIFFERENT:
        return f"The exponents of {pair} differ: {_differences(difference)} (p = {_number(p_adjusted, 2)})."
    if verdict == EQUIVALENT:
        return (
            f"The exponents of {pair} are equivalent: {_differences(difference)}, within the margin of "
            f"{_amounts(margin)}."
        )
    shown = f"data like these would show a difference of {_amounts(detectable)} four times in five"
    if verdict == INCONCLUSIVE:
        return (
            f"The data do not show whether the exponents of {pair} differ: {_differences(difference)} "
            f"(p = {_number(p_adjusted, 2)}); {shown}."
        )
    return (
        f"The data do not identify the exponents of {pair} well enough to compare them: {_differences(difference)}; "
        f"{shown}."
    )


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
