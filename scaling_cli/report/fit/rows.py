"""The tables of `scaling fit`: parameters with their meaning, and groups beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.laws import find_law
from scaling_cli.numbers.format import figure, percent, rounded, signed_percent
from scaling_cli.report.pages.page import Section, group_cells, group_columns, group_headings
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.fit import Estimate, FitResult
from scaling_cli.results.report import Report


def estimates(result: FitResult) -> dict[str, Estimate]:
    """Fitted parameters, then the quantities derived from them."""
    return result.parameters | result.derived


def parameter_section(report: Report[FitResult]) -> Section:
    """All parameters of all results."""
    if len(report.results) == 1:
        result = report.results[0]
        sheet = Sheet(_columns(report), tuple(_parameter_rows(result)), breaks=(len(result.parameters),))
        return Section("", sheet.without_empty())
    keys = group_columns(report)
    group = (*group_headings(keys), Column("runs", "number", is_group=True), Column("rmse", "number", is_group=True))
    rows = [
        (*group_cells(keys, result), f"{result.runs:,}", percent(result.quality.rmse_log), *row)
        for result in report.results
        for row in _parameter_rows(result)
    ]
    sheet = Sheet((*group, *_columns(report)), tuple(rows)).without_empty()
    names = {tuple(estimates(result)) for result in report.results}
    return Section("", sheet, wide=_group_sheet(report) if len(names) == 1 else None)


def difference_sections(report: Report[FitResult]) -> list[Section]:
    """The parameters of each further loss less those of the first, and each as a function of the first."""
    first = report.columns.get("loss", "").partition(",")[0]
    tables = {
        f"Differences from {first}, over the same draws": [result.differences for result in report.results],
        f"As a function of {first}: loss = E1 + K ({first} - E0)^kappa": [
            result.loss_to_loss for result in report.results
        ],
    }
    keys = group_columns(report)
    columns = (*group_headings(keys), *_columns(report)[:3])
    sections = []
    for title, values in tables.items():
        rows = tuple(
            (*group_cells(keys, result), name, rounded(value).estimate, rounded(value).interval)
            for result, each in zip(report.results, values, strict=True)
            for name, value in each.items()
        )
        if rows:
            sections.append(Section(title, Sheet(columns, rows).without_empty()))
    return sections


def left_out_sections(report: Report[FitResult]) -> list[Section]:
    """The errors on groups that were left out one by one."""
    keys = group_columns(report)
    rows = tuple(
        (
            *group_cells(keys, result), one.group, f"{one.points:,}", percent(one.rmse_log),
            signed_percent(one.bias_log), figure(one.rmse),
        )
        for result in report.results
        for one in result.left_out
    )  # fmt: skip
    if not rows:
        return []
    column = str(report.options.get("leave_out", "group"))
    columns = (
        *group_headings(keys),
        *words(f"without {column}"),
        *numbers("points", "rmse", "bias", "rmse of the loss"),
    )
    return [Section("Each group, predicted by a fit to the others", Sheet(columns, rows).without_empty())]


def _columns(report: Report[FitResult]) -> tuple[Column, ...]:
    levels = {result.interval.level for result in report.results if result.interval.method != "none"}
    return (
        Column("parameter", "symbol"),
        Column("estimate", "number", is_bold=True),
        Column(f"{percent(levels.pop(), 4)} interval" if len(levels) == 1 else "interval", "interval"),
        Column("unit", is_detail=True),
        Column("meaning", "text", is_detail=True),
    )


def _parameter_rows(result: FitResult) -> list[Cells]:
    known = _meanings(result.law, tuple(result.inputs))
    rows: list[Cells] = []
    for name, value in estimates(result).items():
        shown = rounded(value)
        meaning, unit = known.get(name, ("", ""))
        rows.append((name, shown.estimate, shown.interval, unit, meaning))
    return rows


def _meanings(law: str, inputs: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Meaning and unit of a law's parameters and derived quantities."""
    known = find_law(law, inputs)
    return {
        **{parameter.name: (parameter.meaning, parameter.unit) for parameter in known.parameters},
        **{quantity.name: (quantity.meaning, "") for quantity in known.derived},
    }


def _group_sheet(report: Report[FitResult]) -> Sheet:
    """One row per group, with a column for each parameter."""
    keys = group_columns(report)
    first = report.results[0]
    columns = (
        *group_headings(keys),
        *numbers("runs"),
        *(Column(name, "estimate", is_detail=name in first.derived) for name in estimates(first)),
        *numbers("rmse", "caveats"),
    )
    rows = []
    for result in report.results:
        caveats = sum(caveat.group == result.group for caveat in report.caveats)
        rows.append((
            *group_cells(keys, result),
            f"{result.runs:,}",
            *(rounded(value).whole for value in estimates(result).values()),
            percent(result.quality.rmse_log),
            f"{caveats}",
        ))  # fmt: skip
    return Sheet(columns, tuple(rows)).without_empty(empty=("0",))
