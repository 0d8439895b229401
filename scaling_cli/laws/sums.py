"""Laws that are a sum of terms, each a coefficient times powers of inputs.

The log of such a term is linear in the coordinates, `log A - alpha log N`, so the log of the sum and its derivatives
follow from the list of terms:

    log L = log (E + sum_t e_t),   d log L / d log A_t = e_t / L,   d log L / d alpha = sum_t (+-log x) e_t / L.

The coordinate of the floor E is E itself, not its log, because E may be zero: near zero its log would have no gradient,
and steps towards zero would overshoot.
"""

from __future__ import annotations

from collections.abc import Mapping
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

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the sum and its Jacobian.

        An exponential that overflows gives an infinite objective, which the solver rejects like any bad step, so no
        maximum is subtracted first: that would cost a pass over the data in the innermost loop.
        """
        total, slopes = self._terms(theta, inputs)
        inverse = 1.0 / total
        for place in self._places:
            own = slopes[place.coefficient]
            if place.powers:
                own *= inverse
            else:
                own[:] = inverse
        self._add_exponents(slopes, inputs)
        return np.log(total, out=total), from_coordinates(slopes)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The sum and its Jacobian, computed without logs, which saves time on the large grid of starts."""
        total, slopes = self._terms(theta, inputs)
        for place in self._places:
            if not place.powers:
                slopes[place.coefficient] = 1.0
        self._add_exponents(slopes, inputs)
        return total, from_coordinates(slopes)

    def _terms(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The sum of the terms `(replicates, n)`, and slopes `(k, replicates, n)`.

        Only the slopes of the coefficients of powers are filled in: with the value of their term.
        """
        shape = len(theta), next(iter(inputs.values())).shape[-1]
        total, slopes = np.zeros(shape), np.empty((len(self.parameters), *shape))
        for place in self._places:
            if not place.powers:
                total += theta[:, place.coefficient, None]
                continue
            value = slopes[place.coefficient]
            value[:] = theta[:, place.coefficient, None]
            for exponent, sign, name, _ in place.powers:
                value += (sign * theta[:, exponent, None]) * inputs[name]
            total += np.exp(value, out=value)
        return total, slopes

    def _add_exponents(self, slopes: Array, inputs: Inputs) -> None:
        """Fill in the slopes of the exponents, which follow from those of the coefficients."""
        for place in self._places:
            for exponent, sign, name, is_first in place.powers:
                own, slope = slopes[place.coefficient], sign * inputs[name]
                if is_first:
                    np.multiply(own, slope, out=slopes[exponent])
                else:
                    slopes[exponent] += own * slope

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
