"""A report as one HTML page that needs nothing else: facts, tables, charts, caveats and failures."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from html import escape as quoted
from typing import Any

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.notes import gathered
from scaling_cli.report.pages.page import Page
from scaling_cli.report.pages.sheet import NUMERIC, Sheet
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
.caveat, .failed { border-left: 3px solid #e69f00; padding-left: .7rem; margin: .4rem 0; }
.failed { border-color: #d55e00; }
code { background: rgba(128, 128, 128, .15); padding: 0 .2rem; } svg { max-width: 100%; height: auto; }
"""


def report_page(report: Report[Any], pages: Iterable[Page], charts: Sequence[Chart]) -> str:
    """The whole report, with its charts drawn in; caveats come first, for they decide what the rest is worth."""
    parts = [*_said(report, pages), _drawn(charts), _inputs(report)]
    return _document(f"scaling {report.command}", parts)


def report_part(report: Report[Any], pages: Iterable[Page]) -> str:
    """The same notes and tables as one part of somebody else's page, whose looks it leaves alone."""
    body = "".join(part + "\n" for part in _said(report, pages) if part)
    return f'<div class="scaling">\n<style>.scaling {{{PARTS_STYLE}}}</style>\n{body}</div>\n'


def figure_page(charts: Sequence[Chart], title: str) -> str:
    """The charts alone."""
    return _document(title, [_drawn(charts)])


def _said(report: Report[Any], pages: Iterable[Page]) -> list[str]:
    return [_notes(report), *(part for page in pages for part in _page(page))]


def _document(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n<title>{_text(title)}</title>\n'
        f"<style>{STYLE}{PARTS_STYLE}</style>\n</head>\n<body>\n<h1>{_text(title)}</h1>\n"
        + "".join(part + "\n" for part in parts if part)
        + f"<footer>scaling {__version__}</footer>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """Text from anywhere, with no markup or control character left in it."""
    return quoted(escape(text))


def _page(page: Page) -> Iterable[str]:
    if page.facts:
        yield (
            "<dl>\n" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(said)}</dd>\n" for name, said in page.facts) + "</dl>"
        )
    for section in page.sections:
        yield (f"<h2>{_text(section.title)}</h2>\n" if section.title else "") + _table(section.sheet)
    yield "\n".join(f"<p>{_text(line)}</p>" for line in page.sentences)


def _table(sheet: Sheet) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in sheet.header)
    rows = ("".join(_cell(cell) for cell in row) for row in sheet.rows)
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>'


def _cell(text: str) -> str:
    return f'<td class="number">{_text(text)}</td>' if NUMERIC.match(text) else f"<td>{_text(text)}</td>"


def _notes(report: Report[Any]) -> str:
    notes = [
        f'<p class="caveat">{_where(each.where())}{_text(each.message)} <code>{_text(each.code)}</code></p>'
        for each in gathered(report.caveats)
    ]
    notes += [
        f'<p class="failed">{_where(group_name(each.group))}{_text(each.error)} {_text(each.hint)}</p>'
        for each in report.failures
    ]
    return "\n".join(notes)


def _where(groups: str) -> str:
    return f"<b>{_text(groups)}</b>: " if groups else ""


def _drawn(charts: Sequence[Chart]) -> str:
    if not charts:
        return ""
    if importlib.util.find_spec("matplotlib") is None:
        return "<p>Install <code>scaling-cli[figures]</code> to have the plots drawn here.</p>"
    from scaling_cli.report.charts.figure import figure

    drawing = figure(charts, "svg").decode()
    return drawing[drawing.index("<svg") :]


def _inputs(report: Report[Any]) -> str:
    """What was read, by content, so that the page can be traced to its data."""
    files = "".join(f"<li>{_text(each.path)} <code>{_text(each.sha256 or '')}</code></li>\n" for each in report.inputs)
    return f"<details>\n<summary>Files read, by content</summary>\n<ul>\n{files}</ul>\n</details>" if files else ""
