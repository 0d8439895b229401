"""A loss surface that has the Chinchilla and the Kaplan law as special cases."""

from __future__ import annotations

import numpy as np

from scaling_cli.laws.chinchilla import OPTIMAL_EXPONENTS
from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Parameter, Scale
from scaling_cli.laws.roles import FLOOR, Role, shape

WITHIN_POWER = Role(lambda _: (-60.0, 60.0))  # the log of a coefficient under a power that may be as low as 0.05

GENERAL = FormulaLaw(
    name="general",
    formula="E + (A / params^alpha + B / tokens^beta)^gamma",
    source="nests Hoffmann et al. 2022, eq. 2 (gamma = 1), and Kaplan et al. 2020, eq. 1.5 (E = 0, beta = 1)",
    inputs=("params", "tokens"),
    parameters=(
        Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(
            name="A", meaning="weight of finite params, at 1 param", unit="loss^(1/gamma)", positive=True,
            vanishes=True,
        ),
        Parameter(
            name="B", meaning="weight of finite tokens, at 1 token", unit="loss^(1/gamma)", positive=True,
            vanishes=True,
        ),
        Parameter(name="alpha", meaning="exponent of params inside the power", kind="exponent"),
        Parameter(name="beta", meaning="exponent of tokens inside the power", kind="exponent"),
        Parameter(name="gamma", meaning="power of the sum; 1 for chinchilla", positive=True),
    ),
    roles={
        "E": FLOOR,
        "A": Role(WITHIN_POWER.bounds, lambda scene: np.linspace(-3.0, 3.0, 7)),
        "B": WITHIN_POWER,
        "alpha": shape(1e-3, 6.0, (0.08, 0.2, 0.35, 0.55, 0.9, 1.5)),
        "beta": shape(1e-3, 6.0, (0.08, 0.2, 0.35, 0.55, 0.9, 1.5)),
        "gamma": shape(0.05, 5.0, (0.3, 0.6, 1.0, 1.8), is_log=True),
    },
    absorbs=(Absorb("A", "params", by="alpha"), Absorb("B", "tokens", by="beta")),
    groups=(Scale({"A": lambda at: 1 / np.exp(at["gamma"]), "B": lambda at: 1 / np.exp(at["gamma"])}),),
    derived=OPTIMAL_EXPONENTS,
)  # fmt: skip
