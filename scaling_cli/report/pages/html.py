"""HTML: a report as one self-contained page of caveats, failures, facts, tables and charts."""

from __future__ import annotations

import importlib.util
import json
import platform
import time
from collections.abc import Iterable, Sequence
from html import escape as quoted
from typing import Any

from scaling_cli.caveats.order import MEANINGS, rank
from scaling_cli.document.write import plain
from scaling_cli.numbers.format import escape, group_name, number_of
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.charts.figure import rows_of
from scaling_cli.report.pages.checklist import checklist
from scaling_cli.report.pages.interactive import PLACE, is_possible, scripts
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.notes import gathered
from scaling_cli.report.pages.page import MOST_ANSWERS, Page, View, answers, panels_of
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.report.pages.web_style import PARTS_STYLE, STYLE
from scaling_cli.results.report import Report
from scaling_cli.version import __version__

# The browser refuses every request that the page could make.
ALONE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'\"/>"
)
WIDE = '<div class="wide" tabindex="0">'  # what scrolls sideways, also by keyboard
NUMBER = ' class="number"'
CHECKED = ("fit", "extrapolate", "compare-exponents", "optimal-allocation", "inference-coverage")
QUESTIONS = {
    "fit": "How does the loss depend on the inputs of the law?",
    "extrapolate": "What loss will larger runs have?",
    "compare-exponents": "Do the groups differ in their exponents?",
    "optimal-allocation": "How should compute be split between params and tokens?",
    "inference-coverage": "How many more problems are solved with more attempts?",
    "plan": "Which runs should be trained next?",
    "score": "How good were the saved forecasts?",
    "columns": "How is each column read?",
    "laws": "Which laws can be fitted?",
}


def write(report: Report[Any], view: View, *, look: Look, **_: object) -> str:
    """The report as one page, with its figure."""
    return report_page(report, view.pages(report), panels_of(view, report) if report.results else [], look)


def report_page(
    report: Report[Any], pages: Iterable[Page], panels: Sequence[Chart | Sequence[Chart]], look: Look | None = None
) -> str:
    """Question and answer, the figure, caveats, facts and tables, the data, and all that reproduces the page."""
    look = look or Look()
    rows = rows_of(panels)
    description = " ".join(answers(report, MOST_ANSWERS))
    question = QUESTIONS.get(report.command, "")
    parts = [
        f'<p class="question">{_text(question)}</p>' if question else "",
        _answer(report),
        _figure(rows, description),
        _notes(report),
        *(part for page in pages for part in _page(page.whole)),
        _inputs(report),
        _reproduced(report, look),
        _checklist(report) if report.command in CHECKED else "",
        scripts(rows, description) if rows and is_possible() else "",
    ]
    return _document(look.title or f"scaling {report.command}", parts)


def report_part(report: Report[Any], pages: Iterable[Page], panels: Panels = ()) -> str:
    """Answer, figure, notes and tables as a part of another page, such as a notebook; its styles stay in this part."""
    parts = [_answer(report), _drawn(rows_of(panels)), _notes(report)]
    parts += [part for page in pages for part in _page(page.whole)]
    body = "".join(part + "\n" for part in parts if part)
    return f'<div class="scaling">\n<style>.scaling {{{PARTS_STYLE}}}</style>\n{body}</div>\n'


def figure_page(charts: Sequence[Chart | Sequence[Chart]], title: str) -> str:
    """A page with only the charts."""
    rows = rows_of(charts)
    return _document(title, [_figure(rows, title), scripts(rows, title) if rows and is_possible() else ""])


def _answer(report: Report[Any]) -> str:
    return "\n".join(f'<p class="answer">{_text(line)}</p>' for line in answers(report))


def _figure(rows: Panels, description: str) -> str:
    """The figure as it stands without a program, which the program replaces."""
    drawing = _drawn(rows)
    if not drawing:
        return ""
    label = f'id="{PLACE}" role="figure" aria-label="{_text(description)}"'
    return f"{WIDE}<div {label}>\n{drawing}</div></div>"


def _document(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n{ALONE}\n'
        f"<title>{_text(title)}</title>\n"
        f"<style>{STYLE}{PARTS_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{_text(title)}</h1>\n"
        + "".join(part + "\n" for part in parts if part)
        + f"</main>\n<footer>scaling {__version__}</footer>\n</body>\n</html>\n"
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
    head = "".join(
        f'<th scope="col"{NUMBER if column.is_numeric else ""}>{_text(column.name)}</th>' for column in sheet.columns
    )
    rows = ("".join(map(_cell, sheet.columns, row)) for row in sheet.rows)
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f"{WIDE}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>"


def _cell(column: Column, text: str) -> str:
    kind = NUMBER if column.is_numeric else ' class="whole"' if column.kind == "estimate" else ""
    return f"<td{kind}>{_text(text)}</td>"


def _notes(report: Report[Any]) -> str:
    """Caveats under a heading for what they do to the answer, then failures."""
    by_effect: dict[int, list[str]] = {}
    for note in gathered(report.caveats):
        text = f'<p class="caveat">{_where(note.where())}{_text(note.message)} <code>{_text(note.code)}</code></p>'
        by_effect.setdefault(rank(note.code), []).append(text)
    notes = []
    for effect, texts in sorted(by_effect.items()):
        notes += [f"<h2>Caveats that {MEANINGS[effect]}</h2>", *texts]
    notes += [
        f'<p class="failed">{_where(group_name(failure.group))}{_text(failure.error)} {_text(failure.hint)}</p>'
        for failure in report.failures
    ]
    return "\n".join(notes)


def _where(groups: str) -> str:
    return f"<b>{_text(groups)}</b>: " if groups else ""


def _drawn(rows: Panels) -> str:
    if not rows:
        return ""
    if importlib.util.find_spec("matplotlib") is None:
        return (
            "<p>The figure is missing, because matplotlib is not installed. "
            "Run <code>pip install matplotlib</code>, then the command again.</p>"
        )
    from scaling_cli.report.charts.figure import figure

    drawing = figure(rows, "svg").decode()
    return drawing[drawing.index("<svg") :]


def _inputs(report: Report[Any]) -> str:
    """The input files with the hashes of their content, so that the page can be traced to its data."""
    files = "".join(
        f"<li>{_text(source.path)}, {number_of(source.rows, 'row')} <code>{_text(source.sha256 or '')}</code></li>\n"
        for source in report.inputs
    )
    heading = "<h2>Files read, with the SHA-256 of their content</h2>"
    return f"{heading}\n<ul>\n{files}</ul>" if files else ""


def _reproduced(report: Report[Any], look: Look) -> str:
    """What makes the page again: the command line, the options, the versions and the date."""
    facts = [("command line", look.command or f"scaling {report.command}"), ("scaling", __version__)]
    facts += [(name, json.dumps(plain(value))) for name, value in report.options.items()]
    facts += [("Python", platform.python_version()), ("written", time.strftime("%Y-%m-%d"))] if look.command else []
    rows = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>\n" for name, text in facts)
    return f"<details>\n<summary>How to make this page again</summary>\n<dl>\n{rows}</dl>\n</details>"


def _checklist(report: Report[Any]) -> str:
    rows = "".join(
        f"<dt>{_text(item)}</dt><dd>{answer or '<em>left for you to answer</em>'}</dd>\n"
        for item, answer in ((item, _text(answer)) for item, answer in checklist(report))
    )
    return f"<details>\n<summary>What a paper should report</summary>\n<dl>\n{rows}</dl>\n</details>"
