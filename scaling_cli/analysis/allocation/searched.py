"""Approach 3 with further inputs: the best split of a budget together with the best values of what is searched.

The least budget for a loss is found by bisection for the estimate, and for each replicate by Newton's method on the log
of the budget, starting there. The waste band of a choice is where a budget smaller by that share would reach an equal
loss, with all other choices at their best.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.analysis.allocation.basins import valley
from scaling_cli.analysis.allocation.box import Lowest
from scaling_cli.analysis.allocation.joint import Chosen, Joint
from scaling_cli.analysis.allocation.optimum import AT_HIGH, AT_LOW, LARGEST_COMPUTE, require_slope
from scaling_cli.analysis.allocation.plan import WASTES
from scaling_cli.analysis.allocation.space import AT_END
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.numbers.format import flops
from scaling_cli.record import Record, replace

NEAR = 0.5  # of log compute, from which Newton's method is used
CROSSINGS = 40
BUDGET_STEPS = 15
TOLERANCE = 1e-6  # of log loss, within which a loss counts as reached
STEP = 1e-2  # of log compute, for the slope of the loss along it
LONGEST = 3.0  # of log compute, for one step
CLOSE = 1e-7  # of log compute
VALLEY_POINTS = 100  # of params, where the loss falls towards an end of them
SLOPE_POINTS = 21  # of params, from which it is seen that the loss depends on them
REACH = 30.0  # of log params, within which the ends of the waste band are sought


class Solution(Record):
    """The best choices at one budget for each replicate `(replicates,)`, and what they stand for.

    `valley` has the params between which they were sought, where the law falls again beyond them without end.
    """

    compute: Array
    place: Array
    chosen: Chosen
    limit: str | None
    valley: tuple[float, float] | None = None


def solve(joint: Joint, compute: float) -> Solution:
    """The best choices at a budget.

    Raises:
        FitError: Loss keeps falling towards one end of params, or does not depend on them, or nothing is within the
            limits.
    """
    found = joint.best(compute)
    budgets = np.full(joint.replicates, compute)
    if joint.limit(found.place[0], compute) in (AT_LOW, AT_HIGH) and (ends := _valley(joint, compute)) is not None:
        limited = replace(joint, costs=replace(joint.costs, min_params=ends[0], max_params=ends[1]))
        return replace(_solution(limited, budgets, limited.best(compute)), limit=None, valley=ends)
    return _solution(joint, budgets, found)


def _valley(joint: Joint, compute: float) -> tuple[float, float] | None:
    """The params between which the estimate has a lowest loss, with everything else at its best; None without one."""
    most = float(joint.costs.unlimited().params_range(compute, 1.0)[1]) if joint.costs.rate else compute
    grid = np.geomspace(1.0, most, VALLEY_POINTS)
    first, losses = joint.first(), []
    place = first.pinned("params", float(grid[0])).best(compute).place
    for params in grid:
        found_here = first.pinned("params", float(params)).near(compute, place)
        place = found_here.place
        losses.append(float(found_here.value[0]))
    found = valley(np.array(losses))
    return None if found is None else (float(grid[found.start]), float(grid[found.stop]))


def _solution(joint: Joint, compute: Array, found: Lowest) -> Solution:
    limit = joint.limit(found.place[0], float(compute[0]))
    if not np.isfinite(joint.first().at(found.place[:1], compute[:1]).log_loss[0]):
        raise FitError(
            f"At {flops(float(compute[0]))} FLOPs no params and tokens are within the limits.",
            hint="Raise --inference-budget or --max-params, or lower --min-params.",
        )
    if limit in (AT_LOW, AT_HIGH):
        raise FitError(
            f"At {flops(float(compute[0]))} FLOPs the loss keeps falling with {limit} params, so no split is best.",
            hint="Add runs on both sides of the best params, or limit params with --min-params and --max-params.",
        )
    if joint.space.has_params:
        places = np.repeat(found.place[:1, None], SLOPE_POINTS, axis=1)
        places[0, :, 0] = np.linspace(0.0, 1.0, SLOPE_POINTS)
        along = joint.first().chosen(np.arange(1), places, float(compute[0]))
        require_slope(np.log(along.params[0]), along.log_loss[0], float(compute[0]))
    return Solution(compute, found.place, joint.at(found.place, compute), limit)


def least(joint: Joint, loss: float) -> Solution:
    """The smallest budget that reaches `loss`, infinite for replicates that reach it with none, and its choices.

    Raises:
        FitError: No budget reaches it.
    """
    first = joint.first()
    start, place = _near_budget(first, loss)
    logs, place = _reaching(joint, loss, np.full(joint.replicates, start), np.repeat(place, joint.replicates, axis=0))
    found = joint.near(np.exp(logs), place)
    reached = found.value <= np.log(loss) + TOLERANCE
    return replace(_solution(joint, np.exp(logs), found), compute=np.where(reached, np.exp(logs), np.inf))


def _near_budget(first: Joint, loss: float) -> tuple[float, Array]:
    """The log of about the smallest budget that reaches `loss` with the estimate, and the best place there."""
    low, high = np.log(first.costs.least_compute), np.log(LARGEST_COMPUTE)
    if first.best(np.exp(high)).value[0] > np.log(loss):
        raise FitError(
            f"No budget reaches a loss of {loss:g}: the law's floor, or the lowest loss within the limits, is higher.",
            hint="Give a higher --target-loss, or search wider ranges.",
        )
    while high - low > NEAR:
        middle = (low + high) / 2
        low, high = (low, middle) if first.best(np.exp(middle)).value[0] <= np.log(loss) else (middle, high)
    return high, first.best(np.exp(high)).place


def _reaching(joint: Joint, loss: float, logs: Array, place: Array) -> tuple[Array, Array]:
    """Logs of the budgets with which each replicate reaches `loss`, by Newton's method, and the best places there."""
    for _ in range(BUDGET_STEPS):
        found, beyond = joint.near(np.exp(logs), place), joint.near(np.exp(logs + STEP), place)
        slope = (beyond.value - found.value) / STEP
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(slope < 0, (np.log(loss) - found.value) / slope, LONGEST)
        step = np.clip(step, -LONGEST, LONGEST)
        place, logs = found.place, np.minimum(logs + step, np.log(LARGEST_COMPUTE))
        if np.abs(step).max() < CLOSE:
            break
    return logs, place


def bands(joint: Joint, solution: Solution) -> dict[str, dict[str, tuple[float, float]]]:
    """For params and each searched input, by share of wasted budget: the values that waste no more than it."""
    first, compute = joint.first(), float(solution.compute[0])
    ceilings = {f"{waste:.2f}": float(first.best(compute * (1 - waste)).value[0]) for waste in WASTES}
    params = float(solution.chosen.params[0])
    found = {}
    if first.space.has_params:
        ends = solution.valley or (params * np.exp(-REACH), params * np.exp(REACH))
        found["params"] = _bands(first, solution, "params", params, ends, ceilings)
    for name in first.space.names:
        value = float(solution.chosen.further[name][0])
        found[name] = _bands(first, solution, name, value, first.space.range_of(name), ceilings)
    return found


def _bands(
    first: Joint, solution: Solution, name: str, value: float, ends: tuple[float, float], ceilings: dict[str, float]
) -> dict[str, tuple[float, float]]:
    best = _profile(first, solution, name)
    is_log = ends[0] > 0
    return {
        share: (_crossing(best, value, ends[0], ceiling, is_log), _crossing(best, value, ends[1], ceiling, is_log))
        for share, ceiling in ceilings.items()
    }


def _profile(first: Joint, solution: Solution, name: str) -> Callable[[float], float]:
    """The lowest log loss at each value of one choice, with the others at their best."""
    compute = float(solution.compute[0])
    values = {key: float(each[0]) for key, each in solution.chosen.further.items()}
    params = float(solution.place[0, 0]) if first.space.has_params else 0.5

    def loss(value: float) -> float:
        pinned = first.pinned(name, value)
        left = first.space.total - value if name in first.space.shares else 1.0
        kept = first.space.total - values.get(name, 0.0)
        scale = left / kept if name in first.space.shares and kept > 0 else 1.0
        near = {key: each * (scale if key in pinned.space.shares else 1.0) for key, each in values.items()}
        place = pinned.space.place(near, params)[None]
        found = pinned.near(compute, place).value[0]
        return float(found if np.isfinite(found) else np.inf)

    return loss


def _crossing(best: Callable[[float], float], inside: float, outside: float, ceiling: float, is_log: bool) -> float:
    """The value between `inside` and `outside` where the lowest loss reaches `ceiling`; `outside` if it never does."""
    if best(outside) <= ceiling:
        return outside
    for _ in range(CROSSINGS):
        middle = float(np.sqrt(inside * outside)) if is_log else (inside + outside) / 2
        inside, outside = (middle, outside) if best(middle) <= ceiling else (inside, middle)
        if abs(outside - inside) <= AT_END * abs(outside):
            break
    return inside
