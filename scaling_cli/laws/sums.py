"""Laws that are a sum of terms, each a coefficient times powers of inputs.

The log of such a term is linear in the coordinates, `log A - alpha log N`, so the log of the sum and its derivatives
follow from the list of the terms alone:

    log L = log (E + sum_t e_t),   d log L / d log A_t = e_t / L,   d log L / d alpha = sum_t (+-log x) e_t / L.

The floor E is a coordinate as it is, not in logs, since it may well be zero: there its logarithm would have no
gradient to come back by, and steps towards it would overshoot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_cli.laws.law import Array, Grid, Inputs, Law

# Exponents tried in turn, for each exponent of a law: denser where published ones lie.
GRID_EXPONENTS = np.geomspace(0.02, 1.5, 30)
GRID_SIZE = 1_000  # at most, over all exponents of a law
CEILING = 1.02  # a floor may lie a little above the smallest loss, which is noisy
BEYOND = 2.0  # a term may be e^2 times the largest loss at the centre of the data: it falls steeply from there
VANISHED = 30.0  # a term e^-30 of the smallest loss has left the law: its coefficient is at its bound


@dataclass(frozen=True, slots=True)
class Power:
    """A factor `input ** (sign * exponent)` of a term."""

    input: str
    exponent: str
    sign: int = -1


@dataclass(frozen=True, slots=True)
class Term:
    """`coefficient * product of powers`; without powers, the floor."""

    coefficient: str
    powers: tuple[Power, ...] = ()

    @property
    def is_floor(self) -> bool:
        """Whether the term is the same everywhere."""
        return not self.powers


@dataclass(frozen=True, slots=True, kw_only=True)
class SumLaw(Law):
    """A law that is only its terms."""

    terms: tuple[Term, ...]

    def _index(self, name: str) -> int:
        return self.names.index(name)

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array]:
        """Inputs less their mean; each coefficient takes up what its powers lose."""
        means = {name: float(np.mean(values)) for name, values in inputs.items()}
        shift = np.eye(len(self.parameters))
        for term in self.terms:
            for power in term.powers:
                shift[self._index(term.coefficient), self._index(power.exponent)] += power.sign * means[power.input]
        return {name: values - means[name] for name, values in inputs.items()}, shift

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

    def grid(self, inputs: Inputs) -> Grid:
        """Every combination of exponents on a grid; the coefficients are what remains linear."""
        used = {power.exponent for term in self.terms for power in term.powers}
        exponents = [parameter for parameter in self.parameters if parameter.name in used]
        count = int(GRID_SIZE ** (1 / max(len(exponents), 1)) + 1e-9)
        axes = []
        for parameter in exponents:
            axis = GRID_EXPONENTS[np.linspace(0, len(GRID_EXPONENTS) - 1, min(count, len(GRID_EXPONENTS))).astype(int)]
            axis = np.concatenate([-axis[::-1], axis])
            axes.append(axis[(axis >= parameter.low) & (axis <= parameter.high)])
        mesh = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        theta = np.zeros((len(mesh), len(self.parameters)))
        theta[:, [self._index(parameter.name) for parameter in exponents]] = mesh
        n = len(next(iter(inputs.values())))
        columns = [self._index(term.coefficient) for term in self.terms]
        floor = np.array([term.is_floor for term in self.terms])
        theta[:, columns] = np.where(floor, 1.0, 0.0)  # each coefficient one
        basis = np.stack(
            [np.broadcast_to(self._value(term, theta, inputs), (len(mesh), n)) for term in self.terms], axis=2
        )

        def assemble(coefficients: Array) -> Array:
            complete = theta.copy()
            with np.errstate(divide="ignore"):
                complete[:, columns] = np.where(floor, coefficients, np.log(coefficients))
            return complete

        return Grid(basis, assemble)

    def bounds(self, lowest: float, highest: float) -> tuple[Array, Array]:
        """Exponents within their own bounds; no term beyond the data, a floor hardly above the smallest loss."""
        low = np.array([parameter.low for parameter in self.parameters])
        high = np.array([parameter.high for parameter in self.parameters])
        for term in self.terms:
            index = self._index(term.coefficient)
            if term.is_floor:
                low[index], high[index] = 0.0, CEILING * lowest
            else:
                low[index], high[index] = np.log(lowest) - VANISHED, np.log(highest) + BEYOND
        return low, high
