"""Laws that are a sum of terms, each a coefficient times powers of inputs.

The log of such a term is linear in the coordinates, `log A - alpha log N`, so the log of the sum and its derivatives
follow from the list of terms:

    log L = log (E + sum_t e_t),   d log L / d log A_t = e_t / L,   d log L / d alpha = sum_t (+-log x) e_t / L.

The coordinate of the floor E is E itself, not its log, because E may be zero: near zero its log would have no gradient,
and steps towards zero would overshoot.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array, Inputs
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


class SumLaw(Law, kw_only=True):
    """A law defined by its list of terms."""

    terms: tuple[Term, ...]

    def _index(self, name: str) -> int:
        return self.names.index(name)

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs less their mean; each coefficient absorbs the change of its powers."""
        means = {name: float(np.mean(values)) for name, values in inputs.items()}
        shift = np.eye(len(self.parameters))
        for term in self.terms:
            for power in term.powers:
                shift[self._index(term.coefficient), self._index(power.exponent)] += power.sign * means[power.input]
        return {name: values - means[name] for name, values in inputs.items()}, shift, np.zeros(len(shift))

    def _value(self, term: Term, theta: Array, inputs: Inputs) -> Array:
        """The value of a term: `(replicates, n)`, or `(replicates, 1)` for the floor."""
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
        """The sum and its Jacobian, computed without logs, which saves time on the large grid of starts."""
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
