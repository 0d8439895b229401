"""Reports at a prompt and in a notebook are short, carry their caveats, and become frames."""

from __future__ import annotations

import csv
import io

import pytest

import scaling_cli as scaling
from scaling_cli.library.answer import answer
from scaling_cli.report.pages.html import report_page
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.views import view_of
from tests import ROOT
from tests.factories import bad_report, chinchilla_result, groups_report, report

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"
ASKED = {
    "fit": lambda: scaling.fit(RUNS, replicates=50),
    "extrapolate": lambda: scaling.extrapolate(RUNS, replicates=50),
    "compare-exponents": lambda: scaling.compare_exponents(SAMPLES / "optimizers.csv", by="optimizer", replicates=50),
    "optimal-allocation": lambda: scaling.optimal_allocation(RUNS, replicates=50, approach="all"),
    "inference-coverage": lambda: scaling.inference_coverage(SAMPLES / "samples.csv", by=["model"], replicates=100),
    "columns": lambda: scaling.columns(RUNS),
}


@pytest.fixture(scope="module", params=ASKED)
def answered(request):
    return ASKED[request.param]()


def test_text_is_a_line_a_result_and_the_codes_of_the_caveats(answered):
    lines = repr(answered).splitlines()
    codes = {each.code for each in answered.caveats}
    assert lines[0].startswith(f"<scaling {answered.command}: {len(answered.results)} result")
    assert len(lines) == 1 + len(answered.results) + bool(codes)
    assert all(code in lines[-1] for code in codes)
    assert len(repr(answered)) < 2000


def test_a_result_is_short_too(answered):
    assert all(len(repr(each)) < 4000 for each in answered.results)


def test_markup_has_the_notes_and_tables_of_the_page(answered):
    page = report_page(answered, view_of(answered.command).pages(answered), ())
    shown = answered._repr_html_()
    for tag in ("<td", "<dt>", 'class="caveat"'):
        assert shown.count(tag) == page.count(tag)
    assert shown.count("<td") > 5
    assert "body {" not in shown


def test_the_frame_has_the_rows_of_csv(answered):
    header, *rows = csv.reader(io.StringIO(render(answered, "csv", view_of(answered.command), look=Look())))
    frame = answered.to_polars()
    assert frame.columns == header
    assert [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()] == rows


def test_failures_have_their_lines_and_control_characters_are_escaped():
    shown = repr(answer(groups_report()))
    assert "2 results, 1 failed" in shown
    assert "adamw: Loss falls as params^-0.35 and tokens^-0.37 towards 1.82 [1.77, 1.87]" in shown
    assert "failed: 3 points cannot fix the 5 parameters of chinchilla." in shown
    assert "\x1b" not in shown + answer(bad_report())._repr_html_()


def test_many_results_are_counted():
    several = answer(report(*(chinchilla_result(group={"run": str(place)}) for place in range(14))))
    assert repr(several).splitlines()[-1] == "  and 4 more>"
    assert repr(several).count("Loss falls") == 10
