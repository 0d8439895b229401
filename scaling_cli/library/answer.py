"""A report in Python: a few lines of text at a prompt, tables in a notebook, and a data frame."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scaling_cli.data.records import frame_of_records
from scaling_cli.numbers.format import escape, group_name
from scaling_cli.record import fields
from scaling_cli.report.pages.html import report_part
from scaling_cli.report.views import view_of
from scaling_cli.results.report import Report, Result

if TYPE_CHECKING:
    import polars as pl

SHOWN = 10  # results, and failures, that the text has a line for


class Answer(Report[Result]):
    """A report that prints itself, draws itself in a notebook and becomes a data frame."""

    def to_polars(self) -> pl.DataFrame:
        """The rows that `--format csv` writes, with numbers as numbers."""
        return frame_of_records(view_of(self.command).records(self))

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return report_part(self, view_of(self.command).pages(self) if self.results else ())


def answer(report: Report[Result]) -> Answer[Result]:
    """The report as the functions of the library return it."""
    return Answer(**{each.name: getattr(report, each.name) for each in fields(report)})


def text(report: Report[Any]) -> str:
    """The command, one line per result and per failure, and the codes of the caveats."""
    counts = [f"{len(report.results):,} {'result' if len(report.results) == 1 else 'results'}"]
    counts += [f"{len(report.failures):,} failed"] if report.failures else []
    lines = [f"<scaling {report.command}: {', '.join(counts)}{_read(report)}"]
    lines += _some([_led(each.group, each.sentence) for each in report.results[:SHOWN]], len(report.results))
    lines += _some(
        [_led(each.group, f"failed: {escape(each.error)}") for each in report.failures[:SHOWN]], len(report.failures)
    )
    codes = Counter(each.code for each in report.caveats)
    if codes:
        listed = ", ".join(code if count == 1 else f"{code} ({count:,})" for code, count in codes.items())
        lines.append(f"  caveats: {listed}; see .caveats")
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
