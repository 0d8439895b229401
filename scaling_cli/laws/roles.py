"""What parameters do in a formula, and so where they may lie and where to start: the same rules for every law.

A role answers two questions of the data in sight, a `Scene`: between which bounds its coordinate lies, and from which
values a grid should start. A role without starts is linear in the prediction, and is solved for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.law import Parameter, Scale, Scene
from scaling_cli.record import Record

# Exponents tried in turn, for each exponent of a law: denser where published ones lie.
GRID_EXPONENTS = np.geomspace(0.02, 1.5, 30)
CEILING = 1.02  # a floor may lie a little above the smallest loss, which is noisy
BEYOND = 2.0  # a term may be e^2 times the largest loss at the centre of the data: it falls steeply from there
VANISHED = 30.0  # a term e^-30 of the smallest loss has left the law: its coefficient is at its bound
AROUND = 6.0  # in logs: how far a place on an input may lie outside the data

Bounds = tuple[float, float]


class Role(Record):
    """Bounds of a coordinate, and values to start from, in sight of the data."""

    bounds: Callable[[Scene], Bounds]
    starts: Callable[[Scene], Array] | None = None


def plain_scale(name: str, *, is_signed: bool = False) -> Scale:
    """The scale of one coefficient."""
    return Scale({name: lambda _: 1.0}, is_signed)


def coefficient_bounds(scene: Scene) -> Bounds:
    """Of the log of a term's coefficient."""
    return float(np.log(scene.lowest)) - VANISHED, float(np.log(scene.highest)) + BEYOND


def floor_bounds(scene: Scene) -> Bounds:
    """Of a floor."""
    return 0.0, CEILING * scene.lowest


def exponents(parameter: Parameter) -> Array:
    """Exponents of both signs, within a parameter's bounds."""
    both = np.concatenate([-GRID_EXPONENTS[::-1], GRID_EXPONENTS])
    return both[(both >= parameter.low) & (both <= parameter.high)]


COEFFICIENT = Role(coefficient_bounds)
FLOOR = Role(floor_bounds)
# The lower level of a metric that grows, whose smallest values are as noisy as the others.
LOWER = Role(lambda scene: (0.0, scene.highest))
# A metric that grows may end far above what was seen of it.
LEVEL = Role(lambda scene: (0.0, 1e3 * scene.highest))
SIGNED = Role(lambda scene: (-1e6 * scene.highest, 1e6 * scene.highest))


def exponent(low: float = 1e-3, high: float = 3.0) -> Role:
    """An exponent of an input."""
    starts = exponents(Parameter(name="", meaning="", low=low, high=high))
    return Role(lambda _: (low, high), lambda _: starts)


def shape(low: float, high: float, starts: tuple[float, ...], *, is_log: bool = False) -> Role:
    """A pure number with bounds and starts of its own; in logs where its coordinate is."""
    change = np.log if is_log else np.asarray
    bounds, values = change(np.array([low, high])), change(np.array(starts))
    return Role(lambda _: (float(bounds[0]), float(bounds[1])), lambda _: values)


def place(of: str, *, below: float = AROUND, above: float = AROUND, inverse: bool = False, count: int = 8) -> Role:
    """The log of a place on the input `of`, or of its inverse, such as where a law bends; on centred inputs."""

    def ends(scene: Scene) -> Bounds:
        low, high = float(scene.inputs[of].min()), float(scene.inputs[of].max())
        return (-high, -low) if inverse else (low, high)

    def starts(scene: Scene) -> Array:
        low, high = ends(scene)
        return np.linspace(low - min(below, 2.0), high + min(above, 2.0), count)

    return Role(lambda scene: (ends(scene)[0] - below, ends(scene)[1] + above), starts)
