"""A report as text in any format, and the notes that belong beside it.

The function `write` of a format's module makes it. The module is imported when its format is first used, because rich
alone takes longer to import than a small fit takes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

from scaling_cli.errors import UsageError
from scaling_cli.options.formats import FORMATS, Format
from scaling_cli.report.pages.notes import caveat_lines, failure_lines

if TYPE_CHECKING:
    from scaling_cli.report.pages.look import Look
    from scaling_cli.report.pages.page import View
    from scaling_cli.results.report import Report

__all__ = ["FORMATS", "render", "render_notes"]


class Writer(Protocol):
    """The function `write` of a format's module."""

    def __call__(self, report: Report[Any], view: View, /, *, look: Look, draws: bool) -> str:
        """The report as text that ends in a newline.

        Args:
            report: What the command found.
            view: What the command says about it.
            look: The terminal or file to write for.
            draws: Whether to keep the replicates of a fit, where the format can.
        """


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
    write: Writer = importlib.import_module(f"scaling_cli.report.pages.{_named(format).page}").write
    return write(report, view, look=look, draws=draws)


def render_notes(report: Report[Any], format: str, look: Look) -> str:
    """The caveats and failures that the format does not include, as lines for stderr."""
    chosen = _named(format)
    failures = "" if chosen.has_failures else failure_lines(report.failures, look)
    return failures + ("" if chosen.has_caveats else caveat_lines(report.caveats, look))


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
