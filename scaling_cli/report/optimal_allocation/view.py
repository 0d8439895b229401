"""What `scaling optimal-allocation` found, in every format: facts, then tables, drawing last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from scaling_cli.analysis.allocation.isoflop.budgets import WINDOW
from scaling_cli.numbers.format import amount, escape, figure, flops, group_name, percent, rounded
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.optimal_allocation.rows import counted, sections
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import LINE_ANSWERS, Page, Row, grouped, more
from scaling_cli.results.allocation import Allocation, AllocationResult
from scaling_cli.results.report import Report

QUANTITIES = ("params", "tokens", "tokens_per_param", "loss")
WASTES = ("0.05", "0.10")
HEADER = (
    "approach",
    "compute",
    "target_loss",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
    *(f"params_within_{share}_{end}" for share in WASTES for end in ("low", "high")),
    "training_compute",
    "limit",
    "level",
    "method",
)

AllocationReport: TypeAlias = Report[AllocationResult]


def pages(report: AllocationReport) -> Iterator[Page]:
    """A page for each group."""
    return (Page(facts(report, each), sections(each)) for each in report.results)


def table(report: AllocationReport, look: Look) -> str:
    """The rich tables."""
    from scaling_cli.report.optimal_allocation.table import allocation_table

    return allocation_table(report, look)


def records(report: AllocationReport) -> Iterable[Row]:
    """One row an allocation."""
    return grouped(report, HEADER, _records)


def charts(report: AllocationReport) -> list[Chart]:
    """IsoFLOP curves with their minima, and best params over compute."""
    from scaling_cli.report.optimal_allocation.plot import allocation_charts

    return allocation_charts(report.results, report.columns.get("loss", "loss"))


def line(result: AllocationResult) -> str:
    """The first splits."""
    told = [
        f"{_asked(each)} {each.approach}: params {counted(each.params)}, tokens {counted(each.tokens)}, "
        f"loss {rounded(each.loss).whole}"
        for each in result.allocations[:LINE_ANSWERS]
    ]
    return "; ".join(told) + more(len(result.allocations))


def _asked(row: Allocation) -> str:
    reached = "" if row.target_loss is None else f"loss {figure(row.target_loss)} at "
    return f"{reached}{flops(row.compute)} FLOPs"


def facts(report: AllocationReport, result: AllocationResult) -> list[tuple[str, str]]:
    """What was done, as label and sentence, in the order in which to read them."""
    told = []
    if result.group:
        told.append(("group", group_name(result.group)))
    if result.law is not None:
        told.append(("law", escape(f"{result.law}: {result.formula}")))
    if result.runs is not None:
        told.append(("data", f"{result.runs:,} runs, {result.points:,} points"))
    else:
        told.append(("data", f"saved fit {escape(', '.join(source.path for source in report.inputs))}"))
    spans = [
        f"{escape(role)} {amount(role, low)} to {amount(role, high)}"
        for role, (low, high) in result.ranges.items()
        if role in ("params", "tokens", "compute")
    ]
    if spans:
        told.append(("range", ", ".join(spans)))
    told.append(("compute", f"training FLOPs = {escape(result.flops_rule)}"))
    told.append(("interval", _interval(result)))
    return [*told, *_checks(result)]


def _interval(result: AllocationResult) -> str:
    how = result.interval
    if how.method == "none" or not how.replicates:
        return "none"
    unit = f" over {escape(how.unit)}s" if how.unit else ""
    return f"{percent(how.level, 4)}, {how.method}{unit}, {how.replicates:,} replicates, each optimised anew"


def _checks(result: AllocationResult) -> list[tuple[str, str]]:
    """What the approaches say about themselves and each other."""
    told = []
    if result.envelope is not None:
        facts = result.envelope
        told.append(
            (
                "envelope",
                f"{facts.hull_points} hull points of {facts.curves} curves, {percent(facts.at_edge)} at the grid's "
                f"edge, {percent(facts.unfinished)} on unfinished schedules",
            )
        )
    if result.isoflops:
        usable = sum(each.refused is None for each in result.isoflops)
        told.append(
            (
                "budgets",
                f"{usable} of {len(result.isoflops)} show a minimum; runs of one lie within a factor of {WINDOW:g} in "
                "compute",
            )
        )
    if result.drift is not None:
        chance = "" if result.drift.p_value is None else f" (p = {figure(result.drift.p_value, 2)})"
        told.append(("drift", f"grid centres move {result.drift.slope:+.3f} decades a decade of compute{chance}"))
    for each in result.agreement:
        overlap = {None: "", True: ", intervals overlap", False: ", intervals apart"}[each.intervals_overlap]
        told.append(
            ("agreement", f"at {amount('compute', each.compute)}: {figure(each.params_ratio, 3)}x in params{overlap}")
        )
    return told


def _records(result: AllocationResult) -> Iterator[Row]:
    for each in result.allocations:
        yield [*_cells(each), result.interval.level, result.interval.method]


def _cells(row: Allocation) -> list[object]:
    cells: list[object] = [row.approach, row.compute, row.target_loss]
    for name in QUANTITIES:
        value = getattr(row, name)
        cells += [value.estimate, value.low, value.high]
    bands = row.params_within_waste or {}
    for share in WASTES:
        cells += bands.get(share, (None, None))
    return [*cells, row.training_compute, row.limit]
