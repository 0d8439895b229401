"""The least budget with which an interval is expected to be as narrow as it is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from scaling_cli.analysis.plan.answer import Task, planned
from scaling_cli.analysis.plan.expected import WIDTH_DRAWS
from scaling_cli.analysis.plan.goals import Goal, parse_goal
from scaling_cli.analysis.plan.limits import Bounds
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import figure, flops
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record, replace

CONDITION = re.compile(r"\s*width\(\s*(?P<goal>.+?)\s*\)\s*<=?\s*(?P<width>[^<>()]+?)\s*")
HIGHEST = 1e5  # times the least budget that is tried
MORE = 1e4  # times the budget, up to which a refusal says how much is needed
DRAWS = 4  # for which designs are sought; widths are those of all draws, as they are printed
PRECISE, ROUGH = 0.02, 0.1  # of log budget
EXAMPLE = "--until 'width(params@1e24) < 0.2'"


class Condition(Record):
    """A goal and the width that its interval is to have: decades for params, tokens and losses."""

    goal: Goal
    width: float


def parse_until(text: str) -> Condition:
    """The condition that `--until` writes.

    Raises:
        UsageError: It is not written like one.
    """
    match = CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(f"--until {text!r} cannot be read.", hint=f"Write it like {EXAMPLE}.")
    width = parse_number(match["width"])
    if not width > 0:
        raise UsageError(f"--until asks for a width of {width:g}.", hint=f"Write it like {EXAMPLE}.")
    return Condition(parse_goal(match["goal"]), width)


def _with_smallest(bounds: Bounds, smallest: float) -> Bounds:
    """Bounds whose smallest run is given: a smaller budget is no reason to trust the law at smaller scales.

    Raises:
        UsageError: The largest run is smaller.
    """
    if smallest > bounds.compute[1]:
        raise UsageError("The budget does not pay for the smallest run.", hint="Give a larger --budget.")
    return replace(bounds, compute=(smallest, bounds.compute[1]))


def least_budget(task: Task, condition: Condition, bounds_of: Callable[[float], Bounds]) -> tuple[float, Bounds]:
    """FLOPs of the cheapest plan with an interval that narrow, and its bounds; a task's budget is the most to spend.

    `bounds_of` gives the bounds of one run for a budget.

    Raises:
        UsageError: No budget up to the largest reaches it.
    """
    index = task.goals.index(condition.goal)

    def tried(budget: float) -> float:
        bounds = _with_smallest(bounds_of(budget), task.bounds.compute[0])
        trial = replace(task, budget=budget, bounds=bounds, rounds=1, levels=(9, 11))
        plan = planned(trial, draws=DRAWS)
        outlook = trial.outlook
        seen = trial.seen([plan.place(plan.all)], draws=WIDTH_DRAWS)
        repeats = np.full(len(plan.all), float(task.seeds))
        return float(outlook.width(outlook.deviations(seen, 0, repeats), trial.spare(repeats.sum()))[index])

    def width(budget: float) -> float:
        try:
            return tried(budget)
        except UsageError:
            return float("inf")

    high = task.budget
    if not (reached := tried(high)) <= condition.width:
        wide = f"expected to be {figure(reached, 3)} wide" if np.isfinite(reached) else "unknown"
        raise UsageError(
            f"With {flops(high)} FLOPs and {task.runs} runs{_for_each(task)} the interval of {condition.goal.text} is "
            f"{wide}, not {figure(condition.width, 3)}.",
            hint=_remedy(width, condition.width, task),
        )
    least = _least(width, condition.width, high / HIGHEST, high, PRECISE)
    assert least is not None
    return least, _with_smallest(bounds_of(least), task.bounds.compute[0])


def _least(width: Callable[[float], float], wanted: float, low: float, high: float, precise: float) -> float | None:
    """The least budget between two with a width of at most `wanted`, within `precise` in logs; None without one."""
    if width(high) > wanted:
        return None
    while np.log(high / low) >= precise:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if width(middle) <= wanted else (middle, high)
    return high


def _remedy(width: Callable[[float], float], wanted: float, task: Task) -> str:
    """What to do where the budget is too small; a budget that it names was tried as it is printed."""
    least = _least(width, wanted, task.budget, task.budget * MORE, ROUGH)
    if least is None:
        return (
            f"{MORE:,.0f} times the budget would not be enough either: raise --max-runs or --max-compute, or ask for a "
            "wider interval."
        )
    # Of two budgets that are close, the larger one may be a little worse.
    while width(float(flops(least * task.sharing)) / task.sharing) > wanted and least < task.budget * MORE:
        least *= 1 + ROUGH
    return (
        f"About {flops(least * task.sharing)} FLOPs are needed with {task.runs} runs{_for_each(task)}: raise --budget, "
        "or ask for a wider interval."
    )


def _for_each(task: Task) -> str:
    return " for each group" if task.sharing > 1 else ""
