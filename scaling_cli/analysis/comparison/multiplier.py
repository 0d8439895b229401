"""How much more compute one group needs than another for equal loss, and where their loss curves cross.

Each law is evaluated once on a grid of its input, for the estimate and for every replicate; inverting it and finding
crossings is then interpolation. Laws of params and tokens are evaluated along compute at their compute-optimal split,
where they are a power of compute plus a floor (Hoffmann et al. 2022, section 3.3).
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.comparison.models import CHUNK_VALUES
from scaling_cli.arrays import Array, Indices
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.constrained import ConstrainedLaw
from scaling_cli.record import Record
from scaling_cli.results.comparison import Crossover, Multiplier
from scaling_cli.results.fit import Estimate, FitResult

NODES = 480
BEYOND = 12.0  # decades on either side of the data in which crossings are looked for
MOST_ROWS = 6
TINY = 1e-150
HALVINGS = 100  # of a bracket, at most: enough for full precision


class LossCurve(Record):
    """A group's law along one input: log loss at the log inputs `grid` `(NODES,)`; `draws` has a row per replicate."""

    law: Law
    theta: Array
    span: tuple[float, float]
    grid: Array
    estimate: Array
    draws: Array

    def log_loss(self, log_x: Array) -> Array:
        """The log loss of the estimate at log inputs `(n,)`."""
        losses: Array = _log_losses(self.law, self.theta, log_x)[0]
        return losses


def whole_law(law: Law) -> Law:
    """The law with all of its parameters, those that are held included."""
    return law.inner if isinstance(law, ConstrainedLaw) else law


def loss_curves(results: tuple[FitResult, ...], law: Law) -> list[LossCurve] | None:
    """The loss curve of each result of `law` on one grid; None unless it has one input, or is chinchilla."""
    along = [_along_one_input(result, law) for result in results]
    known = [result for result in along if result is not None]
    if len(known) < len(along):
        return None
    low, high = min(span[0] for _, _, _, span in known), max(span[1] for _, _, _, span in known)
    grid = np.linspace(low - BEYOND * np.log(10), high + BEYOND * np.log(10), NODES)
    made = []
    for along_law, theta, draws, span in known:
        values = _log_losses(along_law, np.concatenate([theta, draws]), grid)
        made.append(LossCurve(along_law, theta, span, grid, values[0], values[1:]))
    return made


def _along_one_input(result: FitResult, law: Law) -> tuple[Law, Array, Array, tuple[float, float]] | None:
    """A law of one input, its raw coordinates `(1, k)`, those of replicates, and the log range of the input."""
    parameters = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    draws = np.array(result.draws) if result.draws else np.empty((0, len(law.names)))
    assert result.observations is not None
    columns = {name: np.array(values) for name, values in result.observations.inputs.items()}
    if len(law.inputs) == 1:
        x = np.log(columns[law.inputs[0]])
        return law, law.to_coordinates(parameters), law.to_coordinates(draws), (float(x.min()), float(x.max()))
    if law.name != "chinchilla":
        return None
    frontier = find_law("power-constant")
    x = np.log(FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"])
    theta, drawn = (frontier.to_coordinates(_frontier(values)) for values in (parameters, draws))
    return frontier, theta, drawn, (float(x.min()), float(x.max()))


def _log_losses(law: Law, theta: Array, log_x: Array) -> Array:
    """Log losses `(replicates, n)`; where a law predicts no positive loss, far from the data, that of `TINY`."""
    losses, size = np.empty((len(theta), len(log_x))), max(1, CHUNK_VALUES // len(log_x))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        inputs = law.prepare({law.inputs[0]: np.exp(log_x)})
        for first in range(0, len(theta), size):
            rows = np.fmax(law.evaluate_linear(theta[first : first + size], inputs)[0], TINY)  # of NaN, TINY
            losses[first : first + size] = np.log(np.where(rows == np.inf, 1 / TINY, rows))
    return losses


def _frontier(parameters: Array) -> Array:
    """The parameters a, b and c of the loss at the best split of compute, from E, A, B, alpha and beta."""
    floor, big_a, big_b, alpha, beta = parameters.T
    with np.errstate(divide="ignore", over="ignore"):
        split = (alpha * big_a / (beta * big_b)) ** (1 / (alpha + beta))
        at_one = big_a * split**-alpha + big_b * split**beta
    exponent = -alpha * beta / (alpha + beta)
    return np.stack([at_one * FLOPS_A_PARAM_AND_TOKEN**-exponent, exponent, floor], axis=1)


def multipliers(left: LossCurve, right: LossCurve, to: float, level: float) -> tuple[Multiplier, ...]:
    """Compute that left needs over compute that right needs, at losses that both have reached and at `to`."""
    ends = [np.sort(line.log_loss(np.array(line.span))) for line in (left, right)]
    low, high = max(span[0] for span in ends), min(span[1] for span in ends)
    places: list[float] = []
    if low < high:
        reached = _inverse(right, np.array([low, high]))
        places = _places(*sorted(np.clip(reached, *right.span).tolist()))
    at = np.array([*places, np.log(to)])
    losses = right.log_loss(at)
    needed = _inverse(left, losses) - at
    drawn = _drawn_multipliers(left, right, losses)
    rows = []
    for i, loss in enumerate(np.exp(losses).tolist()):
        ends_of = _ends(drawn[:, i], level)
        rows.append(
            Multiplier(loss, _exp(needed[i]), *ends_of, _round(np.exp(at[i])), is_extrapolated=i == len(places))
        )
    return tuple(rows)


def multiplier_at(left: LossCurve, right: LossCurve, place: float, level: float) -> Estimate:
    """Compute that left needs over what right needs, at the loss that right reaches with `place`."""
    at = np.array([np.log(place)])
    losses = right.log_loss(at)
    needed = _inverse(left, losses) - at
    return Estimate(_exp(needed[0]), *_ends(_drawn_multipliers(left, right, losses)[:, 0], level))


def _places(low: float, high: float) -> list[float]:
    """Logs of inputs from low to high: powers of ten, or three points if there are fewer than two of them."""
    decades = np.arange(np.ceil(low / np.log(10) - 1e-9), np.floor(high / np.log(10) + 1e-9) + 1)
    if len(decades) < 2:
        return [low, 0.5 * (low + high), high]
    step = -(-len(decades) // MOST_ROWS)
    places: list[float] = (decades[::step] * np.log(10)).tolist()
    return places


def _drawn_multipliers(left: LossCurve, right: LossCurve, losses: Array) -> Array:
    """Log multipliers `(replicates, losses)`; infinite if a replicate's floor is above the loss."""
    count = min(len(left.draws), len(right.draws))
    with np.errstate(invalid="ignore"):  # if neither group reaches the loss, the ratio does not exist
        rows: Array = _read(left.grid, left.draws[:count], losses) - _read(right.grid, right.draws[:count], losses)
    return rows


def _read(grid: Array, curves: Array, values: Array) -> Array:
    """Where each of the monotone `curves` `(replicates, n)` takes `values` `(m,)`; +-inf if it never does.

    It interpolates as np.interp does, but for all curves at once. Shaped `(replicates, m)`.
    """
    sign = np.where(curves[:, 0] > curves[:, -1], -1.0, 1.0)
    rising = curves * sign[:, None]
    rows, found = np.arange(len(curves)), np.empty((len(curves), len(values)))
    for column, value in enumerate(values):
        wanted = value * sign
        place = np.count_nonzero(rising <= wanted[:, None], axis=1) - 1
        at = np.clip(place, 0, len(grid) - 2)
        low, high = rising[rows, at], rising[rows, at + 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            read = (grid[at + 1] - grid[at]) / (high - low) * (wanted - low) + grid[at]
        read = np.where(wanted == rising[:, -1], grid[-1], read)
        found[:, column] = np.where(place < 0, -np.inf, np.where(wanted > rising[:, -1], np.inf, read))
    return found


def _inverse(line: LossCurve, losses: Array) -> Array:
    """Log inputs at which the estimate has these log losses; infinite if it never has."""
    near: Array = _read(line.grid, line.estimate[None], losses)[0]
    step = line.grid[1] - line.grid[0]
    low, high = near - step, near + step
    falls = line.estimate[0] > line.estimate[-1]
    known = np.isfinite(near)
    for _ in range(HALVINGS):
        middle = np.where(known, 0.5 * (low + high), 0.0)
        is_left = (line.log_loss(middle) > losses) == falls
        before = low, high
        low, high = np.where(is_left, middle, low), np.where(is_left, high, middle)
        if np.array_equal(before, (low, high)):
            break
    return np.where(known, 0.5 * (low + high), near)


def crossover(left: LossCurve, right: LossCurve, to: float, level: float) -> tuple[Crossover | None, float | None]:
    """Where the laws cross, and the share of replicates in which they cross between the start of the data and `to`.

    Of several crossings the one nearest to the data is used. In a replicate without a crossing it is taken as
    infinitely far, on the side of the estimate's crossing, so an interval may have no end.
    """
    shared = (max(left.span[0], right.span[0]), min(left.span[1], right.span[1]))
    start, middle = min(left.span[0], right.span[0]), 0.5 * (shared[0] + shared[1])
    count = min(len(left.draws), len(right.draws))
    owner, drawn = _crossings(left.grid, left.draws[:count] - right.draws[:count])
    below = np.zeros(count, dtype=bool)
    below[owner[(drawn >= start) & (drawn <= np.log(to))]] = True
    probability = float(np.mean(below)) if count else None
    _, roots = _crossings(left.grid, (left.estimate - right.estimate)[None])
    if not len(roots):
        return None, probability
    root = _refined(left, right, float(roots[np.argmin(np.abs(roots - middle))]))
    nearest = np.full(count, np.inf if root > middle else -np.inf)
    # The nearest crossing of a replicate is written last; of two equally near ones, the first.
    order = np.lexsort((-np.arange(len(drawn)), -np.abs(drawn - root)))
    nearest[owner[order]] = drawn[order]
    place = "below" if root < shared[0] else "above" if root > shared[1] else "inside"
    return Crossover(float(np.exp(root)), *_ends(nearest, level), place), probability


def _crossings(grid: Array, gaps: Array) -> tuple[Indices, Array]:
    """Where curves `(replicates, n)` on the grid change sign, by linear interpolation: the rows, and the places."""
    product = gaps[:, :-1] * gaps[:, 1:]
    rows, at = np.nonzero((product < 0) & np.isfinite(product))
    first, second = gaps[rows, at], gaps[rows, at + 1]
    crossings: Array = grid[at] + (grid[at + 1] - grid[at]) * first / (first - second)
    return rows, crossings


def _refined(left: LossCurve, right: LossCurve, near: float) -> float:
    step = left.grid[1] - left.grid[0]
    low, high = float(near - step), float(near + step)

    def gap(log_x: float) -> float:
        at = np.array([log_x])
        return float(left.log_loss(at)[0] - right.log_loss(at)[0])

    sign = gap(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        before = low, high
        low, high = (middle, high) if gap(middle) * sign > 0 else (low, middle)
        if before == (low, high):
            break
    return low


def _ends(logs: Array, level: float) -> tuple[float | None, float | None]:
    """Percentile interval of a quantity from its `logs`; None for an infinite end."""
    logs = np.sort(logs[~np.isnan(logs)])
    if not len(logs):
        return None, None
    low = logs[int(np.floor((1 - level) / 2 * (len(logs) - 1)))]
    high = logs[int(np.ceil((1 + level) / 2 * (len(logs) - 1)))]
    return _exp(low), _exp(high)


def _round(value: float) -> float:
    """The number rounded to 12 digits, which removes the rounding error of its logarithm."""
    return float(f"{value:.12g}")


def _exp(value: float) -> float | None:
    return float(np.exp(value)) if np.isfinite(value) else None
