"""Figures and pages, by what is in the files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.report.charts.axes import MOST_VECTORS
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series, heights
from scaling_cli.report.charts.figure import figure
from scaling_cli.report.files import check_figure, figure_file
from scaling_cli.report.fit import view as fit
from scaling_cli.report.pages.html import report_page
from scaling_cli.results.fit import Curve
from tests.factories import groups_report, power_result, report

HOSTILE = "</script><b>$\\alpha$\x1b[31m 運"
PROGRAM = re.compile(r"<script>//<!\[CDATA\[\n.*?</script>", re.DOTALL)
STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def chart(name="runs", points=20):
    x = np.geomspace(1e17, 1e20, points)
    y = 25 * x**-0.05
    curve = Curve(*(tuple(each[:: points // 20].tolist()) for each in (x, y, y * 0.98, y * 1.02)))
    return Chart([Series(name, x, y)], [Line(name, curve)], Axis("compute (FLOPs)", "compute"), Axis(name), title=name)


@pytest.mark.parametrize("kind", STARTS)
def test_a_figure_is_a_file_of_its_kind_and_always_the_same(kind):
    first = figure([chart(), chart()], kind)
    assert first.startswith(STARTS[kind])
    assert first == figure([chart(), chart()], kind)


def test_text_in_a_figure_is_text():
    texts = [each.text for each in ElementTree.fromstring(figure([chart(HOSTILE)], "svg")).iter() if each.text]
    assert "</script><b>$\\alpha$\\x1b[31m 運" in texts
    assert "1e18" in texts


def test_many_points_do_not_make_a_large_file():
    assert len(figure([chart(points=20 * MOST_VECTORS)], "svg")) < 500_000


def test_a_page_of_a_figure_stands_alone():
    page = figure_file([chart(HOSTILE)], ".html", "scaling fit").decode()
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script|<b>|src=|\x1b", PROGRAM.sub("", page))


@pytest.mark.parametrize("name", ["fit.gif", "fit"])
def test_a_suffix_that_is_no_figure_is_refused_by_name(name):
    with pytest.raises(UsageError, match=name):
        check_figure(Path(name))


def test_a_report_holds_all_that_was_found():
    made = groups_report()
    page = report_page(made, fit.pages(made), fit.charts(made))
    ElementTree.fromstring(page)
    for caveat in made.caveats:
        assert caveat.code in page
    assert "<svg" in page
    assert "\x1b" not in page
    assert "[red]muon[/red]" in page


def test_a_report_without_a_plot_has_none():
    made = report(power_result(observations=None))
    assert "<svg" not in report_page(made, fit.pages(made), fit.charts(made))


def test_a_page_is_made_where_matplotlib_is_not():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from pathlib import Path; from tests.factories import groups_report\n"
        "from scaling_cli.report.fit import view as fit\n"
        "from scaling_cli.errors import UsageError; from scaling_cli.report.pages.html import report_page\n"
        "from scaling_cli.report.files import check_figure\n"
        "from scaling_cli.report.pages import interactive; interactive._bundle = str\n"  # takes two seconds to make
        "made = groups_report(); page = report_page(made, fit.pages(made), fit.charts(made))\n"
        "assert 'matplotlib is not installed' in page and 'pip install matplotlib' in page\n"
        "try:\n    check_figure(Path('x.png'))\nexcept UsageError as error:\n    assert 'figures' in error.hint\n"
        "else:\n    raise SystemExit(1)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_bands_stay_in_the_frame_unless_they_would_flatten_what_they_are_of():
    points = Series("runs", [1.0, 10.0], [2.0, 1.0])
    narrow, wide = (
        Line("law", Curve((1.0, 10.0), (2.0, 1.0), (2.0, 1.0 / room), (2.0 * room, 1.0))) for room in (1.2, 1e6)
    )
    assert heights([points], [narrow]) == pytest.approx((-np.log10(1.2), np.log10(2.4)))
    assert heights([points], [wide]) == pytest.approx((-0.5 * np.log10(2), 1.5 * np.log10(2)))
