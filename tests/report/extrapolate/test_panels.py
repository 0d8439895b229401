"""The figure of a forecast: fan, error bars, names and track record."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from scaling_cli.record import replace
from scaling_cli.report.extrapolate.panels import extrapolate_panels
from scaling_cli.report.extrapolate.plot import extrapolate_charts
from scaling_cli.results.fit import Curve
from scaling_cli.results.forecast import ForecastInterval
from tests.report.extrapolate.results import NEAR, forecast


def panels(**changes):
    made = forecast(**changes)
    return [chart for row in extrapolate_panels(made, extrapolate_charts(made)) for chart in row]


def test_the_terminals_chart_has_runs_targets_and_the_edge_of_the_data():
    (chart,) = extrapolate_charts(forecast(), "val")
    runs, targets, observed = chart.series
    assert (runs.x, runs.y) == ((1e18, 1e19, 1e20, 1e21), (3.6, 3.2, 2.9, 2.6))
    assert (targets.name, targets.x, targets.y) == ("forecast", [1e22, 1e24], [2.5, 2.1])
    assert (observed.name, observed.x, observed.y) == ("observed", [1e24], [2.05])
    assert set(chart.edge.x) == {1e21}
    assert (chart.edge.y[0], chart.edge.y[-1]) == pytest.approx((2.1, 3.6))
    assert (chart.edge.name, chart.x.label, chart.y.label) == ("edge of the data, 1e21", "compute (FLOPs)", "val")
    assert chart.lines[0].name == "forecast"
    assert extrapolate_charts(forecast(curve=None)) == []
    assert extrapolate_charts(forecast(observations=None)) == []
    surface = extrapolate_charts(forecast(inputs={"params": "params", "tokens": "tokens"}))[0]
    assert (surface.lines[0].name, surface.x.role) == ("forecast, compute-optimal", "compute")


def test_the_fan_has_normal_quantiles_of_log_loss_inside_the_band():
    chart = panels()[0]
    (line,) = chart.lines
    normal = NormalDist()
    for level, band in zip((0.8, 0.5), line.fan, strict=True):
        share = normal.inv_cdf(0.5 + level / 2) / normal.inv_cdf(0.975)
        y, low, high = (np.log(values) for values in (line.curve.y, line.curve.low, line.curve.high))
        assert np.log(band.low) == pytest.approx(y + share * (low - y))
        assert np.log(band.high) == pytest.approx(y + share * (high - y))
    assert chart.band == "95 %, 80 %, 50 % of new runs"


@pytest.mark.parametrize(
    "changes",
    [
        {"interval": ForecastInterval("draws", 0.95, 100, 0)},
        {"interval": ForecastInterval("rolling+bootstrap", 0.8, 100, 3)},
        {"curve": Curve((1e18, 1e24), (3.6, 2.1))},
    ],
)
def test_without_a_normal_distribution_or_a_wider_band_there_is_no_fan(changes):
    chart = panels(**changes)[0]
    assert chart.lines[0].fan == ()
    assert chart.band.count("%") == 1


def test_targets_have_the_interval_of_a_new_run_and_their_names():
    _, targets, observed = panels()[0].series
    assert (targets.low, targets.high) == ((2.4, 1.9), (2.6, 2.3))
    assert targets.labels == ("1e22 FLOPs", "big")
    assert (targets.stands_out, observed.stands_out) == (True, True)
    unknown = replace(NEAR, prediction=replace(NEAR.prediction, low=None))
    low = panels(predictions=(unknown,))[0].series[1].low
    assert np.isnan(low[0])


def test_places_are_named_by_params_and_tokens_or_what_they_have():
    named = replace(NEAR, at={"params": 7e9, "tokens": 1e12, "compute": 1e22})
    assert panels(predictions=(named,))[0].series[1].labels == ("7B params, 1T tokens",)
    lr = replace(NEAR, at={"lr": 0.01, "compute": 1e22})
    assert panels(predictions=(lr,))[0].series[1].labels == ("0.01 lr, 1e22",)


def test_runs_have_names_where_all_have_one():
    names = ("a", "b", "c", "d")
    seen = replace(forecast().observations, names=names)
    assert panels(observations=seen)[0].series[0].labels == names
    assert panels(observations=replace(seen, names=names[:3]))[0].series[0].labels == ()


def test_the_edge_is_a_rule_and_the_group_a_title():
    chart = panels()[0]
    assert ([(rule.name, rule.value) for rule in chart.rules], chart.edge) == ([("edge of the data, 1e21", 1e21)], None)
    assert chart.title == "Forecast of larger runs"
    assert panels(group={"lab": "ours"})[0].title == "ours: forecast of larger runs"


def test_the_track_record_stands_beside_it_by_reach():
    track = forecast().track
    chart = panels(track=track[::-1])[1]
    (series,) = chart.series
    assert (series.x, series.y) == ([2.0, 8.0], pytest.approx([1.0, 3.0]))
    assert series.labels == ("fitted to 4, tested on 1", "fitted to 3, tested on 2")
    assert chart.lines[0].curve.x == (2.0, 8.0)
    assert panels(track=track[:1])[1].lines == []
    assert len(panels(track=())) == 1
    assert [(rule.value, rule.is_level) for rule in chart.rules] == [(0.0, True)]
    assert extrapolate_panels(forecast(), []) == []
