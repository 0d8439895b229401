"""HTML: a report as one self-contained page of caveats, failures, facts, tables and charts."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from html import escape as quoted
from typing import Any

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.pages.notes import gathered
from scaling_cli.report.pages.page import Page, View, answers
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.results.report import Report
from scaling_cli.version import __version__

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
footer { color: #777; margin: 2rem 0; }
"""
PARTS_STYLE = """
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th { text-align: left; border-bottom: 1px solid #888; } th, td { padding: .15rem .9rem .15rem 0; vertical-align: top; }
td.number { text-align: right; white-space: nowrap; }
.answer { font-size: 1.15em; }
.caveat, .failed { border-left: 3px solid #e69f00; padding-left: .7rem; margin: .4rem 0; }
.failed { border-color: #d55e00; }
code { background: rgba(128, 128, 128, .15); padding: 0 .2rem; } svg { max-width: 100%; height: auto; }
"""


def write(report: Report[Any], view: View, **_: object) -> str:
    """The report as one page, with its charts."""
    return report_page(report, view.pages(report), view.charts(report) if report.results else [])


def report_page(report: Report[Any], pages: Iterable[Page], charts: Sequence[Chart]) -> str:
    """The whole report with its charts; caveats come first, because they decide how far the rest can be trusted."""
    parts = [*_body(report, pages), _drawn(charts), _inputs(report)]
    return _document(f"scaling {report.command}", parts)


def report_part(report: Report[Any], pages: Iterable[Page], panels: Panels = ()) -> str:
    """Answer, figure, notes and tables as a part of another page, such as a notebook; its styles stay in this part."""
    said, *others = _body(report, pages) or [""]
    body = "".join(part + "\n" for part in (said, _drawn(panels), *others) if part)
    return f'<div class="scaling">\n<style>.scaling {{{PARTS_STYLE}}}</style>\n{body}</div>\n'


def figure_page(charts: Sequence[Chart | Sequence[Chart]], title: str) -> str:
    """A page with only the charts."""
    return _document(title, [_drawn(charts)])


def _body(report: Report[Any], pages: Iterable[Page]) -> list[str]:
    said = "\n".join(f'<p class="answer">{_text(line)}</p>' for line in answers(report))
    return [said, _notes(report), *(part for page in pages for part in _page(page.whole))]


def _document(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n<title>{_text(title)}</title>\n'
        f"<style>{STYLE}{PARTS_STYLE}</style>\n</head>\n<body>\n<h1>{_text(title)}</h1>\n"
        + "".join(part + "\n" for part in parts if part)
        + f"<footer>scaling {__version__}</footer>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """Untrusted text, with markup and control characters escaped."""
    return quoted(escape(text))


def _page(page: Page) -> Iterable[str]:
    if page.facts:
        yield (
            "<dl>\n" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>\n" for name, text in page.facts) + "</dl>"
        )
    for section in page.sections:
        yield (f"<h2>{_text(section.title)}</h2>\n" if section.title else "") + _table(section.sheet)
    yield "\n".join(f"<p>{_text(line)}</p>" for line in page.sentences)


def _table(sheet: Sheet) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in sheet.header)
    rows = ("".join(map(_cell, sheet.columns, row)) for row in sheet.rows)
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>'


def _cell(column: Column, text: str) -> str:
    return f'<td class="number">{_text(text)}</td>' if column.is_numeric else f"<td>{_text(text)}</td>"


def _notes(report: Report[Any]) -> str:
    notes = [
        f'<p class="caveat">{_where(note.where())}{_text(note.message)} <code>{_text(note.code)}</code></p>'
        for note in gathered(report.caveats)
    ]
    notes += [
        f'<p class="failed">{_where(group_name(failure.group))}{_text(failure.error)} {_text(failure.hint)}</p>'
        for failure in report.failures
    ]
    return "\n".join(notes)


def _where(groups: str) -> str:
    return f"<b>{_text(groups)}</b>: " if groups else ""


def _drawn(charts: Sequence[Chart | Sequence[Chart]]) -> str:
    if not charts:
        return ""
    if importlib.util.find_spec("matplotlib") is None:
        return "<p>Install <code>scaling-cli[figures]</code> to have the plots drawn here.</p>"
    from scaling_cli.report.charts.figure import figure

    drawing = figure(charts, "svg").decode()
    return drawing[drawing.index("<svg") :]


def _inputs(report: Report[Any]) -> str:
    """The input files with the hashes of their content, so that the page can be traced to its data."""
    files = "".join(
        f"<li>{_text(source.path)} <code>{_text(source.sha256 or '')}</code></li>\n" for source in report.inputs
    )
    return (
        f"<details>\n<summary>Files read, with the SHA-256 of their content</summary>\n<ul>\n{files}</ul>\n</details>"
        if files
        else ""
    )
