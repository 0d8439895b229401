"""Each kind of chart in whole: its specification for a browser, and its characters on a terminal."""

from __future__ import annotations

import json
import math

import pytest

from scaling_cli.report.charts.terminal import terminal_plot
from scaling_cli.report.charts.vega import specification
from scaling_cli.report.pages.look import Look
from tests.report.charts.test_artists import NAMED, PLAIN, RISING, SHADED

CHARTS = {"plain": PLAIN, "shaded": SHADED, "named": NAMED, "rising": RISING}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_specified_as_approved(name, matches_golden):
    ((panel, other),) = specification([[CHARTS[name], PLAIN]], "losses")
    lines = [panel | {"layer": len(panel["layer"])}, *panel["layer"], len(other["layer"])]
    matches_golden(f"chart-vega-{name}", "".join(f"{json.dumps(rounded(line))}\n" for line in lines))


@pytest.mark.parametrize("name", ["plain", "rising"])
@pytest.mark.parametrize("look", [Look(72), Look(72, unicode=False), Look(60, color=True)], ids=str)
def test_a_chart_on_a_terminal_looks_as_approved(name, look, matches_golden):
    kind = "colour" if look.color else "unicode" if look.unicode else "ascii"
    matches_golden(f"chart-terminal-{name}-{kind}", terminal_plot(CHARTS[name], look=look))
