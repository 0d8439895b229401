"""Show one report: the result on stdout or in a file, everything else on stderr, and the exit code they add up to."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_cli.cli import terminal
from scaling_cli.cli.files import check_writable, is_device, write_file
from scaling_cli.errors import UsageError
from scaling_cli.record import record
from scaling_cli.report.look import Look
from scaling_cli.report.numbers import escape

if TYPE_CHECKING:
    from scaling_cli.cli.options import OutputOptions
    from scaling_cli.document.report import Report
    from scaling_cli.jobs import Progress
    from scaling_cli.report.page import View

DONE, DOUBTED, PARTLY = 0, 4, 5  # exit codes: see the page on the command line
SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".md": "md", ".tex": "latex", ".txt": "plain"}
REPORTS = (".html", ".md")
PROGRESS_DELAY = 1.0  # seconds of work before a progress bar appears


def prepare_output(output: OutputOptions, inputs: Sequence[str]) -> None:
    """Find out before long work what would fail after it: an unwritable file, a mistyped test or caveat code.

    `inputs` are the files that the command reads, which it must not overwrite.

    Raises:
        UsageError: One of them.
    """
    from scaling_cli.caveats import SENTENCES

    if output.fail_if:
        from scaling_cli.document.gates import parse_gate

        for text in output.fail_if:
            parse_gate(text)
    for code in output.allow:
        if code not in SENTENCES:
            raise UsageError(f"--allow {code!r}: no caveat has this code.", hint=f"Codes are {', '.join(SENTENCES)}.")
    for name in (output.output, output.report, *output.figure):
        if name is not None:
            check_writable(Path(name), inputs)
    if output.output is not None and not output.json and output.format == "table":
        _check_suffix(Path(output.output))
    if output.figure:
        from scaling_cli.report.figure import check_figure

        for name in output.figure:
            check_figure(Path(name))
    if output.report is not None and Path(output.report).suffix.lower() not in REPORTS:
        raise UsageError(f"{output.report} is no report.", hint=f"Name it with one of {', '.join(REPORTS)}.")


def _check_suffix(path: Path) -> None:
    """Refuse a file whose name promises a format that the result is not written in; one without a suffix is text."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or not suffix or is_device(path):
        return
    drawn = {".html": f"Write --report {path}.", **dict.fromkeys((".png", ".svg", ".pdf"), f"Write --figure {path}.")}
    raise UsageError(
        f"{path}: results are not written as {suffix}.",
        hint=drawn.get(suffix, f"Name it with one of {', '.join(SUFFIXES)}, or choose the form with --format."),
    )


def chosen_format(output: OutputOptions, look: Look) -> str:
    """The form of the result: as asked for, else what the file's name ends in, else a table.

    Where no one looks, a table is plain text: rich takes longer to import than a small fit takes.
    """
    form: str = "json" if output.json else output.format
    if form == "table" and output.output is not None:
        form = SUFFIXES.get(Path(output.output).suffix.lower(), "table")
    return "plain" if form == "table" and not look.is_drawn else form


def deliver(report: Report[Any], output: OutputOptions, view: View) -> int:
    """Print or write the report, and give the exit code."""
    from scaling_cli.report.page import render, render_notes

    look = Look(
        width=None if output.output else terminal.width(),
        color=not output.output and terminal.wants_color(output.color, sys.stdout),
        unicode=terminal.speaks_unicode(sys.stdout),
    )
    form = chosen_format(output, look)
    verdict = _judge(report, output)  # a mistyped gate is an error, and an error prints no result
    text = render(report, form, view, look=look, draws=output.draws)
    if output.output:
        notes = render_notes(report, form, Look())
        write_file(Path(output.output), text + ("\n" + notes if notes and form == "plain" else ""))
    else:
        sys.stdout.write(text)
        sys.stdout.write(_plot(report, output, form, look, view))
        sys.stdout.flush()
    if not output.quiet:
        notes_look = Look(terminal.width(), terminal.wants_color(output.color, sys.stderr))
        notes = render_notes(report, "table" if form == "table" else "plain", notes_look)
        sys.stderr.write("\n" + notes if notes and terminal.is_terminal(sys.stdout) else notes)
    _write_extras(report, output, view)  # last, for it may find nothing to draw
    return say(verdict)


def _write_extras(report: Report[Any], output: OutputOptions, view: View) -> None:
    """The figures and the page that were asked for beside the result."""
    if not output.figure and output.report is None:
        return
    from scaling_cli.report.figure import figure_file
    from scaling_cli.report.html import report_page
    from scaling_cli.report.page import render

    charts = view.charts(report) if report.results else []
    if output.report is not None:
        path = Path(output.report)
        is_markdown = path.suffix.lower() == ".md"
        page = (
            render(report, "md", view, look=Look()) if is_markdown else report_page(report, view.pages(report), charts)
        )
        write_file(path, page)
    for path in map(Path, output.figure if report.results else ()):  # no result is an error of its own
        if not charts:
            raise UsageError(f"There is nothing to draw in {path}.", hint="Leave --figure out.")
        write_file(path, figure_file(charts, path.suffix.lower(), f"scaling {report.command}"))


def say(verdict: Verdict) -> int:
    """Tell why the exit code is not 0, and return it."""
    if verdict.reason:
        sys.stderr.write(f"error: {escape(verdict.reason)}\nhint: {escape(verdict.hint)}\n")
    return verdict.code


def _plot(report: Report[Any], output: OutputOptions, form: str, look: Look, view: View) -> str:
    is_wanted = output.plot in ("unicode", "ascii") or (
        output.plot == "auto" and form == "table" and terminal.is_terminal(sys.stdout)
    )
    if not is_wanted or not report.results:
        return ""
    is_unicode = output.plot == "unicode" or (output.plot == "auto" and look.unicode)
    from scaling_cli.report.plot import terminal_plot

    look = Look(look.width, look.color, unicode=is_unicode)
    return "".join("\n" + terminal_plot(chart, look=look) for chart in view.charts(report))


@record
class Verdict:
    """The exit code of a report, and why it is not 0."""

    code: int
    reason: str = ""
    hint: str = ""


def _judge(report: Report[Any], output: OutputOptions) -> Verdict:
    from scaling_cli.document.write import plain

    codes = {caveat.code for caveat in report.caveats}
    tripped = tripped_gate([plain(result) for result in report.results], output) if output.fail_if else ""
    return judged(output, results=len(report.results), codes=codes, tripped=tripped, failures=len(report.failures))


def judged(output: OutputOptions, *, results: int, codes: set[str], tripped: str, failures: int) -> Verdict:
    """What results, caveats, gates and failures add up to."""
    if not results:
        return Verdict(DOUBTED, "No group could be fitted.", "Each group's failure says what to try.")
    doubts = sorted(codes - set(output.allow))
    if output.strict and doubts:
        return Verdict(DOUBTED, f"--strict: there are caveats, {', '.join(doubts)}.", "Heed them, or --allow CODE.")
    if tripped:
        return Verdict(PARTLY, tripped, "The result stands; this gate is yours.")
    return Verdict(PARTLY if failures else DONE)


def tripped_gate(results: Sequence[Any], output: OutputOptions) -> str:
    """The first gate of `--fail-if` that trips, with its group and value; empty where none does.

    `results` are as in JSON.
    """
    from scaling_cli.document.gates import parse_gate
    from scaling_cli.report.numbers import group_name

    gates = [parse_gate(text) for text in output.fail_if]
    for document in results:
        for gate in gates:
            if where := gate.trips(document):
                group = f" in {group_name(document['group'])}" if document["group"] else ""
                return f"--fail-if {gate.text!r} holds{group}: {where}."
    return ""


@contextlib.contextmanager
def progress(output: OutputOptions, label: str) -> Iterator[Progress | None]:
    """A progress bar on stderr for work that takes longer than a second, where someone is looking."""
    if output.quiet or not terminal.is_terminal(sys.stderr):
        yield None
        return
    bar = _Bar(label)
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    """A rich progress bar that appears only once the work has proved long."""

    def __init__(self, label: str) -> None:
        import time

        self._clock, self._label, self._started = time.monotonic, label, time.monotonic()
        self._shown: object | None = None

    def update(self, done: int, total: int) -> None:
        """Show `done` of `total`."""
        if self._shown is None and self._clock() - self._started > PROGRESS_DELAY:
            self._open(total)
        if self._shown is not None:
            self._shown.update(self._task, completed=done, total=total)  # type: ignore[attr-defined]

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        self._shown = Bars(console=Console(stderr=True), transient=True)
        self._task = self._shown.add_task(self._label, total=total)
        self._shown.start()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._shown is not None:
            self._shown.stop()  # type: ignore[attr-defined]
