"""Laws that are a sum of terms, each a coefficient times powers of inputs.

The log of such a term is linear in the coordinates, `log A - alpha log N`, so the log of the sum and its derivatives
follow from the list of the terms alone:

    log L = log (E + sum_t e_t),   d log L / d log A_t = e_t / L,   d log L / d alpha = sum_t (+-log x) e_t / L.

The floor E is a coordinate as it is, not in logs, since it may well be zero: there its logarithm would have no
gradient to come back by, and steps towards it would overshoot.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.laws.law import Law, Scale, Scene
from scaling_cli.laws.roles import coefficient_bounds, exponents, floor_bounds, plain_scale
from scaling_cli.record import Record


class Power(Record):
    """A factor `input ** (sign * exponent)` of a term."""

    input: str
    exponent: str
    sign: int = -1


class Term(Record):
    """`coefficient * product of powers`; without powers, the floor."""

    coefficient: str
    powers: tuple[Power, ...] = ()

    @property
    def is_floor(self) -> bool:
        """Whether the term is the same everywhere."""
        return not self.powers


class SumLaw(Law, kw_only=True):
    """A law that is only its terms."""

    terms: tuple[Term, ...]

    def _index(self, name: str) -> int:
        return self.names.index(name)

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs less their mean; each coefficient takes up what its powers lose."""
        means = {name: float(np.mean(values)) for name, values in inputs.items()}
        shift = np.eye(len(self.parameters))
        for term in self.terms:
            for power in term.powers:
                shift[self._index(term.coefficient), self._index(power.exponent)] += power.sign * means[power.input]
        return {name: values - means[name] for name, values in inputs.items()}, shift, np.zeros(len(shift))

    def _value(self, term: Term, theta: Array, inputs: Inputs) -> Array:
        """A term `(replicates, n)`, or `(replicates, 1)` for the floor."""
        value = theta[:, self._index(term.coefficient), None]
        if term.is_floor:
            return value
        for power in term.powers:
            value = value + (power.sign * theta[:, self._index(power.exponent), None]) * inputs[power.input]
        return np.exp(value)

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the sum and its Jacobian.

        An exponential that overflows gives an infinite objective, which the solver rejects like any bad step, so no
        maximum is subtracted first: that would cost a pass over the data in the innermost loop.
        """
        n = len(next(iter(inputs.values())))
        # Coordinates before points in memory: the normal matrix then needs no copy of the Jacobian.
        jacobian = np.zeros((len(theta), len(self.parameters), n))
        parts = [self._value(term, theta, inputs) for term in self.terms]
        total = np.zeros((len(theta), n))
        for part in parts:
            total += part
        inverse = 1.0 / total
        for term, part in zip(self.terms, parts, strict=True):
            scale = 1.0 if term.is_floor else part
            share = np.multiply(scale, inverse, out=jacobian[:, self._index(term.coefficient)])
            for power in term.powers:
                jacobian[:, self._index(power.exponent)] += share * (power.sign * inputs[power.input])
        return np.log(total, out=total), jacobian.swapaxes(1, 2)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The sum and its Jacobian, without the way there and back by logarithms: the grid of starts is large."""
        n = len(next(iter(inputs.values())))
        jacobian = np.zeros((len(theta), len(self.parameters), n))
        total = np.zeros((len(theta), n))
        for term in self.terms:
            part = self._value(term, theta, inputs)
            total += part
            jacobian[:, self._index(term.coefficient)] = 1.0 if term.is_floor else part
            for power in term.powers:
                jacobian[:, self._index(power.exponent)] += part * (power.sign * inputs[power.input])
        return total, jacobian.swapaxes(1, 2)

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Exponents, as published ones lie."""
        used = {power.exponent for term in self.terms for power in term.powers}
        return {parameter.name: exponents(parameter) for parameter in self.parameters if parameter.name in used}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Each coefficient."""
        return tuple(plain_scale(term.coefficient) for term in self.terms)

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """Exponents within their own bounds; no term beyond the data, a floor hardly above the smallest loss."""
        low = np.array([parameter.low for parameter in self.parameters])
        high = np.array([parameter.high for parameter in self.parameters])
        for term in self.terms:
            index = self._index(term.coefficient)
            low[index], high[index] = floor_bounds(scene) if term.is_floor else coefficient_bounds(scene)
        return low, high
