from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli import optimal_allocation
from scaling_cli.record import replace
from scaling_cli.report.charts.terminal import terminal_plot
from scaling_cli.report.optimal_allocation import view
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import FORMATS, render, render_notes
from scaling_cli.results.allocation import PoolChoice
from scaling_cli.results.fit import Estimate
from tests.analysis.allocation.surfaces import HOFFMANN, isoflop_frame

HOSTILE = "[red]\x1b]0;owned\x07"
OFFSETS = np.linspace(-1.5, 1.5, 9)


@pytest.fixture(scope="module")
def report():
    good = isoflop_frame(HOFFMANN, offsets=OFFSETS, noise=0.004).with_columns(kind=pl.lit(HOSTILE))
    bad = isoflop_frame(HOFFMANN, offsets=OFFSETS, budgets=np.array([1e20])).with_columns(kind=pl.lit("single"))
    return optimal_allocation(good.vstack(bad), approach="all", by=["kind"], replicates=40, budget=(1e22, 1e24))


@pytest.mark.sample(2)
@pytest.mark.parametrize("format", FORMATS)
def test_no_format_lets_control_characters_or_markup_through(report, format):
    text = render(report, format, view, look=Look())
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "owned" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("width", [80, 120, 200])
def test_tables_and_plots_keep_within_the_terminal(report, width):
    look = Look(width=width)
    plots = [terminal_plot(chart, look=look) for chart in view.charts(report)]
    assert len(plots) == 2
    for text in (render(report, "table", view, look=look), *plots, render_notes(report, "table", look)):
        assert max(len(line) for line in text.splitlines()) <= width


def test_a_narrow_table_turns_on_its_side(report):
    narrow, wide = (render(report, "table", view, look=Look(width=width)).splitlines() for width in (80, 220))
    assert any(line.startswith("params within 5 % waste") for line in narrow)
    assert any("params within 5 % waste" in line and "compute" in line for line in wide)


def test_a_failed_group_is_told_with_what_to_run(report):
    assert "an exponent needs several budgets" in render(report, "table", view, look=Look())
    assert "Add smaller budgets" in render_notes(report, "plain", Look())


def test_csv_has_a_row_for_each_split_at_full_precision(report):
    rows = render(report, "csv", view, look=Look()).splitlines()
    assert len(rows) == 1 + len(report.results[0].allocations)
    assert repr(report.results[0].allocations[0].params.estimate) in rows[1]


def test_csv_of_pools_of_data_has_the_best_choice_of_each_budget(report):
    best, other = (
        PoolChoice(names, 3e7, 2.5, Estimate(0.2), Estimate(0.0)) for names in (("web", HOSTILE), ("web",))
    )  # fmt: skip
    first, second = report.results[0].allocations[:2]
    rows = (replace(first, samples=7.5e7, pools=(best, other)), replace(second, pools=()))
    made = replace(report, results=(replace(report.results[0], allocations=rows),))
    header, with_pools, without = view.records(made)
    found = dict(zip(header, with_pools, strict=True))
    assert (found["samples"], found["unique_samples"], found["epochs"]) == (7.5e7, 3e7, 2.5)
    assert found["pools"].startswith("web+[red]")
    assert "\x1b" not in found["pools"]
    assert list(without)[-4:] == [None] * 4
    assert "pools" not in next(iter(view.records(report)))
