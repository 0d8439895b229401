"""The formats of a report. `FORMATS` is the whole list: a format is one entry here and one module of `report/pages`."""

from __future__ import annotations

from scaling_cli.record import Record


class Format(Record):
    """A format: the module that makes it, the file names that choose it, and the notes that it includes."""

    page: str
    suffixes: tuple[str, ...] = ()
    has_caveats: bool = False
    has_failures: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether caveats and failures are part of it, so that it can be passed on by itself."""
        return self.has_caveats and self.has_failures


def _complete(page: str, *suffixes: str) -> Format:
    return Format(page, suffixes, has_caveats=True, has_failures=True)


FORMATS = {
    "table": Format("rich_page", has_failures=True),
    "plain": Format("plain", (".txt",)),
    "json": _complete("json_document", ".json"),
    "jsonl": _complete("json_lines", ".jsonl"),
    "csv": Format("csv_rows", (".csv",)),
    "md": _complete("markdown", ".md"),
    "latex": Format("latex", (".tex",), has_caveats=True),
    "html": _complete("html", ".html"),
}


def suffixes(*, complete: bool = False) -> dict[str, str]:
    """Each file suffix with the name of its format; with `complete`, only of formats that include all notes."""
    return {
        suffix: name
        for name, format in FORMATS.items()
        if format.is_complete or not complete
        for suffix in format.suffixes
    }
