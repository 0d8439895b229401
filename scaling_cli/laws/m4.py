"""The M4 law of Alabdulmohsin et al.: a plateau at small x, then a power law, then a floor.

The law is implicit: (y - E) / (E0 - y)^alpha = beta x^c. With y = E + W s(t), W = E0 - E and s the logistic function,
it becomes one equation for t,

    t - (1 - alpha) softplus(t) = h,    h = log beta + c log x - (1 - alpha) log W.

The left side rises, and is convex for alpha > 1 and concave otherwise. It is nearly linear on both sides of 0, with the
slopes 1 and alpha, so the root is near max(h, h / alpha) for alpha < 1, and near the minimum of both otherwise. From
there, Halley's iteration triples the number of correct digits with every step; five steps suffice for all alpha.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs, from_coordinates
from scaling_cli.laws.law import Law, Parameter, Scale, Scene
from scaling_cli.laws.roles import CEILING, exponents

MOST_STEPS = 60
SMALL_STEP = 1e-5  # relative, of t: the step after it changes only digits that are not kept
SMALLEST_ALPHA = 1e-3  # at zero the curve meets the plateau at a corner, where it has no derivative
HIGHEST = 1e3  # times the largest loss: a plateau this high does not bend the curve


class LevelLaw(Law, kw_only=True):
    """The law of the module docstring, on coordinates E, E0, alpha, log beta and c."""

    takes_rows: ClassVar[bool] = True

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs less their mean, which `beta` absorbs."""
        mean = float(np.mean(inputs["x"]))
        matrix = np.eye(5)
        matrix[3, 4] = mean
        return {"x": inputs["x"] - mean}, matrix, np.zeros(5)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The root of the equation, and its Jacobian by implicit differentiation."""
        floor, level, alpha, log_beta, c = (theta[:, index, None] for index in range(5))
        with np.errstate(all="ignore"):
            width = level - floor
            h = log_beta + c * inputs["x"] - (1 - alpha) * np.log(width)
            softplus, rise, fall = _logistics(_root(h, alpha))
            slope = width * rise * fall / (1 - (1 - alpha) * rise)  # dy/dh
            slopes = np.empty((5, *rise.shape))
            by_width = rise - slope * (1 - alpha) / width
            slopes[0] = 1 - by_width
            slopes[1] = by_width
            slopes[2] = slope * (np.log(width) - softplus)
            slopes[3] = slope
            slopes[4] = slope * inputs["x"]
            return floor + width * rise, from_coordinates(slopes)

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the root, and its Jacobian."""
        prediction, jacobian = self.evaluate_linear(theta, inputs)
        with np.errstate(all="ignore"):
            return np.log(prediction), jacobian / prediction[:, :, None]

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts of all coordinates, since the law has no scale to solve for."""
        middle = 0.5 * (np.log(scene.lowest) + np.log(scene.highest))
        return {
            "E": scene.lowest * np.array([0.0, 0.5, 0.8, 0.95]),
            "E0": scene.highest * np.array([1.05, 1.5, 4.0]),
            "alpha": np.array([0.05, 0.4, 1.0]),
            "beta": middle + np.linspace(-3.0, 1.0, 7),
            "c": exponents(self.parameters[4])[4:30:4],
        }

    @property
    def scales(self) -> tuple[Scale, ...]:
        """No scale: the law is linear in none of its coordinates."""
        return ()

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """A floor below the data, a plateau above them."""
        low = [0.0, scene.highest / CEILING, SMALLEST_ALPHA, np.log(scene.lowest) - 40.0, -3.0]
        high = [CEILING * scene.lowest, HIGHEST * scene.highest, 5.0, np.log(scene.highest) + 40.0, 3.0]
        return np.array(low), np.array(high)


def _logistics(t: Array) -> tuple[Array, Array, Array]:
    """Softplus of `t`, and the logistic functions of `t` and of -`t`."""
    small = np.exp(-np.abs(t))
    near, far = 1.0 / (1.0 + small), small / (1.0 + small)
    is_positive = t >= 0
    return np.maximum(t, 0.0) + np.log1p(small), np.where(is_positive, near, far), np.where(is_positive, far, near)


def _root(h: Array, alpha: Array) -> Array:
    bend = 1 - alpha
    t = np.where(alpha < 1, np.maximum(h, h / alpha), np.minimum(h, h / alpha))
    for _ in range(MOST_STEPS):
        softplus, rise, fall = _logistics(t)
        slope = 1 - bend * rise
        step = (h - t + bend * softplus) / slope  # Newton's
        step /= 1 - 0.5 * step * bend * rise * fall / slope
        t = t + step
        if not (np.abs(step) > SMALL_STEP * (1 + np.abs(t))).any():
            break
    return t


M4 = LevelLaw(
    name="m4",
    formula="(y - E) / (E0 - y)^alpha = beta * x^c",
    source="Alabdulmohsin et al. 2022, arXiv:2209.06640, M4",
    inputs=("x",),
    parameters=(
        Parameter(name="E", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(name="E0", meaning="loss before anything is learnt, such as that of a random guess", unit="loss"),
        Parameter(name="alpha", meaning="sharpness of the bend away from E0; no bend at 0"),
        Parameter(name="beta", meaning="(loss - E) / (E0 - loss)^alpha at x = 1", unit="loss^(1-alpha)", positive=True),
        Parameter(
            name="c",
            meaning="exponent, signed: negative for a loss that falls",
            kind="exponent",
            is_signed=True,
            low=-3.0,
            high=3.0,
        ),
    ),
)
