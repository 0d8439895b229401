"""The tables of `scaling plan`: the runs, the intervals to expect, and other designs."""

from __future__ import annotations

import math

from scaling_cli.analysis.recipe import shown as shown_quantity
from scaling_cli.numbers.format import count, figure, flops, percent
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.plan import GoalOutlook, Judgement, PlannedRun, PlanResult
from scaling_cli.sentences.plan import interval, shown


def sections(result: PlanResult) -> list[Section]:
    """Every table that has rows."""
    tables = [Section("Intervals", goal_sheet(result))]
    if result.runs:
        tables.insert(0, Section("Runs to train", run_sheet(result)))
    if result.attempts:
        tables.insert(0, Section("Attempts to make", attempt_sheet(result)))
    if result.usual and not result.attempts:
        tables.append(Section("Usual designs of the same cost", usual_sheet(result)))
    if result.judged:
        tables.append(
            Section("Designs judged, and the best designs of the same cost", judged_sheet(result), is_detail=True)
        )
    return tables


def run_sheet(result: PlanResult) -> Sheet:
    """One row for equal runs, cheapest first within each round."""
    recipe = tuple(dict.fromkeys(name for run in result.runs for name in run.recipe))
    several = len({run.round for run in result.runs}) > 1
    columns = (
        *numbers("round"), *words("group"), *numbers("runs", "params", "tokens", "tokens/param", "FLOPs each"),
        *numbers("GPU-hours", "days", "price", *recipe), Column("why", "text"),
    )  # fmt: skip
    rows = tuple(_run(run, recipe, several=several) for run in result.runs)
    return Sheet(columns, rows, _breaks(result.runs)).without_empty()


def _run(run: PlannedRun, recipe: tuple[str, ...], *, several: bool) -> Cells:
    bill = run.bill
    return (
        str(run.round) if several else "",
        run.arm,
        str(run.repeats),
        count(run.params),
        count(run.tokens),
        figure(run.tokens_per_param, 3),
        flops(run.compute),
        "" if bill is None else count(bill.gpu_hours),
        "" if bill is None or bill.days is None else figure(bill.days, 3),
        "" if bill is None or bill.price is None else count(bill.price),
        *("" if name not in run.recipe else shown_quantity(name, run.recipe[name]) for name in recipe),
        run.why,
    )


def attempt_sheet(result: PlanResult) -> Sheet:
    """One row for problems with equal counts, those with the most further attempts first."""
    classes: dict[tuple[int, int, int], int] = {}
    for row in result.attempts:
        key = (row.more, row.attempts, row.successes)
        classes[key] = classes.get(key, 0) + 1
    rows = tuple(
        (f"{problems:,}", f"{successes:,} of {attempts:,}", f"{more:,}", f"{problems * more:,}")
        for (more, attempts, successes), problems in sorted(classes.items(), reverse=True)
    )
    return Sheet((*numbers("problems"), *words("solved so far"), *numbers("more attempts at each", "in all")), rows)


def _breaks(runs: tuple[PlannedRun, ...]) -> tuple[int, ...]:
    return tuple(i for i in range(1, len(runs)) if runs[i].round != runs[i - 1].round)


def width(goal: GoalOutlook, value: float) -> str:
    """A width in decades, or as a difference."""
    return figure(value, 3) + (" decades" if goal.is_log and math.isfinite(value) else "")


def goal_sheet(result: PlanResult) -> Sheet:
    """One row per goal."""
    rounds = max((len(goal.rounds) for goal in result.goals), default=1)
    later = tuple(f"after round {number}" for number in range(1, rounds)) if rounds > 1 else ()
    columns = (
        Column("goal", "symbol"), *numbers("estimate"), Column("interval now", "interval"),
        Column("interval expected", "interval"), *numbers("width now", *later, "width expected"),
    )  # fmt: skip
    rows = tuple(
        (
            goal.goal,
            shown(goal, goal.before.estimate),
            interval(goal, goal.before),
            interval(goal, goal.after),
            width(goal, goal.width_before),
            *(width(goal, value) for value in goal.rounds[:-1]),
            width(goal, goal.width_after),
        )
        for goal in result.goals
    )
    return Sheet(columns, rows)


def _widths(result: PlanResult, values: tuple[float, ...]) -> Cells:
    return tuple(width(goal, value) for goal, value in zip(result.goals, values, strict=True))


def usual_sheet(result: PlanResult) -> Sheet:
    """The plan, then usual designs, with the compute that each would need for equal widths."""
    names = tuple(f"width of {goal.goal}" for goal in result.goals)
    columns = (*words("design"), *numbers("runs", "FLOPs", *names, "FLOPs for equal widths"))
    total = sum(run.repeats for run in result.runs)
    plan = (
        "this plan",
        str(total),
        flops(result.compute),
        *_widths(result, tuple(g.width_after for g in result.goals)),
        "1 times",
    )
    rows = [plan]
    for other in result.usual:
        times = "no budget is enough" if other.times is None else f"{figure(other.times, 2)} times"
        rows.append((other.name, str(other.runs), flops(other.compute), *_widths(result, other.widths), times))
    return Sheet(columns, tuple(rows))


def judged_sheet(result: PlanResult) -> Sheet:
    """One row per design."""
    names = tuple(f"width of {goal.goal}" for goal in result.goals)
    best = tuple(f"best width of {goal.goal}" for goal in result.goals)
    columns = (*words("design"), *numbers("runs", "FLOPs", *names, *best, "FLOPs in runs of little use"))
    return Sheet(columns, tuple(_judged(result, each) for each in result.judged))


def _judged(result: PlanResult, each: Judgement) -> Cells:
    return (
        each.name, str(each.runs), flops(each.compute), *_widths(result, each.widths),
        *_widths(result, each.best_widths), percent(each.idle),
    )  # fmt: skip
