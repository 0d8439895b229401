"""Tables and plots of coverage as approved, good and bad."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.record import replace
from scaling_cli.report.charts.terminal import terminal_plot
from scaling_cli.report.inference_coverage import view
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render, render_notes
from scaling_cli.results.coverage import Purchase
from scaling_cli.results.fit import Estimate
from scaling_cli.sentences.inference_coverage import sentence
from tests import ROOT
from tests.report.every_format import in_every_format

SAMPLE = ROOT / "sample_data" / "samples.csv"
HOSTILE = "\x1b[31mred[/bold]"


def one():
    prices = {"params": ["8B"], "tokens_out": ["256"]}
    return scaling.inference_coverage(
        SAMPLE, where="model = 'sim-8B'", to=2000, targets=[0.9], budgets=["1e14flops"], prices=prices, replicates=200
    )


def groups():
    return scaling.inference_coverage(SAMPLE, by=["model"], compare="sim-8B", laws="power-law", replicates=200)


def bad():
    """Hardly anything can be said: few problems, short ones among them, none ever solved, a hostile name."""
    rows = pl.DataFrame({"problem_id": list("abcd"), "n": [8, 8, 8, 3], "c": [0, 0, 0, 0], "model": [HOSTILE] * 4})
    return scaling.inference_coverage(rows, by=["model"], k="1,8", to=1e6, replicates=200)


REPORTS = {"one": one, "groups": groups, "bad": bad}


@pytest.fixture(scope="module")
def reports():
    return {name: make() for name, make in REPORTS.items()}


@pytest.mark.sample
@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [80, 200, None], ids=str)
def test_tables_look_as_approved(matches_golden, reports, name, width):
    look = Look(width)
    text = render(reports[name], "table", view, look=look) + "\n" + render_notes(reports[name], "table", look)
    matches_golden(f"coverage-table-{name}-{width or 'pipe'}", text)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("format", ["plain", "md", "latex"])
def test_other_formats_look_as_approved(matches_golden, reports, name, format):
    matches_golden(f"coverage-{format}-{name}", render(reports[name], format, view, look=Look()))


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("name", ["one", "groups"])
def test_plots_look_as_approved(matches_golden, reports, name, unicode):
    (chart,) = view.charts(reports[name])
    text = terminal_plot(chart, look=Look(80, unicode=unicode))
    assert unicode or text.isascii()
    matches_golden(f"coverage-plot-{name}-{'unicode' if unicode else 'ascii'}", text)


def test_there_is_no_plot_where_nothing_was_solved(reports):
    assert view.charts(reports["bad"]) == []


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_wider_than_the_terminal(reports, name, width):
    text = render(reports[name], "table", view, look=Look(width)) + render_notes(reports[name], "table", Look(width))
    assert max(len(line) for line in text.splitlines()) <= width


@pytest.mark.sample
@pytest.mark.parametrize(("name", "format"), in_every_format(REPORTS))
def test_no_format_lets_control_characters_through(reports, name, format):
    text = render(reports[name], format, view, look=Look()) + render_notes(reports[name], format, Look())
    assert all(character == "\n" or character.isprintable() for character in text)


@pytest.mark.thorough
def test_a_plain_report_loads_neither_statistics_nor_a_plot():
    program = (
        "import sys, scaling_cli as s; from scaling_cli.report.inference_coverage import view; "
        "from scaling_cli.report.pages.render import render; "
        "from scaling_cli.report.pages.look import Look; "
        f"report = s.inference_coverage({str(SAMPLE)!r}, where=\"model = 'sim-1B'\", replicates=100); "
        "render(report, 'plain', view, look=Look()); "
        "assert not {'rich', 'plotext', 'scipy.stats', 'scipy.optimize', 'matplotlib'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_sentence_answers_what_was_asked_of_targets_and_budgets(reports):
    target = Purchase(
        "target", 0.9, "coverage", "fixed", 201, 64, None, 201.0, 0.02, Estimate(0.9, 0.8, 0.96), is_forecast=True
    )
    budget = Purchase("budget", 0.05, "usd", "fixed", 78, None, None, 78.0, 0.0499, Estimate(0.913, 0.832, 0.962))
    (sample,) = reports["one"].results
    said = sentence(replace(sample, budgets=(budget, target)), "coverage")
    assert said.endswith(
        " 201 [64, > 20,000] attempts, 0.02 USD per problem, solve 90 % (a forecast); "
        "0.05 USD per problem buys 78 attempts, which solve 91.3 % [83.2 %, 96.2 %]."
    )
    unreached = replace(target, k=None, k_low=None, is_forecast=False)
    said = sentence(replace(sample, budgets=(unreached,)), "coverage")
    assert said.endswith(" More than 200 attempts are needed to solve 90 %.")
