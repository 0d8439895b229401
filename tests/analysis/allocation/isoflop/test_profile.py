"""The exact IsoFLOP curve is the Chinchilla law along each budget, with derivatives by differences."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.isoflop.answer import _waste_factors
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, Budget
from scaling_cli.analysis.allocation.isoflop.fit import SharedShape, fit_exact
from scaling_cli.analysis.allocation.isoflop.profile import SHARED, profile_law
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from tests.analysis.allocation.surfaces import HOFFMANN, best_params, loss_at

E, A, B, ALPHA, BETA = HOFFMANN
COMPUTE = np.array([1e19, 2e20, 3e21])


def runs(uneven=0.0):
    """Five runs of each budget, which use up to `uneven` more or less than it, in log compute."""
    offsets = np.array([-1.2, -0.5, 0.1, 0.6, 1.3])
    params = (best_params(HOFFMANN, COMPUTE)[:, None] * np.exp(offsets)).ravel()
    log_compute = np.repeat(np.log(COMPUTE), 5) + uneven * np.tile([1.0, -1.0, 0.5, -0.5, 0.0], 3)
    tokens = np.exp(log_compute) / 6 / params
    points = AllocationPoints(
        np.log(params), np.log(tokens), log_compute, loss_at(HOFFMANN, params, tokens), np.arange(15)
    )
    budgets = [Budget(float(np.log(compute)), np.arange(5) + 5 * i) for i, compute in enumerate(COMPUTE)]
    return points, budgets


def exact_theta():
    best = best_params(HOFFMANN, COMPUTE)
    lowest = loss_at(HOFFMANN, best, COMPUTE / 6 / best)
    return np.concatenate([[E, ALPHA, BETA], np.log(best), np.log(lowest)])


@pytest.mark.parametrize("uneven", [0.0, 0.05])
def test_at_the_parameters_of_a_surface_it_has_the_losses_of_the_surface(uneven):
    points, budgets = runs(uneven)
    law, index, columns = profile_law(points, budgets)
    assert index.tolist() == list(range(15))
    found = law.evaluate(exact_theta()[None], law.prepare(columns))[0][0]
    assert np.exp(found) == pytest.approx(points.loss, rel=1e-9)
    assert law.span == pytest.approx(points.log_params.reshape(3, 5)[:, [0, 4]].T)


def test_slopes_are_those_of_differences_in_every_row():
    points, budgets = runs(0.03)
    law, _, columns = profile_law(points, budgets)
    inputs, rng = law.prepare(columns), np.random.default_rng(0)
    theta = exact_theta() + 0.05 * rng.standard_normal((3, SHARED + 6))
    theta[2, 0] = 2.3  # a floor between the lowest losses of the budgets
    _, slopes = law.evaluate(theta, inputs)
    for k in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[k] = 1e-6
        up, down = (law.evaluate(theta + sign * step, inputs)[0] for sign in (1, -1))
        assert slopes[:, :, k] == pytest.approx((up - down) / 2e-6, abs=1e-7)


def test_limits_hold_the_minima_near_the_runs_and_the_floor_near_the_lowest_loss():
    points, budgets = runs()
    law, _, columns = profile_law(points, budgets)
    problem = problem_from_arrays(law, columns, points.loss, points.runs)
    lowest = points.loss.min()
    ends = points.log_params.reshape(3, 5)[:, [0, 4]]
    assert problem.low[:3].tolist() == [0.0, 1e-3, 1e-3]
    assert problem.high[:3] == pytest.approx([1.02 * lowest, 3.0, 3.0])
    assert problem.low[3:6] == pytest.approx(ends[:, 0] - 3)
    assert problem.high[3:6] == pytest.approx(ends[:, 1] + 3)
    assert np.exp(problem.low[6:]) == pytest.approx(1e-4 * lowest)
    assert np.exp(problem.high[6:]) == pytest.approx(points.loss.max())


def test_exact_losses_give_the_surface_back_in_any_order_of_budgets():
    points, budgets = runs(0.03)
    settings = Settings(objective=Objective("least-squares"))
    for order in ([0, 1, 2], [2, 0, 1]):
        theta = fit_exact(points, [budgets[i] for i in order], settings).fitted.theta
        wanted = exact_theta()
        wanted = np.concatenate([wanted[:3], wanted[3:6][order], wanted[6:][order]])
        assert theta == pytest.approx(wanted, rel=1e-3)


def test_replicates_of_noisy_curves_settle_quickly_even_if_the_floor_is_unknown():
    """Some fits end at a floor of 0. In the logs of reducible losses they took up to 200 steps, or did not settle."""
    points, budgets = runs(0.03)
    noise = np.exp(0.007 * np.random.default_rng(0).standard_normal((40, len(points.loss))))
    law, _, columns = profile_law(points, budgets)
    problem = problem_from_arrays(law, columns, points.loss, points.runs)
    found = minimise(problem, np.tile(exact_theta(), (40, 1)), delta=np.inf, target=np.log(points.loss * noise))
    assert (found.theta[:, 0] == 0).any()
    assert found.is_settled.all()
    assert np.median(found.steps) < 40
    assert found.steps.max() < 100


@pytest.mark.parametrize(("alpha", "beta"), [(0.34, 0.28), (0.2, 0.6), (0.5, 0.5)])
def test_sizes_within_a_waste_reach_the_loss_of_a_smaller_budget(alpha, beta):
    """The reducible loss at the minimum falls as compute^-gamma, so a budget smaller by w has (1 - w)^-gamma of it."""
    found = _waste_factors(SharedShape(np.array([1.7]), np.array([alpha]), np.array([beta])))
    gamma = alpha * beta / (alpha + beta)
    assert list(found) == ["0.05", "0.10"]
    for share, waste in (("0.05", 0.05), ("0.10", 0.1)):
        low, high = found[share]
        assert low < 1 < high
        for factor in (low, high):
            above = (beta * factor**-alpha + alpha * factor**beta) / (alpha + beta)
            assert above == pytest.approx((1 - waste) ** -gamma, rel=1e-6)
