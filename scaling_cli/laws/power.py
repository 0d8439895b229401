"""Power laws of one input: straight in logs, or with a floor."""

from __future__ import annotations

from scaling_cli.laws.law import Parameter
from scaling_cli.laws.sums import Power, SumLaw, Term

EXPONENT = Parameter(name="b", meaning="exponent, signed: negative for a loss that falls", low=-3.0, high=3.0)
COEFFICIENT = Parameter(name="a", meaning="loss above the floor at x = 1", unit="loss", positive=True, vanishes=True)

POWER = SumLaw(
    name="power",
    formula="a * x^b",
    source="Hestness et al. 2017, arXiv:1712.00409; Kaplan et al. 2020, arXiv:2001.08361, eq. 1.1",
    inputs=("x",),
    parameters=(Parameter(name="a", meaning="loss at x = 1", unit="loss", positive=True, vanishes=True), EXPONENT),
    terms=(Term("a", (Power("x", "b", +1),)),),
)

POWER_CONSTANT = SumLaw(
    name="power-constant",
    formula="a * x^b + c",
    source="Henighan et al. 2020, arXiv:2010.14701, eq. 1.1",
    inputs=("x",),
    parameters=(
        COEFFICIENT,
        EXPONENT,
        Parameter(name="c", meaning="irreducible loss", unit="loss", low=0.0),
    ),
    terms=(Term("a", (Power("x", "b", +1),)), Term("c")),
)
