"""What an optimum reports of its starts, and how delta and the scale of the residuals are brought to agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from scaling_cli.fitting import optimum as module
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.objective import MAD_TO_SIGMA, Objective, huber, robust_scale
from scaling_cli.fitting.optimum import _best, _better, _part, _polished, _scales, absolute_asking, optimum
from scaling_cli.fitting.prior import correlation_inflation, weak_priors
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import Solution, minimise
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

SQUARES = Objective("least-squares")


def line(points=24, noise=0.01, seed=0, weights=None, priors=False, law="power", heavy=False):
    x = np.geomspace(1e18, 1e22, points)
    random = np.random.default_rng(seed)
    off = random.standard_t(2, points) if heavy else random.standard_normal(points)
    loss = (600 * x**-0.15 + 1.8 if law != "power" else 30 * x**-0.06) * np.exp(noise * off)
    law = find_law(law)
    given = weak_priors(law, float(loss.min())) if priors else ()
    return problem_from_arrays(law, {"x": x}, loss, np.arange(points), weights=weights, priors=given)


def ended(*ends, points=24):
    """An optimum of a line whose starts ended at these values of the objective and first coordinates."""
    fitted = optimum(line(points), SQUARES)
    theta = np.tile(fitted.theta, (len(ends), 1))
    theta[:, 0] = [place for _, place in ends]
    value = np.array([value for value, _ in ends])
    return replace(fitted, polished=Solution(theta, value, np.zeros(len(ends)), np.ones(len(ends), dtype=bool)))


class TestStarts:
    def test_those_within_a_millionth_of_the_best_agree(self):
        assert ended((1.0, 0), (1 + 0.9e-6, 0), (1 + 1.1e-6, 0), (2.0, 0), (1.0, 5)).agreeing == 3

    def test_exact_fits_agree_where_they_differ_by_rounding(self):
        assert ended((0.0, 0), (23e-24, 0), (25e-24, 0)).agreeing == 2
        assert ended((0.0, 0), (23e-24, 0), (25e-24, 0), points=26).agreeing == 3

    def test_rivals_are_other_places_within_a_hundredth_best_first(self):
        found = ended((1.005, 9), (1.0, 0), (1.009, 5), (1.011, 7), (1.001, 0.0009), (1.002, 5.0005), (1.003, -0.0011))
        assert found.rivals == [1, 5, 6, 0]

    def test_a_rival_differs_from_all_others_in_any_coordinate(self):
        fitted = ended((1.0, 0), (1.001, 0), (1.002, 0))
        theta = fitted.polished.theta.copy()
        theta[1, 1] += 0.5
        found = replace(fitted, polished=replace(fitted.polished, theta=theta))
        assert found.rivals == [0, 1]


class TestLogs:
    def with_logs(self, count):
        fitted = optimum(line(), SQUARES)
        return replace(fitted, log_residuals=fitted.log_residuals[:count])

    @pytest.mark.parametrize(("count", "has_logs"), [(12, False), (13, True), (24, True)])
    def test_most_points_must_have_them(self, count, has_logs):
        fitted = self.with_logs(count)
        assert fitted.has_logs == has_logs
        if not has_logs:
            assert np.isnan(fitted.noise)
            return
        middle = np.median(np.abs(fitted.log_residuals))
        assert fitted.noise == pytest.approx(MAD_TO_SIGMA * middle * np.sqrt(count / (count - 2)))

    def test_they_are_of_the_points_where_observed_and_predicted_are_positive(self):
        x = np.linspace(-2, 3, 12)
        y = x + 0.1 * np.random.default_rng(0).standard_normal(12)
        y[4] = 0.0
        fitted = optimum(
            problem_from_arrays(law_from_formula("a + b * x"), {"x": x}, y, np.arange(12), "linear"), SQUARES
        )
        slope, level = np.polyfit(x, y, 1)
        predicted = level + slope * x
        kept = (y > 0) & (predicted > 0)
        assert fitted.log_residuals == pytest.approx(np.log(y[kept] / predicted[kept]), abs=1e-6)
        assert fitted.value == pytest.approx(((y - predicted) ** 2).sum() / 2)


def test_a_part_of_the_points_reaches_from_the_lowest_loss_to_the_highest(monkeypatch):
    problem = line(40)
    monkeypatch.setattr(module, "MANY_POINTS", 40)
    assert _part(problem) is None
    monkeypatch.setattr(module, "MANY_POINTS", 39)
    monkeypatch.setattr(module, "PART", 14)
    ordered = np.sort(problem.observed)
    assert _part(problem).observed.tolist() == ordered[np.linspace(0, 39, 14).astype(int)].tolist()


def asked(work, answers):
    """What work asks the solver, given its answers, and its result."""
    asks, answer = [], None
    given = iter(answers)
    try:
        while True:
            asks.append(work.send(answer))
            answer = next(given)
    except StopIteration as end:
        return asks, end.value


def at(*places):
    return Solution(np.array(places, float)[:, None], np.arange(len(places), dtype=float), np.ones(len(places)),
                    np.ones(len(places), dtype=bool))  # fmt: skip


def test_starts_that_meet_at_the_optimum_of_a_part_go_on_as_one():
    whole = line(40)
    part, first = whole.subset(np.arange(10)), np.zeros((4, 1))
    rough, ends = at(3.0, 7.0, 3.0009, 7.0011), [at(30.0), at(70.0), at(71.0)]
    asks, found = asked(_polished(whole, part, first, 0.5, 2.0), [rough, *ends])
    assert [(len(each.problem.observed), each.delta, each.strength) for each in asks] == [
        (10, 0.5, 2.0 * 10 / 40), *[(40, 0.5, 2.0)] * 3,
    ]  # fmt: skip
    assert [each.theta.tolist() for each in asks[1:]] == [[[3.0]], [[7.0]], [[7.0011]]]
    assert found.theta[:, 0].tolist() == [30.0, 70.0, 30.0, 71.0]
    (only,), found = asked(_polished(whole, None, first, 0.5, 2.0), [rough])
    assert (only.theta is first, only.strength, found) == (True, 2.0, rough)


def test_of_two_ends_of_a_start_the_lower_one_is_kept():
    left = Solution(np.array([[1.0], [2.0], [3.0]]), np.array([5.0, 1.0, 2.0]), np.array([3, 4, 5]),
                    np.array([True, False, True]))  # fmt: skip
    right = Solution(np.array([[10.0], [20.0], [30.0]]), np.array([4.0, 2.0, 2.0]), np.array([10, 10, 10]),
                     np.array([False, True, False]))  # fmt: skip
    found = _better(left, right)
    assert found.theta[:, 0].tolist() == [10.0, 2.0, 3.0]
    assert found.value.tolist() == [4.0, 1.0, 2.0]
    assert found.steps.tolist() == [13, 14, 15]
    assert found.is_settled.tolist() == [False, False, True]
    assert _best(right).tolist() == [[20.0]]


class TestScales:
    def test_the_scale_is_that_of_the_residuals_at_the_first_row(self):
        problem = line()
        theta = np.array([optimum(problem, SQUARES).theta, [9.0, 9.0]])
        residual = problem.residuals(theta)[0][0]
        scale = MAD_TO_SIGMA * np.median(np.abs(residual)) * np.sqrt(24 / 22)
        assert _scales(problem, theta) == (pytest.approx(scale), pytest.approx(scale))

    def test_weights_that_differ_make_it_that_of_the_weighted_median(self):
        problem = line(weights=np.where(np.arange(24) < 6, 100.0, 1.0))
        theta = optimum(problem, SQUARES).theta[None]
        residual = problem.residuals(theta)[0][0]
        expected = robust_scale(residual, 2, problem.weights)
        assert expected != pytest.approx(robust_scale(residual, 2), rel=0.05)
        assert _scales(problem, theta)[0] == pytest.approx(expected)

    def test_exact_data_have_a_scale_all_the_same(self):
        problem = line(noise=0.0)
        assert _scales(problem, optimum(problem, SQUARES).theta[None])[0] == pytest.approx(1e-8 / 1.345)

    def test_for_priors_it_is_inflated_by_the_correlation_along_the_predictions(self):
        problem = line(priors=True, law="power-constant", weights=np.linspace(0.5, 1.5, 24))
        theta = np.array([[1.0, -0.2, 1.0]])
        residual = problem.residuals(theta)[0][0] * np.sqrt(problem.weights)
        order = np.argsort(problem.predictions(theta)[0])
        scale, inflated = _scales(problem, theta)
        assert inflated == pytest.approx(scale * correlation_inflation(residual, order))
        assert inflated > scale


@pytest.mark.parametrize("heavy", [False, True])
def test_delta_is_the_efficient_multiple_of_the_scale_at_the_fit_it_leads_to(heavy):
    problem = line(60, heavy=heavy)
    fitted = optimum(problem, Objective())
    residual = problem.residuals(fitted.theta[None])[0][0]
    scale = MAD_TO_SIGMA * np.median(np.abs(residual)) * np.sqrt(60 / 58)
    assert fitted.delta == pytest.approx(1.345 * scale, rel=2e-4)
    z = np.log(problem.columns["x"])
    exact = minimize(
        lambda at: huber((problem.target - at[0] - at[1] * (z - z.mean()))[None], np.ones(60), fitted.delta)[0],
        [problem.target.mean(), -0.06], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-16},
    )  # fmt: skip
    assert fitted.value == pytest.approx(exact.fun, rel=1e-6)
    assert problem.uncentred(fitted.theta[None])[0, 1] == pytest.approx(exact.x[1], abs=1e-6)


def test_a_delta_that_is_given_is_kept():
    fitted = optimum(line(), Objective("huber", 0.005))
    assert fitted.delta == 0.005
    assert np.isinf(optimum(line(), Objective("least-squares", 0.005)).delta)


def test_least_absolute_deviations_are_those_of_a_linear_programme():
    problem = line(25, heavy=True)
    fitted = optimum(problem, Objective("lad"))
    z = np.log(problem.columns["x"])
    z = z - z.mean()
    ones, identity = np.ones(25), np.eye(25)
    design = np.column_stack([ones, z])
    exact = linprog(
        np.concatenate([[0, 0], ones]),
        A_ub=np.block([[design, -identity], [-design, -identity]]),
        b_ub=np.concatenate([problem.target, -problem.target]),
        bounds=[(None, None)] * 2 + [(0, None)] * 25,
    )
    assert fitted.value == pytest.approx(exact.fun, rel=1e-5)
    assert fitted.delta == 1e-7


def test_the_delta_of_least_absolute_deviations_falls_tenfold_to_its_last():
    problem = line()
    asks, end = asked(absolute_asking(problem, np.zeros((1, 2)), first_delta=2e-4, scale=0.5), [at(1.0)] * 5)
    assert [each.delta for each in asks] == pytest.approx([2e-4, 2e-5, 2e-6, 2e-7, 1e-7])
    assert [each.strength for each in asks] == pytest.approx([0.5 * each.delta / 1.345 for each in asks])
    assert [float(each.theta[0, 0]) for each in asks] == [0.0, 1.0, 1.0, 1.0, 1.0]
    assert end.theta[0, 0] == 1.0


def test_a_prior_pulls_by_the_variance_of_the_noise():
    """The ends minimise half the squares of the residuals plus the squared scale times half those of the priors."""
    problem = line(8, priors=True, law="power-constant", noise=0.02)
    fitted = optimum(problem, SQUARES)
    scale = _scales(problem, fitted.theta[None])[1]
    assert fitted.scale == pytest.approx(scale, rel=2e-4)

    def objective(theta):
        residual = problem.residuals(theta[None])[0][0]
        return (residual**2).sum() / 2 + scale**2 * (problem.penalty.residuals(theta[None])[0] ** 2).sum() / 2

    best = minimize(objective, fitted.theta, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-18}).fun
    assert objective(fitted.theta) == pytest.approx(best, rel=1e-5)
    free = minimise(problem, fitted.theta[None], delta=np.inf).theta[0]
    assert objective(free) > best * (1 + 1e-6)


def test_the_search_begins_again_at_the_blind_starts_and_where_it_was():
    """All ends are as low as that which was followed, so once is enough."""
    problem = line()
    fitted = optimum(problem, SQUARES)
    blind, theta = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), fitted.theta
    work, end = module._tuned(problem, None, Objective(), np.inf, fitted.polished, blind), None
    starts = []
    try:
        while True:
            ask = work.send(end)
            rows = len(ask.theta)
            starts += [ask.theta.tolist()] if rows > 1 else []
            end = Solution(np.tile(theta, (rows, 1)), np.ones(rows), np.ones(rows), np.ones(rows, dtype=bool))
    except StopIteration as stop:
        delta, scale, found = stop.value
    assert starts == [[[0.0, 0.0], [1.0, 1.0], theta.tolist()]]
    assert scale == _scales(problem, theta[None])[1]
    assert delta == pytest.approx(1.345 * scale)
    assert found.value.tolist() == [1.0, 1.0, 1.0]


def test_work_alone_and_by_hand_are_one():
    problem = line()
    assert alone(module.optimum_asking(problem, SQUARES)).theta.tolist() == optimum(problem, SQUARES).theta.tolist()
