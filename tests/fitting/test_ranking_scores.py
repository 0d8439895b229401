"""The scores by which laws are ranked, worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from scaling_cli.fitting.linear import naive, sandwich
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.ranking import (
    _alone,
    _baselines,
    _criteria,
    _doubts,
    _nested_test,
    _order,
    _scores,
    cutoffs,
    held_out,
    rank,
)
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.fit import Candidate


def problem(x, loss, **options):
    return problem_from_arrays(find_law("power"), {"x": np.asarray(x)}, np.asarray(loss), np.arange(len(x)), **options)


class TestCutoffs:
    scale = np.array([1, 2, 3, 4, 10, 20, 30, 60, 90, 120.0])

    def test_they_lie_at_a_half_a_quarter_a_tenth_and_a_thirtieth_of_the_largest(self):
        assert [int(each.sum()) for each in cutoffs(self.scale, 3)] == [8, 7, 5, 4]

    def test_more_points_than_parameters_lie_below(self):
        assert [int(each.sum()) for each in cutoffs(self.scale, 4)] == [8, 7, 5]

    def test_two_points_lie_above(self):
        assert [int(each.sum()) for each in cutoffs(self.scale[:-1], 3)] == [7, 6, 4]
        assert cutoffs(np.array([1, 2, 3, 4, 120.0]), 3) == []

    def test_equal_ones_count_once(self):
        assert len(cutoffs(np.array([1, 1, 1, 1, 1, 100, 100.0]), 2)) == 1


class TestScores:
    def test_a_score_is_the_mean_over_cutoffs(self):
        assert _scores([np.array([3.0, -1.0]), np.array([2.0])]) == pytest.approx(((5**0.5 + 2) / 2, 1.5))

    @pytest.mark.parametrize("errors", [[], [np.array([0.1]), np.array([np.inf])], [np.array([np.nan])]])
    def test_no_cutoffs_or_an_impossible_prediction_have_none(self, errors):
        assert _scores(errors) == (None, None)

    def test_the_lowest_error_comes_first_then_aicc_then_bic_and_failures_last(self):
        ordered = [
            Candidate("error", 2, heldout_rmse_log=0.1),
            Candidate("aicc", 2, heldout_rmse_log=0.2, aicc=1.0),
            Candidate("bic", 2, heldout_rmse_log=0.2, aicc=2.0, bic=1.0),
            Candidate("neither", 2, heldout_rmse_log=0.2, aicc=2.0),
            Candidate("unscored", 2, aicc=-9.0),
            Candidate("failed", 2, heldout_rmse_log=0.0, error="why"),
        ]
        assert [each.law for each in sorted(ordered[3:] + ordered[:3], key=_order)] == [each.law for each in ordered]


def criteria(name, residuals, runs, weights=None):
    residuals = np.asarray(residuals, float)
    points = SimpleNamespace(run_count=runs, weights=np.ones(len(residuals)) if weights is None else weights)
    return _criteria(SimpleNamespace(problem=points, theta=np.zeros(2), log_residuals=residuals,
                                     objective=Objective(name)))  # fmt: skip


class TestCriteria:
    def test_gaussian_noise_counts_squares_and_its_own_size_as_a_parameter(self):
        aicc, bic = criteria("huber", [0.1, -0.1] * 5, 10)
        misfit = 10 * np.log(0.01)
        assert aicc == pytest.approx(misfit + 2 * 3 * 10 / 6)
        assert bic == pytest.approx(misfit + 3 * np.log(10))

    def test_laplace_noise_counts_absolute_values(self):
        _, bic = criteria("lad", [0.1, -0.3] * 5, 10)
        assert bic == pytest.approx(20 * np.log(0.2) + 3 * np.log(10))

    def test_the_sample_is_of_runs_and_not_of_points(self):
        assert criteria("huber", [0.1] * 100, 10) == pytest.approx(criteria("huber", [0.1] * 10, 10))

    def test_weights_count(self):
        _, bic = criteria("huber", [0.1, 0.3], 10, np.array([1.5, 0.5]))
        assert bic == pytest.approx(10 * np.log((1.5 * 0.01 + 0.5 * 0.09) / 2) + 3 * np.log(10))

    @pytest.mark.parametrize(("runs", "has_aicc"), [(4, False), (5, True)])
    def test_aicc_needs_two_runs_more_than_parameters(self, runs, has_aicc):
        assert (criteria("huber", [0.1] * runs, runs)[0] is not None) == has_aicc

    def test_an_exact_fit_is_finite(self):
        assert np.isfinite(criteria("huber", np.zeros(10), 10)).all()
        assert np.isfinite(criteria("lad", np.zeros(10), 10)).all()


class TestBaselines:
    x = np.array([1e18, 2e18, 4e18, 8e18, 1.6e19])

    def baselines(self, loss, cuts, x=None):
        x = self.x if x is None else x
        return _baselines(problem(x, loss), x, cuts)

    def test_the_last_point_stays_where_it_is(self):
        last, _ = self.baselines([5, 4, 3, 2, 1.0], [self.x < 5e18])
        assert (last.law, last.parameters, last.is_baseline) == ("last-point", 1, True)
        assert last.heldout_bias_log == pytest.approx((np.log(3 / 2) + np.log(3)) / 2)

    def test_the_best_of_the_largest_tenth_counts(self):
        x = np.geomspace(1e18, 1e20, 21)
        loss = np.full(21, 3.0)
        loss[[5, 18, 19, 20]] = 1.0, 2.5, 2.8, 2.0
        last, _ = self.baselines(loss, [x < x[20]], x)
        assert last.heldout_bias_log == pytest.approx(np.log(2.5 / 2.0))

    def test_the_line_goes_on_as_the_larger_half_fell(self):
        loss = np.array([9.0, 7.0, 2.0, 1.0, 0.5])
        _, line = self.baselines(loss, [self.x < 1e19])
        assert (line.law, line.parameters, line.is_baseline) == ("line-through-larger-half", 2, True)
        assert line.heldout_rmse_log == pytest.approx(0.0, abs=1e-12)

    def test_the_order_of_the_points_does_not_matter(self):
        loss, places = np.array([9.0, 7.0, 2.0, 1.1, 0.5]), np.array([3, 0, 4, 2, 1])
        ordered = self.baselines(loss, [self.x < 1e19])
        mixed = self.baselines(loss[places], [self.x[places] < 1e19], self.x[places])
        for one, other in zip(ordered, mixed, strict=True):
            assert one.heldout_bias_log == pytest.approx(other.heldout_bias_log)

    def test_a_half_at_one_scale_has_no_slope(self):
        x = np.array([1e18, 1e19, 1e19, 1e20])
        _, line = self.baselines([4.0, 3.0, 3.0, 2.0], [x < 5e19], x)
        assert line.heldout_bias_log == pytest.approx(np.log(3 / 2))


class TestDoubts:
    scored, baseline = Candidate("power", 2, heldout_rmse_log=0.1), Candidate("last-point", 1, True, 0.05)

    def told(self, *ranking):
        return [each.code for each in _doubts(ranking, None)]

    def test_a_baseline_that_wins_is_told(self):
        assert self.told(self.baseline, self.scored) == ["baseline-wins"]
        assert self.told(self.scored, self.baseline) == []

    def test_a_ranking_without_any_cutoff_is_told(self):
        assert self.told(Candidate("power", 2), Candidate("last-point", 1, True)) == ["no-cutoffs"]


def test_the_points_below_a_cutoff_are_a_problem_of_their_own():
    x = np.geomspace(1e18, 1e21, 6)
    runs, weights = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 2, 3, 1, 2, 3.0])
    whole = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06, runs, "linear", weights=weights)
    part = _alone(whole, np.array([2, 4, 5]))
    assert (part.columns["x"].tolist(), part.runs.tolist(), part.space) == (x[[2, 4, 5]].tolist(), [0, 1, 1], "linear")
    assert part.weights / part.weights[0] == pytest.approx([1, 2 / 3, 1])
    assert part.penalty is None


def curves(*laws, floor=1.2, noise=0.02, runs=None, loss=None):
    """Fits of several laws to one curve of 24 points."""
    x = np.geomspace(1e18, 1e22, 24)
    off = np.random.default_rng(2).standard_normal(24 if runs is None else int(runs.max()) + 1)
    loss = (600 * x**-0.15 + floor) * np.exp(noise * (off if runs is None else off[runs])) if loss is None else loss
    runs = np.arange(24) if runs is None else runs
    return {
        law: optimum(problem_from_arrays(find_law(law), {"x": x}, loss, runs), Objective("least-squares"))
        for law in laws
    }


class TestNested:
    def test_the_ratio_is_the_rise_of_the_squares_over_the_residual_variance(self):
        fits = curves("power", "power-constant")
        squares = {name: 2 * fitted.value for name, fitted in fits.items()}
        found = _nested_test("power-constant", fits)
        ratio = (squares["power"] - squares["power-constant"]) / (squares["power-constant"] / 21)
        assert found.against == "power"
        assert found.statistic == pytest.approx(ratio, rel=1e-6)
        assert found.p_value == pytest.approx(stats.f.sf(ratio, 1, 21) / 2, rel=1e-6)

    def test_a_law_without_a_simpler_one_among_the_fits_is_not_tested(self):
        fits = curves("power", "power-constant")
        assert _nested_test("power", fits) is None
        assert _nested_test("power-constant", {"power-constant": fits["power-constant"]}) is None
        lost = {**fits, "power-constant": replace(fits["power-constant"], value=np.inf)}
        assert _nested_test("power-constant", lost) is None

    def test_a_simpler_law_that_fits_as_well_has_half_a_chance_at_its_bound(self):
        bent_down = 3 * np.exp(-0.02 * np.linspace(0, np.log(1e4), 24) ** 1.5)  # no floor can help
        found = _nested_test("power-constant", curves("power", "power-constant", loss=bent_down))
        assert (found.statistic, found.p_value) == (pytest.approx(0.0, abs=1e-6), pytest.approx(0.5, abs=1e-3))

    def test_points_of_runs_that_err_together_inflate_the_noise(self):
        fits = curves("power", "power-constant", runs=np.arange(24) // 4)
        outer = fits["power-constant"]
        by_run, by_point = sandwich(outer), naive(outer)
        inflation = (by_run.errors(outer)[2] / by_point.errors(outer)[2]) ** 2
        rise = 2 * (fits["power"].value - outer.value)
        ratio = rise / (2 * outer.value / 21) / inflation
        found = _nested_test("power-constant", fits)
        assert found.statistic == pytest.approx(ratio, rel=1e-5)
        assert found.p_value == pytest.approx(stats.f.sf(ratio, 1, by_run.freedom) / 2, rel=1e-5)

    def test_a_law_inside_the_range_of_the_larger_one_keeps_its_whole_p_value(self):
        params = np.repeat(np.geomspace(5e7, 1.6e10, 6), 4)
        columns = {"params": params, "tokens": params * np.tile([2.0, 8.0, 32.0, 128.0], 6)}
        values = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
        loss = find_law("chinchilla").predict(values, columns) * np.exp(
            0.01 * np.random.default_rng(0).standard_normal(24)
        )
        fits = {
            name: optimum(problem_from_arrays(find_law(name), columns, loss, np.arange(24)), Objective("least-squares"))
            for name in ("chinchilla", "chinchilla-tied")
        }
        found = _nested_test("chinchilla", fits)
        squares = [2 * fits[name].value for name in ("chinchilla-tied", "chinchilla")]
        ratio = (squares[0] - squares[1]) / (squares[1] / 19)
        assert found.p_value == pytest.approx(stats.f.sf(ratio, 1, 19), rel=1e-4)


def test_what_is_held_out_is_predicted_by_the_fit_to_the_rest():
    x = np.geomspace(1e18, 1e21, 12)
    loss = 30 * x**-0.06 * np.exp(0.01 * np.random.default_rng(0).standard_normal(12))
    whole, is_trained = problem(x, loss), x < 1e20
    fitted = optimum(_alone(whole, np.flatnonzero(is_trained)), Objective("least-squares"))
    slope, level = np.polyfit(np.log(x[is_trained]), np.log(loss[is_trained]), 1)
    expected = level + slope * np.log(x[~is_trained]) - np.log(loss[~is_trained])
    assert held_out(whole, fitted, is_trained) == pytest.approx(expected, abs=1e-6)


def test_a_law_that_cannot_be_fitted_comes_last_with_the_first_reason():
    x = np.geomspace(1e18, 1e22, 24)
    good = problem(x, 30 * x**-0.06 * np.exp(0.01 * np.random.default_rng(0).standard_normal(24)))
    bad = problem_from_arrays(find_law("m4"), {"x": x}, good.observed, np.arange(24))
    bad = replace(bad, target=np.full(24, np.nan))
    found = rank({"m4": bad, "power": good}, Objective("least-squares"), x)
    assert found[-1].law == "m4"
    assert found[-1].error.startswith("m4 cannot be fitted: its objective is not finite")
    assert (found[-1].parameters, found[-1].heldout_rmse_log) == (5, None)
    power = next(each for each in found if each.law == "power")
    assert power.error is None
    assert power.heldout_rmse_log is not None
