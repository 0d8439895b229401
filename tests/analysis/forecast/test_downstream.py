"""The link from loss to metric, its draws and its range, against scipy and sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from scaling_cli.analysis.forecast.downstream import drawn_metric, estimate_of, fit_link, refuse_other_scale, then_of
from scaling_cli.analysis.forecast.suite import Task
from scaling_cli.errors import DataError, FitError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate

LOSS = np.linspace(2.0, 3.4, 15)
DRAWN = Resampling(30, 0, 0)


def sigmoid(x, b, a, L, k):
    return b + a / (1 + np.exp(L * (x - k)))


def metric(loss=LOSS, noise=0.01, seed=0):
    own = sigmoid(loss, 0.25, 0.7, 4.0, 2.7)
    return own + noise * np.random.default_rng(seed).standard_normal(len(loss))


def link(values=None, loss=LOSS, *, runs=None, count=None, task=None, resampling=DRAWN):
    values = metric(loss) if values is None else values
    runs = np.arange(len(loss)) if runs is None else runs
    return fit_link(
        task or Task("arc"), "web", loss, values, runs, run_count=count or len(loss), resampling=resampling
    )  # fmt: skip


def middle(made, loss):
    return made.values(made.fitted.theta[None], np.asarray(loss))[0]


def test_the_link_is_the_least_squares_fit_where_no_run_is_far_off():
    made = link(metric(noise=0.0))
    at = np.linspace(2.0, 3.4, 5)
    assert middle(made, at) == pytest.approx(sigmoid(at, 0.25, 0.7, 4.0, 2.7), abs=1e-6)
    values = metric(noise=0.003)
    found, _ = curve_fit(sigmoid, LOSS, values, (0.25, 0.7, 4.0, 2.7))
    assert middle(link(values), at) == pytest.approx(sigmoid(at, *found), abs=2e-3)


def test_residuals_are_the_metric_less_the_fit_and_rmse_their_root_mean_square():
    values = metric()
    made = link(values)
    assert made.residuals == pytest.approx(values - middle(made, LOSS))
    assert made.rmse == pytest.approx(np.sqrt(np.mean((values - middle(made, LOSS)) ** 2)))


@pytest.mark.parametrize(("law", "name", "held"), [("sigmoid", "b", 0.2), ("exponential-saturation", "epsilon", 0.8)])
def test_the_level_of_chance_is_held(law, name, held):
    values = metric() if law == "sigmoid" else 0.75 - 0.9 * np.exp(-0.6 * LOSS)
    fixed, free = (link(values, task=Task("arc", law, chance)) for chance in (held, None))
    assert middle(fixed, [1e3])[0] == pytest.approx(held, abs=1e-6)
    assert name not in fixed.law.names
    assert name in free.law.names
    assert free.rmse < fixed.rmse


@pytest.mark.parametrize("law", ["sigmoid", "exponential-saturation"])
@pytest.mark.parametrize(("values", "remedy"), [(100 * metric(), "Divide arc by 100"), (900 * metric(), "Write arc")])
def test_a_share_of_chance_does_not_fit_a_metric_in_percent(law, values, remedy):
    with pytest.raises(DataError, match=rf"arc has values up to {values.max():.6g}.*chance is 0\.25") as found:
        refuse_other_scale(Task("arc", law, 0.25), np.append(values, np.nan))
    assert remedy in found.value.hint


@pytest.mark.parametrize(
    ("values", "remedy"),
    [([0.0, 1.5], "Write"), ([0.0, 1.6], "Divide"), ([0.0, 100.0], "Divide"), ([0.0, 100.5], "Write"),
     ([-0.1, 90.0], "Write")],
)  # fmt: skip
def test_values_up_to_100_are_taken_for_percent(values, remedy):
    with pytest.raises(DataError) as found:
        refuse_other_scale(Task("arc", chance=0.25), np.array([*values, 0.9, 0.9, 0.9, 0.9]))
    assert found.value.hint.startswith(f"{remedy} arc")


@pytest.mark.parametrize("chance", [0.25, 0.0, None])
def test_shares_fit_any_chance_and_other_metrics_fit_none(chance):
    refuse_other_scale(Task("arc", chance=chance), np.append(metric(), [1.0, np.nan]))
    if not chance:
        refuse_other_scale(Task("arc", chance=chance), 100 * metric())


@pytest.mark.parametrize(("lowest", "is_refused"), [(0.10, True), (0.14, True), (0.17, False), (0.24, False)])
def test_a_chance_far_above_what_many_runs_reach_is_refused(lowest, is_refused):
    values = np.concatenate([np.full(6, lowest), np.linspace(lowest, 0.7, 10)])
    few = np.concatenate([np.full(2, lowest), np.linspace(0.25, 0.7, 14)])  # evaluations that failed
    refuse_other_scale(Task("arc", chance=0.25), few)
    refuse_other_scale(Task("arc", chance=0.0), values)
    refuse_other_scale(Task("arc", chance=None), values)
    if not is_refused:
        refuse_other_scale(Task("arc", chance=0.25), values)
        return
    with pytest.raises(DataError, match=r"far below its level of chance of 0\.25") as found:
        refuse_other_scale(Task("arc", chance=0.25), values)
    assert "leave it out" in found.value.hint


def test_six_runs_are_enough_however_many_rows_they_have():
    six = np.linspace(2.0, 3.4, 6)
    assert len(link(loss=six).loss) == 6
    with pytest.raises(FitError, match="too few runs"):
        link(loss=LOSS[:12], runs=np.arange(12) % 5, count=5)
    assert len(link(loss=LOSS[:12], runs=np.arange(12) % 6, count=6).loss) == 12


def test_a_metric_that_the_loss_says_nothing_of_has_no_link():
    values = 0.5 + 0.1 * (-1.0) ** np.arange(15)
    with pytest.raises(FitError, match="no better than the mean"):
        link(np.full(15, 0.5))
    assert link(values + metric(noise=0)).rmse < np.std(values + metric(noise=0))


def test_replicates_resample_the_runs_that_all_tasks_share():
    """Runs without the metric are drawn, too: links of the same runs at other places are of the same draws."""
    values = metric(noise=0.03)
    one, same = link(values, count=20), link(values, count=20)
    assert one.replicates.shape == (30, len(one.fitted.theta))
    assert (one.replicates == same.replicates).all()
    moved = link(values, runs=np.arange(15) + 5, count=20)
    assert np.abs(moved.replicates - one.replicates).max() > 1e-6
    turned = link(values[::-1], LOSS[::-1].copy(), runs=np.arange(15)[::-1].copy(), count=20)
    at = np.array([2.5, 2.9])
    assert turned.values(turned.replicates, at) == pytest.approx(one.values(one.replicates, at), abs=2e-3)


def test_the_spread_of_replicates_is_the_standard_error_of_the_fit():
    loss = np.linspace(2.0, 3.4, 60)
    made = link(metric(loss, 0.02), loss, resampling=Resampling(200, 0, 0))
    found, covariance = curve_fit(sigmoid, loss, metric(loss, 0.02), (0.25, 0.7, 4.0, 2.7))
    at, step = np.array([2.2, 2.7, 3.2]), 1e-6
    slopes = np.stack(
        [(sigmoid(at, *(found + step * unit)) - sigmoid(at, *(found - step * unit))) / 2 / step for unit in np.eye(4)]
    )
    error = np.sqrt(np.einsum("kn,kl,ln->n", slopes, covariance, slopes))
    assert made.values(made.replicates, at).std(axis=0) == pytest.approx(error, rel=0.4)


@pytest.mark.parametrize(("share", "is_outside"), [(0.24, False), (0.26, True)])
def test_a_quarter_of_the_range_of_log_loss_is_the_margin(share, is_outside):
    made = link()
    low, high = np.log(2.0), np.log(3.4)
    ends = np.exp([low - share * (high - low), high + share * (high - low)])
    assert made.is_outside(np.append(ends, 2.5)).tolist() == [is_outside, is_outside, False]


def test_draws_take_the_replicates_in_turn_and_add_noise_of_the_size_of_the_residuals():
    made = link(resampling=Resampling(3, 0, 0))
    loss = np.random.default_rng(1).uniform(2.0, 3.4, (7, 2))
    noise = np.random.default_rng(2).standard_normal((7, 2))
    found = drawn_metric(made, loss, noise)
    for i in range(7):
        own = made.values(made.replicates[[i % 3]], loss[i])[0]
        assert found[i] == pytest.approx(own + noise[i] * made.noise)


def test_the_noise_of_a_new_run_counts_the_parameters_that_were_fitted():
    """Fitted residuals are smaller than errors, the more so the fewer runs there are."""
    few = np.linspace(2.0, 3.4, 8)
    free, held = (link(metric(few, noise=0.02), few, task=Task("arc", chance=chance)) for chance in (None, 0.25))
    for made, parameters in ((free, 4), (held, 3)):
        assert made.noise == pytest.approx(np.sqrt(np.sum(made.residuals**2) / (8 - parameters)))
    sizes = [link(metric(few, noise=0.02, seed=seed), few, task=Task("arc", chance=0.25)).noise for seed in range(60)]
    # The standard error of this mean square is 8 %, and the robust fit leaves slightly larger residuals.
    assert np.sqrt(np.mean(np.square(sizes))) == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize(
    ("task", "scale", "most"),
    [
        (Task("arc", chance=0.25), 1, 1.0),
        (Task("hellaswag_acc"), 1, 1.0),
        (Task("hellaswag_acc"), 100, 100.0),
        (Task("arc"), 1, None),
        (Task("bits", chance=None), 100, None),
    ],
)
def test_a_share_is_neither_above_one_nor_below_zero(task, scale, most):
    made = link(scale * metric(), task=task)
    assert made.most == most
    drawn = drawn_metric(made, np.full((400, 1), 2.0), np.linspace(-200, 200, 400)[:, None]) / scale
    if most is None:
        assert drawn.max() > 1.2
        assert drawn.min() < -0.1
    else:
        assert (drawn.min(), drawn.max()) == (0.0, 1.0)
        far = then_of(made, [{"compute": 1.0}], np.array([1.999]), drawn * scale, 0.9).predictions[0].metric
        assert (far.low, far.high) == (0.0, most)


def test_the_metric_at_targets_has_the_quantiles_of_its_draws():
    made = link()
    loss = np.array([2.5, 9.0])
    drawn = np.random.default_rng(3).normal(0.5, 0.1, (400, 2))
    found = then_of(made, [{"compute": 1.0}, {"compute": 2.0}], loss, drawn, 0.8)
    inside, outside = found.predictions
    assert (inside.at, inside.loss, inside.is_outside) == ({"compute": 1.0}, 2.5, False)
    assert inside.metric.estimate == pytest.approx(middle(made, [2.5])[0])
    assert (inside.metric.low, inside.metric.high) == pytest.approx(np.quantile(drawn[:, 0], [0.1, 0.9]))
    assert (outside.metric, outside.is_outside) == (Estimate(None), True)
    assert (found.metric, found.law, found.points, found.loss) == ("arc", "sigmoid", 15, "web")
    assert found.loss_range == (2.0, 3.4)
    assert found.rmse == made.rmse


def test_parameters_have_the_quantiles_of_the_replicates():
    made = link(metric(noise=0.02))
    found = then_of(made, [], np.array([]), np.empty((30, 0)), 0.8).parameters
    problem = made.fitted.problem
    assert list(found) == list(problem.law.names)
    drawn = problem.parameters(made.replicates)
    for i, each in enumerate(found.values()):
        assert each.estimate == pytest.approx(problem.parameters(made.fitted.theta[None])[0, i])
        assert (each.low, each.high) == pytest.approx(np.quantile(drawn[:, i], [0.1, 0.9]))


def test_an_estimate_without_a_centre_or_with_endless_draws_has_no_interval():
    drawn = np.linspace(0.0, 1.0, 101)
    assert estimate_of(0.4, drawn, 0.9) == Estimate(0.4, pytest.approx(0.05), pytest.approx(0.95))
    assert estimate_of(None, drawn, 0.9) == Estimate(None)
    assert estimate_of(0.4, np.append(drawn, np.nan), 0.9) == Estimate(0.4)
    assert estimate_of(0.4, np.append(drawn, np.inf), 0.9) == Estimate(0.4)


def test_a_link_that_knows_its_loss_gives_a_metric_at_any_loss():
    made = replace(link(), loss=np.array([1.0, 100.0]))
    assert not made.is_outside(np.array([1.0, 50.0, 100.0])).any()
