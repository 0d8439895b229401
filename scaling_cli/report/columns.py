"""What `scaling columns` found, in every format it has: which column plays which role, what is left out, a sample."""

from __future__ import annotations

from scaling_cli.data.names import shortened
from scaling_cli.data.summary import ColumnsResult
from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json
from scaling_cli.errors import UsageError
from scaling_cli.report.chart import Chart
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines
from scaling_cli.report.numbers import MISSING, amount, escape, figure
from scaling_cli.report.sheet import Sheet, aligned, markdown

FORMATS = ("table", "plain", "json", "md")
SHOWN_OTHERS = 40  # names of further columns; a wide log has hundreds

ColumnsReport = Report[ColumnsResult]


def render(report: ColumnsReport, format: str, *, look: Look, draws: bool = True) -> str:
    """The mapping as text that ends in a newline.

    Raises:
        UsageError: There is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"`scaling columns` has no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")
    if format == "json":
        return to_json(report)
    result = report.results[0]
    if format == "md":
        return markdown(_roles(result)) + "\n" + markdown(_sample(result))
    facts = _facts(report, result)
    lines = "".join(look.wrapped(f"{label}: {said}", indent=len(label) + 2) + "\n" for label, said in facts)
    if format == "plain":
        return f"{lines}\n{aligned(_roles(result))}\n{aligned(_sample(result))}"
    return f"{lines}\n{_drawn(_roles(result), look)}\n{_drawn(_sample(result), look)}"


def render_notes(report: ColumnsReport, format: str, look: Look) -> str:
    """Caveats and failed files, for stderr."""
    if format == "json":
        return ""
    return failure_lines(report.failures, look) + caveat_lines(report.caveats, look)


def charts(report: ColumnsReport) -> list[Chart]:
    """Nothing: there is no curve in a mapping."""
    return []


def _facts(report: ColumnsReport, result: ColumnsResult) -> list[tuple[str, str]]:
    files = f"{len(report.inputs):,} files, " if len(report.inputs) > 1 else ""
    fitted = f"{result.points:,} points of {result.runs:,} runs would be fitted"
    facts = [("read", f"{files}{result.rows:,} rows; {'nothing can be fitted yet' if result.problem else fitted}")]
    if result.problem:
        facts += [("problem", escape(result.problem)), ("remedy", escape(result.remedy or ""))]
    if result.excluded:
        facts.append(("left out", "; ".join(f"{count:,} with {reason}" for reason, count in result.excluded.items())))
    if result.others:
        more = len(result.others) - SHOWN_OTHERS
        names = ", ".join(_shown(name) for name in result.others[:SHOWN_OTHERS])
        facts.append(("other columns", names + (f" and {more:,} more" if more > 0 else "")))
    return facts


def _roles(result: ColumnsResult) -> Sheet:
    rows = tuple(
        (
            role.role,
            _shown(role.origin),
            role.unit,
            MISSING if role.scale == 1 else f"x {figure(role.scale)}",
            MISSING if role.low is None else amount(role.role, role.low),
            MISSING if role.high is None else amount(role.role, role.high),
            f"{role.missing:,}" if role.missing else MISSING,
        )
        for role in result.roles
    )
    return Sheet(("role", "read from", "unit", "scaled", "min", "max", "missing"), rows, 0)


def _sample(result: ColumnsResult) -> Sheet:
    if not result.sample:
        return Sheet((), (), 0)
    header = tuple(_shown(name) for name in result.sample[0])
    rows = tuple(
        tuple(
            _shown(value) if isinstance(value, str) else MISSING if value is None else amount(name, value)
            for name, value in row.items()
        )
        for row in result.sample
    )
    return Sheet(header, rows, 0)


def _shown(text: str) -> str:
    return escape(shortened(text))


def _drawn(sheet: Sheet, look: Look) -> str:
    from scaling_cli.report.table import cells, drawn, ruled_table

    table = ruled_table(look)
    for heading in cells(sheet.header):
        table.add_column(heading, overflow="fold")
    for row in sheet.rows:
        table.add_row(*cells(row))
    return drawn([table], look)
