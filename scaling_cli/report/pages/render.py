"""A report as text in any format, and the notes that belong beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scaling_cli.report.pages.formats import FORMATS, format_named
from scaling_cli.report.pages.notes import caveat_lines, failure_lines

if TYPE_CHECKING:
    from scaling_cli.report.pages.look import Look
    from scaling_cli.report.pages.page import View
    from scaling_cli.results.report import Report

__all__ = ["FORMATS", "render", "render_notes"]


def render(report: Report[Any], format: str, view: View, *, look: Look, draws: bool = True) -> str:
    """The report as text that ends in a newline; `render_notes` has the notes that the format does not include.

    Args:
        report: What the command found.
        format: A name in `FORMATS`.
        view: What the command says about it.
        look: The terminal or file to write for.
        draws: Whether JSON keeps the replicates of a fit.

    Raises:
        UsageError: There is no such format.
    """
    return format_named(format).write(report, view, look=look, draws=draws)


def render_notes(report: Report[Any], format: str, look: Look) -> str:
    """The caveats and failures that the format does not include, as lines for stderr."""
    chosen = format_named(format)
    failures = "" if chosen.has_failures else failure_lines(report.failures, look)
    return failures + ("" if chosen.has_caveats else caveat_lines(report.caveats, look))
