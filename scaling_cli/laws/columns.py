"""Laws for any columns that the user names: each column adds a term, a power or a factor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Derived, Law, Parameter, Published
from scaling_cli.laws.roles import COEFFICIENT, FLOOR, exponent, shape
from scaling_cli.laws.sums import Power, SumLaw, Term
from scaling_cli.record import replace


def additive(columns: Sequence[str]) -> Law:
    """A floor plus one power law per column."""
    parameters = [Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss", low=0.0)]
    for column in columns:
        parameters += [
            Parameter(name=f"A_{column}", meaning=f"loss from finite {column}, at {column} = 1", unit="loss",
                      positive=True, vanishes=True),
            Parameter(name=f"alpha_{column}", meaning=f"exponent of {column}", kind="exponent", low=1e-3, high=3.0),
        ]  # fmt: skip
    return SumLaw(
        name="additive",
        formula=" + ".join(["E", *(f"A_{column} / {column}^alpha_{column}" for column in columns)]),
        source="chinchilla with any columns; width and depth in McLeish et al. 2025, arXiv:2502.06857",
        inputs=tuple(columns),
        parameters=tuple(parameters),
        terms=(Term("E"), *(Term(f"A_{column}", (Power(column, f"alpha_{column}"),)) for column in columns)),
    )


def multi_power(columns: Sequence[str]) -> Law:
    """A product of powers of the columns, which is a plane in logs."""
    return SumLaw(
        name="multi-power",
        formula=" * ".join(["K", *(f"{column}^p_{column}" for column in columns)]),
        source="hyper-parameters: Li et al. 2025 (Step Law), arXiv:2503.04715; DeepSeek 2024, arXiv:2401.02954",
        inputs=tuple(columns),
        parameters=(
            Parameter(name="K", meaning="value where all columns are 1", unit="loss", positive=True, vanishes=True),
            *(Parameter(name=f"p_{column}", meaning=f"exponent of {column}, signed", kind="exponent",
                        low=-6.0, high=6.0)
              for column in columns),
        ),
        derived=(Derived("k", "log of K, the intercept of the plane in logs", lambda p: np.log(p["K"])),),
        terms=(Term("K", tuple(Power(column, f"p_{column}", +1) for column in columns)),),
    )  # fmt: skip


def precision(columns: Sequence[str]) -> Law:
    """The Chinchilla law with effective params, which shrink as the bits in each column fall."""
    columns = [column for column in columns if column not in ("params", "tokens")]
    factors = "".join(f" * (1 - exp(-{column} / gamma_{column}))" for column in columns)
    gammas = {f"gamma_{column}": shape(0.05, 30.0, (0.5, 1.0, 2.0, 4.0), is_log=True) for column in columns}
    return FormulaLaw(
        name="precision",
        formula=f"E + A / (params{factors})^alpha + B / tokens^beta",
        source="Kumar et al. 2024, arXiv:2411.04330: bits of weights, activations or the cache as columns",
        inputs=("params", "tokens", *columns),
        narrow=tuple(columns),
        parameters=(
            Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss"),
            Parameter(name="A", meaning="loss from finite params, at 1 effective param", unit="loss", positive=True,
                      vanishes=True),
            Parameter(name="B", meaning="loss from finite tokens, at 1 token", unit="loss", positive=True,
                      vanishes=True),
            Parameter(name="alpha", meaning="exponent of effective params", kind="exponent"),
            Parameter(name="beta", meaning="exponent of tokens", kind="exponent"),
            *(Parameter(name=f"gamma_{column}", meaning=f"value of {column} at which 63 % of the params are effective",
                        unit="bits", positive=True) for column in columns),
        ),
        roles={"E": FLOOR, "A": COEFFICIENT, "B": COEFFICIENT, "alpha": exponent(), "beta": exponent(), **gammas},
        absorbs=(Absorb("A", "params", by="alpha"), Absorb("B", "tokens", by="beta")),
        derived=_best_bits(list(gammas)) if len(gammas) > 1 else (),
    )  # fmt: skip


def _best_bits(gammas: Sequence[str]) -> tuple[Derived, ...]:
    """The number of bits, equal in all columns, with the most effective params for a cost in proportion to bits.

    With one column fewer bits are always better; the bits maximise prod (1 - exp(-P / gamma)) / P (Kumar et al. 2024,
    section 4.3).
    """

    def compute(parameters: Mapping[str, Array]) -> Array:
        widths = np.stack([parameters[name] for name in gammas])
        low, high = widths.min(axis=0) * 1e-3, widths.max(axis=0) * 50
        for _ in range(200):  # the logarithm of the product has a falling slope, so bisection finds its zero
            bits = (low + high) / 2
            slope = (bits / (widths * np.expm1(bits / widths))).sum(axis=0) - 1
            low, high = np.where(slope > 0, bits, low), np.where(slope > 0, high, bits)
        return np.asarray(bits)

    return (Derived("best_bits", "bits, equal in all columns, with the most effective params for their cost", compute),)


ADDITIVE = additive(("x1", "x2"))
MULTI_POWER = replace(
    multi_power(("x1", "x2")),
    published=(
        Published(
            "step-law-lr",
            "best learning rate, x1 = params and x2 = tokens",
            "Li et al. 2025, arXiv:2503.04715",
            {"K": 1.79, "p_x1": -0.713, "p_x2": 0.307},
        ),
    ),
)
PRECISION = precision(("bits",))

# Functions that build these laws for the columns the user names; the laws above have example columns.
MAKERS: dict[str, Callable[[Sequence[str]], Law]] = {
    "additive": additive,
    "multi-power": multi_power,
    "precision": precision,
}
