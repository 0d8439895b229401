"""What `scaling plan` says: the answer in a sentence, then the runs, the intervals to expect, and usual designs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from scaling_cli.numbers.format import count, escape, figure, flops, group_name, percent
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.facts import number_of
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.report.plan.rows import interval, sections, shown, width
from scaling_cli.results.plan import GoalOutlook, PlanResult
from scaling_cli.results.report import Report

HEADER = (
    "run", "round", "purpose", "arm", "seed", "params", "tokens", "compute", "tokens_per_param", "gpu_hours", "price",
    "why",
)  # fmt: skip
SOURCES = {"runs": "your runs", "saved": "a saved fit", "published": "a published fit"}
NAMES = {"params": "best params", "tokens": "best tokens", "loss": "the loss", "multiplier": "the compute multiplier"}
STAYS = 0.97  # of the width: what shrinks less does not visibly shrink
CLOSE = 1.05  # times: closer designs are as good

PlanReport: TypeAlias = Report[PlanResult]


def pages(report: PlanReport) -> Iterator[Page]:
    """A page for each group."""
    return (Page(facts(result), sections(result)) for result in report.results)


def records(report: PlanReport) -> Iterable[Row]:
    """One row per run, for a launcher; equal runs differ in their seed."""
    recipe = tuple(dict.fromkeys(name for result in report.results for run in result.runs for name in run.recipe))
    return grouped(report, (*HEADER, *map(escape, recipe)), lambda result: _records(result, recipe))


def charts(report: PlanReport) -> list[Chart]:
    """The runs over those that there are, and the fall of the interval with the compute spent."""
    from scaling_cli.report.plan.plot import plan_charts

    return [chart for result in report.results for chart in plan_charts(result)]


def line(result: PlanResult) -> str:
    """The answer."""
    return answer(result)


def answer(result: PlanResult) -> str:
    """How many runs, what they cost, and what becomes of the first goal's interval."""
    runs = sum(run.repeats for run in result.runs)
    price = "" if result.bill is None or result.bill.price is None else f" (USD {count(result.bill.price)})"
    sentence = f"{number_of(runs, 'run')}, {flops(result.compute)} FLOPs{price}"
    if not result.goals:
        return sentence
    goal = result.goals[0]
    usual = [other for other in result.usual if other.times is not None and other.times > CLOSE]
    beside = f"; the {usual[0].name} would need {figure(usual[0].times, 2)} times the compute" if usual else ""
    return f"{sentence}: {_becomes(result, goal)}{beside}"


def _becomes(result: PlanResult, goal: GoalOutlook) -> str:
    name = f"the {percent(result.level, 4)} interval of {_called(goal.goal)}"
    if not math.isfinite(goal.width_after):
        return f"{name} would stay unknown"
    if result.source == "published":
        return f"{name} is expected to be {interval(goal, goal.after)}, by these runs alone"
    if goal.width_after > STAYS * goal.width_before:
        return f"{name}, {interval(goal, goal.before)}, would hardly shrink"
    if not math.isfinite(goal.width_before):
        return f"{name} is expected to become {interval(goal, goal.after)}"
    return f"{name} shrinks from {interval(goal, goal.before)} to {interval(goal, goal.after)}"


def _called(text: str) -> str:
    what, at, where = text.partition("@")
    return f"{NAMES.get(what, escape(what))} at {escape(where)}" if at else escape(what)


def facts(result: PlanResult) -> Facts:
    """The answer, then what it rests on."""
    low, high = result.tokens_per_param
    facts = [
        ("answer", answer(result)),
        ("group", group_name(result.group)),
        ("law", escape(f"{result.law}: {result.formula}")),
        ("rests on", _rests_on(result)),
        ("noise", _noise(result)),
        ("rounds", _rounds(result)),
        ("limits", f"{figure(low, 3)} to {figure(high, 3)} tokens per param, {result.candidates:,} candidates"),
        ("test", _test(result)),
        ("check", _check(result)),
        *(("note", escape(note)) for note in result.notes),
        *(("judged", sentence) for sentence in _judged(result)),
    ]
    return [(label, sentence) for label, sentence in facts if sentence]


def _rests_on(result: PlanResult) -> str:
    if len(result.laws) == 1:
        return SOURCES[result.source]
    return f"{SOURCES[result.source]}; good for the laws {escape(' and '.join(result.laws))}"


def _noise(result: PlanResult) -> str:
    change = (
        f", changing by {percent(math.expm1(result.noise_slope))} per decade of compute" if result.noise_slope else ""
    )
    assumed = " (assumed; --noise changes it)" if result.source == "published" else ""
    return f"{percent(result.noise)} of the loss between runs{change}{assumed}"


def _rounds(result: PlanResult) -> str:
    last = max((run.round for run in result.runs), default=1)
    if last == 1:
        return ""
    now = [run for run in result.runs if run.round == 1]
    total = sum(run.repeats * run.compute for run in now)
    runs = number_of(sum(run.repeats for run in now), "run")
    return f"train the {runs} of round 1 now ({flops(total)} FLOPs), then plan again with their results"


def _test(result: PlanResult) -> str:
    test = result.test
    if test is None:
        return ""
    return (
        f"{number_of(test.runs, 'run')} ({percent(test.compute / result.compute)} of the compute) test the law: a "
        f"departure of {percent(test.seen)} at the edge of the candidates would be seen"
    )


def _check(result: PlanResult) -> str:
    check = result.check
    if check is None:
        return ""
    found = (
        f"{escape(goal.goal)} {figure(ratio, 3)} times as wide, {percent(covered, 3)} cover"
        for goal, ratio, covered in zip(result.goals, check.ratios, check.coverage, strict=True)
    )
    return f"{check.simulations} simulations against what is expected: {'; '.join(found)}"


def _judged(result: PlanResult) -> Iterator[str]:
    for each in result.judged:
        wide = (
            f"{_called(goal.goal)} {width(goal, value)} wide, at best {width(goal, best)}"
            for goal, value, best in zip(result.goals, each.widths, each.best_widths, strict=True)
        )
        spare = (
            f"; without {percent(each.idle)} of its compute ({number_of(each.idle_runs, 'run')}) it would be 5 % wider"
        )
        yield f"{escape(each.name)}: {', '.join(wide)}{spare if each.idle_runs else ''}"


def _records(result: PlanResult, recipe: tuple[str, ...]) -> Iterator[Row]:
    number = 0
    for run in result.runs:
        for seed in range(run.repeats):
            number += 1
            bill = run.bill
            yield [
                f"plan-{number:03d}", run.round, run.purpose, escape(run.arm), seed, round(run.params),
                round(run.tokens), run.compute, run.tokens_per_param, None if bill is None else bill.gpu_hours,
                None if bill is None else bill.price, run.why, *(run.recipe.get(name) for name in recipe),
            ]  # fmt: skip


__all__ = ["charts", "line", "pages", "records", "shown"]
