"""The places at which a plan needs a law: candidates, present runs and the places that goals ask about, centred as one.

Coordinates are those of the law on these centred inputs, in which information matrices are well conditioned. The best
split of a budget is sought on a grid along the budget: a quartic through the five places around the lowest loss gives
the minimum to eight digits, and its derivatives there (as in `analysis.allocation.optimum`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.plan.departures import departures
from scaling_cli.arrays import Array, Indices
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law
from scaling_cli.record import Record

USUAL_RATIO = 20.0  # tokens per param around which the best split is sought
STEP = 0.12  # of log params along a budget
REACH = 9.6  # of log params to either side
STENCIL = np.arange(-2.0, 3.0)
NEWTON_STEPS = 12
ABSENT = -700.0  # the log of a coefficient of zero, of which nothing is left in the loss

Columns = Mapping[str, Array]


class Ground(Record):
    """A law at all places of a plan: inputs as centred, with the map from raw coordinates (see `Law.centre`).

    With a `doubt` about the law, gradients have further columns for departures of this size at the log inputs `logs`.
    """

    law: Law
    inputs: Mapping[str, Array]
    shift: Array
    offset: Array
    ends: tuple[int, ...]
    logs: Array
    doubt: float = 0.0

    def coordinates(self, parameters: Array) -> Array:
        """Centred coordinates `(r, k)` of parameters as papers print them `(r, k)`; all are finite."""
        raw = np.maximum(self.law.to_coordinates(parameters), ABSENT)
        centred: Array = raw @ self.shift.T + self.offset
        return centred

    def uncentred(self, gradient: Array) -> Array:
        """A gradient in coordinates on raw inputs `(r, k)` as one in centred coordinates."""
        turned: Array = gradient @ np.linalg.inv(self.shift)
        return turned

    def at(self, part: int, theta: Array) -> tuple[Array, Array]:
        """Log loss `(r, n)` at the places of one part, and its gradient `(r, n, k)`, or `(r, n, k + e)` with doubt."""
        start, stop = (0, *self.ends)[part], self.ends[part]
        inputs = {name: values[start:stop] for name, values in self.inputs.items()}
        log_loss, gradient = self.law.evaluate(theta, inputs)
        if not self.doubt:
            return log_loss, gradient
        return log_loss, np.concatenate([gradient, departures(self.logs[start:stop], len(theta), self.doubt)], axis=2)


def ground(law: Law, parts: Sequence[Columns], doubt: float = 0.0) -> Ground:
    """A law at several parts of places, each given by its columns; `doubt` is the size of departures from it."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in law.inputs}
    inputs, shift, offset = law.centre(law.prepare(columns))
    logs = np.log(np.stack([columns[name] for name in law.inputs], axis=1)) if doubt else np.empty((0, 0))
    lengths = [len(part[law.inputs[0]]) for part in parts]
    return Ground(law, inputs, shift, offset, tuple(np.cumsum(lengths).tolist()), logs, doubt)


def along(compute: float) -> Columns:
    """Places along a budget: params and tokens that use all of it."""
    count = round(REACH / STEP)
    logs = np.log(compute / FLOPS_A_PARAM_AND_TOKEN)
    params = np.exp((logs - np.log(USUAL_RATIO)) / 2 + STEP * np.arange(-count, count + 1))
    tokens = np.exp(logs) / params
    return {"params": params, "tokens": tokens, "compute": np.full(len(params), compute)}


class Optimum(Record):
    """The best split of a budget by each draw: log params `(r,)`, log loss there, and the gradients `(r, k)` of both.

    It is NaN where the loss has no minimum within reach.
    """

    log_params: Array
    log_loss: Array
    params_gradient: Array
    loss_gradient: Array


def optimum(log_loss: Array, gradient: Array, columns: Columns) -> Optimum:
    """The best split, from log loss `(r, n)` and its gradient `(r, n, k)` along a budget.

    At the minimum x of f(x, theta), dx/dtheta = -f_x_theta / f_xx, and the loss there changes as if x were held fixed.
    """
    lowest: Indices = np.argmin(log_loss, axis=1)
    inside = (lowest > 1) & (lowest < log_loss.shape[1] - 2)
    places = np.clip(lowest, 2, log_loss.shape[1] - 3)[:, None] + np.arange(-2, 3)
    inverse = np.linalg.inv(np.vander(STENCIL, 5, increasing=True))
    values = np.take_along_axis(log_loss, places, axis=1) @ inverse.T
    slopes = np.einsum("cs,rsk->rck", inverse, np.take_along_axis(gradient, places[:, :, None], axis=1))
    x = np.zeros(len(log_loss))
    for _ in range(NEWTON_STEPS):
        bend = _derivative(values, x, 2)
        x = np.clip(x - _derivative(values, x, 1) / np.where(bend > 0, bend, np.inf), -2, 2)
    bend = _derivative(values, x, 2)
    inside &= (bend > 0) & (np.abs(x) < 2)
    missing = np.where(inside, 1.0, np.nan)
    moved = -_derivative(slopes, x, 1) / np.where(bend > 0, bend, np.nan)[:, None] * STEP
    return Optimum(
        (np.log(columns["params"][0]) + STEP * (places[:, 2] + x)) * missing,
        _derivative(values, x, 0) * missing,
        moved * missing[:, None],
        _derivative(slopes, x, 0) * missing[:, None],
    )


def _derivative(coefficients: Array, x: Array, order: int) -> Array:
    """A derivative of polynomials with `coefficients` `(r, 5)` or `(r, 5, k)` at `x` `(r,)`."""
    total: Array = np.zeros_like(coefficients[:, 0])
    for power in range(order, coefficients.shape[1]):
        factor = np.prod(np.arange(power - order + 1, power + 1)) * x ** (power - order)
        total = total + (coefficients[:, power].T * factor).T
    return total
