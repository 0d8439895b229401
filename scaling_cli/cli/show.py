"""Show one report: the result on stdout or in a file, everything else on stderr, and the exit code they add up to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_cli.cli import terminal
from scaling_cli.cli.output import REPORTS, chosen_format, style_of
from scaling_cli.cli.verdict import DONE, judge, say
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import escape
from scaling_cli.options.output import Drawn, Launched, Output, Saved
from scaling_cli.record import replace
from scaling_cli.report.pages.look import Look
from scaling_cli.report.written_files import check_not_read, write_file

if TYPE_CHECKING:
    from scaling_cli.report.pages.page import View
    from scaling_cli.results.report import Report

FOR_PEOPLE = ("table", "plain")  # formats below which a plot may stand


def deliver(report: Report[Any], output: Output, view: View) -> int:
    """Print or write the report, and give the exit code."""
    from scaling_cli.report.pages.render import render, render_notes

    look = Look(
        width=None if output.output else terminal.width(),
        color=not output.output and terminal.wants_color(output.color, sys.stdout),
        unicode=terminal.speaks_unicode(sys.stdout),
        is_detailed=output.details,
    )
    form = chosen_format(output, look)
    verdict = judge(report, output)  # a mistyped gate is an error, and an error prints no result
    text = render(report, form, view, look=look, draws=not isinstance(output, Saved) or output.draws)
    if output.output:
        notes = render_notes(report, form, Look())
        write_file(Path(output.output), text + ("\n" + notes if notes and form == "plain" else ""))
    else:
        sys.stdout.write(text)
        plot = _plot(report, output, form, look, view)
        if form in FOR_PEOPLE:
            sys.stdout.write(plot)
        elif not output.quiet:  # a program that reads the result must find nothing else in it
            sys.stderr.write(plot)
        sys.stdout.flush()
    if not output.quiet:
        notes_look = Look(terminal.width(), terminal.wants_color(output.color, sys.stderr), is_detailed=output.details)
        notes = render_notes(report, "table" if form == "table" else "plain", notes_look)
        sys.stderr.write("\n" + notes if notes and terminal.is_terminal(sys.stdout) else notes)
    if output.verbose:
        sys.stderr.write(_read(report))
    _write_extras(report, output, view)  # last, for it may find nothing to draw
    return say(verdict)


def write(text: str, path: str | None) -> int:
    """Write text to a file, or print it, and give the exit code."""
    if path is None:
        sys.stdout.write(text)
    else:
        write_file(Path(path), text)
    return DONE


def _read(report: Report[Any]) -> str:
    """Which files, columns and options were used, one per line."""
    from scaling_cli.document.write import plain

    lines = [f"read: {source.path}, {source.rows:,} rows, sha256 {source.sha256}" for source in report.inputs]
    lines += [f"column: {role} from {column}" for role, column in report.columns.items()]
    lines += [f"option: {name} = {json.dumps(plain(value))}" for name, value in report.options.items()]
    return "".join(escape(line) + "\n" for line in lines)


def _write_extras(report: Report[Any], output: Output, view: View) -> None:
    """The figures and the pages that were asked for beside the result."""
    if isinstance(output, Launched):
        _write_launches(report, output, view)
    figures = output.figure if isinstance(output, Drawn) else ()
    if not figures and not output.report:
        return
    import shlex

    from scaling_cli.report.files import figure_file
    from scaling_cli.report.pages.render import render
    from scaling_cli.report.views import panels_of

    title = (output.title or "") if isinstance(output, Drawn) else ""
    page = Look(title=title, command=shlex.join(["scaling", *sys.argv[1:]]))
    keeps = not isinstance(output, Saved) or output.draws
    for path in map(Path, output.report):
        form = REPORTS[path.suffix.lower()]
        picture = path.with_suffix(".png")
        drawing = _picture(report, output, view, picture) if form == "md" else b""
        look = replace(page, picture=picture.name) if drawing else page
        write_file(path, render(report, form, view, look=look, draws=keeps))
        if drawing:
            write_file(picture, drawing)
    charts = panels_of(view, report) if figures and report.results else []
    for path in map(Path, figures if report.results else ()):  # no result is an error of its own
        if not charts:
            raise UsageError(f"This result has no plot to save to {path}.", hint="Leave --figure out.")
        assert isinstance(output, Drawn)
        write_file(path, figure_file(charts, path.suffix.lower(), f"scaling {report.command}", style_of(output)))


def _write_launches(report: Report[Any], output: Launched, view: View) -> None:
    """The runs to train, one per line; no file if there are none."""
    from scaling_cli.report.pages.csv_rows import write as csv_rows
    from scaling_cli.report.pages.json_rows import write as json_rows

    for path in map(Path, output.launch if report.results else ()):
        rows = csv_rows if path.suffix.lower() == ".csv" else json_rows
        write_file(path, rows(report, view))


def _picture(report: Report[Any], output: Output, view: View, picture: Path) -> bytes:
    """The figure that stands beside a page, in the file `picture`; empty where there is none to draw."""
    from scaling_cli.report.files import can_draw, figure_file
    from scaling_cli.report.views import panels_of

    panels = panels_of(view, report) if isinstance(output, Drawn) and report.results and can_draw() else ()
    if not panels:
        return b""
    check_not_read([picture], (source.path for source in report.inputs))
    assert isinstance(output, Drawn)
    return figure_file(panels, ".png", "", style_of(output))


def _plot(report: Report[Any], output: Output, form: str, look: Look, view: View) -> str:
    if not isinstance(output, Drawn):
        return ""
    is_wanted = output.plot in ("unicode", "ascii") or (
        output.plot == "auto" and form == "table" and terminal.is_terminal(sys.stdout)
    )
    if not is_wanted or not report.results:
        return ""
    is_unicode = output.plot == "unicode" or (output.plot == "auto" and look.unicode)
    from scaling_cli.report.charts.terminal import terminal_plot

    look = Look(look.width, look.color, unicode=is_unicode)
    return "".join("\n" + terminal_plot(chart, look=look) for chart in view.charts(report))
