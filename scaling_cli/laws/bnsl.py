"""Broken power laws: one exponent before a bend, another after it."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Parameter, Published
from scaling_cli.laws.roles import COEFFICIENT, FLOOR, Role, place, shape

EARLY, LATE = 2, 3  # indices of the exponents


class BrokenLaw(FormulaLaw, kw_only=True):
    """A power law with one break.

    The coordinate of `c1` is the exponent after the break, `c0 + c1`, because the data determine it directly.
    """

    def to_parameters(self, theta: Array) -> Array:
        """Parameters as the paper prints them."""
        values = np.array(FormulaLaw.to_parameters(self, theta))
        values[..., LATE] -= values[..., EARLY]
        return values

    def to_coordinates(self, parameters: Array) -> Array:
        """The inverse of `to_parameters`."""
        values = np.array(parameters, dtype=float)
        values[..., LATE] += values[..., EARLY]
        return FormulaLaw.to_coordinates(self, values)


def _broken(name: str, *, early: Role, late: Role, about: str, published: tuple[Published, ...] = ()) -> BrokenLaw:
    return BrokenLaw(
        name=name,
        formula="a + b * x^-c0 * (1 + (x / d1)^(1 / f1))^(-c1 * f1)",
        expression="a + b * exp(-c0 * log(x) - (c1 - c0) * f1 * softplus((log(x) - log(d1)) / f1))",
        source=f"Caballero et al. 2023, arXiv:2210.14891, eq. 1 with one break{about}",
        inputs=("x",),
        parameters=(
            Parameter(name="a", meaning="irreducible loss", kind="floor", unit="loss"),
            Parameter(name="b", meaning="loss above the floor at x = 1, without the break", unit="loss", positive=True,
                      vanishes=True),
            Parameter(name="c0", meaning="exponent before the break", kind="exponent"),
            Parameter(name="c1", meaning="exponent added by the break", kind="exponent"),
            Parameter(name="d1", meaning="x at the break", unit="x", positive=True),
            Parameter(name="f1", meaning="width of the break in log x", positive=True),
        ),
        roles={
            "a": FLOOR,
            "b": COEFFICIENT,
            "c0": early,
            "c1": late,
            "d1": place("x", below=0.0, above=0.0, count=9),
            "f1": shape(0.01, 3.0, (0.1, 0.6), is_log=True),
        },
        absorbs=(Absorb("d1", "x"), Absorb("b", "x", by="c0")),
        polished=24,  # the objective has many local minima: eight starts missed the best one of 20 runs
        published=published,
    )  # fmt: skip


BNSL = _broken(
    "bnsl",
    early=shape(-3.0, 3.0, (-0.5, -0.1, 0.05, 0.2, 0.5, 1.0)),
    late=shape(-3.0, 10.0, (-0.3, 0.0, 0.1, 0.3, 0.8, 1.6, 4.0)),
    about="",
    published=(
        Published(
            "four-digit-addition",
            "the authors' worked example",
            "github.com/ethancaballero/broken_neural_scaling_laws",
            {
                "a": 0.41388453071629455, "b": 2.2772722897737556, "c0": 0.055077348404973955,
                "c1": 5.662903816010331, "d1": 612.5836172918001, "f1": 0.059193036393742314,
            },
        ),
    ),
)  # fmt: skip

BNSL_MONOTONE = _broken(
    "bnsl-monotone",
    early=shape(0.0, 3.0, (0.02, 0.1, 0.2, 0.4, 0.8, 1.5)),
    late=shape(0.0, 10.0, (0.0, 0.05, 0.15, 0.35, 0.8, 1.6, 4.0)),
    about=", constrained to fall everywhere",
)
