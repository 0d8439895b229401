"""What `scaling optimal-allocation` found, in every format: facts, then tables, drawing last."""

from __future__ import annotations

import csv
import io
from typing import TypeAlias

from scaling_cli.analysis.allocation_result import Allocation, AllocationResult
from scaling_cli.analysis.isoflop_budgets import WINDOW
from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.report.allocation_rows import sections
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines, markdown_notes
from scaling_cli.report.numbers import amount, escape, figure, group_name, percent
from scaling_cli.report.sheet import aligned, latex, markdown, markdown_text

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")
QUANTITIES = ("params", "tokens", "tokens_per_param", "loss")

AllocationReport: TypeAlias = Report[AllocationResult]


def render(report: AllocationReport, format: str, *, look: Look, draws: bool = True) -> str:
    """The results as text that ends in a newline; `render_notes` has what is left to say.

    Raises:
        UsageError: There is no such format.
    """
    if format == "json":
        return to_json(report, draws=draws)
    if format == "jsonl":
        return "".join(line + "\n" for line in to_json_lines(report))
    if format == "csv":
        return _csv(report)
    if format == "table":
        from scaling_cli.report.allocation_table import allocation_table

        return allocation_table(report, look)
    if format in ("plain", "latex"):
        return _text(report, format)
    if format == "md":
        return _markdown(report)
    raise UsageError(f"There is no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")


def render_notes(report: AllocationReport, format: str, look: Look) -> str:
    """What belongs on stderr beside the result: caveats, and failures that the format has no place for."""
    if format in ("json", "jsonl", "md"):
        return ""
    failures = "" if format == "table" else failure_lines(report.failures, look)
    return failures + caveat_lines(report.caveats, look)


def render_plot(report: AllocationReport, look: Look) -> str:
    """IsoFLOP curves with their minima, and best params over compute, for the terminal."""
    from scaling_cli.report.allocation_plot import allocation_plot

    return allocation_plot(report.results, look=look, loss=report.columns.get("loss", "loss"))


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


def _text(report: AllocationReport, format: str) -> str:
    parts = []
    for result in report.results:
        lines = [f"{label}: {said}" for label, said in facts(report, result)]
        lead = "" if format == "plain" else "% "
        parts.append("".join(f"{lead}{line}\n" for line in lines))
        for section in sections(result):
            body = aligned(section.sheet) if format == "plain" else latex(section.sheet)
            parts.append(f"{lead}{section.title}\n{body}")
    return "\n".join(parts)


def _markdown(report: AllocationReport) -> str:
    parts = []
    for result in report.results:
        parts.append("".join(f"- {label}: {markdown_text(said)}\n" for label, said in facts(report, result)))
        parts += [f"**{markdown_text(section.title)}**\n\n{markdown(section.sheet)}" for section in sections(result)]
    return "\n".join(part for part in (*parts, markdown_notes(report.caveats, report.failures)) if part)


def _csv(report: AllocationReport) -> str:
    """One row an allocation at full precision, for data frames."""
    keys = tuple(dict.fromkeys(key for each in report.results for key in each.group))
    ends = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    wastes = [f"params_within_{share}_{end}" for share in ("0.05", "0.10") for end in ("low", "high")]
    fixed = ["approach", "compute", "target_loss", *ends, *wastes, "training_compute", "limit", "level", "method"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(escape(f"group_{key}" if key in fixed else key) for key in keys), *fixed])
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        for each in result.allocations:
            writer.writerow([*group, *_cells(each), result.interval.level, result.interval.method])
    return text.getvalue()


def _cells(row: Allocation) -> list[object]:
    cells: list[object] = [row.approach, row.compute, row.target_loss]
    for name in QUANTITIES:
        value = getattr(row, name)
        cells += [value.estimate, value.low, value.high]
    bands = row.params_within_waste or {}
    for share in ("0.05", "0.10"):
        cells += bands.get(share, (None, None))
    return [*cells, row.training_compute, row.limit]
