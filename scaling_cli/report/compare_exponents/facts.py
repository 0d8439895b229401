"""What is said of a comparison, as facts, tables and sentences."""

from __future__ import annotations

from typing import TypeAlias

from scaling_cli.numbers.format import MISSING, amount, escape, figure, flops, group_name, percent, rounded
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.comparison import Comparison, ComparisonResult, Crossover, Multiplier
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Report

MOST_MULTIPLIED = 3  # pairs up to which every multiplier is shown


FLOOR_WORDS = {"separate": "one for each group", "shared": "one for all groups", "none": "the law has none"}


TEST_WORDS = {
    "same_curve": "same curve",
    "same_exponent_and_floor": "same exponent and floor",
    "same_exponent": "same exponent",
    "same_floor": "same floor",
}


PAIR_HEADER = (
    "left - right", "exponent", "difference", "interval", "margin", "detects", "p", "p adjusted", "verdict",
)  # fmt: skip


SURFACE_COMPUTE = "6*params*tokens"


METHOD_WORDS = {"F": "F test", "wild-bootstrap": "restricted wild cluster bootstrap"}


CompareReport: TypeAlias = Report[ComparisonResult]


def facts(report: CompareReport) -> list[tuple[str, str]]:
    """What was done, as label and sentence."""
    result = report.results[0]
    renamed = [f"{name} = {column}" for name, column in result.inputs.items() if name != column]
    law = escape(f"{result.law}: {result.formula}" + (f", {', '.join(renamed)}" if renamed else ""))
    found = [("law", law)]
    if result.reason:
        found.append(("why", escape(result.reason)))
    matched = "; the same inputs and seeds in every group, resampled together" if result.is_paired else ""
    found.append(("data", f"{len(result.groups)} groups, {result.runs:,} runs, {result.points:,} points{matched}"))
    found.append(("floor", FLOOR_WORDS[result.floor]))
    found.append(("margin", margin_words(result)))
    tests = [f"{TEST_WORDS[name]} p {equals(test.p_value)}" for name, test in result.tests.items()]
    method = METHOD_WORDS[result.tests["same_exponent"].method]
    replicates = result.tests["same_exponent"].replicates
    how = f"{method}, {replicates:,} replicates" if replicates else method
    return [*found, ("all groups", f"{', '.join(tests)} ({how})")]


def probability(value: float | None) -> str:
    """A p-value: 0.86, 0.012, 0.003, and below a thousandth just that."""
    if value is None:
        return MISSING
    return "<0.001" if value < 0.0005 else figure(value, 2) if value >= 0.0095 else f"{value:.3f}"


def equals(value: float | None) -> str:
    """The same after a `p`."""
    shown = probability(value)
    return shown.replace("<", "< ") if shown.startswith("<") else f"= {shown}"


def margin_words(result: ComparisonResult) -> str:
    """What counts as too small to matter."""
    margin = result.margin
    if margin.drift is None:
        return f"exponents within {figure(margin.difference)} are equivalent"
    start, to = amount(margin.role, margin.start or 0.0), amount(margin.role, margin.to)
    role = escape(margin.role)
    return f"equivalent if the {role} multiplier drifts less than {figure(margin.drift)}x from {start} to {to}"


def sheets_of(report: CompareReport) -> list[Sheet]:
    """Groups, pairs, and for a few pairs their multipliers."""
    result = report.results[0]
    sheets = [group_sheet(result), pair_sheet(result)]
    if len(result.comparisons) <= MOST_MULTIPLIED and any(each.compute_multiplier for each in result.comparisons):
        sheets.append(multiplier_sheet(result))
    return sheets


def group_sheet(result: ComparisonResult, apart: str = " ") -> Sheet:
    """One row a group: its own fit, with `apart` between an estimate and its interval."""
    names = list(result.groups[0].parameters)
    rows = []
    for each in result.groups:
        values = [f"{shown.estimate}{apart}{shown.interval}" for shown in map(rounded, each.parameters.values())]
        rows.append((group_name(each.group), f"{each.runs:,}", *values, percent(each.noise)))
    header = ("group", "runs", *map(escape, names), "noise")
    if all(each.is_identified for each in result.groups):
        return Sheet(header, tuple(rows), symbols=0)
    settled = ["yes" if each.is_identified else "no" for each in result.groups]
    marked = tuple((*row, word) for row, word in zip(rows, settled, strict=True))
    return Sheet((*header, "identified"), marked, symbols=0)


def differences(each: Comparison) -> dict[str, Estimate]:
    """The difference of each exponent; a single exponent has an empty name."""
    by_exponent = each.exponent_difference
    return by_exponent if len(by_exponent) > 1 else {"": next(iter(by_exponent.values()))}


def _of(by_exponent: dict[str, float | None], name: str) -> float | None:
    return by_exponent.get(name) if name else next(iter(by_exponent.values()))


def pair_sheet(result: ComparisonResult, *, stacked: bool = False) -> Sheet:
    """One row a pair, or one for each exponent of a pair; `stacked` puts intervals under estimates, to save width."""
    rows = []
    for each in result.comparisons:
        between = " -\n" if stacked else " - "
        lead, judged = (f"{escape(each.left)}{between}{escape(each.right)}",), _judged(each)
        for name, value in differences(each).items():
            shown = rounded(value)
            interval = _open_interval(value, shown.interval)
            found = (f"{shown.estimate}\n{interval}", "") if stacked else (shown.estimate, interval)
            sizes = (figure(_of(each.margin, name), 2), figure(_of(each.minimum_detectable_difference, name), 2))
            rows.append((*lead, name, *found, *sizes, *judged))
            lead, judged = ("",), ("", "", "")
    drop = set() if any(row[1] for row in rows) else {1}
    drop |= {3} if stacked else set()
    drop |= {7} if len(result.comparisons) < 2 else set()
    keep = [i for i in range(len(PAIR_HEADER)) if i not in drop]
    return Sheet(tuple(PAIR_HEADER[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in rows), symbols=0)


def _judged(each: Comparison) -> tuple[str, str, str]:
    return probability(each.p_value), probability(each.p_adjusted), each.verdict


def _open_interval(value: Estimate, shown: str) -> str:
    """An interval whose open ends are infinite, for what the data set no limit to."""
    if value.low is not None and value.high is not None:
        return shown
    low = "-inf" if value.low is None else figure(value.low, 3)
    high = "inf" if value.high is None else figure(value.high, 3)
    return f"({low}, {high})"


def multiplier_sheet(result: ComparisonResult) -> Sheet:
    """What left needs over what right needs, at each loss."""
    role = result.margin.role
    rows = []
    for each in result.comparisons:
        lead = f"{escape(each.left)} / {escape(each.right)}"
        for row in each.compute_multiplier:
            shown = rounded(Estimate(row.estimate, row.low, row.high))
            where = "extrapolated" if row.is_extrapolated else "in the data"
            rows.append((lead, figure(row.loss), amount(role, row.at), shown.estimate, shown.interval, where))
            lead = ""
    header = ("needs", "at loss", f"right's {escape(role)}", "multiplier", "interval", "where")
    return Sheet(header, tuple(rows), symbols=0)


def sentences(report: CompareReport) -> list[str]:
    """What may be quoted of each pair: its verdict, what one needs over the other, and where they are even."""
    result = report.results[0]
    if len(result.comparisons) > MOST_MULTIPLIED:
        return [escape(each.sentence) for each in result.comparisons]
    return [
        " ".join(part for part in (escape(each.sentence), _needs(each, result), _even(each, result)) if part)
        for each in result.comparisons
    ]


def _needs(each: Comparison, result: ComparisonResult) -> str:
    inside = [row for row in each.compute_multiplier if not row.is_extrapolated and row.estimate is not None]
    if not inside:
        return ""
    role = escape(result.margin.role)
    told = f"At a loss of {figure(inside[-1].loss, 3)}, {escape(each.left)} needs {_times(inside[-1])} the {role} of "
    return told + f"{escape(each.right)}."


def _times(row: Multiplier) -> str:
    assert row.estimate is not None
    size = figure(row.estimate, 3) if 1e-3 <= row.estimate < 1e4 else flops(row.estimate)
    return f"{size} times"


def _even(each: Comparison, result: ComparisonResult) -> str:
    if each.crossover is None:
        return "Their laws do not cross." if each.compute_multiplier else ""
    role, found = result.margin.role, each.crossover
    side = {"inside": "inside the data", "above": "beyond the data", "below": "before the data"}[found.place]
    likely = "" if each.crossover_probability is None else _likely(each.crossover_probability, result)
    return f"Their laws cross at {escape(role)} {amount(role, found.estimate)}{_between(found, role)}, {side}{likely}."


def _between(found: Crossover, role: str) -> str:
    if found.low is None and found.high is None:
        return ""
    low, high = (MISSING if end is None else amount(role, end) for end in (found.low, found.high))
    return f" [{low}, {high}]"


def _likely(probability: float, result: ComparisonResult) -> str:
    return f" ({percent(probability)} of replicates cross below {amount(result.margin.role, result.margin.to)})"
