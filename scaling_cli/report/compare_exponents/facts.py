"""What is said about a comparison, as facts and sentences."""

from __future__ import annotations

from typing import TypeAlias

from scaling_cli.numbers.format import MISSING, amount, figure, flops, percent
from scaling_cli.report.pages.facts import law_words, stated
from scaling_cli.report.pages.page import Facts
from scaling_cli.results.comparison import Comparison, ComparisonResult, Crossover, Multiplier
from scaling_cli.results.report import Report

MOST_MULTIPLIED = 3  # pairs, at most, for which every multiplier is shown


FLOOR_WORDS = {"separate": "one for each group", "shared": "one for all groups", "none": "the law has none"}


TEST_WORDS = {
    "same_curve": "same curve",
    "same_exponent_and_floor": "same exponent and floor",
    "same_exponent": "same exponent",
    "same_shared": "parameters of --share",
    "same_floor": "same floor",
    "no_floor": "no floor at all",
}


SURFACE_COMPUTE = "6*params*tokens"


METHOD_WORDS = {"F": "F test", "wild-bootstrap": "restricted wild cluster bootstrap"}


CompareReport: TypeAlias = Report[ComparisonResult]


def facts(report: CompareReport) -> Facts:
    """What was compared and how."""
    result = report.results[0]
    matched = "; the same inputs and seeds in every group, resampled together" if result.is_paired else ""
    return stated(
        ("law", law_words(result.law, result.formula, result.inputs)),
        ("data", f"{len(result.groups)} groups, {result.runs:,} runs, {result.points:,} points{matched}"),
        ("margin", margin_words(result)),
        ("constants and multipliers" if result.factors else "multipliers", _omitted(result)),
    )


def _omitted(result: ComparisonResult) -> str:
    """Why there are no multipliers, if their losses cannot be compared."""
    if result.incomparable is None:
        return ""
    return (
        f"none, because losses of different values of {result.incomparable} may be on different evaluation "
        "data; add --same-metric if they are on the same"
    )


def details(result: ComparisonResult) -> Facts:
    """Why this law, what floors it has, and the tests of all groups at once."""
    return stated(
        ("why", result.reason or ""),
        ("floor", FLOOR_WORDS[result.floor]),
        ("shared", ", ".join(result.shared)),
        ("all groups", _tests(result)),
    )


def _tests(result: ComparisonResult) -> str:
    if not result.tests:
        return ""
    tests = [f"{TEST_WORDS[name]} p {equals(test.p_value)}" for name, test in result.tests.items()]
    test = result.tests["same_exponent"]
    replicates = f", {test.replicates:,} replicates" if test.replicates else ""
    return f"{', '.join(tests)} ({METHOD_WORDS[test.method]}{replicates})"


def probability(value: float | None) -> str:
    """A p-value with two digits: 0.86, 0.012, 0.003, and `<0.001` below that."""
    if value is None:
        return MISSING
    return "<0.001" if value < 0.0005 else figure(value, 2) if value >= 0.0095 else f"{value:.3f}"


def equals(value: float | None) -> str:
    """A p-value as it follows `p`: `= 0.86` or `< 0.001`."""
    shown = probability(value)
    return shown.replace("<", "< ") if shown.startswith("<") else f"= {shown}"


def margin_words(result: ComparisonResult) -> str:
    """The differences that count as too small to matter."""
    margin = result.margin
    if margin.drift is None:
        return f"exponents within {figure(margin.difference)} are equivalent"
    start, to = amount(margin.role, margin.start or 0.0), amount(margin.role, margin.to)
    role = margin.role
    return f"equivalent if the {role} multiplier changes by less than {figure(margin.drift)}x from {start} to {to}"


def sentences(report: CompareReport) -> list[str]:
    """For each pair what the answer does not say: its verdict, how much more compute one side needs, and crossings."""
    result = report.results[0]
    if len(result.comparisons) > MOST_MULTIPLIED:
        return []
    if len(result.comparisons) == 1:
        return list(filter(None, [_crossing(result.comparisons[0], result)]))
    return [
        " ".join(part for part in (pair.sentence, _needs(pair, result), _crossing(pair, result)) if part)
        for pair in result.comparisons
    ]


def _needs(pair: Comparison, result: ComparisonResult) -> str:
    inside = [row for row in pair.compute_multiplier if not row.is_extrapolated and row.estimate is not None]
    if not inside:
        return ""
    loss, left, right = figure(inside[-1].loss, 3), pair.left, pair.right
    return f"At a loss of {loss}, {left} needs {_times(inside[-1])} the {result.margin.role} of {right}."


def _times(row: Multiplier) -> str:
    assert row.estimate is not None
    size = figure(row.estimate, 3) if 1e-3 <= row.estimate < 1e4 else flops(row.estimate)
    return f"{size} times"


def _crossing(pair: Comparison, result: ComparisonResult) -> str:
    crossing = pair.crossover
    if crossing is None:
        return "Their laws do not cross." if pair.compute_multiplier else ""
    role = result.margin.role
    side = {"inside": "inside the data", "above": "beyond the data", "below": "before the data"}[crossing.place]
    likely = "" if pair.crossover_probability is None else _likely(pair.crossover_probability, result)
    place = f"{role} {amount(role, crossing.estimate)}{_between(crossing, role)}"
    return f"Their laws cross at {place}, {side}{likely}."


def _between(crossing: Crossover, role: str) -> str:
    if crossing.low is None and crossing.high is None:
        return ""
    low, high = (MISSING if end is None else amount(role, end) for end in (crossing.low, crossing.high))
    return f" [{low}, {high}]"


def _likely(probability: float, result: ComparisonResult) -> str:
    return f" ({percent(probability)} of replicates cross below {amount(result.margin.role, result.margin.to)})"
