"""What a factor does, as a sentence that a reader can quote."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.comparison.factors.design import Term
from scaling_cli.numbers.format import with_and
from scaling_cli.results.comparison import AtLevel, Moved
from scaling_cli.results.fit import Estimate

LARGEST_PERCENT = 0.5  # a ratio further from one is said as a factor


def factor_sentence(
    term: Term,
    exponent: Moved | None,
    constant: Moved | None,
    floor: Moved | None,
    multiplier: Estimate | None,
    levels: Sequence[AtLevel],
    role: str,
) -> str:
    """What a factor does to exponent, constant and floor; `role` is the input that a multiplier is of."""
    name = f"the interaction of {term.factors[0].name} and {term.factors[1].name}" if term.is_interaction else term.name
    if exponent is None:
        return f"{name} cannot be separated from the other factors: add runs of the combinations that are missing."
    parts = [_exponent(exponent)]
    if constant is not None:
        parts.append(_constant(constant, floor))
    if floor is not None and floor.moves is not None:
        parts.append(_floor(floor))
    said = f"{name} {'; it '.join(parts)}"
    if multiplier is not None and constant is not None and constant.moves and " - " in constant.contrast:
        high, low = constant.contrast.split(" - ", 1)
        said += f", so that {high} needs {_interval(multiplier)} times the {role} of {low} for equal loss"
    return said + "." + _levels(levels)


def _exponent(exponent: Moved) -> str:
    mean = averaged(exponent)
    said = f"{_sizes(exponent)} ({exponent.contrast}{mean}, p {_p(exponent.p_value)}"
    if exponent.moves:
        return f"changes the exponent by {said})"
    if exponent.moves is False:
        return f"does not change the exponent by more than {_most(exponent)}{mean}"
    shown = _amounts(exponent)
    return f"is not shown to change the exponent: {said}; a change of {shown} would be found four times in five)"


def _constant(constant: Moved, floor: Moved | None) -> str:
    given = (", at equal exponents" if floor is None else ", at equal exponents and floors") if constant.alike else ""
    given = f"{averaged(constant)}{given}"
    if constant.moves:
        return f"changes the constant by {_ratios(constant)}{given}"
    if constant.moves is False:
        return f"does not change the constant by more than the margin: {_ratios(constant)}{given}"
    return f"is not shown to change the constant: {_ratios(constant)}{given}"


def _floor(floor: Moved) -> str:
    mean = averaged(floor)
    if floor.moves:
        return f"changes the floor by {_sizes(floor)}{mean}"
    return f"does not change the floor by more than {_most(floor)}{mean}"


def averaged(moved: Moved) -> str:
    """Over which other factors an effect is averaged, after a comma."""
    return f", on average over {with_and(moved.averaged)}" if moved.averaged else ""


def _levels(levels: Sequence[AtLevel]) -> str:
    """The factor whose effect differs most plainly between the levels of the other."""
    by_factor: dict[str, list[AtLevel]] = {}
    for level in levels:
        by_factor.setdefault(level.factor, []).append(level)
    if not by_factor:
        return ""
    name, rows = min(by_factor.items(), key=lambda item: sum(bool(row.exponent.moves) for row in item[1]))
    said = [f"with {', '.join(row.at.values())}, {name} {_exponent(row.exponent)}" for row in rows]
    text = "; ".join(said)
    return f" {text[:1].upper()}{text[1:]}."


def _sizes(moved: Moved) -> str:
    named = len(moved.effect) > 1
    return ", ".join(_interval(value) + (f" in {name}" if named else "") for name, value in moved.effect.items())


def _ratios(moved: Moved) -> str:
    named = len(moved.effect) > 1
    return ", ".join(_ratio(value) + (f" in {name}" if named else "") for name, value in moved.effect.items())


def _ratio(value: Estimate) -> str:
    """A ratio in percent where it is near one, and as a factor elsewhere."""
    ends = (value.estimate, value.low, value.high)
    if any(end is None or abs(end - 1) > LARGEST_PERCENT for end in ends):
        return f"a factor of {_interval(value)}"
    middle, low, high = (f"{100 * (end - 1):+.2g}" for end in ends if end is not None)
    return f"{middle} % [{low}, {high}]"


def _interval(value: Estimate) -> str:
    low = "-inf" if value.low is None else number(value.low)
    high = "inf" if value.high is None else number(value.high)
    return f"{number(value.estimate)} [{low}, {high}]"


def _most(moved: Moved) -> str:
    most = {name: max(-(value.low or 0.0), value.high or 0.0) for name, value in moved.effect.items()}
    return ", ".join(number(value) + (f" in {name}" if len(most) > 1 else "") for name, value in most.items())


def _amounts(moved: Moved) -> str:
    named = len(moved.detects) > 1
    return ", ".join(number(value) + (f" in {name}" if named else "") for name, value in moved.detects.items())


def number(value: float | None) -> str:
    """A number in a sentence, with two digits."""
    return "?" if value is None else f"{value:.2g}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.0005 else f"= {value:.2g}"
