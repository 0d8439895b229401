"""Joint draws of losses, tasks and averages, from forecasts that are known exactly."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.forecast.evidence import ForecastData
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.joint import (
    DRAWS,
    Part,
    _common,
    _loss_errors,
    _root,
    correlations,
    joint,
    suite_forecast,
    thens,
)
from scaling_cli.analysis.forecast.suite import Suite, Task
from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Prediction

LEVEL = 0.9
COUNT = 24
X = np.geomspace(1.0, 1e3, COUNT)
TARGETS = (Target({"compute": 1e4}), Target({"compute": 1e5}))
RNG = np.random.default_rng(0)
SHARED, OWN = RNG.standard_normal((2, COUNT))


class Forecast(SimpleNamespace):
    """Log losses that each origin, and all runs, predict: those observed plus `missed`."""

    def at_origins(self):
        return np.log(self.points.observed) + self.missed[None]

    def mean(self, columns):
        return np.log(self.points.observed) + self.missed


def part(name, missed, metrics=None, *, loss=None, estimate=(0.8, 0.7), half=(0.05, 0.08), held=12, labels=None):
    observed = 3.0 * X**-0.1 if loss is None else loss
    points = ForecastPoints({"x": X}, observed, np.arange(COUNT), X)
    origins = (Window(4.0, 1.0, np.arange(COUNT) < COUNT - held),) if held else ()
    made = Forecast(points=points, missed=missed, origins=origins, level=LEVEL, resampling=Resampling(20, 3, 0))
    made.stack = made
    data = ForecastData(
        made, {}, {"x": "compute"}, {}, points, made, metrics=metrics or {},
        labels=labels or tuple(f"run {i}" for i in range(COUNT)),
    )  # fmt: skip
    estimate, half = np.array(estimate), np.array(half)
    predicted = tuple(
        Prediction(each.at, Estimate(float(np.exp(e))), Band(float(np.exp(e - h)), float(np.exp(e + h))), Band(),
                   None, None, "forecast")
        for each, e, h in zip(TARGETS, estimate, half, strict=True)
    )  # fmt: skip
    places = Places(TARGETS, {"x": np.array([1e4, 1e5])}, np.array([1e4, 1e5]))
    return Part(name, data, places, Bands(estimate, half, half, estimate[None]), predicted)


def task(loss, slope=3.0, noise=0.0, at=2.2):
    return 0.2 + 0.7 / (1 + np.exp(slope * (loss - at))) + noise * OWN


def drawn(parts, suite=None):
    return joint(parts, suite or Suite(tuple(each.loss for each in parts)), {"lab": "ours"})


def test_losses_are_lognormal_with_the_width_of_the_interval_of_a_new_run():
    made, doubts = drawn([part("web", 0.01 * SHARED), part("code", 0.01 * OWN, estimate=(0.3, 0.2))])
    assert doubts == []
    assert {name: values.shape for name, values in made.draws.items()} == {"web": (DRAWS, 2), "code": (DRAWS, 2)}
    for name, middle in (("web", (0.8, 0.7)), ("code", (0.3, 0.2))):
        logs = np.log(made.draws[name])
        sigma = np.array([0.05, 0.08]) / 1.6448536
        assert logs.mean(axis=0) == pytest.approx(middle, abs=4 * 0.05 / DRAWS**0.5)
        assert logs.std(axis=0) == pytest.approx(sigma, rel=0.06)
        assert np.corrcoef(logs.T)[0, 1] == pytest.approx(1.0)  # one deviate for all targets


@pytest.mark.parametrize("both", [(SHARED, SHARED), (SHARED, -SHARED), (SHARED, SHARED + 0.5 * OWN), (SHARED, OWN)])
def test_draws_are_correlated_as_errors_on_held_out_runs_are(both):
    made, _ = drawn([part(name, missed) for name, missed in zip("ab", both, strict=True)])
    one, other = (missed[-12:] for missed in both)
    expected = one @ other / np.sqrt(one @ one * (other @ other))
    logs = np.log([made.draws[name][:, 0] for name in "ab"])
    assert np.corrcoef(logs)[0, 1] == pytest.approx(expected, abs=0.06)


def test_errors_are_those_of_held_out_runs_by_origin_run_and_scale():
    found = _loss_errors(part("web", 0.01 * SHARED, held=3))
    assert list(found) == [(4.0, f"run {i}", float(X[i])) for i in (21, 22, 23)]
    assert list(found.values()) == pytest.approx(0.01 * SHARED[-3:])
    whole = _loss_errors(part("web", 0.01 * SHARED, held=0))
    assert list(whole) == [(0.0, f"run {i}", float(X[i])) for i in range(COUNT)]
    assert list(whole.values()) == pytest.approx(0.01 * SHARED)


def test_losses_of_other_runs_are_drawn_independently_and_noted():
    others = tuple(f"other {i}" for i in range(COUNT))
    made, doubts = drawn([part("web", SHARED), part("code", SHARED, labels=others)])
    assert [each.code for each in doubts] == ["suite-without-common-runs"]
    logs = np.log([made.draws[name][:, 0] for name in ("web", "code")])
    assert abs(np.corrcoef(logs)[0, 1]) < 0.08


def test_a_correlation_needs_four_common_errors():
    rows = [{i: 1.0 + i for i in range(5)}, dict.fromkeys(range(1, 6), 2.0)]
    one, other = np.arange(2.0, 6.0), np.full(4, 2.0)
    assert correlations(rows)[0, 1] == pytest.approx(one @ other / np.sqrt(one @ one * (other @ other)))
    assert correlations([rows[0], dict.fromkeys(range(2, 6), 2.0)]) is None
    assert correlations([{0: 3.0}]).tolist() == [[1.0]]
    exact = correlations([dict.fromkeys(range(4), 0.0), dict.fromkeys(range(4), 1.0)])
    assert exact.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_root_gives_the_matrix_back_even_if_it_is_singular():
    for matrix in (np.array([[1.0, 0.3], [0.3, 1.0]]), np.ones((3, 3))):
        root = _root(matrix)
        assert root @ root.T == pytest.approx(matrix, abs=1e-12)


def test_a_task_follows_from_the_loss_that_predicts_it_best_or_that_it_names():
    first, second = 3.0 * X**-0.1, 2.8 * X**-0.05 * np.exp(0.03 * OWN)
    metrics = {"arc": task(second, at=2.4), "gsm8k": task(second, at=2.4)}
    suite = Suite(("web", "code"), (Task("arc"), Task("gsm8k", loss="web")))
    made, doubts = drawn([part("web", SHARED, metrics, loss=first), part("code", OWN, metrics, loss=second)], suite)
    assert {name: link.follows for name, link in made.links.items()} == {"arc": "code", "gsm8k": "web"}
    assert doubts == []
    found = thens(made, [part("web", SHARED), part("code", OWN, estimate=(0.85, 0.75))])
    link = made.links["arc"]
    assert [row.metric.estimate for row in found["arc"].predictions] == pytest.approx(
        link.values(link.fitted.theta[None], np.exp([0.85, 0.75]))[0].tolist()
    )
    low, high = np.quantile(made.draws["arc"][:, 0], [0.05, 0.95])
    assert (found["arc"].predictions[0].metric.low, found["arc"].predictions[0].metric.high) == (low, high)


def test_the_residuals_of_tasks_on_the_same_runs_correlate_their_noise():
    loss = 3.0 * X**-0.1
    same, opposite = (task(loss) + sign * 0.02 * OWN for sign in (1, -1))
    suite = Suite(("web",), (Task("a"), Task("b"), Task("c")))
    metrics = {"a": same, "b": same, "c": opposite}
    made, _ = drawn([part("web", SHARED, metrics, half=(1e-9, 1e-9))], suite)
    noise = {}
    for name, link in made.links.items():
        exact = np.empty((DRAWS, 2))
        for i in range(20):
            losses = made.draws["web"][i::20]
            exact[i::20] = link.values(link.replicates[[i]], losses.ravel())[0].reshape(losses.shape)
        noise[name] = (made.draws[name] - exact) / link.noise
        assert noise[name].std() == pytest.approx(1.0, rel=0.06)
        assert abs(np.corrcoef(noise[name].T)[0, 1]) < 0.08  # of different runs
    table = np.corrcoef([noise[name][:, 0] for name in "abc"])
    expected = correlations([dict(enumerate(made.links[name].residuals)) for name in "abc"])
    assert table == pytest.approx(expected, abs=0.08)
    assert expected[0, 1] == pytest.approx(1.0)
    assert expected[0, 2] < -0.9


def test_a_metric_that_some_runs_lack_is_fitted_to_the_others():
    loss = 3.0 * X**-0.1
    values = task(loss, noise=0.01)
    values[::3] = np.nan
    made, _ = drawn([part("web", SHARED, {"arc": values})], Suite((), (Task("arc"),)))
    kept = np.isfinite(values)
    link = made.links["arc"]
    assert link.loss == pytest.approx(loss[kept])
    assert link.residuals == pytest.approx(values[kept] - link.values(link.fitted.theta[None], loss[kept])[0])


def test_a_task_without_a_law_is_noted_among_others_and_refused_alone():
    flat = np.full(COUNT, 0.5)
    metrics = {"flat": flat, "arc": task(3.0 * X**-0.1)}
    made, doubts = drawn([part("web", SHARED, metrics)], Suite(("web",), (Task("flat"), Task("arc"))))
    assert list(made.links) == ["arc"]
    assert [each.code for each in doubts] == ["task-without-law"]
    assert "flat" in doubts[0].message
    assert doubts[0].group == {"lab": "ours"}
    with pytest.raises(FitError, match="no better than the mean"):
        drawn([part("web", SHARED, metrics)], Suite(("web",), (Task("flat"),)))
    with pytest.raises(FitError, match="code, from which arc follows, cannot be forecast"):
        drawn([part("web", SHARED, metrics)], Suite(("web",), (Task("arc", loss="code"),)))
    with pytest.raises(UsageError, match="both a loss and a task"):
        drawn([part("web", SHARED, metrics)], Suite(("web",), (Task("web"),)))


def test_averages_are_means_of_draws_and_of_forecasts():
    metrics = {"arc": task(3.0 * X**-0.1)}
    parts = [part("web", SHARED, metrics), part("code", OWN, metrics, estimate=(0.3, 0.2))]
    suite = Suite(("web", "code"), (Task("arc"),), {"mean": ("web", "code"), "all": ("web", "arc"), "gone": ("no",)})
    made, _ = drawn(parts, suite)
    assert made.draws["mean"] == pytest.approx((made.draws["web"] + made.draws["code"]) / 2)
    assert "gone" not in made.draws
    found = suite_forecast(made, parts, suite)
    assert found.draws == DRAWS
    kinds = [(row.name, row.kind, row.at["compute"]) for row in found.rows]
    assert kinds == [
        (name, kind, amount)
        for amount in (1e4, 1e5)
        for name, kind in (("web", "loss"), ("code", "loss"), ("arc", "task"), ("mean", "average"), ("all", "average"))
    ]
    values = {(row.name, row.at["compute"]): row.value for row in found.rows}
    for i, amount in enumerate((1e4, 1e5)):
        web, code, mean = (values[name, amount] for name in ("web", "code", "mean"))
        assert web.estimate == pytest.approx(np.exp((0.8, 0.7)[i]))
        assert (web.low, web.high) == pytest.approx(np.exp((0.8, 0.7)[i] + np.array([-1, 1]) * (0.05, 0.08)[i]))
        assert mean.estimate == pytest.approx((web.estimate + code.estimate) / 2)
        assert (mean.low, mean.high) == pytest.approx(np.quantile(made.draws["mean"][:, i], [0.05, 0.95]))
    assert {row.name: row.loss for row in found.rows} == {
        "web": None, "code": None, "arc": made.links["arc"].follows, "mean": None, "all": None,
    }  # fmt: skip
    names = ["web", "code", "arc", "mean", "all"]
    table = np.array([[found.correlations[one][other] for other in names] for one in names])
    assert table == pytest.approx(np.corrcoef([made.draws[name][:, 0] for name in names]))


def test_an_average_with_a_part_outside_its_range_is_unknown_there():
    metrics = {"arc": task(3.0 * X**-0.1)}
    parts = [part("web", SHARED, metrics, estimate=(0.8, -3.0))]
    suite = Suite(("web",), (Task("arc"),), {"all": ("web", "arc")})
    made, _ = drawn(parts, suite)
    rows = suite_forecast(made, parts, suite).rows
    known = {(row.name, row.at["compute"]): row.value.estimate is not None for row in rows}
    assert known == {
        ("web", 1e4): True, ("arc", 1e4): True, ("all", 1e4): True,
        ("web", 1e5): True, ("arc", 1e5): False, ("all", 1e5): False,
    }  # fmt: skip


def test_amounts_that_differ_between_losses_are_left_out_of_averages():
    both = [[{"compute": 1.0, "params": 2.0}, {"compute": 3.0}], [{"compute": 1.0, "params": 5.0}, {"compute": 3.0}]]
    assert _common(both) == [{"compute": 1.0}, {"compute": 3.0}]
    assert _common(both[:1]) == both[0]


def test_what_does_not_vary_is_correlated_with_nothing():
    made, _ = drawn([part("web", SHARED, half=(0.0, 0.0)), part("code", OWN)])
    found = suite_forecast(made, [part("web", SHARED), part("code", OWN)], Suite(("web", "code")))
    assert found.correlations["web"]["code"] == pytest.approx(0.0, abs=1e-6)
    assert found.correlations["code"]["code"] == pytest.approx(1.0)


def test_other_seeds_and_numbers_of_losses_draw_otherwise():
    one, _ = drawn([part("web", SHARED)])
    same, _ = drawn([part("web", SHARED)])
    assert (one.draws["web"] == same.draws["web"]).all()
    other = part("web", SHARED)
    other.data.forecast.resampling = Resampling(20, 4, 0)
    moved, _ = drawn([other])
    assert np.abs(moved.draws["web"] - one.draws["web"]).max() > 0.01
