"""Random designs and parameters on which a law is identified, for tests that run over all laws."""

from __future__ import annotations

import numpy as np

from scaling_cli.laws import Law

SIZES = {
    "params": (4e7, 2e10),
    "tokens": (5e8, 1e12),
    "x": (1e18, 1e23),
}  # published runs lie in these ranges


def draw_design(law: Law, generator: np.random.Generator, points: int) -> dict[str, np.ndarray]:
    """`points` values of each input, log-uniform and independent of each other."""
    return {name: np.exp(generator.uniform(*np.log(SIZES[name]), points)) for name in law.inputs}


def draw_parameters(law: Law, generator: np.random.Generator) -> np.ndarray:
    """Parameters as published fits have them: every term between a twentieth of the loss and all of it."""
    used = {power.exponent for term in law.terms for power in term.powers}
    exponents = {
        parameter.name: generator.uniform(0.1, 0.6) * (-1 if parameter.low < 0 else 1)
        for parameter in law.parameters
        if parameter.name in used
    }
    middle = {name: np.sqrt(low * high) for name, (low, high) in SIZES.items()}
    values = []
    for parameter in law.parameters:
        if parameter.name in exponents:
            values.append(exponents[parameter.name])
            continue
        powers = next((term.powers for term in law.terms if term.coefficient == parameter.name), ())
        scale = np.prod([middle[power.input] ** (power.sign * exponents[power.exponent]) for power in powers])
        values.append(generator.uniform(0.2, 2.0) / scale)
    return np.array(values)
