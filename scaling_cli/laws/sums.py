"""Laws that are a sum of terms, each a coefficient times powers of inputs.

The log of such a term is linear in the coordinates, `log A - alpha log N`, so the log of the sum and its derivatives
follow from the list of terms:

    log L = log (E + sum_t e_t),   d log L / d log A_t = e_t / L,   d log L / d alpha = sum_t (+-log x) e_t / L.

The coordinate of the floor E is E itself, not its log, because E may be zero: near zero its log would have no gradient,
and steps towards zero would overshoot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs, from_coordinates
from scaling_cli.laws.law import Law, Scale, Scene
from scaling_cli.laws.roles import coefficient_bounds, exponents, floor_bounds, plain_scale
from scaling_cli.record import Record


class Power(Record):
    """A factor of a term: `input ** (sign * exponent)`."""

    input: str
    exponent: str
    sign: int = -1


class Term(Record):
    """A term of the sum: `coefficient * product of powers`; without powers it is the floor."""

    coefficient: str
    powers: tuple[Power, ...] = ()

    @property
    def is_floor(self) -> bool:
        """Whether the term is constant."""
        return not self.powers


class _Place(Record):
    """The index of a term's coefficient, and of each power: exponent, sign, input, whether no term before has it."""

    coefficient: int
    powers: tuple[tuple[int, int, str, bool], ...]


class SumLaw(Law, kw_only=True):
    """A law defined by its list of terms."""

    takes_rows: ClassVar[bool] = True

    terms: tuple[Term, ...]

    def _index(self, name: str) -> int:
        return self.names.index(name)

    @cached_property
    def _places(self) -> tuple[_Place, ...]:
        """Where each term finds its coordinates."""
        seen: set[str] = set()
        places = []
        for term in self.terms:
            powers = []
            for power in term.powers:
                powers.append((self._index(power.exponent), power.sign, power.input, power.exponent not in seen))
                seen.add(power.exponent)
            places.append(_Place(self._index(term.coefficient), tuple(powers)))
        return tuple(places)

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs less their mean; each coefficient absorbs the change of its powers."""
        means = {name: float(np.mean(values)) for name, values in inputs.items()}
        shift = np.eye(len(self.parameters))
        for term in self.terms:
            for power in term.powers:
                shift[self._index(term.coefficient), self._index(power.exponent)] += power.sign * means[power.input]
        return {name: values - means[name] for name, values in inputs.items()}, shift, np.zeros(len(shift))

    def _values(self, theta: Array, inputs: Inputs) -> tuple[list[Array], Array]:
        """The value of each term, `(replicates, n)` or `(replicates, 1)` for the floor, and their sum."""
        values = []
        total = np.zeros((len(theta), next(iter(inputs.values())).shape[-1]))
        for place in self._places:
            value = theta[:, place.coefficient, None]
            for exponent, sign, name, _ in place.powers:
                value = value + (sign * theta[:, exponent, None]) * inputs[name]
            if place.powers:
                np.exp(value, out=value)
            total += value
            values.append(value)
        return values, total

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the sum and its Jacobian.

        An exponential that overflows gives an infinite objective, which the solver rejects like any bad step, so no
        maximum is subtracted first: that would cost a pass over the data in the innermost loop.
        """
        values, total = self._values(theta, inputs)
        inverse = 1.0 / total
        shares = (inverse if not place.powers else value for place, value in zip(self._places, values, strict=True))
        return np.log(total, out=total), self._jacobian(theta, inputs, shares, inverse)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The sum and its Jacobian, computed without logs, which saves time on the large grid of starts."""
        values, total = self._values(theta, inputs)
        shares = (1.0 if not place.powers else value for place, value in zip(self._places, values, strict=True))
        return total, self._jacobian(theta, inputs, shares, None)

    def _jacobian(self, theta: Array, inputs: Inputs, shares: Iterable[Array | float], inverse: Array | None) -> Array:
        """The Jacobian from the derivative of the result in each coefficient, which `inverse` multiplies for powers."""
        by_coordinate = np.empty((len(self.parameters), len(theta), next(iter(inputs.values())).shape[-1]))
        for place, share in zip(self._places, shares, strict=True):
            own = by_coordinate[place.coefficient]
            if inverse is None or not place.powers:
                own[:] = share
            else:
                np.multiply(share, inverse, out=own)
            for exponent, sign, name, is_first in place.powers:
                slope = sign * inputs[name]
                if is_first:
                    np.multiply(own, slope, out=by_coordinate[exponent])
                else:
                    by_coordinate[exponent] += own * slope
        return from_coordinates(by_coordinate)

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts of each exponent, around published values."""
        used = {power.exponent for term in self.terms for power in term.powers}
        return {parameter.name: exponents(parameter) for parameter in self.parameters if parameter.name in used}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """One scale per coefficient."""
        return tuple(plain_scale(term.coefficient) for term in self.terms)

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of each exponent, and of coefficients and floor from the data (see `roles`)."""
        low = np.array([parameter.low for parameter in self.parameters])
        high = np.array([parameter.high for parameter in self.parameters])
        for term in self.terms:
            index = self._index(term.coefficient)
            low[index], high[index] = floor_bounds(scene) if term.is_floor else coefficient_bounds(scene)
        return low, high
