"""The figure of fits, for results made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.drawn_fit import sketches
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.fit.panels import _residuals, fit_panels
from scaling_cli.results.fit import Curve, Observations
from tests.factories import chinchilla_observations, chinchilla_result, power_result


def main_chart(*results):
    """The terminal's chart: a series for each result, and its frontier."""
    drawn = sketches(results)
    series = [
        Series("runs", sketch.x, result.observations.observed) for result, sketch in zip(results, drawn, strict=True)
    ]
    return Chart(
        series, [Line("law", Curve((1e18, 1e22), (3.0, 2.0)))], Axis("compute", "compute"), Axis("loss", "loss")
    )


def panels(*results):
    rows = fit_panels([main_chart(*results)], results, sketches(results), "loss")
    return {chart.title.partition(",")[0]: chart for row in rows for chart in row}


def named(result):
    seen = result.observations
    names = tuple(f"r{i}" for i in range(len(seen.observed)))
    return replace(result, observations=replace(seen, names=names))


SURFACE = named(chinchilla_result(observations=chinchilla_observations(30)))
SEEN = SURFACE.observations


def test_runs_of_a_surface_are_coloured_by_tokens_per_param():
    chart = panels(SURFACE)["The law and its runs"]
    (series,) = chart.series
    ratio = np.array(SEEN.inputs["tokens"]) / np.array(SEEN.inputs["params"])
    assert series.shade == pytest.approx(ratio.tolist())
    assert (series.labels, series.name, chart.shade.role) == (SEEN.names, "", "ratio")
    *ratios, frontier = chart.lines
    assert [line.shade for line in ratios] == pytest.approx(np.quantile(ratio, [0.1, 0.5, 0.9]))
    assert (frontier.is_dashed, frontier.color, frontier.name) == (True, 6, "law")


def test_lines_of_equal_tokens_per_param_are_those_of_the_law():
    first = panels(SURFACE)["The law and its runs"].lines[0]
    compute = np.array(first.curve.x)
    params = np.sqrt(compute / 6 / first.shade)
    values = {name: value.estimate for name, value in SURFACE.parameters.items()}
    loss = (
        values["E"] + values["A"] / params ** values["alpha"] + values["B"] / (params * first.shade) ** values["beta"]
    )
    assert first.curve.y == pytest.approx(loss.tolist(), rel=1e-6)


def test_observed_loss_stands_over_predicted_loss_beside_the_diagonal():
    chart = panels(SURFACE)["Observed against predicted"]
    (series,) = chart.series
    assert (list(series.x), list(series.y)) == (list(SEEN.predicted), list(SEEN.observed))
    assert (series.labels, len(series.shade)) == (SEEN.names, 30)
    (line,) = chart.lines
    both = [*SEEN.observed, *SEEN.predicted]
    assert line.curve == Curve((min(both), max(both)), (min(both), max(both)))
    assert (line.is_plain, line.is_dashed) == (True, True)


def test_residuals_are_in_percent_against_each_input():
    drawn = panels(SURFACE)
    off = 100 * (np.array(SEEN.observed) / np.array(SEEN.predicted) - 1)
    for name in ("params", "tokens"):
        chart = drawn[f"Residuals against {name}"]
        (series,) = chart.series
        assert list(series.y) == pytest.approx(off.tolist())
        assert list(series.x) == list(SEEN.inputs[name])
        assert [(rule.value, rule.is_level) for rule in chart.rules] == [(0.0, True)]
        assert (chart.x.role, chart.y.is_log) == (name, False)


def test_points_without_a_logarithm_are_left_out():
    observed = (-1.0, *SEEN.observed[1:])
    predicted = (SEEN.predicted[0], -2.0, *SEEN.predicted[2:])
    made = replace(SURFACE, observations=replace(SEEN, observed=observed, predicted=predicted))
    drawn = panels(made)
    for title in ("Observed against predicted", "Residuals against params"):
        (series,) = drawn[title].series
        assert (len(series.x), len(series.shade), series.labels) == (28, 28, SEEN.names[2:])


def test_a_law_of_compute_has_one_colour_and_names_its_column():
    result = named(power_result())
    drawn = panels(result)
    assert set(drawn) == {"The law and its runs", "Observed against predicted", "Residuals against compute"}
    assert drawn["The law and its runs"].series[0].shade is None
    assert drawn["The law and its runs"].series[0].labels == result.observations.names
    assert drawn["Residuals against compute"].x.label == "compute (FLOPs)"


def test_names_that_do_not_belong_to_the_points_are_left_out():
    short = replace(SURFACE, observations=replace(SEEN, names=SEEN.names[:-1]))
    assert panels(short)["The law and its runs"].series[0].labels == ()


def test_several_groups_keep_their_colours_and_names():
    first, second = (named(power_result(group={"optimizer": name})) for name in ("adamw", "muon"))
    drawn = panels(first, second)
    assert drawn["The laws and their runs"].shade is None
    assert [series.labels for series in drawn["The laws and their runs"].series] == [first.observations.names] * 2
    assert [series.name for series in drawn["Observed against predicted"].series] == ["adamw", "muon"]
    assert [series.name for series in drawn["Residuals against compute"].series] == ["adamw", "muon"]


def test_three_inputs_have_residuals():
    inputs = {name: tuple(float(i + 1) for i in range(7)) for name in ("p", "q", "r", "s")}
    seen = Observations(inputs, power_result().observations.observed, power_result().observations.predicted)
    made = power_result(observations=seen, inputs={name: name for name in inputs})
    chart = Chart([Series("runs", inputs["p"], seen.observed)], [], Axis("p"), Axis("loss"))
    rows = fit_panels([chart], [made], sketches([power_result()]), "loss")
    assert [one.x.label for one in rows[1]] == ["p", "q", "r"]


def test_without_runs_there_is_only_the_main_chart():
    nothing = power_result(observations=None)
    chart = main_chart(power_result())
    assert fit_panels([chart], [nothing], [None], "loss") == [[chart]]
    assert fit_panels([], [power_result()], sketches([power_result()]), "loss") == [[]]


def test_residuals_are_percent_around_a_level_line_at_zero():
    residuals = [chart for title, chart in panels(SURFACE).items() if title.startswith("Residuals")]
    assert [chart.title for chart in residuals] == ["Residuals against params", "Residuals against tokens"]
    for chart in residuals:
        assert (chart.y.is_log, chart.x.is_log) == (False, True)
        assert chart.y.label == "observed over predicted (%)"
        assert [(rule.value, rule.is_level, rule.name) for rule in chart.rules] == [(0.0, True, "")]
        (series,) = chart.series
        expected = 100 * (np.array(SEEN.observed) / np.array(SEEN.predicted) - 1)
        assert np.array(series.y) == pytest.approx(expected)
        assert series.labels == SEEN.names


def test_residuals_of_laws_of_other_inputs_are_drawn_where_they_belong():
    """Files of one call may have other columns, and so other laws."""
    groups = [("a", seen_of(x=[1.0, 2.0])), ("b", seen_of(params=[1e8, 2e8], tokens=[1e9, 2e9]))]
    groups.append(("c", seen_of(x=[1e9, 2e9])))
    columns = [{"x": "compute"}, {"params": "params", "tokens": "tokens"}, {"x": "tokens"}]
    charts = list(_residuals(groups, [None] * 3, columns))
    drawn = {chart.title: [series.name for series in chart.series] for chart in charts}
    assert drawn == {
        "Residuals against compute": ["a"],
        "Residuals against params": ["b"],
        "Residuals against tokens": ["b", "c"],
    }


def seen_of(**inputs):
    return Observations(inputs=inputs, observed=[3.0, 2.5], predicted=[3.1, 2.4])
