"""The figure of each command, by what is in it and in the file."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.report.charts.figure import figure
from scaling_cli.report.charts.style import FigureStyle, figure_style
from scaling_cli.report.views import panels_of, view_of
from tests.answers import answered
from tests.grids import one_in, one_of_each

COMMANDS = ("fit", "extrapolate", "compare-exponents", "optimal-allocation", "inference-coverage", "plan")


@pytest.fixture(scope="module", params=COMMANDS)
def panels(request):
    report = answered(request.param)
    return request.param, panels_of(view_of(report.command), report)


def charts(panels):
    return {chart.title.partition(",")[0]: chart for row in panels for chart in row}


def test_each_command_has_its_panels(panels):
    name, rows = panels
    titles = {
        "fit": {"The law and its runs", "Observed against predicted", "Residuals against params",
                "Residuals against tokens"},
        "extrapolate": {"Forecast of larger runs", "Track record on these runs"},
        "compare-exponents": {"Laws of the groups", "At equal loss", "Exponents with 95 % intervals"},
        "optimal-allocation": {"IsoFLOP curves", "Best split (parametric)", "Cost of other sizes"},
        "inference-coverage": {"Coverage and forecast"},
        "plan": {"Runs to train", "Expected width of params@1e24", "Designs of the same cost"},
    }[name]  # fmt: skip
    assert set(charts(rows)) == titles


@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler (pdffonts) is not installed")
@pytest.mark.parametrize("panels", one_in(6, COMMANDS), indirect=True)
def test_fonts_are_embedded_and_none_is_type_3(panels, tmp_path):
    path = tmp_path / "figure.pdf"
    path.write_bytes(figure(panels[1], "pdf", FigureStyle(89.0)))
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
    assert "TrueType" in fonts
    assert "Type 3" not in fonts


@pytest.mark.parametrize(
    ("panels", "size"),
    one_of_each(
        [(command, size) for command in COMMANDS for size in ("single", "double", "slide", "120x80mm", "7x4in")],
        name="{}-{}".format,
        kind=lambda command, size: size,
    ),
    indirect=["panels"],
)
def test_a_figure_has_the_size_that_was_asked(panels, size):
    style = figure_style(size, 100, None, "paper")
    width, height = np.frombuffer(figure(panels[1], "png", style)[16:24], ">u4")
    assert width == pytest.approx(style.width / 25.4 * 100, abs=1)
    if style.height:
        assert height == pytest.approx(style.height / 25.4 * 100, abs=1)


def test_the_runs_of_a_fit_have_their_names_and_an_ordered_colour():
    report = answered("fit")
    drawn = charts(panels_of(view_of("fit"), report))
    (series,) = drawn["The law and its runs"].series
    assert series.labels[:2] == ("c6e18-n24.9M", "c6e18-n35.3M")
    assert len(series.shade) == 100
    residuals = drawn["Residuals against params"].series[0]
    seen = report.results[0].observations
    assert residuals.y == pytest.approx(100 * (np.array(seen.observed) / np.array(seen.predicted) - 1))


def test_forecast_coverage_goes_on_from_the_data_without_a_jump_or_a_spike():
    report = answered("inference-coverage")
    drawn = charts(panels_of(view_of("inference-coverage"), report))["Coverage and forecast"]
    for line in drawn.lines:
        steps = np.diff(np.log(line.curve.y))
        assert (steps >= -1e-9).all()
        assert np.abs(np.diff(steps)).max() < 0.1
        assert (np.array(line.curve.low) > 0).all()
    for series in drawn.series:
        assert series.stands_out or (np.array(series.low) <= np.array(series.y)).all()


@pytest.mark.parametrize(("size", "style", "said"), [("big", "paper", "--figure-size"), (None, "plain", "--style"),
                                                     ("0x0mm", "paper", "--figure-size")])  # fmt: skip
def test_what_is_no_size_or_style_is_refused(size, style, said):
    with pytest.raises(UsageError, match=said):
        figure_style(size, 300, None, style)


def test_a_style_file_changes_the_figure(tmp_path):
    path = tmp_path / "mine.mplstyle"
    path.write_text("font.size: 20\n", encoding="utf-8")
    assert figure_style(None, 300, None, str(path)).settings()["font.size"] == 20
