"""Repeated data: the diminishing value of further epochs, and of params beyond what the data support."""

from __future__ import annotations

from math import exp

import numpy as np

from scaling_cli.laws.chinchilla import FLOOR_PARAMETER, OPTIMAL_EXPONENTS, coefficient_parameters
from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Parameter, Published, Scale
from scaling_cli.laws.roles import COEFFICIENT, FLOOR, Role, shape

DATA_CONSTRAINED = FormulaLaw(
    name="data-constrained",
    formula="E + A / N'^alpha + B / D'^beta, with D' = U (1 + R_D (1 - exp(-(tokens / U - 1) / R_D))), "
    "U = min(tokens, unique_tokens), and N' likewise with R_N and the params that are optimal for U",
    source="Muennighoff et al. 2023, arXiv:2305.16264",
    inputs=("params", "tokens", "unique_tokens"),
    parameters=(
        FLOOR_PARAMETER,
        *coefficient_parameters(),
        Parameter(name="alpha", meaning="exponent of effective params", kind="exponent"),
        Parameter(name="beta", meaning="exponent of effective tokens", kind="exponent"),
        Parameter(name="R_D", meaning="repetitions that give 63 % of the largest gain from repetition", positive=True),
        Parameter(name="R_N", meaning="like R_D, for params beyond what is optimal for the unique tokens",
                  positive=True),
    ),
    where=(
        ("U", "min(tokens, unique_tokens)"),
        ("N_opt", "(alpha * A / (beta * B))^(1 / alpha) * U^(beta / alpha)"),
        ("N_used", "min(params, N_opt)"),
        ("D_eff", "U * (1 + R_D * (1 - exp(-(tokens / U - 1) / R_D)))"),
        ("N_eff", "N_used * (1 + R_N * (1 - exp(-(params / N_used - 1) / R_N)))"),
    ),
    expression="E + A / N_eff^alpha + B / D_eff^beta",
    roles={
        "E": FLOOR,
        "A": Role(COEFFICIENT.bounds, lambda scene: np.array([-2.5, -1.0, 0.0, 1.0, 2.5])),
        "B": COEFFICIENT,
        "alpha": shape(1e-2, 3.0, (0.1, 0.25, 0.4, 0.8)),
        "beta": shape(1e-2, 3.0, (0.1, 0.25, 0.4, 0.8)),
        "R_D": shape(0.1, 1e3, (1.0, 5.0, 25.0), is_log=True),
        "R_N": shape(0.1, 1e3, (1.0, 5.0, 25.0), is_log=True),
    },
    absorbs=(
        Absorb("A", "params", by="alpha"),
        Absorb("B", "tokens", by="beta"),
    ),
    follows={"unique_tokens": "tokens"},
    groups=(Scale({"A": lambda _: 1.0, "B": lambda _: 1.0}),),
    derived=OPTIMAL_EXPONENTS,
    published=(
        Published(
            "muennighoff",
            "C4, up to 1500 epochs, alpha = beta",
            "Muennighoff et al. 2023, arXiv:2305.16264, code",
            {
                "E": exp(0.6254804), "A": exp(6.255414), "B": exp(7.3049974), "alpha": 0.3526596, "beta": 0.3526596,
                "R_D": 15.387756, "R_N": 5.309743,
            },
        ),
    ),
)  # fmt: skip
