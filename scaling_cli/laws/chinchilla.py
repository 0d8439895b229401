"""The loss surface of params and tokens."""

from __future__ import annotations

from scaling_cli.laws.law import Derived, Parameter
from scaling_cli.laws.sums import Power, SumLaw, Term

CHINCHILLA = SumLaw(
    name="chinchilla",
    formula="E + A / params^alpha + B / tokens^beta",
    source="Hoffmann et al. 2022, arXiv:2203.15556, eq. 2",
    inputs=("params", "tokens"),
    parameters=(
        Parameter(name="E", meaning="irreducible loss", unit="loss", low=0.0),
        Parameter(name="A", meaning="loss from finite params, at 1 param", unit="loss", positive=True),
        Parameter(name="B", meaning="loss from finite tokens, at 1 token", unit="loss", positive=True),
        Parameter(name="alpha", meaning="exponent of params", low=1e-3, high=3.0),
        Parameter(name="beta", meaning="exponent of tokens", low=1e-3, high=3.0),
    ),
    derived=(
        Derived(
            "params_exponent",
            "compute-optimal params grow as compute to this power: beta / (alpha + beta)",
            lambda p: p["beta"] / (p["alpha"] + p["beta"]),
        ),
        Derived(
            "tokens_exponent",
            "compute-optimal tokens grow as compute to this power: alpha / (alpha + beta)",
            lambda p: p["alpha"] / (p["alpha"] + p["beta"]),
        ),
    ),
    terms=(
        Term("E"),
        Term("A", (Power("params", "alpha"),)),
        Term("B", (Power("tokens", "beta"),)),
    ),
)
