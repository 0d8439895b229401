"""The parametric answer where further inputs are searched: which choices there are, and the result for each budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.each_budget import Valley, answer_each
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.joint import Joint
from scaling_cli.analysis.allocation.plan import (
    AllocationPlan,
    ApproachAnswer,
    answered,
    banded,
    estimated,
    log_correlation,
)
from scaling_cli.analysis.allocation.searched import bands, least, solve
from scaling_cli.analysis.allocation.space import AT_END, Axis, Space
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.numbers.format import figure
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, Searched
from scaling_cli.results.fit import Curve, Estimate

EXPONENT_STEP = 0.25  # of log compute, for the exponents of laws without a closed form
FRONTIER_POINTS, FRONTIER_DRAWS = 12, 100  # of the curve over compute, for plots
MANY = 1e5  # times the tokens of a split of a budget, which are about as many as the square root of its FLOPs
NO_SHARE = 1e-4  # of the mixture
BEYOND = 1.001  # factor outside the values of the runs that counts as outside


def searched_answer(fitted: FittedLaw, plan: AllocationPlan, group: dict[str, str] | None) -> ApproachAnswer:
    """The best choices for each budget, or for the smallest budget that reaches each target loss.

    Raises:
        FitError: No question has an answer.
        UsageError: An input has no range, or a range has values that the law cannot take.
    """
    joint = _joint(fitted, plan)
    allocations, caveats = answer_each(
        plan, group, lambda compute, loss: _allocation(joint, fitted, plan, compute, loss)
    )
    budgets = answered(allocations)
    return ApproachAnswer(
        allocations=tuple(allocations),
        exponents=_exponents(joint, plan, budgets),
        frontier=_frontier(joint, plan, budgets),
        caveats=(*caveats, *_doubts(allocations, fitted, plan, group)),
    )


def _joint(fitted: FittedLaw, plan: AllocationPlan) -> Joint:
    law, held = fitted.law, {name: value for name, value in plan.held.items() if name in fitted.law.inputs}
    if "unique_tokens" in law.inputs:
        if plan.unique_tokens is None:
            raise UsageError(f"{law.name} needs the number of unique tokens.", hint="Give --unique-tokens.")
        held["unique_tokens"] = plan.unique_tokens
    elif plan.unique_tokens is not None:
        raise UsageError(
            f"{law.name} does not describe the effect of repeated tokens.", hint="Leave out --unique-tokens."
        )
    axes = tuple(_axis(name, ends, fitted) for name, ends in plan.search.items())
    left = 1.0 - sum(plan.held.get(name, 0.0) for name in plan.mixture)
    if plan.shares and not 0 < left <= 1:
        raise UsageError(
            f"--hold holds shares that add up to {1 - left:.4g}, so no share of the mixture is left to search.",
            hint="Hold shares that are not negative and add up to less than 1.",
        )
    space = Space(True, axes, plan.shares, left if plan.shares else 1.0)
    followers = fitted.followers
    count = min(len(each.parameters) for each in (fitted, *followers.values()))
    return Joint(
        law,
        law.to_coordinates(fitted.parameters[:count]),
        held,
        plan.costs,
        space,
        {name: (each.law, each.law.to_coordinates(each.parameters[:count])) for name, each in followers.items()},
        plan.rest,
    )


def _axis(name: str, ends: tuple[float, float] | None, fitted: FittedLaw) -> Axis:
    """The range of a searched input; that of the runs, where none is given."""
    low, high = ends or fitted.ranges.get(name, (0.0, 0.0))
    if low >= high:
        said = "the runs do not have several values of it" if name in fitted.ranges else "the fit does not have one"
        raise UsageError(
            f"--search {name} has no range, and {said}.", hint=f"Give the range: --search {name}=LOW..HIGH."
        )
    return Axis(name, low, high)


def _allocation(
    joint: Joint, fitted: FittedLaw, plan: AllocationPlan, compute: float | None, loss: float | None
) -> tuple[Allocation, Valley]:
    if compute is not None:
        solution = solve(joint, compute)
    else:
        assert loss is not None
        solution = least(joint, loss)
    chosen, level, total = solution.chosen, plan.level, float(solution.compute[0])
    spread, within = estimated(solution.compute, level), bands(joint, solution)
    tokens = float(chosen.tokens[0])
    per_token = total / (tokens + joint.costs.inference_tokens / 3)
    losses = np.exp(chosen.log_loss) if loss is None else np.full(joint.replicates, loss)
    allocation = Allocation(
        approach="parametric",
        compute=total,
        params=estimated(chosen.params, level),
        tokens=estimated(chosen.tokens, level),
        tokens_per_param=estimated(chosen.tokens / chosen.params, level),
        loss=estimated(losses, level),
        params_within_waste=within["params"],
        compute_interval=None if compute is not None else (spread.low, spread.high),
        target_loss=loss,
        training_compute=per_token * tokens,
        inference_compute=per_token * joint.costs.inference_tokens / 3 if joint.costs.inference_tokens else None,
        limit=solution.limit,
        reach=fitted.reach(per_token * tokens, float(chosen.params[0]), tokens),
        log_correlation=log_correlation(chosen.params, chosen.tokens),
        bill=plan.hardware.bill(np.array([total])) if plan.hardware else None,
        searched={
            name: _searched(joint, name, chosen.further[name], within[name], level) for name in joint.space.names
        },
        followed={name: estimated(values, level) for name, values in joint.followed(chosen).items()},
    )
    return allocation, solution.valley


def _searched(joint: Joint, name: str, values: Array, within: dict[str, tuple[float, float]], level: float) -> Searched:
    low, high = joint.space.range_of(name)
    edge = AT_END * (high - low)
    end = "lowest" if values[0] <= low + edge else "highest" if values[0] >= high - edge else None
    return Searched(estimated(values, level), (low, high), within, end)


def _exponents(joint: Joint, plan: AllocationPlan, budgets: Sequence[float]) -> dict[str, Estimate]:
    """Exponents of best params and tokens in training compute on new tokens, with everything else at its best."""
    middle = float(np.exp(np.mean(np.log(budgets))))
    held = {name: plenty(middle) if name == "unique_tokens" else value for name, value in joint.held.items()}
    free = replace(joint, costs=joint.costs.unlimited(), held=held)
    try:
        below, above = (solve(free, middle * float(np.exp(step))).chosen for step in (-EXPONENT_STEP, EXPONENT_STEP))
    except FitError:  # only a limit makes a split best
        return {"params": Estimate(None), "tokens": Estimate(None)}
    found = {}
    for name in ("params", "tokens"):
        powers = np.log(getattr(above, name) / getattr(below, name)) / (2 * EXPONENT_STEP)
        found[name] = estimated(powers, plan.level)
    return found


def plenty(compute: float) -> float:
    """Unique tokens of which no sensible split of a budget repeats any, and so few that rounding does no harm."""
    return MANY * float(np.sqrt(compute))


def _frontier(joint: Joint, plan: AllocationPlan, budgets: Sequence[float]) -> Curve:
    """Best params over compute with a band from some of the replicates, for plots."""
    few = joint.first(1 + FRONTIER_DRAWS)
    low, high = min(budgets), max(budgets)
    grid = np.geomspace(low, high if high > low else 10 * low, FRONTIER_POINTS)
    place, sizes = few.best(float(grid[0])).place, []
    for compute in grid:
        place = few.near(float(compute), place).place
        sizes.append(estimated(few.at(place, float(compute)).params, plan.level))
    return banded(grid, sizes)


def _doubts(
    allocations: Sequence[Allocation], fitted: FittedLaw, plan: AllocationPlan, group: dict[str, str] | None
) -> list[Caveat]:
    """Caveats on best values at an end of their range or outside the runs, and on domains that are left out.

    Each is said once, of the last budget that it holds for.
    """
    found: dict[tuple[str, str], Caveat] = {}
    for row in allocations:
        absent = [
            name for name in plan.shares if name in row.searched and (row.searched[name].value.estimate or 0) < NO_SHARE
        ]
        if absent:
            found["mixture", ""] = caveat("mixture-corner", group, names=" and no ".join(absent))
        for name, one in row.searched.items():
            value = one.value.estimate
            if value is None or name in plan.shares:
                continue
            if one.end is not None:
                beyond = "smaller" if one.end == "lowest" else "larger"
                found["end", name] = caveat(
                    "search-end", group, end=one.end, name=name, value=figure(value), beyond=beyond
                )
            low, high = fitted.ranges.get(name, (-np.inf, np.inf))
            if value > max(high * BEYOND, high) or value < min(low / BEYOND, low):
                found["beyond", name] = caveat(
                    "search-beyond", group, name=name, value=figure(value), low=figure(low), high=figure(high)
                )
    return list(found.values())
