import time

import numpy as np
import pytest

from scaling_cli.analysis.drawn_fit import sketches
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.charts.terminal import terminal_plot
from scaling_cli.report.fit.plot import MOST_GROUPS, fit_charts
from scaling_cli.report.pages.look import Look
from scaling_cli.results.fit import Curve
from tests.factories import chinchilla_result, power_result


def fit_plot(results, curves, **options):
    made = [
        None if sketch is None else replace(sketch, curve=curve)
        for sketch, curve in zip(sketches(results), curves, strict=True)
    ]
    return "\n".join(terminal_plot(chart, **options) for chart in fit_charts(results, made))


def power_curve(factor=1.0):
    x = np.geomspace(1e17, 1e20, 30)
    y = factor * 25 * x**-0.05
    return Curve(*(tuple(each.tolist()) for each in (x, y, y * 0.985, y * 1.015)))


def frontier():
    compute = np.geomspace(6e18, 3e21, 30)
    params = np.geomspace(1e7, 1e11, 3000)[:, None]
    loss = (1.8172 + 477.8 / params**0.3473 + 2143.4 / (compute / 6 / params) ** 0.3672).min(axis=0)
    return Curve(tuple(compute.tolist()), tuple(loss.tolist()))


def scaled(result, factor, name):
    observed = tuple(factor * each for each in result.observations.observed)
    return replace(result, group={"optimizer": name}, observations=replace(result.observations, observed=observed))


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [80, 200])
def test_plots_look_as_approved(matches_golden, width, unicode):
    look, name = Look(width, unicode=unicode), f"{width}-{'unicode' if unicode else 'ascii'}"
    matches_golden(f"plot-power-{name}", fit_plot([power_result()], [power_curve()], look=look))
    matches_golden(f"plot-chinchilla-{name}", fit_plot([chinchilla_result()], [frontier()], look=look))
    both = [scaled(power_result(), 1, "adamw"), scaled(power_result(), 0.95, "mu\x1b[31mon")]
    matches_golden(f"plot-groups-{name}", fit_plot(both, [power_curve(), power_curve(0.95)], look=look))


def test_ascii_plots_hold_only_ascii():
    text = fit_plot([power_result()], [power_curve()], look=Look(80, unicode=False))
    assert text.isascii()
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_plot_fills_its_height_and_no_more_than_its_width(width):
    lines = fit_plot([power_result()], [power_curve()], look=Look(width), height=16).splitlines()
    assert len(lines) == 16
    assert max(map(len, lines)) <= width


def test_colour_is_only_there_when_wanted():
    assert "\x1b[" in fit_plot([power_result()], [None], look=Look(80, color=True))
    assert "\x1b" not in fit_plot([power_result()], [None], look=Look(80))


def test_without_observations_there_is_no_plot():
    assert fit_plot([power_result(observations=None)], [power_curve()], look=Look(80)) == ""


def test_groups_that_are_left_out_are_counted():
    many = [scaled(power_result(), 1 + i / 50, f"g{i}") for i in range(MOST_GROUPS + 3)]
    assert fit_plot(many, [None] * len(many), look=Look(80)).startswith("8 of 11 groups\n")


def test_a_million_points_are_drawn_in_a_moment():
    rng = np.random.default_rng(0)
    x = 10 ** rng.uniform(6, 11, 1_000_000)
    series = Series("runs", x, 10 * x**-0.05 * np.exp(rng.normal(0, 0.02, x.size)))
    started = time.process_time()
    text = terminal_plot(Chart([series], [], Axis("params", "params"), Axis("loss")), look=Look(80))
    assert "●" in text
    assert time.process_time() - started < 3  # drawing each one takes half a minute


def test_one_point_has_a_plot():
    chart = Chart([Series("run", [1e9], [2.5])], [], Axis("params", "params"), Axis("loss"))
    text = terminal_plot(chart, look=Look(80))
    assert "●" in text


def test_a_line_without_a_name_is_not_in_the_legend():
    curve = power_curve()
    chart = Chart([Series("a", curve.x, curve.y)], [Line("", curve)], Axis("x"), Axis("loss"))
    text = terminal_plot(chart, look=Look(80))
    assert text.splitlines()[0] == "loss   ● a   ·· interval"
