"""What a written formula says about its parameters: which are coefficients or exponents, and where their search starts.

An exponent starts from values that laws have. A number that is added to an input, or divides or multiplies it, starts
from the size of that input, and a coefficient inside a power or a log from the size of its neighbours there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.formula.tape import as_is, compile_tape
from scaling_cli.formula.tree import Node, linear_names
from scaling_cli.laws.formula import Absorb
from scaling_cli.laws.law import Kind, Parameter, Scene
from scaling_cli.laws.places import Place, known_terms, place_of, powers
from scaling_cli.laws.roles import Role
from scaling_cli.record import Record

EXPONENTS = np.array([0.04, 0.12, 0.3, 0.6, 1.2])
SIZES = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 20.0])  # of an input, or of its inverse
WITHIN = np.array([-4.0, -1.0, 1.0, 4.0])  # logs of a coefficient inside a power, in units of its neighbours
LARGEST_LOG = 700.0  # beyond it exp() overflows

SHIFT = 0  # in place of a power: the parameter is subtracted from a log, so it is a place in its range
PLACES = (0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)

Bounds = tuple[float, float]


class Reader(Record, dict=True):
    """What the formula, written without levels, says about its parameters."""

    tree: Node
    inputs: tuple[str, ...]
    names: tuple[str, ...]
    indexed: Mapping[str, tuple[str, tuple[str, ...]]]

    def expanded(self, name: str) -> tuple[str, ...]:
        """The names of a parameter at each of its levels."""
        return tuple(f"{name}[{label}]" for label in self.indexed[name][1]) if name in self.indexed else (name,)

    def place(self, name: str) -> Place | None:
        """The part of the formula in which a parameter is linear."""
        return place_of(self.tree, name)

    def is_coefficient(self, name: str) -> bool:
        """Whether a parameter multiplies others where the formula has to be positive."""
        place = self.place(name)
        return place is not None and place.is_positive and bool(place.other_names() - set(self.inputs))

    def is_exponent(self, name: str) -> bool:
        """Whether a parameter occurs in an exponent."""
        return any(node.operation == "pow" and name in node.parts[1].names() for node in self.tree.nodes())

    def parameter(self, one: str, name: str, *, is_coefficient: bool) -> Parameter:
        """The parameter `name` at the level `one`."""
        is_exponent = not is_coefficient and self.is_exponent(name) and name not in linear_names(self.tree, (name,))
        meaning = "coefficient" if is_coefficient else "exponent" if is_exponent else "number"
        kind: Kind = "exponent" if is_exponent else "other"
        return Parameter(name=one, meaning=f"{meaning} of the formula", positive=is_coefficient, kind=kind)

    def absorbs(self, positive: Collection[str]) -> tuple[Absorb, ...]:
        """How each coefficient changes with the unit of the inputs that multiply it."""
        found = []
        for name in self.names:
            place = self.place(name)
            if place is None:
                continue
            for factor, sign in place.factors:
                for input_name, terms in powers(factor, self.inputs, sign).items():
                    for scale, by in terms:
                        found += [
                            Absorb(one, input_name, each, scale * share)
                            for one in self.expanded(name)
                            if one in positive
                            for each, share in self._levels_of(by, one)
                        ]
        return tuple(found)

    def _levels_of(self, by: str | None, one: str) -> list[tuple[str | None, float]]:
        """The parameter behind an exponent at the level of `one`, or the mean over its levels."""
        if by is None or by not in self.indexed:
            return [(by, 1.0)]
        own = f"{by}[{one.partition('[')[2]}"
        every = self.expanded(by)
        return [(own, 1.0)] if own in every else [(each, 1 / len(every)) for each in every]

    def role(self, name: str, bounds: Bounds, start: float | None, *, is_linear: bool, is_coefficient: bool) -> Role:
        """The bounds and starts of a parameter."""
        low, high = bounds
        if is_coefficient:
            with np.errstate(divide="ignore"):
                ends = np.clip(np.log([max(low, 0.0), max(high, 0.0)]), -LARGEST_LOG, LARGEST_LOG)
            pair = float(ends[0]), float(ends[1])
            if is_linear:
                return Role(lambda _: pair)
            if start is not None and start > 0:
                return Role(lambda _: pair, lambda _: np.log([start]))
            return Role(lambda _: pair, lambda scene: np.clip(self._neighbours(name, scene) + WITHIN, *pair))
        if is_linear:
            return Role(lambda _: (low, high))
        if start is not None:
            return Role(lambda _: (low, high), lambda _: np.array([start]))
        guess = self.guess(name)
        return Role(lambda _: (low, high), lambda scene: _within(guess, scene, low, high))

    def _neighbours(self, name: str, scene: Scene) -> float:
        """The log of the size of the terms beside a coefficient that have no parameter; 0 if there are none."""
        place = self.place(name)
        known = known_terms(place.part, self.inputs) if place is not None else []
        sizes = [_size(term, scene) for term in known]
        return float(np.log(max(sizes))) if sizes and max(sizes) > 0 else 0.0

    def guess(self, name: str) -> tuple[Node, int] | None:
        """The part of the formula whose size that of `name` should follow, directly (1) or inversely (-1)."""
        if self.is_exponent(name):
            return None
        for node in self.tree.nodes():
            for part, other in zip(node.parts, reversed(node.parts), strict=True):
                alone = part.parts[0] if part.operation == "neg" else part
                is_of_inputs = bool(other.names()) and set(other.names()) <= set(self.inputs)
                if len(node.parts) == 2 and alone.operation == "name" and alone.name == name and is_of_inputs:
                    is_shift = node.operation == "sub" and other.operation == "log"
                    return other, SHIFT if is_shift else -1 if node.operation == "mul" else 1
        return None


def _values(node: Node, scene: Scene) -> Array:
    """The values of a part of the formula that has no parameter."""
    names = node.names()
    unlogged = frozenset(name for name in names if as_is(name) in scene.inputs)
    return np.atleast_1d(compile_tape(node, names, unlogged).evaluate({}, scene.inputs)[0])


def _size(node: Node, scene: Scene) -> float:
    """The typical size of a part of the formula that has no parameter."""
    seen = np.abs(_values(node, scene))
    seen = seen[(seen > 0) & np.isfinite(seen)]
    return float(np.exp(np.mean(np.log(seen)))) if len(seen) else 1.0


def _within(guess: tuple[Node, int] | None, scene: Scene, low: float, high: float) -> Array:
    """Values to start from: those inside the bounds, or some made from the bounds."""
    if guess is None:
        values = np.concatenate([-EXPONENTS[::-1], EXPONENTS])
    else:
        node, power = guess
        values = SIZES * _size(node, scene) ** power
        if power < 0:  # a slope may fall or rise
            values = np.concatenate([-values[::-1], values])
        if power == SHIFT:  # a place among the values of what it is subtracted from
            values = np.quantile(_values(node, scene), PLACES)
    inside = values[(values > low) & (values < high)]
    if len(inside):
        return inside
    if np.isfinite(low) and np.isfinite(high):
        return np.linspace(low, high, 7)[1:-1]
    return low + EXPONENTS if np.isfinite(low) else high - EXPONENTS
