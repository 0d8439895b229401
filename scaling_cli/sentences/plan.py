"""What a plan says: how many runs, what they cost, and what becomes of the interval of the first goal."""

from __future__ import annotations

import math

from scaling_cli.numbers.format import MISSING, amount, count, escape, figure, flops, number_of, percent, rounded
from scaling_cli.results.fit import Estimate
from scaling_cli.results.plan import GoalOutlook, PlanResult

COUNTED = ("params", "tokens")
NAMES = {"params": "best params", "tokens": "best tokens", "loss": "the loss", "multiplier": "the compute multiplier",
         "coverage": "coverage"}  # fmt: skip
STAYS = 0.97  # of the width: what shrinks less does not visibly shrink
CLOSE = 1.05  # times: closer designs are as good


def sentence(result: PlanResult, subject: str) -> str:
    """The runs, their cost, the interval that they make of the first goal's, and what a usual grid would take."""
    if result.attempts:
        return _attempts(result)
    runs = sum(run.repeats for run in result.runs)
    price = "" if result.bill is None or result.bill.price is None else f" (USD {count(result.bill.price)})"
    lead = f"{number_of(runs, 'run')}, {flops(result.compute)} FLOPs{price}"
    if not result.goals:
        return f"{lead}."
    usual = [other for other in result.usual if other.times is not None and other.times > CLOSE]
    beside = f"; the {usual[0].name} would need {figure(usual[0].times, 2)} times the compute" if usual else ""
    return f"{lead}: {_becomes(result, result.goals[0])}{beside}."


def _attempts(result: PlanResult) -> str:
    """Further attempts, and what becomes of the interval of coverage."""
    usual = result.usual[0]
    beside = f"; {usual.name} would need {figure(usual.times, 2)} times as many" if usual.times else ""
    lead = f"{result.compute:,.0f} attempts at {len(result.attempts):,} problems"
    return f"{lead}: {_becomes(result, result.goals[0])}{beside}."


def _becomes(result: PlanResult, goal: GoalOutlook) -> str:
    name = f"the {percent(result.level, 4)} interval of {called(goal.goal)}"
    if not math.isfinite(goal.width_after):
        return f"{name} would stay unknown"
    if result.source == "published":
        return f"{name} is expected to be {interval(goal, goal.after)}, by these runs alone"
    if not math.isfinite(goal.width_before):
        return f"{name} is expected to become {interval(goal, goal.after)}"
    if goal.width_after > STAYS * goal.width_before:
        return f"{name}, {interval(goal, goal.before)}, would hardly shrink"
    before, after = interval(goal, goal.before), interval(goal, goal.after)
    if goal.is_log and _length(goal.after) > _length(goal.before):  # narrower only as a ratio of the ends
        return (
            f"{name} shrinks from {figure(goal.width_before, 3)} decades, {before}, to "
            f"{figure(goal.width_after, 3)} decades, {after}"
        )
    return f"{name} shrinks from {before} to {after}"


def _length(value: Estimate) -> float:
    return math.inf if value.low is None or value.high is None else value.high - value.low


def called(text: str) -> str:
    """A goal in words."""
    what, at, where = text.partition("@")
    unit = " attempts" if what == "coverage" else "" if "=" in where else " FLOPs"
    return f"{NAMES.get(what, escape(what))} at {escape(where)}{unit}" if at else escape(what)


def shown(goal: GoalOutlook, value: float | None) -> str:
    """A value of a goal in the notation of its quantity."""
    if value is None or not math.isfinite(value):
        return MISSING
    what = goal.goal.partition("@")[0]
    return amount(what, value) if what in COUNTED else figure(value)


def interval(goal: GoalOutlook, value: Estimate) -> str:
    """The interval of a goal, open where it has no end."""
    if goal.goal.partition("@")[0] not in COUNTED:
        return rounded(value).interval
    if value.low is None and value.high is None:
        return MISSING
    return f"[{shown(goal, value.low)}, {shown(goal, value.high)}]"
