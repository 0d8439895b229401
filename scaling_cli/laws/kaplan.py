"""The laws of Kaplan et al. 2020: params (without embeddings) with data set size or minimum steps; critical batch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Derived, Parameter, Published, Scale
from scaling_cli.laws.roles import Role, exponent, shape

PAPER = "Kaplan et al. 2020, arXiv:2001.08361"
BATCH_EXPONENT = 0.21  # alpha_B of the paper's critical batch size
CRITICAL_BATCH = 2e8  # tokens, B* of the paper
# The log of a scale under an exponent that may be as small as 0.005.
FAR = Role(lambda _: (-600.0, 600.0))

KAPLAN = FormulaLaw(
    name="kaplan",
    formula="((N_c / params)^(alpha_N / alpha_D) + D_c / tokens)^alpha_D",
    source=f"{PAPER}, eq. 1.5; tokens count the data set, on which models train until the loss stops falling",
    inputs=("params", "tokens"),
    parameters=(
        Parameter(name="N_c", meaning="scale of params", unit="params loss^(1/alpha_N)", positive=True),
        Parameter(name="D_c", meaning="scale of tokens", unit="tokens loss^(1/alpha_D)", positive=True),
        Parameter(name="alpha_N", meaning="exponent of params", kind="exponent"),
        Parameter(name="alpha_D", meaning="exponent of tokens", kind="exponent"),
    ),
    roles={
        "N_c": Role(FAR.bounds, lambda scene: np.array([-16.0, -6.0, -2.0, 0.0, 2.0, 6.0, 16.0])),
        "D_c": FAR,
        "alpha_N": exponent(5e-3, 3.0),
        "alpha_D": exponent(5e-3, 3.0),
    },
    absorbs=(Absorb("N_c", "params"), Absorb("D_c", "tokens")),
    groups=(Scale({"N_c": lambda at: 1 / at["alpha_N"], "D_c": lambda at: 1 / at["alpha_D"]}),),
    published=(
        Published(
            "kaplan",
            "WebText2, params without embeddings; from the rounded table",
            f"{PAPER}, table 2",
            {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103},
        ),
    ),
)


def _efficient_exponent(p: Mapping[str, Array]) -> Array:
    return 1 / (1 / p["alpha_N"] + 1 / p["alpha_S"] + 1 / BATCH_EXPONENT)


KAPLAN_STEPS = FormulaLaw(
    name="kaplan-steps",
    formula="(N_c / params)^alpha_N + (S_c / step)^alpha_S",
    source=f"{PAPER}, eq. 1.6; the column step holds minimum steps, steps / (1 + critical batch / batch), with the "
    "critical batch size of the law critical-batch",
    inputs=("params", "step"),
    parameters=(
        Parameter(name="N_c", meaning="scale of params", unit="params loss^(1/alpha_N)", positive=True),
        Parameter(name="S_c", meaning="scale of minimum steps", unit="steps loss^(1/alpha_S)", positive=True),
        Parameter(name="alpha_N", meaning="exponent of params", kind="exponent"),
        Parameter(name="alpha_S", meaning="exponent of minimum steps", kind="exponent"),
    ),
    roles={"N_c": FAR, "S_c": FAR, "alpha_N": exponent(5e-3, 3.0), "alpha_S": exponent(5e-3, 3.0)},
    absorbs=(Absorb("N_c", "params"), Absorb("S_c", "step")),
    groups=(
        Scale({"N_c": lambda at: 1 / at["alpha_N"]}),
        Scale({"S_c": lambda at: 1 / at["alpha_S"]}),
    ),
    derived=(
        Derived(
            "compute_exponent",
            f"loss falls as minimum compute to minus this power: 1 / (1/alpha_N + 1/alpha_S + 1/{BATCH_EXPONENT}), "
            f"where {BATCH_EXPONENT} is the published alpha_B of critical-batch",
            _efficient_exponent,
            is_power_of_compute=True,
        ),
        Derived(
            "params_exponent",
            "compute-efficient params grow as compute to this power",
            lambda p: _efficient_exponent(p) / p["alpha_N"],
            is_power_of_compute=True,
        ),
        Derived(
            "batch_exponent",
            "compute-efficient batch size grows as compute to this power",
            lambda p: _efficient_exponent(p) / BATCH_EXPONENT,
            is_power_of_compute=True,
        ),
        Derived(
            "steps_exponent",
            "compute-efficient steps grow as compute to this power",
            lambda p: _efficient_exponent(p) / p["alpha_S"],
            is_power_of_compute=True,
        ),
    ),
    published=(
        Published(
            "kaplan",
            "WebText2, params without embeddings; exponents and scales from fits of each input alone",
            PAPER,
            {"N_c": 8.8e13, "S_c": 2.1e3, "alpha_N": 0.076, "alpha_S": 0.76},
        ),
    ),
)

CRITICAL_BATCH_LAW = FormulaLaw(
    name="critical-batch",
    formula="B_star / x^(1 / alpha_B)",
    source=f"{PAPER}, eq. 1.4: x is the loss; the fitted value is the critical batch size",
    inputs=("x",),
    narrow=("x",),
    parameters=(
        Parameter(name="B_star", meaning="critical batch size at a loss of 1", unit="loss", positive=True,
                  vanishes=True),
        Parameter(name="alpha_B", meaning="exponent of the loss's dependence on the critical batch size",
                  kind="exponent"),
    ),
    roles={
        "B_star": FAR,  # a loss of 1 may lie far from the data, at an exponent of 1 / alpha_B
        "alpha_B": shape(0.02, 3.0, (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5)),
    },
    expression="exp(log(B_star) - log(x) / alpha_B)",
    published=(
        Published("kaplan", "WebText2; B_star in tokens", PAPER,
                  {"B_star": CRITICAL_BATCH, "alpha_B": BATCH_EXPONENT}),
    ),
    groups=(Scale({"B_star": lambda _: 1.0}),),
)  # fmt: skip
