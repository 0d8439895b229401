"""Laws of training curves under a learning-rate schedule.

The loss at a step falls with the area S under the schedule so far. Each drop of the rate lowers it further, and its
effect grows with the time since the drop:

    loss = L0 + A / S^alpha - sum over drops k of (rate before k - rate after k) * effect of drop k so far.

A point therefore depends on its run's whole schedule so far, which `prepare` adds to it (see `drops`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.laws.drops import Drops, drops_before, histories
from scaling_cli.laws.law import Derived, Law, Parameter, Published, Scale, Scene
from scaling_cli.laws.roles import coefficient_bounds, exponents, plain_scale

CHUNK_PAIRS = 1 << 18  # replicates times pairs of point and drop at once: keeps arrays in cache


class ScheduleLaw(Law, kw_only=True):
    """The law of the module docstring; subclasses give the effect of a drop.

    The coordinates begin with L0, log A, alpha and the log of the drops' coefficient.
    """

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """Area and drops at each point; `run` gives each point's run; without it all points are one run."""
        step = columns["step"]
        return histories(step, columns["lr"], columns.get("run", np.zeros(len(step))))

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Logs less their means, and drops relative to their typical size."""
        area = float(np.mean(inputs["area"]))
        is_drop = inputs["drop"] != 0
        size = float(np.mean(np.abs(inputs["drop"][is_drop]))) if is_drop.any() else 1.0
        matrix, offset = np.eye(len(self.names)), np.zeros(len(self.names))
        matrix[1, 2] = -area
        offset[3] = np.log(size)
        centred = {**inputs, "area": inputs["area"] - area, "drop": inputs["drop"] / size}
        return self._centred_drops(centred, is_drop, matrix, offset), matrix, offset

    def _centred_drops(self, inputs: dict[str, Array], is_drop: Array, matrix: Array, offset: Array) -> Inputs:
        return inputs

    @abstractmethod
    def _worth(self, theta: Array, pairs: Drops) -> tuple[Array, dict[int, Array]]:
        """Effect so far of a drop of size 1 `(replicates, pairs)`, and its derivatives by index of coordinate."""

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Loss and its Jacobian, computed for a few replicates at a time to limit memory."""
        n, pairs = len(inputs["area"]), drops_before(inputs)
        prediction, jacobian = np.empty((len(theta), n)), np.zeros((len(theta), theta.shape[1], n))
        size = max(CHUNK_PAIRS // max(len(pairs.drop), 1), 1)
        with np.errstate(all="ignore"):
            for start in range(0, len(theta), size):
                part = slice(start, start + size)
                prediction[part] = self._evaluate_some(theta[part], inputs, pairs, jacobian[part])
        return prediction, jacobian.swapaxes(1, 2)

    def _evaluate_some(self, theta: Array, inputs: Inputs, pairs: Drops, jacobian: Array) -> Array:
        area, n = inputs["area"], len(inputs["area"])
        base = np.exp(theta[:, 1, None] - theta[:, 2, None] * area)
        factor = np.exp(theta[:, 3, None])
        worth, slopes = self._worth(theta, pairs)
        gained = factor * pairs.summed(pairs.drop * worth, n)
        jacobian[:, 0] = 1.0
        jacobian[:, 1] = base
        jacobian[:, 2] = -area * base
        jacobian[:, 3] = -gained
        for place, slope in slopes.items():
            jacobian[:, place] = -factor * pairs.summed(pairs.drop * slope, n)
        loss: Array = theta[:, 0, None] + base - gained
        return loss

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the loss and its Jacobian."""
        prediction, jacobian = self.evaluate_linear(theta, inputs)
        with np.errstate(all="ignore"):
            return np.log(prediction), jacobian / prediction[:, :, None]

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The floor, the coefficient of the area and the coefficient of the drops."""
        return tuple(plain_scale(name) for name in (self.names[0], self.names[1], self.names[3]))

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts of the exponent of the area."""
        return {"alpha": exponents(self.parameters[2])[8::4]}

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of each parameter, and those of coefficients."""
        low = np.array([parameter.low for parameter in self.parameters])
        high = np.array([parameter.high for parameter in self.parameters])
        low[0], high[0] = 0.0, scene.highest  # drops may lower the loss below L0
        low[1], high[1] = coefficient_bounds(scene)
        low[3], high[3] = low[1], high[1] + 10.0  # a single drop is a small part of a schedule
        return low, high


class MultiPowerLaw(ScheduleLaw, kw_only=True):
    """The effect of a drop approaches 1 as a power of the area since; further coordinates: log C, beta, gamma."""

    def _centred_drops(self, inputs: dict[str, Array], is_drop: Array, matrix: Array, offset: Array) -> Inputs:
        if not is_drop.any():
            return inputs
        since, rate = (float(np.mean(inputs[name][is_drop])) for name in ("area-since", "rate-after"))
        offset[4] += since
        matrix[4, 6] -= rate
        return {**inputs, "area-since": inputs["area-since"] - since, "rate-after": inputs["rate-after"] - rate}

    def _worth(self, theta: Array, pairs: Drops) -> tuple[Array, dict[int, Array]]:
        log_c, beta, gamma = (theta[:, place, None] for place in (4, 5, 6))
        x = np.exp(log_c - gamma * pairs.rate + pairs.area)
        w = np.log1p(x)
        rest = np.exp(-beta * w)
        slope = beta * rest * (x / (1 + x))
        return 1 - rest, {4: slope, 5: w * rest, 6: -slope * pairs.rate}

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts of the exponent of the area, and of C, beta and gamma."""
        return {
            **ScheduleLaw.axes(self, scene),
            "C": np.array([-3.0, -1.0, 1.0, 3.0, 5.0]),
            "beta": np.array([0.3, 0.6, 1.2]),
            "gamma": np.array([0.2, 0.6, 1.0]),
        }

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of `ScheduleLaw`, and those of log C, relative to the schedule."""
        low, high = ScheduleLaw.bounds(self, scene)
        low[4], high[4] = -20.0, 20.0
        return low, high


class AnnealingLaw(ScheduleLaw, kw_only=True):
    """The effect of a drop is its summed momentum, of which a share 1 - 1/memory is left after each step."""

    def _worth(self, theta: Array, pairs: Drops) -> tuple[Array, dict[int, Array]]:
        forgotten = np.exp(-theta[:, 4, None])
        age = pairs.steps + 1
        kept = np.exp(age * np.log1p(-forgotten))
        worth = (1 - kept) / forgotten
        return worth, {4: worth - age * kept / (1 - forgotten)}

    def _centred_drops(self, inputs: dict[str, Array], is_drop: Array, matrix: Array, offset: Array) -> Inputs:
        scale = float(np.mean(inputs["steps-since"][is_drop])) + 1 if is_drop.any() else 1.0
        offset[3] += np.log(scale)
        return {**inputs, "drop": inputs["drop"] / scale}

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starts of the exponent of the area, and of the memory."""
        return {**ScheduleLaw.axes(self, scene), "memory": np.log(np.geomspace(10.0, 1e5, 16))}

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of `ScheduleLaw`, and those of the log of the memory."""
        low, high = ScheduleLaw.bounds(self, scene)
        low[4], high[4] = np.log(2.0), np.log(1e7)
        return low, high


def _common(worth: str, removed: str) -> tuple[Parameter, ...]:
    return (
        Parameter(name="L0", meaning="irreducible loss", kind="floor", unit="loss"),
        Parameter(name="A", meaning="loss above the floor where the area under the schedule is 1", unit="loss",
                  positive=True, vanishes=True),
        Parameter(name="alpha", meaning="exponent of the area under the schedule", kind="exponent", low=1e-3, high=3.0),
        Parameter(name=worth, meaning=removed, unit="loss/lr", positive=True, vanishes=True),
    )  # fmt: skip


LUO = "Luo et al. 2025, arXiv:2503.12811"


def _published(name: str, *values: float) -> Published:
    names = ("L0", "A", "alpha", "B", "C", "beta", "gamma")
    about = f"Llama-like, {name} params, trained on three schedules"
    return Published(name, about, f"{LUO}, code", dict(zip(names, values, strict=True)))


MULTI_POWER_SCHEDULE = MultiPowerLaw(
    name="multi-power-schedule",
    formula="L0 + A / S^alpha - B * sum_k (lr_(k-1) - lr_k) * (1 - (1 + C * lr_k^-gamma * S_k)^-beta), "
    "S the summed lr, S_k since step k",
    source=f"{LUO}; needs step and lr of whole runs",
    inputs=("step", "lr"),
    narrow=("lr", "step"),
    is_curve=True,
    polished=32,
    parameters=(
        *_common("B", "loss removed per unit by which the learning rate falls"),
        Parameter(name="C", meaning="how fast a drop takes effect", positive=True),
        Parameter(
            name="beta", meaning="exponent of the approach to a drop's full effect", kind="exponent", low=0.01, high=6.0
        ),
        Parameter(
            name="gamma",
            meaning="exponent of the learning rate: drops to a lower rate take effect sooner",
            kind="exponent",
            low=-1.0,
            high=3.0,
        ),
    ),
    published=(
        _published("25M", 3.040, 0.525, 0.508, 363.788, 2.066, 0.583, 0.641),
        _published("100M", 2.651, 0.601, 0.453, 437.946, 2.132, 0.598, 0.655),
        _published("400M", 2.375, 0.654, 0.429, 523.425, 2.025, 0.594, 0.635),
    ),
)

ANNEALING = AnnealingLaw(
    name="annealing",
    formula="L0 + A / S^alpha - C * sum_k (lr_(k-1) - lr_k) * memory * (1 - (1 - 1/memory)^(step - k + 1)), "
    "S the summed lr",
    source="Tissue et al. 2024, arXiv:2408.11029, with the momentum fitted; needs step and lr of whole runs",
    inputs=("step", "lr"),
    narrow=("lr", "step"),
    is_curve=True,
    parameters=(
        *_common(
            "C",
            "loss removed per unit by which the learning rate falls, at that step; in the end, memory times as much",
        ),
        Parameter(
            name="memory",
            meaning="steps over which a drop takes effect, 1000 in the paper",
            unit="steps",
            positive=True,
        ),
    ),
    derived=(Derived("lambda", "share of a drop's momentum left after one step", lambda p: 1 - 1 / p["memory"]),),
)
