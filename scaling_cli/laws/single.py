"""Laws of one input that bend at small scales, towards a level, or both."""

from __future__ import annotations

import numpy as np

from scaling_cli.laws.formula import Absorb, FormulaLaw
from scaling_cli.laws.law import Parameter
from scaling_cli.laws.roles import COEFFICIENT, FLOOR, LEVEL, LOWER, SIGNED, Role, exponent, place, shape

SHIFTED_POWER = FormulaLaw(
    name="shifted-power",
    formula="E + A / (x + B)^alpha",
    source="used to compare training recipes by Nezhurina et al. 2025, arXiv:2506.04598",
    inputs=("x",),
    parameters=(
        Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(name="A", meaning="loss above the floor at x + B = 1", unit="loss", positive=True, vanishes=True),
        Parameter(name="B", meaning="x below which the law flattens", unit="x", positive=True),
        Parameter(name="alpha", meaning="exponent of x + B", kind="exponent"),
    ),
    roles={"E": FLOOR, "A": COEFFICIENT, "B": place("x", below=12.0, above=2.0), "alpha": exponent()},
    absorbs=(Absorb("B", "x"), Absorb("A", "x", by="alpha")),
)

M3 = FormulaLaw(
    name="m3",
    formula="beta * (1 / x + gamma)^-c",
    source="Alabdulmohsin et al. 2022, arXiv:2209.06640, M3; Bansal et al. 2022, arXiv:2202.01994",
    inputs=("x",),
    parameters=(
        Parameter(name="beta", meaning="loss at 1/x + gamma = 1", unit="loss", positive=True, vanishes=True),
        Parameter(name="gamma", meaning="inverse of the x above which the law flattens", unit="1/x", positive=True),
        Parameter(
            name="c", meaning="exponent, signed: negative for a loss that falls", kind="exponent", is_signed=True
        ),
    ),
    roles={
        "beta": COEFFICIENT,
        "gamma": place("x", below=12.0, above=6.0, inverse=True, count=20),
        "c": exponent(-3.0, 3.0),
    },
    absorbs=(Absorb("gamma", "x", sign=1.0), Absorb("beta", "x", by="c", sign=1.0)),
)

LOGARITHMIC = FormulaLaw(
    name="logarithmic",
    formula="a - b * log(x)",
    source="for metrics that change by a fixed amount per factor of scale",
    inputs=("x",),
    parameters=(
        Parameter(name="a", meaning="value at x = 1", unit="loss"),
        Parameter(name="b", meaning="fall per factor of e in x; negative for a metric that grows", unit="loss"),
    ),
    roles={"a": SIGNED, "b": SIGNED},
    absorbs=(Absorb("a", "x", by="b"),),
    signed=("a", "b"),
)

SATURATING_POWER = FormulaLaw(
    name="saturating-power",
    formula="c - a * x^b",
    source="power-constant with its sign reversed, for metrics that grow to a ceiling",
    inputs=("x",),
    parameters=(
        Parameter(name="a", meaning="distance from the ceiling at x = 1", unit="loss", positive=True, vanishes=True),
        Parameter(name="b", meaning="exponent of the distance from the ceiling, negative", kind="exponent"),
        Parameter(name="c", meaning="ceiling", unit="loss"),
    ),
    roles={"a": COEFFICIENT, "b": exponent(-3.0, -1e-3), "c": LEVEL},
    absorbs=(Absorb("a", "x", by="b", sign=1.0),),
)

# Steepness in units of the range of x: from a straight line over the data to a step within them.
STEEPNESS = np.geomspace(0.5, 60.0, 12)


def _steepness(of: str) -> Role:
    def width(scene) -> float:  # type: ignore[no-untyped-def]
        return float(np.ptp(np.exp(scene.inputs[of])))

    both = np.concatenate([-STEEPNESS[::-1], STEEPNESS])
    return Role(lambda scene: (-200 / width(scene), 200 / width(scene)), lambda scene: both / width(scene))


SIGMOID = FormulaLaw(
    name="sigmoid",
    formula="b + a / (1 + exp(-k * (x - x0)))",
    source="link from loss to accuracy in Llama 3, arXiv:2407.21783, and OLMo, Bhagia et al. 2024, arXiv:2412.04403",
    inputs=("x",),
    narrow=("x",),
    parameters=(
        Parameter(name="a", meaning="height of the step", unit="loss", positive=True, vanishes=True),
        Parameter(name="b", meaning="lower level, such as chance", unit="loss"),
        Parameter(name="k", meaning="steepness; negative for a metric that falls with x", unit="1/x"),
        Parameter(name="x0", meaning="x at half height", unit="x", positive=True),
    ),
    roles={
        "a": COEFFICIENT,
        "b": LOWER,
        "k": _steepness("x"),
        "x0": place("x", below=1.0, above=1.0, count=20),
    },
)

HILL = FormulaLaw(
    name="hill",
    formula="b + a / (1 + (x0 / x)^k)",
    expression="b + a * exp(-softplus(k * (log(x0) - log(x))))",
    source="sigmoid of log x; Khatri et al. 2025 (ScaleRL), arXiv:2510.13786",
    inputs=("x",),
    parameters=(
        Parameter(name="a", meaning="height of the step", unit="loss", positive=True, vanishes=True),
        Parameter(name="b", meaning="lower level", unit="loss"),
        Parameter(name="k", meaning="steepness in log x; negative for a metric that falls"),
        Parameter(name="x0", meaning="x at half height", unit="x", positive=True),
    ),
    roles={
        "a": COEFFICIENT,
        "b": LOWER,
        "k": shape(-20.0, 20.0, (-8, -4, -2, -1.2, -0.8, -0.5, -0.3, -0.15, 0.15, 0.3, 0.5, 0.8, 1.2, 2, 4, 8)),
        "x0": place("x", below=12.0, above=12.0, count=20),
    },
    absorbs=(Absorb("x0", "x"),),
)

EXPONENTIAL_SATURATION = FormulaLaw(
    name="exponential-saturation",
    formula="epsilon - k * exp(-gamma * x)",
    source="downstream error from loss; Gadre et al. 2024, arXiv:2403.08540",
    inputs=("x",),
    narrow=("x",),
    parameters=(
        Parameter(name="epsilon", meaning="value at large x, such as the error of chance", unit="loss"),
        Parameter(name="k", meaning="distance from epsilon at x = 0", unit="loss", positive=True, vanishes=True),
        Parameter(name="gamma", meaning="rate of approach", unit="1/x", positive=True),
    ),
    roles={
        "epsilon": LEVEL,
        "k": Role(lambda scene: (np.log(scene.lowest) - 30.0, np.log(scene.highest) + 60.0)),
        "gamma": Role(
            lambda scene: tuple(np.log([1e-3, 300.0]) - np.log(np.ptp(np.exp(scene.inputs["x"])))),
            lambda scene: np.log(np.geomspace(0.05, 50.0, 60)) - np.log(np.ptp(np.exp(scene.inputs["x"]))),
        ),
    },
)
