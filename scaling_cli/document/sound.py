"""Whether the numbers of a saved fit can be those of a fit, found out before anything is computed from them.

A saved fit may be written by hand or by another program. A coefficient below zero, a floor below zero, a range that
starts at zero or a number that overflows would end in nonsense, so the number is refused by its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.errors import ScalingError
from scaling_cli.laws import find_law
from scaling_cli.numbers.parse import LARGEST, SMALLEST

if TYPE_CHECKING:
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.laws.law import Parameter

FURTHEST = 1e200  # from 1, of a parameter: a product of two must not overflow
LARGEST_NOISE = 10.0  # of log loss: a new run would differ by a factor of 20,000


def first_fault(fit: SavedFit) -> str | None:
    """What is wrong with the first number that no fit can have; None where all are sound, or the law is unknown."""
    try:
        law = find_law(fit.law, tuple(fit.inputs))
    except ScalingError:
        return None
    return next(_faults(fit, {parameter.name: parameter for parameter in law.parameters}), None)


def _faults(fit: SavedFit, known: Mapping[str, Parameter]) -> Iterator[str]:
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
        if not SMALLEST <= low <= high <= LARGEST:
            yield f"the range of {name} is {low:g} to {high:g}, which is not a range of numbers above zero"


def _are_sound(fit: SavedFit, known: Mapping[str, Parameter]) -> bool:
    """Whether no replicate has a fault, found out for all of them at once."""
    values = np.array(fit.draws or (), dtype=float).reshape(-1, len(fit.parameters))
    least = [0.0 if _is_limited(known.get(name)) else -FURTHEST for name in fit.parameters]
    size = np.abs(values)
    in_reach = (values == 0) | ((size >= 1 / FURTHEST) & (size <= FURTHEST))
    return bool((in_reach & (values >= least)).all())


def _is_limited(parameter: Parameter | None) -> bool:
    """Whether a parameter cannot be below zero."""
    return parameter is not None and (parameter.positive or parameter.kind == "floor")


def _fault(value: float, parameter: Parameter | None) -> str | None:
    if not (math.isfinite(value) and (value == 0 or 1 / FURTHEST <= abs(value) <= FURTHEST)):
        return f"which is not zero, nor between {1 / FURTHEST:g} and {FURTHEST:g} in size"
    if value < 0 and _is_limited(parameter):
        return "but it cannot be below zero"
    return None
