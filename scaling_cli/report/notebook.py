"""A report at a prompt and in a notebook: a few lines of text, the tables of the HTML page, and a frame."""

from __future__ import annotations

import importlib
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from scaling_cli.data.records import frame_of_records
from scaling_cli.document.report import Report
from scaling_cli.report.html import report_part
from scaling_cli.report.numbers import escape, group_name
from scaling_cli.report.page import View

if TYPE_CHECKING:
    import polars as pl

SHOWN = 10  # results, and failures, that the text has a line for


def view_of(command: str) -> View:
    """How reports of a command look."""
    return cast("View", importlib.import_module(f"scaling_cli.report.{command.replace('-', '_')}"))


def text(report: Report[Any]) -> str:
    """What was asked, a line a result and a failure, and the codes of the caveats."""
    counts = [f"{len(report.results):,} {'result' if len(report.results) == 1 else 'results'}"]
    counts += [f"{len(report.failures):,} failed"] if report.failures else []
    lines = [f"<scaling {report.command}: {', '.join(counts)}{_read(report)}"]
    view = view_of(report.command)
    lines += _some([_led(each.group, view.line(each)) for each in report.results[:SHOWN]], len(report.results))
    lines += _some(
        [_led(each.group, f"failed: {escape(each.error)}") for each in report.failures[:SHOWN]], len(report.failures)
    )
    codes = Counter(each.code for each in report.caveats)
    if codes:
        told = ", ".join(code if count == 1 else f"{code} ({count:,})" for code, count in codes.items())
        lines.append(f"  caveats: {told}; see .caveats")
    return "\n".join(lines) + ">"


def _read(report: Report[Any]) -> str:
    names = [escape(each.path) for each in report.inputs]
    if not names:
        return ""
    return f" from {names[0]}" if len(names) == 1 else f" from {len(names):,} files"


def _led(group: dict[str, str], said: str) -> str:
    name = group_name(group)
    return f"  {name}: {said}" if name else f"  {said}"


def _some(lines: list[str], count: int) -> list[str]:
    return [*lines, f"  and {count - len(lines):,} more"] if count > len(lines) else lines


def markup(report: Report[Any]) -> str:
    """The notes and tables of the page that `--report FILE.html` writes."""
    pages = view_of(report.command).pages(report) if report.results else ()
    return report_part(report, pages)


def frame(report: Report[Any]) -> pl.DataFrame:
    """The rows of CSV."""
    return frame_of_records(view_of(report.command).records(report))
