"""Names from files that would run in a browser, a spreadsheet, TeX or a terminal are text in every format.

Real parsers judge: those of Python for HTML, CSV and JSON, and a headless Chromium where one is installed.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import re
import shutil
import subprocess

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.document.saved import checked_while_shown, read_report
from scaling_cli.errors import ScalingError
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.views import view_of
from scaling_cli.verbs.schema import result_of
from tests.answers import ASKED, answered
from tests.grids import one_in
from tests.robust.judge import CONTROL, unexpected_html
from tests.robust.seeds import table

OWNED = "document.title='owned'"
HOSTILE = (
    f"<script>{OWNED}</script>", f"<img src=x onerror={OWNED}>", f'"><svg onload={OWNED}>',
    f"</title><script>{OWNED}</script>",
    f"<a href=javascript:{OWNED}>x</a>", f"--><script>{OWNED}</script><!--", f"&lt;script&gt;{OWNED}&lt;/script&gt;",
    "=HYPERLINK(\"http://x\")", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "  =1+1", "＝1+1",
    "\\input{/etc/passwd}", "\\write18{ls}", "%\n\\end{document}", "$x_1^2$ & b \\\\", "^^5cinput",
    "a | b |\n| --- |", "![x](http://x)", "[x](javascript:alert(1))", "`code`", "\x1b[31mred\x1b]0;title\x07", "a\x00b",
    "\u202eabc", "a\rb", "a,b\"c\nd", "]]>", "{{7*7}}", "${jndi:x}",
)  # fmt: skip
TEX = {"begin", "end", "toprule", "midrule", "bottomrule", "textbackslash", "textasciitilde", "textasciicircum",
       "textless", "textgreater", "times"} | {"alpha", "beta"}  # fmt: skip
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def report():
    """A fit for each hostile name, which is also the name of the column of groups."""
    rows = table().drop("group", "run_id").with_row_index("run_id")
    groups = [rows.head(12).with_columns(pl.lit(name).alias("<b>=who")) for name in HOSTILE]
    return scaling.fit(pl.concat(groups), by="<b>=who", law="power", x="params", interval="none")


def written(report, form: str) -> str:
    return render(report, form, view_of("fit"), look=Look())


@pytest.mark.parametrize("form", ["table", "plain", "json", "jsonl", "csv", "md", "latex", "html"])
def test_no_control_character_leaves_by_any_format(report, form):
    assert len(report.results) == len(HOSTILE)
    assert CONTROL.search(written(report, form)) is None


def texts(value, found):
    """The names of all fields that hold text."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(part, str) and isinstance(key, str):
            found.add(key)
        texts(part, found)
    return found


def poisoned(value, field):
    """A document in which each text of a field turns the terminal red and reverses what follows."""
    if isinstance(value, dict):
        return {key: f"{part}\x1b[31m\u202e" if key == field and isinstance(part, str) else poisoned(part, field)
                for key, part in value.items()}  # fmt: skip
    return [poisoned(part, field) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", one_in(4, ASKED))
def test_no_field_of_a_saved_result_brings_control_characters_to_a_terminal_or_a_page(tmp_path, name):
    made, path = answered(name), tmp_path / "saved.json"
    view = view_of(made.command)
    document = json.loads(render(made, "json", view, look=Look()))
    for field in sorted(texts(document["results"], set())):
        path.write_text(json.dumps({**document, "results": poisoned(document["results"], field)}))
        with contextlib.suppress(ScalingError), checked_while_shown(path):  # what cannot be is refused
            saved = read_report(path, result_of)
            for form in ("table", "plain", "csv", "md", "latex", "html", "jsonl"):
                assert CONTROL.search(render(saved, form, view, look=Look(is_detailed=True))) is None, (field, form)


def test_html_has_only_the_tags_of_a_report_and_shows_the_names(report):
    page = written(report, "html")
    assert unexpected_html(page) == []
    shown = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert f"<script>{OWNED}</script>" in shown


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_runs_nothing_in_a_page(report, tmp_path):
    assert CHROMIUM is not None
    titles = []
    for name, content in (("page", written(report, "html")), ("control", f"<title>x</title><script>{OWNED}</script>")):
        path = tmp_path / f"{name}.html"
        path.write_text(content)
        dumped = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom",
             path.as_uri()],
            capture_output=True, text=True, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        titles.append(re.search(r"<title>(.*?)</title>", dumped.stdout, re.DOTALL)[1])
    assert titles[1] == "owned", "the control page should have run its script"
    assert titles[0] != "owned"


def test_csv_keeps_its_columns_and_no_cell_is_a_formula(report):
    rows = list(csv.reader(io.StringIO(written(report, "csv")), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@＝＋＠]|\s*-[^0-9.]", cell)]
    groups = {row[0] for row in rows[1:]}
    assert {'\'=HYPERLINK("http://x")', "'@SUM(1+1)"} <= groups
    assert len(groups) == len(HOSTILE)


def test_tex_has_only_the_commands_of_a_table(report):
    text = written(report, "latex")
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert not set(re.findall(r"\\([A-Za-z]+)", "\n".join(body))) - TEX
    for line in body:
        plain = re.sub(
            r"\$[^$]*\$", "", re.sub(r"\\[\\$%#_&{}]", "", line)
        )  # without what is escaped, and without numbers
        assert not re.search(r"[$%#_~^]", plain), line
    rows = [line for line in body if line.endswith(r"\\")]
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows}) == 1


def test_markdown_keeps_its_columns_and_has_no_tags_or_links(report):
    text = written(report, "md")
    assert not re.search(r"(?<!\\)<(?:script|img|svg|a)\b", text)
    assert not re.search(r"(?<![\\!])\[[^\]\\]*\]\((?:javascript|http)", text)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines if "E" in lines[0]}) <= 2


def test_json_gives_the_names_back(report):
    groups = [result["group"]["<b>=who"] for result in json.loads(written(report, "json"))["results"]]
    assert sorted(groups) == sorted(HOSTILE)
