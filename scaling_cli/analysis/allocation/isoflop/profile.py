r"""The exact shape of an IsoFLOP curve, fitted to all budgets together.

Under the Chinchilla law, the reducible loss along a budget is a function of u = ln(params / best params) alone:

    loss = E + R_b [beta exp(-alpha u) + alpha exp(beta u)] / (alpha + beta),

where R_b is the reducible loss at the minimum of budget b. So each budget has two unknowns, its best params and its
lowest loss E + R_b, and all budgets share E, alpha and beta. The best params of different budgets are independent: the
shape of the law is used, but not its extrapolation over compute. A parabola ignores the asymmetry of this curve, which
causes its bias.

The coordinate of a budget is the log of its lowest loss and not of R_b: the runs determine the lowest loss well, while
E and R_b can change together, along a curve that the solver could only follow in short steps.

Runs may use slightly more or less compute than their budget. The second term is therefore written in tokens, as
exp(beta ln(best tokens / tokens)).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, Budget
from scaling_cli.arrays import Array, Indices, Inputs, from_coordinates
from scaling_cli.laws.law import Law, Parameter, Scale, Scene

SHARED = 3  # coordinates before those of the budgets: E, alpha, beta
EXPONENTS = np.array([0.15, 0.25, 0.35, 0.5, 0.8])
BEYOND = 3.0  # in log params: how far outside its runs a budget's minimum is sought
CEILING = 1.02  # a floor may lie slightly above the smallest loss, which is noisy
SHALLOWEST = 1e-4  # at least this part of a budget's lowest loss is reducible, and it is this part of the smallest loss


class ProfileLaw(Law, kw_only=True):
    """The curve of the module docstring as a law that can be fitted.

    `slices` are the points of each budget, `first` the starts of the budgets' own coordinates, and `span` `(2,
    budgets)` the range of log params of each budget.
    """

    slices: tuple[slice, ...]
    first: Array
    span: Array

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """Logs of params, and of the params with which a point's tokens would use exactly the budget."""
        return {"params": np.log(columns["params"]), "tokens": np.log(columns["tokens"])}

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """The inputs unchanged, since the coordinates already refer to the middle of the data."""
        return inputs, np.eye(len(self.parameters)), np.zeros(len(self.parameters))

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the loss and its Jacobian, which is zero for points and coordinates of different budgets."""
        n, budgets = len(inputs["params"]), len(self.slices)
        owner = np.repeat(np.arange(budgets), [at.stop - at.start for at in self.slices])
        floor, alpha, beta = theta[:, 0, None], theta[:, 1, None], theta[:, 2, None]
        best, level = theta[:, SHARED + owner], np.exp(theta[:, SHARED + budgets :])[:, owner]
        depth = np.maximum(level - floor, SHALLOWEST * level)
        left, right = inputs["params"] - best, inputs["tokens"] - best
        fewer, more = np.exp(-alpha * left), np.exp(beta * right)
        shape = (beta * fewer + alpha * more) / (alpha + beta)
        total = level + depth * (shape - 1)
        inverse = 1.0 / total
        scale = depth / (alpha + beta) * inverse
        is_deep = depth > SHALLOWEST * level
        slopes = np.zeros((len(self.parameters), len(theta), n))
        slopes[0] = np.where(is_deep, (1 - shape) * inverse, 0.0)
        slopes[1] = scale * (more - left * beta * fewer - shape)
        slopes[2] = scale * (fewer + right * alpha * more - shape)
        of_best = scale * (alpha * beta) * (fewer - more)
        of_level = level * inverse * np.where(is_deep, shape, 1 + SHALLOWEST * (shape - 1))
        for i, at in enumerate(self.slices):
            slopes[SHARED + i, :, at] = of_best[:, at]
            slopes[SHARED + budgets + i, :, at] = of_level[:, at]
        return np.log(total), from_coordinates(slopes)

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts: common exponents, and each budget's lowest run."""
        own = dict(zip(self.names[SHARED:], self.first[:, None], strict=True))
        return {"alpha": EXPONENTS, "beta": EXPONENTS, **own}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Two scales: the floor, and the lowest losses of all budgets together."""
        levels = self.names[SHARED + len(self.slices) :]
        return Scale({"E": _one}), Scale(dict.fromkeys(levels, _one))

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """Minima near the runs of their budget; a floor at most slightly above the smallest loss."""
        budgets, lowest, highest = len(self.slices), scene.lowest, scene.highest
        low = np.concatenate([[0.0, 1e-3, 1e-3], self.span[0] - BEYOND, np.full(budgets, np.log(SHALLOWEST * lowest))])
        high = np.concatenate([[CEILING * lowest, 3.0, 3.0], self.span[1] + BEYOND, np.full(budgets, np.log(highest))])
        return low, high


def profile_law(points: AllocationPoints, budgets: Sequence[Budget]) -> tuple[ProfileLaw, Indices, dict[str, Array]]:
    """The law of these budgets, the points it is fitted to, and their columns."""
    index = np.concatenate([budget.index for budget in budgets])
    ends = np.cumsum([0, *(len(budget.index) for budget in budgets)])
    slices = tuple(slice(int(start), int(end)) for start, end in itertools.pairwise(ends))
    # Params with which the point's tokens would use exactly the budget; the run's params if it used the budget.
    excess = points.log_compute[index] - np.repeat([budget.log_compute for budget in budgets], np.diff(ends))
    columns = {
        "params": np.exp(points.log_params[index]),
        "tokens": np.exp(points.log_params[index] - excess),
    }
    span = np.array(
        [[points.log_params[budget.index].min(), points.log_params[budget.index].max()] for budget in budgets]
    ).T
    minima, levels = ([f"{name}_{i}" for i in range(len(budgets))] for name in ("best", "lowest"))
    law = ProfileLaw(
        name="isoflop",
        formula="E + R_b [beta (params/best)^-alpha + alpha (params/best)^beta] / (alpha + beta)",
        source="Hoffmann et al. 2022, arXiv:2203.15556, eq. 2, along a budget",
        inputs=("params", "tokens"),
        parameters=(
            Parameter(name="E", meaning="irreducible loss", unit="loss", low=0.0),
            Parameter(name="alpha", meaning="exponent of params", low=1e-3, high=3.0),
            Parameter(name="beta", meaning="exponent of tokens", low=1e-3, high=3.0),
            *(Parameter(name=name, meaning="log params at the minimum of one budget") for name in minima),
            *(Parameter(name=name, meaning="loss there", positive=True) for name in levels),
        ),
        slices=slices,
        first=_starts(points, budgets),
        span=span,
    )
    return law, index, columns


def _starts(points: AllocationPoints, budgets: Sequence[Budget]) -> Array:
    """Starts of the budgets' coordinates: log params and log loss of the lowest run of each."""
    lowest = [budget.index[np.argmin(points.loss[budget.index])] for budget in budgets]
    return np.concatenate([points.log_params[lowest], np.log(points.loss[lowest])])


def _one(_: Mapping[str, Array]) -> float:
    return 1.0


def profile_shape(alpha: Array | float, beta: Array | float, offset: Array) -> Array:
    """Reducible loss over the reducible loss at the minimum, at log params `offset` from the minimum."""
    shape: Array = (beta * np.exp(-alpha * offset) + alpha * np.exp(beta * offset)) / (alpha + beta)
    return shape
