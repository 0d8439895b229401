"""Whether the numbers of a saved fit can be those of a fit, found out before anything is computed from them.

A saved fit may be written by hand or by another program. A coefficient below zero, a floor below zero, a range that the
law cannot take or a number that overflows would end in nonsense, so the number is refused by its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.errors import ScalingError
from scaling_cli.laws import find_law
from scaling_cli.numbers.parse import is_computable
from scaling_cli.numbers.surface import SURFACE

if TYPE_CHECKING:
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.laws.law import Law, Parameter

ABSENT = 1e-305  # just below exp(-700), at which logs of the coefficients of formulas have their bound
FURTHEST = 1e200  # from 1, of a parameter: a product of two must not overflow
LARGEST_NOISE = 10.0  # of log loss: a new run would differ by a factor of 20,000


def first_fault(fit: SavedFit) -> str | None:
    """What is wrong with the first number that no fit can have; None where all are sound, or the law is unknown."""
    try:
        law = find_law(fit.law, tuple(fit.inputs))
    except ScalingError:
        return None
    return next(_faults(fit, law), None)


def _faults(fit: SavedFit, law: Law) -> Iterator[str]:
    known = {parameter.name: parameter for parameter in law.parameters}
    for name, saved in fit.parameters.items():
        assert saved.estimate is not None
        if fault := _fault(saved.estimate, known.get(name)):
            yield f"parameter {name} is {saved.estimate:g}, {fault}"
    draws = () if _are_sound(fit, known) else fit.draws or ()
    for place, name in enumerate(fit.parameters):
        for draw in draws:
            if fault := _fault(draw[place], known.get(name)):
                yield f"a replicate of parameter {name} is {draw[place]:g}, {fault}"
    if fit.noise is not None and not 0 <= fit.noise <= LARGEST_NOISE:
        yield f"`noise` is {fit.noise:g}, which is not between 0 and {LARGEST_NOISE:g}"
    for name, (low, high) in fit.ranges.items():
        what = "finite numbers" if _takes_zero(law, fit.inputs, name, low) else "numbers above zero"
        if not (
            low <= high
            and all(math.isfinite(end) and is_computable(end) for end in (low, high))
            and (low > 0 or what == "finite numbers")
        ):
            yield f"the range of {name} is {low:g} to {high:g}, which is not a range of {what}"


def _takes_zero(law: Law, inputs: Mapping[str, str], name: str, low: float) -> bool:
    """Whether zero, or the number `low` below it, may be a value of this column, or of the column in one group."""
    column = name.partition("[")[0]
    if column == "loss":  # of a fit to the loss itself, not to its logarithm
        return True
    if column in (*SURFACE, "compute"):  # a formula of any columns cannot say that these are amounts
        return False
    read = [each for each, source in inputs.items() if source == column]
    return bool(read) and all(law.takes(each, np.array([min(low, 0.0)])) for each in read)


def _are_sound(fit: SavedFit, known: Mapping[str, Parameter]) -> bool:
    """Whether no replicate has a fault, found out for all of them at once."""
    values = np.array(fit.draws or (), dtype=float).reshape(-1, len(fit.parameters))
    least = [0.0 if _is_limited(known.get(name)) else -FURTHEST for name in fit.parameters]
    smallest = [_smallest(known.get(name)) for name in fit.parameters]
    size = np.abs(values)
    in_reach = (values == 0) | ((size >= smallest) & (size <= FURTHEST))
    return bool((in_reach & (values >= least)).all())


def _is_limited(parameter: Parameter | None) -> bool:
    """Whether a parameter cannot be below zero."""
    return parameter is not None and (parameter.positive or parameter.kind == "floor")


def _smallest(parameter: Parameter | None) -> float:
    """The least size, beside zero: a coefficient that a fit does without stops at its bound, far below all others."""
    return ABSENT if parameter is not None and parameter.positive else 1 / FURTHEST


def _fault(value: float, parameter: Parameter | None) -> str | None:
    smallest = _smallest(parameter)
    if not (math.isfinite(value) and (value == 0 or smallest <= abs(value) <= FURTHEST)):
        return f"which is not zero, nor between {smallest:g} and {FURTHEST:g} in size"
    if value < 0 and _is_limited(parameter):
        return "but it cannot be below zero"
    return None
