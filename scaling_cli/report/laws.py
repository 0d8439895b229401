"""What `scaling laws` says: a list of laws, or a page about one."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.numbers.format import escape, figure
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.page import Facts, Page, Row, Section
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words
from scaling_cli.results.laws import LawResult
from scaling_cli.results.report import Report

DIGITS = 7  # as many as published fits are usually quoted with
HEADER = ("law", "formula", "source", "inputs", "parameter", "kind", "unit", "meaning")

LawsReport = Report[LawResult]


def pages(report: LawsReport) -> list[Page]:
    """One page: the list, or the only law in full."""
    if len(report.results) == 1:
        (law,) = report.results
        return [Page(_facts(law), [_parameters(law), *_published(law)])]
    columns = (*words("law", "inputs"), Column("formula", "text"))
    rows = tuple((law.name, ", ".join(law.inputs), law.formula) for law in report.results)
    return [Page([], [Section("", Sheet(columns, rows))])]


def records(report: LawsReport) -> Iterator[Row]:
    """One row per law and parameter."""
    yield HEADER
    for law in report.results:
        about = (escape(law.name), escape(law.formula), law.source, " ".join(map(escape, law.inputs)))
        yield from ((*about, row.name, "fitted", row.unit, row.meaning) for row in law.parameters)
        yield from ((*about, row.name, "derived", "", row.meaning) for row in law.derived)


def charts(report: LawsReport) -> list[Chart]:
    """None: nothing is fitted."""
    return []


def _facts(law: LawResult) -> Facts:
    facts = [
        ("law", f"{escape(law.name)}: {escape(law.formula)}"),
        ("inputs", escape(", ".join(law.inputs))),
        ("topics", ", ".join(law.topics)),
        ("source", escape(law.source)),
        ("example", escape(law.example)),
    ]
    return facts + ([("not determined", escape(law.undetermined))] if law.undetermined else [])


def _parameters(law: LawResult) -> Section:
    rows = [(escape(row.name), row.unit, escape(row.meaning)) for row in law.parameters]
    rows += [(escape(row.name), "", escape(row.meaning)) for row in law.derived]
    columns = (Column("parameter", "symbol"), *words("unit"), Column("meaning", "text"))
    return Section("", Sheet(columns, tuple(rows), breaks=(len(law.parameters),)).without_empty())


def _published(law: LawResult) -> Iterator[Section]:
    """The published parameters, then the data that each fit is of; JSON has all digits."""
    if not law.published:
        return
    names = [parameter.name for parameter in law.parameters]
    values = ((fit.name, *(figure(fit.parameters[name], DIGITS) for name in names)) for fit in law.published)
    yield Section("Published fits", Sheet((*words("fit"), *numbers(*names)), tuple(values)))
    sources = ((fit.name, fit.about, fit.source) for fit in law.published)
    columns = (*words("fit"), Column("of", "text"), Column("source", "text"))
    yield Section("", Sheet(columns, tuple(sources)))
