"""The whole specification of each kind of chart that a browser draws."""

from __future__ import annotations

import json
import math

import pytest

from scaling_cli.report.charts.vega import specification
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
