"""Weak priors steady short curves, and leave long ones alone."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.prior import FLOOR_BELOW, ParameterPrior, correlation_inflation, penalty, weak_priors
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.laws import find_law
from tests.laws.designs import DETERMINED

OBJECTIVES = [Objective(), Objective("huber", 1e-3), Objective("lad"), Objective("least-squares")]


def curve(points, noise, has_priors=True, seed=3, span=(1e18, 1e22)):
    generator = np.random.default_rng(seed)
    x = np.geomspace(*span, points)
    loss = (600 * x**-0.15 + 1.8) * np.exp(noise * generator.standard_normal(points))
    law = find_law("power-constant")
    priors = weak_priors(law, loss.min()) if has_priors else ()
    return problem_from_arrays(law, {"x": x}, loss, np.arange(points), priors=priors)


def named(problem, objective):
    fitted = optimum(problem, objective)
    return dict(zip(problem.law.names, problem.parameters(fitted.theta[None])[0], strict=True))


@pytest.mark.parametrize("law", DETERMINED, ids=lambda law: law.name)
def test_every_exponent_and_floor_of_a_sum_of_terms_has_a_prior(law):
    terms = getattr(law, "terms", ())
    expected = {power.exponent for term in terms for power in term.powers}
    expected |= {term.coefficient for term in terms if term.is_floor}
    assert expected <= {prior.parameter for prior in weak_priors(law, 2.0)}


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda each: f"{each.name}-{each.delta}")
def test_priors_hardly_move_well_determined_parameters(objective):
    free, held = (named(curve(200, 1e-4, has_priors), objective) for has_priors in (False, True))
    assert held["b"] == pytest.approx(free["b"], rel=1e-3)
    assert held["c"] == pytest.approx(free["c"], rel=1e-3)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda each: f"{each.name}-{each.delta}")
def test_priors_decide_where_the_data_determine_nothing(objective):
    found = named(curve(6, 0.03, span=(1e20, 1.5e20)), objective)
    problem = curve(6, 0.03, span=(1e20, 1.5e20))
    assert 0.1 < abs(found["b"]) < 1.2
    assert found["c"] == pytest.approx(problem.observed.min() * np.exp(-FLOOR_BELOW), rel=0.7)


def test_the_solver_minimises_the_penalised_objective():
    problem = curve(12, 0.01)
    start = problem.off_zero(np.array([[0.0, -0.2, 1.0]]))
    found = minimise(problem, start, delta=0.01, strength=1e-4)

    def objective(theta):
        return float(minimise(problem, theta, delta=0.01, strength=1e-4).value[0])

    for index in range(3):
        for sign in (-1, 1):
            nudged = found.theta.copy()
            nudged[0, index] += sign * 0.02
            assert objective(nudged) >= found.value[0] * (1 - 1e-9)


def test_slopes_of_priors_equal_differences():
    law = find_law("power-constant")
    penalties = penalty(
        law, (ParameterPrior("a", 0.5, 0.6), ParameterPrior("b", 0.3, 0.7), ParameterPrior("c", 1.5, 1.0))
    )
    theta = np.array([[-0.4, -0.21, 1.1]])
    _, slope = penalties.residuals(theta)
    for place, index in enumerate(penalties.index):
        step = np.zeros_like(theta)
        step[0, index] = 1e-6
        ahead, behind = penalties.residuals(theta + step)[0], penalties.residuals(theta - step)[0]
        assert slope[0, place] == pytest.approx((ahead - behind)[0, place] / 2e-6, rel=1e-6)


def test_correlated_residuals_give_priors_more_weight():
    generator = np.random.default_rng(4)
    white = generator.standard_normal(4000)
    walked = np.empty_like(white)
    walked[0] = white[0]
    for i in range(1, len(white)):
        walked[i] = 0.6 * walked[i - 1] + white[i]
    order = np.arange(len(white))
    assert correlation_inflation(white, order) == pytest.approx(1.0, abs=0.06)
    assert correlation_inflation(walked, order) == pytest.approx(2.0, rel=0.1)  # sqrt(1.6 / 0.4)
