"""What `scaling optimal-allocation` says: a page for each group, with facts and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from scaling_cli.analysis.allocation.isoflop.budgets import WINDOW
from scaling_cli.numbers.format import amount, escape, figure, group_name, percent, signed
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.optimal_allocation.rows import sections
from scaling_cli.report.pages.facts import law_words, method_words, runs_and_points, spans, stated
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.results.allocation import Allocation, AllocationResult, Bill, Repetition
from scaling_cli.results.fit import Estimate
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

OPTIONAL: dict[str, Callable[[Allocation], float | None]] = {  # columns of what only some questions have
    "compute_low": lambda row: (row.compute_interval or (None, None))[0],
    "compute_high": lambda row: (row.compute_interval or (None, None))[1],
    "inference_compute": lambda row: row.inference_compute,
    "saving": lambda row: row.saving,
    "epochs": lambda row: _part(row.repetition, "epochs"),
    "flops_per_unique_token": lambda row: _part(row.repetition, "flops_per_unique_token"),
    "gpu_hours": lambda row: _part(row.bill, "gpu_hours"),
    "days": lambda row: _part(row.bill, "days"),
    "price": lambda row: _part(row.bill, "price"),
}
POOLS = ("samples", "pools", "unique_samples", "epochs")  # of the best choice

AllocationReport: TypeAlias = Report[AllocationResult]


def _part(record: Repetition | Bill | None, name: str) -> float | None:
    value: float | None = None if record is None else getattr(record, name)
    return value


def pages(report: AllocationReport) -> Iterator[Page]:
    """A page for each group."""
    return (Page(facts(report, result), sections(result), details=details(result)) for result in report.results)


def records(report: AllocationReport) -> Iterable[Row]:
    """One row per allocation."""
    rows = [row for result in report.results for row in result.allocations]
    names = tuple(dict.fromkeys(name for row in rows for name in (*row.searched, *row.followed)))
    recipe = tuple(dict.fromkeys(name for row in rows for name in row.recipe))
    optional = tuple(name for name, of in OPTIONAL.items() if any(of(row) is not None for row in rows))
    further = tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))
    has_pools = any(row.pools for row in rows)
    return grouped(
        report, (*HEADER, *further, *optional, *map(escape, recipe), *(POOLS if has_pools else ())),
        lambda result: _records(result, names, optional, recipe, has_pools=has_pools),
    )  # fmt: skip


def charts(report: AllocationReport) -> list[Chart]:
    """IsoFLOP curves with their minima, and best params over compute."""
    from scaling_cli.report.optimal_allocation.plot import allocation_charts

    return allocation_charts(report.results, report.columns.get("loss", "loss"))


def panels(report: AllocationReport) -> Panels:
    """IsoFLOP curves, best sizes along compute, and the cost of other sizes."""
    from scaling_cli.report.optimal_allocation.panels import allocation_panels

    loss = report.columns.get("loss", "loss")
    return [row for result in report.results for row in allocation_panels(result, loss)]


def facts(report: AllocationReport, result: AllocationResult) -> Facts:
    """What was done, in the order in which to read it."""
    law = "" if result.law is None else law_words(result.law, result.formula or "", {})
    return stated(
        ("group", group_name(result.group)),
        ("law", law),
        ("data", runs_and_points(result.runs, result.points, report.inputs)),
        ("held", ", ".join(f"{escape(name)} = {figure(value)}" for name, value in result.held.items())),
        ("interval", _interval(result)),
        ("cost", escape(result.cost.removeprefix("cost: "))),
        ("recipe", escape(result.recipe)),
        *_checks(result),
    )


def details(result: AllocationResult) -> Facts:
    """Where the data lie, and how compute is counted."""
    roles = [role for role in result.ranges if role in ("params", "tokens", "compute")]
    return stated(
        ("range", ", ".join(spans(result.ranges, roles))),
        ("compute", f"training FLOPs = {escape(result.flops_rule)}" if result.flops_rule else ""),
    )


def _interval(result: AllocationResult) -> str:
    how = result.interval
    if how.method == "none" or not how.replicates:
        return "none"
    made = method_words(how.method, how.unit)
    return f"{percent(how.level, 4)}, {made}, {how.replicates:,} replicates, each optimised separately"


def _checks(result: AllocationResult) -> Iterator[tuple[str, str]]:
    """How well each approach worked, and whether they agree."""
    if result.envelope is not None:
        envelope = result.envelope
        yield (
            "envelope",
            f"{envelope.hull_points} hull points of {envelope.curves} curves, {percent(envelope.at_edge)} at the "
            f"grid's edge, {percent(envelope.unfinished)} on unfinished schedules",
        )
    if result.isoflops:
        usable = sum(isoflop.refused is None for isoflop in result.isoflops)
        yield (
            "budgets",
            f"{usable} of {len(result.isoflops)} show a minimum; runs of one budget lie within a factor of "
            f"{WINDOW:g} in compute",
        )
    if result.drift is not None:
        chance = "" if result.drift.p_value is None else f" (p = {figure(result.drift.p_value, 2)})"
        yield (
            "drift",
            f"centres of the grids of sizes move {signed(result.drift.slope, 3)} decades relative to the minima, "
            f"per decade of compute{chance}",
        )
    for pair in result.agreement:
        overlap = {None: "", True: ", intervals overlap", False: ", intervals do not overlap"}[pair.intervals_overlap]
        times = f"{figure(pair.params_ratio, 3)}x at {amount('compute', pair.compute)}"
        yield "agreement", f"best params differ by {times}{overlap}"


def _records(
    result: AllocationResult, names: Sequence[str], optional: Sequence[str], recipe: Sequence[str], *, has_pools: bool
) -> Iterator[Row]:
    for row in result.allocations:
        found = {name: one.value for name, one in row.searched.items()} | row.followed
        values = (found.get(name, Estimate(None)) for name in names)
        others = [*(OPTIONAL[name](row) for name in optional), *(row.recipe.get(name) for name in recipe)]
        further = [end for value in values for end in (value.estimate, value.low, value.high)]
        pools = _best_pools(row) if has_pools else []
        yield [*_cells(row), result.interval.level, result.interval.method, *further, *others, *pools]


def _best_pools(row: Allocation) -> list[object]:
    if not row.pools:
        return [None] * len(POOLS)
    best = row.pools[0]
    return [row.samples, "+".join(map(escape, best.pools)), best.unique_samples, best.epochs]


def _cells(row: Allocation) -> list[object]:
    cells: list[object] = [row.approach, row.compute, row.target_loss]
    for name in QUANTITIES:
        value = getattr(row, name)
        cells += [value.estimate, value.low, value.high]
    bands = row.params_within_waste or {}
    for share in WASTES:
        cells += bands.get(share, (None, None))
    return [*cells, row.training_compute, row.limit]
