"""Loss as a function of params and tokens: the Chinchilla law, and the same law with one exponent for both."""

from __future__ import annotations

from math import exp

from scaling_cli.laws.law import Derived, Parameter, Published
from scaling_cli.laws.sums import Power, SumLaw, Term

FLOOR_PARAMETER = Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss", low=0.0)
OPTIMAL_EXPONENTS = (
    Derived(
        "params_exponent",
        "compute-optimal params grow as compute to this power: beta / (alpha + beta)",
        lambda p: p["beta"] / (p["alpha"] + p["beta"]),
        is_power_of_compute=True,
    ),
    Derived(
        "tokens_exponent",
        "compute-optimal tokens grow as compute to this power: alpha / (alpha + beta)",
        lambda p: p["alpha"] / (p["alpha"] + p["beta"]),
        is_power_of_compute=True,
    ),
)
# Of E, log A, log B, alpha and beta: from 4,000 bootstrap draws of the 240 points, fitted to log loss by the Huber loss
# with delta 1e-3. The standard errors of E, alpha and beta are those that Besiroglu et al. print.
BESIROGLU_COVARIANCE = (
    (6.3728e-4, 3.8205e-3, 6.2945e-3, 2.2546e-4, 3.0672e-4),
    (3.8205e-3, 6.6243e-2, -2.8748e-2, 3.9477e-3, -1.4370e-3),
    (6.2945e-3, -2.8748e-2, 1.74996e-1, -1.7826e-3, 8.5565e-3),
    (2.2546e-4, 3.9477e-3, -1.7826e-3, 2.3556e-4, -8.9158e-5),
    (3.0672e-4, -1.4370e-3, 8.5565e-3, -8.9158e-5, 4.1865e-4),
)


def coefficient_parameters() -> tuple[Parameter, Parameter]:
    """The coefficients `A` and `B`."""
    return (
        Parameter(name="A", meaning="loss from finite params, at 1 param", unit="loss", positive=True, vanishes=True),
        Parameter(name="B", meaning="loss from finite tokens, at 1 token", unit="loss", positive=True, vanishes=True),
    )


CHINCHILLA = SumLaw(
    name="chinchilla",
    formula="E + A / params^alpha + B / tokens^beta",
    source="Hoffmann et al. 2022, arXiv:2203.15556, eq. 2",
    inputs=("params", "tokens"),
    parameters=(
        FLOOR_PARAMETER,
        *coefficient_parameters(),
        Parameter(name="alpha", meaning="exponent of params", kind="exponent", low=1e-3, high=3.0),
        Parameter(name="beta", meaning="exponent of tokens", kind="exponent", low=1e-3, high=3.0),
    ),
    derived=OPTIMAL_EXPONENTS,
    terms=(
        Term("E"),
        Term("A", (Power("params", "alpha"),)),
        Term("B", (Power("tokens", "beta"),)),
    ),
    published=(
        Published(
            "hoffmann",
            "MassiveText, as in the paper's TeX source",
            "Hoffmann et al. 2022, arXiv:2203.15556",
            {"E": exp(0.5267228), "A": exp(6.0073404), "B": exp(6.0179186), "alpha": 0.33917084, "beta": 0.2849083},
        ),
        Published(
            "hoffmann-printed",
            "as printed in the paper; its rounding moves the optimum by a fifth",
            "Hoffmann et al. 2022, arXiv:2203.15556, eq. 10",
            {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28},
        ),
        Published(
            "besiroglu",
            "240 of Hoffmann's points, refitted by least absolute deviations",
            "Besiroglu et al. 2024, arXiv:2404.10102",
            {"E": 1.81686, "A": 482.00572, "B": 2085.43420, "alpha": 0.34781, "beta": 0.36585},
            BESIROGLU_COVARIANCE,
        ),
        Published(
            "muennighoff-free",
            "C4, single epoch, alpha and beta fitted separately",
            "Muennighoff et al. 2023, arXiv:2305.16264, code",
            {"E": exp(0.63032365), "A": exp(5.9577184), "B": exp(7.9145365), "alpha": 0.33480313, "beta": 0.38289225},
        ),
    ),
)

CHINCHILLA_TIED = SumLaw(
    name="chinchilla-tied",
    formula="E + A / params^alpha + B / tokens^alpha",
    source="Gadre et al. 2024, arXiv:2403.08540; Muennighoff et al. 2023, arXiv:2305.16264",
    inputs=("params", "tokens"),
    parameters=(
        FLOOR_PARAMETER,
        *coefficient_parameters(),
        Parameter(name="alpha", meaning="exponent of params and of tokens", kind="exponent", low=1e-3, high=3.0),
    ),
    derived=(
        Derived(
            "tokens_per_param",
            "compute-optimal tokens per param, equal at every scale: (B / A)^(1 / alpha)",
            lambda p: (p["B"] / p["A"]) ** (1 / p["alpha"]),
        ),
    ),
    terms=(
        Term("E"),
        Term("A", (Power("params", "alpha"),)),
        Term("B", (Power("tokens", "alpha"),)),
    ),
    published=(
        Published(
            "muennighoff",
            "C4, single epoch",
            "Muennighoff et al. 2023, arXiv:2305.16264",
            {"E": exp(0.6254804), "A": exp(6.255414), "B": exp(7.3049974), "alpha": 0.3526596},
        ),
    ),
)
