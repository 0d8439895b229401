"""The verdict on a pair as a sentence that a reader can quote."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.results.comparison import DIFFERENT, EQUIVALENT, INCONCLUSIVE, Amount, Difference
from scaling_cli.results.fit import Estimate


def sentence(
    left: str,
    right: str,
    verdict: str,
    *,
    difference: Difference,
    p_adjusted: float | None,
    margin: Amount,
    detectable: Amount,
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


def _differences(difference: Difference) -> str:
    if isinstance(difference, Estimate):
        return _interval(difference)
    return ", ".join(f"{name} {_interval(value)}" for name, value in difference.items())


def _interval(value: Estimate) -> str:
    low = "-inf" if value.low is None else _number(value.low, 2)
    high = "inf" if value.high is None else _number(value.high, 2)
    return f"{_number(value.estimate, 2)} [{low}, {high}]"


def _amounts(amount: Amount) -> str:
    if isinstance(amount, Mapping):
        return ", ".join(f"{_number(value, 2)} in {name}" for name, value in amount.items())
    return _number(amount, 2)


def _number(value: float | None, digits: int) -> str:
    return "?" if value is None else f"{value:.{digits}g}"
