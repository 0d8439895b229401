"""The tables of `scaling compare-exponents`: groups, pairs, and for a few pairs their multipliers."""

from __future__ import annotations

from scaling_cli.numbers.format import amount, figure, group_name, percent, rounded
from scaling_cli.report.compare_exponents.facts import MOST_MULTIPLIED, probability
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.comparison import Comparison, ComparisonResult
from scaling_cli.results.fit import Estimate

PAIR_COLUMNS = (
    *words("left - right", "exponent"), *numbers("difference"), Column("interval", "interval"),
    *numbers("margin", "detects", "p", "p adjusted"), Column("verdict", is_bold=True),
)  # fmt: skip


def sections(result: ComparisonResult) -> list[Section]:
    """Every table of the result."""
    if not result.comparisons:
        return [Section("", _ranking_sheet(result)), Section("", group_sheet(result))]
    if len(result.comparisons) > MOST_MULTIPLIED:
        return [
            Section("", _ranking_sheet(result)),
            Section("", group_sheet(result), is_detail=True),
            Section("", _pair_sheet(result), is_detail=True),
        ]
    tables = [Section("", _pair_sheet(result)), Section("", group_sheet(result))]
    if len(result.comparisons) <= MOST_MULTIPLIED and any(pair.compute_multiplier for pair in result.comparisons):
        tables.append(Section("", _multiplier_sheet(result), is_detail=True))
    return tables


def _ranking_sheet(result: ComparisonResult) -> Sheet:
    """One row per group, from the steepest exponent to the flattest."""
    against = next((row.against for row in result.ranking if row.against is not None), "")
    names = list(result.ranking[0].exponent)
    columns = (
        *words("group"), *(Column(name, "estimate") for name in names), Column("letters", is_bold=True),
        Column(f"{result.margin.role} over {against or ''}", "estimate"), *words("identified"),
    )  # fmt: skip
    settled = {group.name: group.is_identified for group in result.groups}
    rows = []
    for row in result.ranking:
        values = [rounded(value).whole for value in row.exponent.values()]
        multiplier = "" if row.multiplier is None else rounded(row.multiplier).whole
        identified = "" if all(settled.values()) else "yes" if settled[row.name] else "no"
        rows.append((row.name, *values, row.letters, multiplier, identified))
    return Sheet(columns, tuple(rows)).without_empty()


def group_sheet(result: ComparisonResult) -> Sheet:
    """One row per group, with its own fit."""
    names = result.groups[0].parameters
    estimates = (Column(name, "estimate") for name in names)
    columns = (*words("group"), *numbers("runs"), *estimates, *numbers("noise"), *words("identified"))
    is_settled = all(group.is_identified for group in result.groups)
    rows = []
    for group in result.groups:
        values = [rounded(value).whole for value in group.parameters.values()]
        identified = "" if is_settled else "yes" if group.is_identified else "no"
        rows.append((group_name(group.group), f"{group.runs:,}", *values, percent(group.noise), identified))
    return Sheet(columns, tuple(rows)).without_empty()


def differences(pair: Comparison) -> dict[str, Estimate]:
    """The difference of each exponent; the law's only exponent has an empty name."""
    by_exponent = pair.exponent_difference
    return by_exponent if len(by_exponent) > 1 else {"": next(iter(by_exponent.values()))}


def size_of(by_exponent: dict[str, float | None], name: str) -> float | None:
    """The number that belongs to the exponent of that name."""
    return by_exponent.get(name) if name else next(iter(by_exponent.values()))


def _pair_sheet(result: ComparisonResult) -> Sheet:
    """One row per pair, or one for each exponent of a pair."""
    rows: list[Cells] = []
    is_adjusted = len(result.comparisons) > 1
    for pair in result.comparisons:
        lead = f"{pair.left} - {pair.right}"
        adjusted = probability(pair.p_adjusted) if is_adjusted else ""
        verdict = (probability(pair.p_value), adjusted, pair.verdict)
        for name, value in differences(pair).items():
            sizes = (size_of(pair.margin, name), size_of(pair.minimum_detectable_difference, name))
            shown = (rounded(value).estimate, open_interval(value), *(figure(size, 2) for size in sizes))
            rows.append((lead, name, *shown, *verdict))
            lead, verdict = "", ("", "", "")
    return Sheet(PAIR_COLUMNS, tuple(rows)).without_empty()


def open_interval(value: Estimate) -> str:
    """An interval; an end that the data do not limit is infinite."""
    if value.low is not None and value.high is not None:
        return rounded(value).interval
    low = "-inf" if value.low is None else figure(value.low, 3)
    high = "inf" if value.high is None else figure(value.high, 3)
    return f"({low}, {high})"


def _multiplier_sheet(result: ComparisonResult) -> Sheet:
    """What the left group needs divided by what the right group needs, at each loss."""
    role = result.margin.role
    rows = []
    for pair in result.comparisons:
        lead = f"{pair.left} / {pair.right}"
        for row in pair.compute_multiplier:
            shown = rounded(Estimate(row.estimate, row.low, row.high))
            where = "extrapolated" if row.is_extrapolated else "in the data"
            rows.append((lead, figure(row.loss), amount(role, row.at), shown.estimate, shown.interval, where))
            lead = ""
    columns = (
        *words("left / right"), *numbers("at loss", f"right's {role}", "multiplier"),
        Column("interval", "interval"), *words("where"),
    )  # fmt: skip
    return Sheet(columns, tuple(rows))
