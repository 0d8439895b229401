"""What `scaling plan` says below its answer: the runs, the intervals to expect, and usual designs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from scaling_cli.numbers.format import escape, figure, flops, group_name, number_of, percent, with_and
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.pages.facts import law_words, stated
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.report.plan.rows import sections, width
from scaling_cli.results.plan import ComparedGroup, GoalOutlook, PlanResult
from scaling_cli.results.report import Report
from scaling_cli.sentences.plan import called

HEADER = (
    "run", "round", "purpose", "arm", "seed", "params", "tokens", "compute", "tokens_per_param", "gpu_hours", "price",
    "why",
)  # fmt: skip
SOURCES = {"runs": "your runs", "saved": "a saved fit", "published": "a published fit"}

PlanReport: TypeAlias = Report[PlanResult]


def pages(report: PlanReport) -> Iterator[Page]:
    """A page for each group."""
    return (Page(facts(result), sections(result), details=details(result)) for result in report.results)


def records(report: PlanReport) -> Iterable[Row]:
    """One row per run, for a launcher; equal runs differ in their seed."""
    if any(result.attempts for result in report.results):
        header = ("problem", "attempts", "successes", "more")
        return grouped(report, header, lambda result: [[escape(row.problem), row.attempts, row.successes, row.more]
                                                       for row in result.attempts])  # fmt: skip
    recipe = tuple(dict.fromkeys(name for result in report.results for run in result.runs for name in run.recipe))
    return grouped(report, (*HEADER, *map(escape, recipe)), lambda result: _records(result, recipe))


def charts(report: PlanReport) -> list[Chart]:
    """The runs over those that there are, and the fall of the interval with the compute spent."""
    from scaling_cli.report.plan.plot import plan_charts

    return [chart for result in report.results for chart in plan_charts(result)]


def panels(report: PlanReport) -> Panels:
    """The runs, the fall of the interval and the usual designs of each group."""
    from scaling_cli.report.plan.panels import plan_panels

    return [row for result in report.results for row in plan_panels(result)]


def facts(result: PlanResult) -> Facts:
    """What the plan rests on, and what it comes to."""
    return stated(
        ("group", group_name(result.group)),
        ("law", law_words(result.law, result.formula, {})),
        ("from", _source(result)),
        ("noise", _noise(result)),
        ("compared", _compared(result)),
        ("rounds", _rounds(result)),
        ("check", _check(result)),
        *(("note", escape(note)) for note in result.notes),
        *(("judged", sentence) for sentence in _judged(result)),
    )


def details(result: PlanResult) -> Facts:
    """What the runs were chosen from, and how well they would test the law."""
    low, high = result.tokens_per_param
    return stated(
        (
            "limits",
            ""
            if result.attempts
            else f"{figure(low, 3)} to {figure(high, 3)} tokens per param, {result.candidates:,} possible runs",
        ),
        ("test", _test(result)),
    )


def _source(result: PlanResult) -> str:
    if len(result.laws) == 1:
        return SOURCES[result.source]
    return f"{SOURCES[result.source]}; the runs suit each of the laws {escape(with_and(result.laws))}"


def _noise(result: PlanResult) -> str:
    if result.attempts:
        return ""
    if result.compared:
        return "; ".join(f"{escape(each.name)}: {_spread(each)}" for each in result.compared)
    assumed = " (assumed; --noise changes it)" if result.source == "published" else ""
    return f"{_spread(result)}{assumed}"


def _spread(noisy: PlanResult | ComparedGroup) -> str:
    slope = noisy.noise_slope
    change = f", changing by {percent(math.expm1(slope))} per decade of compute" if slope else ""
    return f"{percent(noisy.noise)} of the loss between runs{change}"


def _compared(result: PlanResult) -> str:
    """In which direction each goal compares two groups, and whether by a difference or a ratio."""
    if not result.compared:
        return ""
    first, second = (escape(each.name) for each in result.compared)
    return "; ".join(f"{escape(goal.goal)} is {_direction(goal, first, second)}" for goal in result.goals)


def _direction(goal: GoalOutlook, first: str, second: str) -> str:
    if goal.goal.startswith("multiplier"):
        return f"the compute that {second} needs / that of {first}, at equal loss"
    return f"the ratio {second} / {first}" if goal.is_log else f"{second} - {first}"


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
    lead = f"{number_of(test.runs, 'run')} ({percent(test.compute / result.compute)} of the compute)"
    if test.seen is None:
        return f"{lead} cannot test the law: the possible runs are too alike"
    seen = percent(test.seen)
    return f"{lead} test the law: a departure from it of {seen} at the edge of the possible runs would be detected"


def _check(result: PlanResult) -> str:
    check = result.check
    if check is None:
        return ""
    found = (
        f"{escape(goal.goal)} {figure(ratio, 3)} times as wide, {percent(covered, 3)} contain the truth"
        for goal, ratio, covered in zip(result.goals, check.ratios, check.coverage, strict=True)
    )
    return f"intervals in {check.simulations} simulations, compared with those expected: {'; '.join(found)}"


def _judged(result: PlanResult) -> Iterator[str]:
    for each in result.judged:
        wide = (
            f"expected interval of {called(goal.goal)} {width(goal, value)} wide, and {width(goal, best)} with the "
            "best design of the same cost"
            for goal, value, best in zip(result.goals, each.widths, each.best_widths, strict=True)
        )
        spare = (
            f"; without {number_of(each.idle_runs, 'run')} ({percent(each.idle)} of the compute) intervals would be at "
            "most 5 % wider"
        )
        yield f"{escape(each.name)}: {'; '.join(wide)}{spare if each.idle_runs else ''}"


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
