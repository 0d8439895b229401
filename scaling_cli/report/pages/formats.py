"""The formats of a report. `FORMATS` is the whole list: a format is one module and one entry here.

A module is imported when its format is first used, because rich alone takes longer to import than a small fit takes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

from scaling_cli.errors import UsageError
from scaling_cli.record import Record

if TYPE_CHECKING:
    from scaling_cli.report.pages.look import Look
    from scaling_cli.report.pages.page import View
    from scaling_cli.results.report import Report


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


class Format(Record):
    """A format: the module whose `write` makes it, the file names that choose it, and the notes that it includes."""

    module: str
    suffixes: tuple[str, ...] = ()
    has_caveats: bool = False
    has_failures: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether caveats and failures are part of it, so that it can be passed on by itself."""
        return self.has_caveats and self.has_failures

    @property
    def write(self) -> Writer:
        """The function that makes it."""
        writer: Writer = importlib.import_module(self.module).write
        return writer


def _complete(module: str, *suffixes: str) -> Format:
    return Format(module, suffixes, has_caveats=True, has_failures=True)


FORMATS = {
    "table": Format("scaling_cli.report.pages.rich_page", has_failures=True),
    "plain": Format("scaling_cli.report.pages.plain", (".txt",)),
    "json": _complete("scaling_cli.report.pages.json_document", ".json"),
    "jsonl": _complete("scaling_cli.report.pages.json_lines", ".jsonl"),
    "csv": Format("scaling_cli.report.pages.csv_rows", (".csv",)),
    "md": _complete("scaling_cli.report.pages.markdown", ".md"),
    "latex": Format("scaling_cli.report.pages.latex", (".tex",)),
    "html": _complete("scaling_cli.report.pages.html", ".html"),
}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def suffixes(*, complete: bool = False) -> dict[str, str]:
    """Each file suffix with the name of its format; with `complete`, only of formats that include all notes."""
    return {
        suffix: name
        for name, format in FORMATS.items()
        if format.is_complete or not complete
        for suffix in format.suffixes
    }
