"""Pages as a browser shows them: they draw, ask for nothing, and are small; and what stands in them."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scaling_cli.report.fit import view
from scaling_cli.report.pages.checklist import checklist
from scaling_cli.report.pages.html import report_page
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import panels_of
from scaling_cli.report.views import view_of
from tests.answers import answered
from tests.factories import bad_report, chinchilla_result, groups_report, report
from tests.grids import one_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HAS_VEGA = importlib.util.find_spec("vl_convert") is not None
ASKED = ("fit", "groups", "extrapolate", "compare-exponents", "optimal-allocation", "inference-coverage", "plan")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.skipif(not HAS_VEGA, reason="vl-convert-python is not installed")
@pytest.mark.parametrize("name", one_in(7, ASKED))
def test_a_page_draws_in_a_browser_without_a_request_or_an_error(tmp_path, name):
    made = answered(name)
    page = tmp_path / "page.html"
    page.write_text(report_page(made, view_of(made.command).pages(made), panels_of(view_of(made.command), made)))
    assert page.stat().st_size < 3_000_000
    ran = browsed(page)
    said = [line for line in ran.stderr.splitlines() if "CONSOLE" in line]
    assert not said
    figure = ran.stdout[ran.stdout.index('id="figure"') :]
    assert 'data-drawn="yes"' in figure[:2000]
    assert "mark-symbol" in figure
    assert "default-src 'none'" in ran.stdout  # so a request would have been refused, and said so on the console


CHECK = """<script>addEventListener('load', () => setTimeout(async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  const shown = document.createElement('pre');
  shown.id = 'checked';
  shown.textContent = found.violations.map(one => one.impact + ' ' + one.id).join(';');
  document.body.appendChild(shown);
}, 3000));</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.skipif(importlib.util.find_spec("axe_core_python") is None, reason="axe-core-python is not installed")
@pytest.mark.parametrize("name", one_in(2, ["fit", "compare-exponents"]))
def test_a_checker_of_accessibility_finds_no_serious_fault(tmp_path, name):
    made = answered(name)
    page = report_page(made, view_of(made.command).pages(made), panels_of(view_of(made.command), made))
    package = Path(importlib.util.find_spec("axe_core_python").origin).parent
    checker = (package / "axe.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    start, _, end = page.rpartition("</body>")
    (tmp_path / "page.html").write_text(f"{start}<script>{checker}</script>{CHECK}</body>{end}")
    shown = browsed(tmp_path / "page.html").stdout
    (found,) = re.findall(r'<pre id="checked">(.*?)</pre>', shown)
    assert not re.search("serious|critical", found), found


def browsed(page):
    """The page as a browser draws it that reaches no network."""
    return subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
         "--enable-logging=stderr", f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


def page_of(made, **look):
    return report_page(made, view.pages(made), panels_of(view, made), Look(**look))


@functools.cache
def page_of_groups():
    return page_of(groups_report())


@functools.cache
def page_of_surface():
    return page_of(report(chinchilla_result()))


def test_question_answer_and_figure_come_before_caveats_and_tables():
    page = page_of_groups()
    marks = ['class="question"', 'class="answer"', 'id="figure"', 'class="caveat"', "<table>", "Files read",
             "How to make this page again", "What a paper should report"]  # fmt: skip
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)


def test_only_tables_with_a_title_have_a_heading():
    made = answered("plan")
    pages = list(view_of(made.command).pages(made))
    page = report_page(made, pages, panels_of(view_of(made.command), made))
    titles = [section.title for shown in pages for section in shown.whole.sections if section.title]
    assert titles
    assert all(f"<h2>{title}</h2>" in page for title in titles)
    assert "<h2></h2>" not in page_of_groups().partition("<script")[0]


def test_a_page_says_what_makes_it_again():
    made = report(chinchilla_result())
    page = page_of(made, command="scaling fit 'a b.csv'", title="Mine")
    assert "<h1>Mine</h1>" in page
    assert "scaling fit &#x27;a b.csv&#x27;" in page
    assert made.inputs[0].sha256 in page
    assert "<dt>objective</dt><dd>&quot;huber&quot;</dd>" in page


def test_a_page_can_be_read_aloud_and_in_the_dark():
    page = page_of_surface()
    assert '<html lang="en">' in page
    assert re.search(r'role="figure" aria-label="Loss falls as params', page)
    assert re.findall(r"<th[ >]", page) == ["<th "] * page.count("<th ")
    assert page.count('scope="col"') == page.count("<th ")
    for query in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", "break-after: avoid"):
        assert query in page


def test_the_checklist_answers_what_data_can_and_leaves_the_rest_open():
    items = dict(checklist(report(chinchilla_result())))
    assert items["Hypothesis: Form of the law"] == "E + A / params^alpha + B / tokens^beta"
    assert items["Fitting: Intervals"] == "95 %, bootstrap, 4,000 replicates"
    assert items["Training: Whether params include embeddings"] == ""
    page = page_of_surface()
    assert page.count("left for you to answer") == sum(not answer for answer in items.values())


def test_names_cannot_end_the_program():
    page = page_of_groups()
    assert "</script><b>" not in page
    assert "\x1b" not in page + page_of(bad_report())
