"""Bounds and starting values by kind of parameter, for all laws that are formulas.

A role takes the data (a `Scene`) and gives the bounds of a coordinate and the values from which a grid starts. A
parameter whose role has no starts enters the prediction linearly, and is solved for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.law import Parameter, Scale, Scene
from scaling_cli.record import Record

# Starting values of each exponent: denser where published exponents lie.
GRID_EXPONENTS = np.geomspace(0.02, 1.5, 30)
CEILING = 1.02  # a floor may lie a little above the smallest loss, which is noisy
BEYOND = 2.0  # a term may be e^2 times the largest loss at the centre of the data: it falls steeply from there
VANISHED = 30.0  # a term below e^-30 of the smallest loss counts as zero: its coefficient is at its bound
AROUND = 6.0  # in logs: how far outside the data a bend may lie

Bounds = tuple[float, float]


class Role(Record):
    """Bounds and starting values of a coordinate, as functions of the data."""

    bounds: Callable[[Scene], Bounds]
    starts: Callable[[Scene], Array] | None = None


def plain_scale(name: str, *, is_signed: bool = False) -> Scale:
    """The scale that changes one coefficient."""
    return Scale({name: lambda _: 1.0}, is_signed)


def coefficient_bounds(scene: Scene) -> Bounds:
    """Bounds of the log of a term's coefficient."""
    return float(np.log(scene.lowest)) - VANISHED, float(np.log(scene.highest)) + BEYOND


def floor_bounds(scene: Scene) -> Bounds:
    """Bounds of a floor."""
    return 0.0, CEILING * scene.lowest


def exponents(parameter: Parameter) -> Array:
    """Starting exponents of both signs, within a parameter's bounds."""
    both = np.concatenate([-GRID_EXPONENTS[::-1], GRID_EXPONENTS])
    return both[(both >= parameter.low) & (both <= parameter.high)]


COEFFICIENT = Role(coefficient_bounds)
FLOOR = Role(floor_bounds)
# Lower level of a metric that grows; it may lie above the smallest values, which are noisy.
LOWER = Role(lambda scene: (0.0, scene.highest))
# Level that a metric approaches, which may lie far above the data.
LEVEL = Role(lambda scene: (0.0, 1e3 * scene.highest))
SIGNED = Role(lambda scene: (-1e6 * scene.highest, 1e6 * scene.highest))


def exponent(low: float = 1e-3, high: float = 3.0) -> Role:
    """The role of an exponent of an input."""
    starts = exponents(Parameter(name="", meaning="", low=low, high=high))
    return Role(lambda _: (low, high), lambda _: starts)


def shape(low: float, high: float, starts: tuple[float, ...], *, is_log: bool = False) -> Role:
    """The role of a pure number with these bounds and starts; `is_log` if its coordinate is a logarithm."""
    change = np.log if is_log else np.asarray
    bounds, values = change(np.array([low, high])), change(np.array(starts))
    return Role(lambda _: (float(bounds[0]), float(bounds[1])), lambda _: values)


def place(of: str, *, below: float = AROUND, above: float = AROUND, inverse: bool = False, count: int = 8) -> Role:
    """The role of a value of the input `of` (or, if `inverse`, of 1 / input), such as where a law bends; in logs."""

    def ends(scene: Scene) -> Bounds:
        low, high = float(scene.inputs[of].min()), float(scene.inputs[of].max())
        return (-high, -low) if inverse else (low, high)

    def starts(scene: Scene) -> Array:
        low, high = ends(scene)
        return np.linspace(low - min(below, 2.0), high + min(above, 2.0), count)

    return Role(lambda scene: (ends(scene)[0] - below, ends(scene)[1] + above), starts)
