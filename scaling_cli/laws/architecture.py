"""Laws of architecture: parallel streams, fine-grained and routed experts."""

from __future__ import annotations

from math import log

import numpy as np

from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Parameter, Published, Scale
from scaling_cli.laws.roles import FLOOR, Role, exponent, shape
from scaling_cli.laws.sums import Power, SumLaw, Term

PARALLEL = FormulaLaw(
    name="parallel",
    formula="E + (A / (params * (k * log(streams) + 1)))^alpha",
    source="Chen et al. 2025 (ParScale), arXiv:2505.10475, with A in params",
    inputs=("params", "streams"),
    narrow=("streams",),
    parameters=(
        Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(name="A", meaning="scale of params", unit="params loss^(1/alpha)", positive=True),
        Parameter(name="alpha", meaning="exponent of effective params", kind="exponent"),
        Parameter(name="k", meaning="share of effective params gained when streams grow by a factor of e"),
    ),
    roles={
        "E": FLOOR,
        "A": Role(lambda _: (-600.0, 600.0)),
        "alpha": exponent(5e-3, 3.0),
        "k": shape(0.0, 20.0, (0.02, 0.1, 0.25, 0.5, 1.0, 3.0)),
    },
    absorbs=(Absorb("A", "params"),),
    groups=(Scale({"A": lambda at: 1 / at["alpha"]}),),
    published=(
        Published(
            "stack-v2-python",
            "the paper's 24 points, refitted exactly by Huber 1e-3 on log loss",
            "Chen et al. 2025, arXiv:2505.10475, code",
            {"E": 0.69120702, "A": 1.130707e7, "alpha": 0.18935824, "k": 0.39345678},
        ),
        Published(
            "pile",
            "the paper's 24 points, refitted exactly by Huber 1e-3 on log loss",
            "Chen et al. 2025, arXiv:2505.10475, code",
            {"E": 1.28858758, "A": 1.9751658e8, "alpha": 0.19628145, "k": 0.33444241},
        ),
    ),
)

KRAJEWSKI = "Krajewski et al. 2024, arXiv:2402.07871"
GRANULAR = "granularity is the number of small experts into which one expert of usual size is split"
GRANULARITY = SumLaw(
    name="granularity",
    formula="c + (g / granularity^gamma + a) / params^alpha + b / tokens^beta",
    source=f"{KRAJEWSKI}: {GRANULAR}",
    inputs=("params", "tokens", "granularity"),
    narrow=("granularity",),
    parameters=(
        Parameter(name="c", meaning="irreducible loss", kind="floor", unit="loss", low=0.0),
        Parameter(name="a", meaning="loss from finite params, at 1 param and infinite granularity", unit="loss",
                  positive=True, vanishes=True),
        Parameter(name="g", meaning="loss added to a at granularity 1", unit="loss", positive=True, vanishes=True),
        Parameter(name="b", meaning="loss from finite tokens, at 1 token", unit="loss", positive=True, vanishes=True),
        Parameter(name="alpha", meaning="exponent of params", kind="exponent", low=1e-3, high=3.0),
        Parameter(name="beta", meaning="exponent of tokens", kind="exponent", low=1e-3, high=3.0),
        Parameter(name="gamma", meaning="exponent of granularity", kind="exponent", low=1e-3, high=3.0),
    ),
    terms=(
        Term("c"),
        Term("g", (Power("granularity", "gamma"), Power("params", "alpha"))),
        Term("a", (Power("params", "alpha"),)),
        Term("b", (Power("tokens", "beta"),)),
    ),
    published=(
        Published("krajewski", "mixture of 64 experts on C4; params are not those of the dense model", KRAJEWSKI,
                  {"c": 0.47, "a": 18.1, "g": 2.1, "b": 30.8, "alpha": 0.115, "beta": 0.147, "gamma": 0.58}),
    ),
)  # fmt: skip

CLARK = "Clark et al. 2022, arXiv:2202.01169"
DECADE = log(10.0)


def _routed(name: str, about: str, *values: float) -> Published:
    return Published(name, about, f"{CLARK}, table 3", dict(zip(ROUTED_NAMES, values, strict=True)))


ROUTED_NAMES = ("a", "b", "c", "d", "E_start", "E_max")
ROUTED = FormulaLaw(
    name="routed",
    formula="10^(a * log10(params) + b * log10(E_hat) + c * log10(params) * log10(E_hat) + d)",
    source=f"{CLARK}: 1/E_hat = 1/(experts - 1 + 1/(1/E_start - 1/E_max)) + 1/E_max",
    inputs=("params", "experts"),
    narrow=("experts",),
    parameters=(
        Parameter(name="a", meaning="exponent of params at one effective expert, signed", kind="exponent"),
        Parameter(name="b", meaning="exponent of effective experts at 1 param, signed", kind="exponent"),
        Parameter(name="c", meaning="change of either exponent per decade of the other input"),
        Parameter(name="d", meaning="loss at 1 param and one effective expert", unit="log10 loss"),
        Parameter(name="E_start", meaning="effective experts of the dense model", unit="experts", positive=True),
        Parameter(name="E_max", meaning="upper limit of effective experts", unit="experts", positive=True),
    ),
    where=(
        ("saturated", "1 / (experts - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max"),
        ("e", "-log(saturated)"),
        ("n", "log(params)"),
    ),
    expression=f"exp(a * n + b * e + c / {DECADE!r} * n * e + {DECADE!r} * d)",
    roles={
        "a": shape(-3.0, 3.0, (-0.2, -0.08, -0.03)),
        "b": shape(-3.0, 3.0, (-0.1, -0.02, 0.0)),
        "c": shape(-1.0, 1.0, (0.0,)),
        "d": Role(
            lambda scene: (np.log10(scene.lowest) - 3, np.log10(scene.highest) + 3),
            lambda scene: np.linspace(np.log10(scene.lowest), np.log10(scene.highest), 3),
        ),
        "E_start": shape(1.0 + 1e-6, 50.0, (1.2, 2.0, 5.0), is_log=True),
        "E_max": shape(20.0, 1e5, (60.0, 200.0, 600.0, 3000.0), is_log=True),
    },
    absorbs=(
        Absorb("d", "params", by="a", sign=1 / DECADE),
        Absorb("b", "params", by="c", sign=1 / DECADE),
    ),
    published=(
        _routed("s-base", "S-BASE routing, loss after 130B tokens", -0.082, -0.108, 0.009, 1.104, 1.847, 314.478),
        _routed("rl-r", "routing by reinforcement", -0.083, -0.126, 0.012, 1.111, 1.880, 469.982),
        _routed("hash", "routing by hashing", -0.087, -0.136, 0.012, 1.157, 4.175, 477.741),
    ),
)

LOSS_TO_LOSS = FormulaLaw(
    name="loss-to-loss",
    formula="E1 + K * (x - E0)^kappa",
    source="Brandfonbrener et al. 2024, arXiv:2411.12925: x is the other loss",
    inputs=("x",),
    narrow=("x",),
    parameters=(
        Parameter(name="E1", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(name="K", meaning="loss above E1 where x is 1 above E0", unit="loss", positive=True, vanishes=True),
        Parameter(name="kappa", meaning="exponent of the other loss above E0", kind="exponent"),
        Parameter(name="E0", meaning="irreducible value of x", unit="x"),
    ),
    roles={
        "E1": FLOOR,
        "K": Role(lambda scene: (np.log(scene.lowest) - 60.0, np.log(scene.highest) + 60.0)),
        "kappa": shape(0.02, 10.0, (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0)),
        "E0": Role(
            lambda scene: (0.0, 0.99999 * float(np.exp(scene.inputs["x"].min()))),
            lambda scene: (
                np.array([0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97, 0.995]) * float(np.exp(scene.inputs["x"].min()))
            ),
        ),
    },
)
