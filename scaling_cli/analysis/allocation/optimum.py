"""The best split of a budget between params and tokens, for any law and any cost.

Tokens follow from params and the budget, so the only unknown is the log of params. For the Chinchilla family at 6 FLOPs
per param and token the optimum has a closed form (Hoffmann et al. 2022, eq. 4),

    N* = G (C/6)^a,   a = beta / (alpha + beta),   G = (alpha A / (beta B))^(1 / (alpha + beta)).

Otherwise the loss of all replicates is computed on one grid over all admissible params, so that no local minimum is
missed, and then on a fine grid around the minima, where the stationary point of the quartic through five neighbours is
exact to nine digits. The budget for a target loss is found by bisection.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.basins import nearest_minimum, valley
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.surface import Chinchilla, Surface
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.errors import FitError
from scaling_cli.numbers.format import flops
from scaling_cli.record import Record

FEWEST_TOKENS = 1.0  # tokens at the large end of the range of params
COARSE_POINTS = 400
FINE_STEP = 0.02  # of log params
MOST_FINE_POINTS = 800
NEWTON_STEPS = 8
BISECTIONS = 80
LARGEST_COMPUTE = 1e40  # FLOPs, beyond any budget
BRACKETS = (0.5, 1.5, 4.0, 12.0)  # in log compute, around the estimate's budget
BRACKET_POINTS = 41  # budgets at which the replicates' losses are computed
AT_LOW, AT_HIGH = "fewer", "more"  # the loss is lowest at an end of the range of params: no optimum
FLAT = 1e-9  # of log loss: splits whose losses differ by less differ by rounding alone
APART = 1.0  # in log params: between limits that are closer, losses may agree
WASTE_REACH = 30.0  # of log params, within which the ends of the waste band are sought


class Split(Record):
    """The split of a budget, one entry per replicate `(replicates,)`; `limit` is the limit that decides it, if any.

    `valley` has the params between which it was sought, where the law falls again beyond them without end.
    """

    params: Array
    tokens: Array
    loss: Array
    limit: str | None = None
    valley: tuple[float, float] | None = None


def best_split(surface: Surface, costs: Costs, compute: float) -> Split:
    """The split of `compute` with the lowest loss.

    Raises:
        FitError: Loss keeps falling towards one end, or is the same everywhere, so no optimum exists.
    """
    split = _inner_split(surface, costs, compute)
    if split.limit in (AT_LOW, AT_HIGH):
        raise FitError(
            f"At {flops(compute)} FLOPs the loss keeps falling with {split.limit} params, so no split is best.",
            hint="Add runs on both sides of the best params, or limit params with --min-params and --max-params.",
        )
    return split


def _inner_split(surface: Surface, costs: Costs, compute: float) -> Split:
    """The best split, in a valley of the loss where the loss falls towards an end of all params."""
    split = _split(surface, costs, compute)
    if split.limit not in (AT_LOW, AT_HIGH):
        return split
    low, high = costs.params_range(compute, FEWEST_TOKENS)
    grid = np.linspace(np.log(low), np.log(high), COARSE_POINTS)
    losses = _losses(surface, costs, compute, grid)
    found = valley(losses[0])
    if found is None:
        return split
    at, has_one = nearest_minimum(losses, found.bottom)
    refined = _quartic_minimum(grid, losses, at)[0]
    has_one &= np.isfinite(refined)
    logs = np.where(has_one, refined, grid[found.bottom])
    inside = _bought(surface, costs, compute, np.exp(logs), None)
    params, tokens, loss = (np.where(has_one, each, np.nan) for each in (inside.params, inside.tokens, inside.loss))
    ends = (float(np.exp(grid[found.start])), float(np.exp(grid[found.stop])))
    return Split(params, tokens, loss, None, ends)


def _split(surface: Surface, costs: Costs, compute: float) -> Split:
    """The best split; its limit is one of the limits of `costs`, or an end of the range of params."""
    low, high = costs.params_range(compute, FEWEST_TOKENS)
    if low >= high:
        return _bought(surface, costs, compute, np.full(surface.replicates, high), costs.binding(compute))
    start, stop = np.log(low), np.log(high)
    if isinstance(surface, Chinchilla) and costs.rate is not None and costs.is_plain:
        logs = surface.log_scale + surface.params_exponent * np.log(compute / costs.rate)
    else:
        logs = _stationary(surface, costs, compute, start, stop)
    limit = None
    if logs[0] <= start:
        limit = costs.limit_below(compute) or AT_LOW
    elif logs[0] >= stop:
        limit = costs.limit_above() or AT_HIGH
    return _bought(surface, costs, compute, np.exp(np.clip(logs, start, stop)), limit)


def _bought(surface: Surface, costs: Costs, compute: float, params: Array, limit: str | None) -> Split:
    tokens = costs.tokens(params, compute)
    return Split(params, tokens, np.exp(surface.own_log_loss(params, tokens)), limit)


def _stationary(surface: Surface, costs: Costs, compute: float, low: float, high: float) -> Array:
    """Log params of the lowest loss `(replicates,)`, or an end of the range.

    The grid is even in log(params / tokens). If inference takes most of the budget, tokens fall to zero within a narrow
    range of params, and the loss is smooth only along such a grid.
    """
    ends = costs.log_ratio(np.array([low, high]), compute)
    grid = np.linspace(ends[0], ends[1], COARSE_POINTS)
    sizes = costs.log_params(grid, compute, low, high)
    coarse = _losses(surface, costs, compute, sizes)
    require_slope(sizes, coarse[0], compute)
    best = np.argmin(coarse, axis=1)
    inside = (best > 0) & (best < len(grid) - 1)
    if not inside.any():
        ends_of_range: Array = np.where(best == 0, low, high)
        return ends_of_range
    step = float(grid[1] - grid[0])
    start, stop = grid[best[inside].min()] - 2 * step, grid[best[inside].max()] + 2 * step
    count = int(np.clip((stop - start) / FINE_STEP, 100, MOST_FINE_POINTS))
    fine = np.linspace(max(start, ends[0]), min(stop, ends[1]), count)
    losses = _losses(surface, costs, compute, costs.log_params(fine, compute, low, high))
    refined, is_settled = _quartic_minimum(fine, losses)
    ratios = np.where(inside & is_settled, refined, grid[best])
    return costs.log_params(ratios, compute, low, high)


def require_slope(log_params: Array, losses: Array, compute: float) -> None:
    """Refuse log losses `(n,)` along params that differ by rounding alone: the lowest one then means nothing.

    Raises:
        FitError: They do, although params differ.
    """
    if np.ptp(log_params) > APART and np.nanmax(losses) - np.nanmin(losses) < FLAT:
        raise FitError(
            f"At {flops(compute)} FLOPs the law gives every split the same loss, so no split is best.",
            hint="Choose a --law in which params and tokens lower the loss in different ways, such as chinchilla.",
        )


def _losses(surface: Surface, costs: Costs, compute: float, log_params: Array) -> Array:
    """Log losses of splits; infinite where the law gives no number, so that no such split is the best one."""
    params = np.exp(log_params)
    losses = surface.log_loss(params, costs.tokens(params, compute))
    return np.where(np.isnan(losses), np.inf, losses)


def _quartic_minimum(grid: Array, values: Array, at: Indices | None = None) -> tuple[Array, Flags]:
    """Where the quartic through the five points around each row's minimum is flat, and whether that is between them.

    `at` has the place of the minimum of each row; by default that of its lowest value.
    """
    best: Indices = np.clip(np.argmin(values, axis=1) if at is None else at, 2, len(grid) - 3)
    around = np.take_along_axis(values, best[:, None] + np.arange(-2, 3), axis=1)
    with np.errstate(invalid="ignore"):
        around = around - around[:, 2:3]
    # Beside a split without a loss no quartic fits, and the lowest point counts.
    around = np.where(np.isfinite(around).all(axis=1, keepdims=True), around, 0.0)
    coefficients = around @ np.linalg.inv(np.vander(np.arange(-2.0, 3.0), 5, increasing=True)).T
    place = np.zeros(len(values))
    for _ in range(NEWTON_STEPS):
        slope = sum(k * coefficients[:, k] * place ** (k - 1) for k in range(1, 5))
        bend = sum(k * (k - 1) * coefficients[:, k] * place ** (k - 2) for k in range(2, 5))
        place = np.clip(place - slope / np.where(bend > 0, bend, np.inf), -2, 2)
    return grid[best] + place * (grid[1] - grid[0]), np.abs(place) < 2


def least_split(surface: Surface, costs: Costs, loss: float) -> tuple[Array, Split]:
    """The smallest budget that reaches `loss` `(replicates,)`, infinite if none does, and its best split.

    Raises:
        FitError: No budget reaches it.
    """
    first = surface.first()
    low, high = np.log(costs.least_compute), np.log(LARGEST_COMPUTE)
    if _best_loss(first, costs, high) > loss:
        raise FitError(
            f"No budget reaches a loss of {loss:g}: the law's floor, or the lowest loss within the limits, is higher.",
            hint="Give a higher --target-loss, or raise --max-params, --max-tokens or --unique-tokens.",
        )
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _best_loss(first, costs, middle) <= loss else (middle, high)
    split = best_split(first, costs, float(np.exp(high)))
    if surface.replicates == 1:
        return np.array([np.exp(high)]), split
    budgets, params = _replicate_budgets(surface, costs, loss, high)
    budgets[0], params[0] = np.exp(high), split.params[0]
    tokens = costs.tokens(params, budgets)
    return budgets, Split(params, tokens, np.full(len(params), loss), split.limit)


def _best_loss(surface: Surface, costs: Costs, log_compute: float) -> float:
    return float(_inner_split(surface, costs, float(np.exp(log_compute))).loss[0])


def _replicate_budgets(surface: Surface, costs: Costs, loss: float, centre: float) -> tuple[Array, Array]:
    """Budgets and params by interpolation, on a bracket that widens until it contains those of all replicates."""
    for width in BRACKETS:
        start = max(centre - width, float(np.log(costs.least_compute)))
        logs = np.linspace(start, min(centre + width, np.log(LARGEST_COMPUTE)), BRACKET_POINTS)
        splits = [_inner_split(surface, costs, float(np.exp(log_compute))) for log_compute in logs]
        losses = np.log(np.stack([split.loss for split in splits], axis=1))
        if ((losses[:, 0] >= np.log(loss)) & (losses[:, -1] <= np.log(loss))).all():
            break
    sizes = np.log(np.stack([split.params for split in splits], axis=1))
    log_budgets = np.array([np.interp(-np.log(loss), -row, logs) for row in losses])
    params = np.exp([np.interp(at, logs, row) for at, row in zip(log_budgets, sizes, strict=True)])
    budgets: Array = np.where(losses[:, -1] <= np.log(loss), np.exp(log_budgets), np.inf)
    return budgets, params


def waste_band(surface: Surface, costs: Costs, compute: float, split: Split, waste: float) -> tuple[float, float]:
    """Params between which less than a share `waste` of the budget is wasted.

    At the ends, a budget smaller by that share would reach an equal loss at its own best split.
    """
    first = surface.first()
    ceiling = float(np.log(best_split(first, costs, compute * (1 - waste)).loss[0]))
    low, high = split.valley or costs.params_range(compute, FEWEST_TOKENS)
    centre = float(np.log(split.params[0]))
    # Where limits leave a part of the budget unspent, no params within them use all of it.
    low, high = min(float(np.log(low)), centre), max(float(np.log(high)), centre)
    ends = (max(low, centre - WASTE_REACH), min(high, centre + WASTE_REACH))
    return tuple(  # type: ignore[return-value]
        float(np.exp(_crossing(first, costs, compute, centre, float(end), ceiling))) for end in ends
    )


def _crossing(surface: Surface, costs: Costs, compute: float, inside: float, outside: float, ceiling: float) -> float:
    """The log params between `inside` and `outside` where log loss reaches `ceiling`; `outside` if it never does."""
    if _losses(surface, costs, compute, np.array([outside]))[0, 0] <= ceiling:
        return outside
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        if _losses(surface, costs, compute, np.array([middle]))[0, 0] <= ceiling:
            inside = middle
        else:
            outside = middle
        if abs(outside - inside) < 1e-12:
            break
    return inside
