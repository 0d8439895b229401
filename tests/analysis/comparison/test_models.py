"""Joint fits share what they should and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from scaling_cli.analysis.comparison.models import Member, joint_problem, one_curve, parts
from scaling_cli.analysis.comparison.nested import fit_contrast, models, nested, same_exponent
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law


def group(name, b=-0.15, c=1.7, a=5.0, points=20, noise=0.003, seed=0, low=1e18, law="power-constant"):
    x = np.geomspace(low, low * 1e4, points)
    found = find_law(law)
    values = {"a": a * low**-b, "b": b} | ({"c": c} if "c" in found.names else {})
    loss = found.predict(values, {"x": x}) * np.exp(noise * np.random.default_rng(seed).standard_normal(points))
    problem = problem_from_arrays(found, {"x": x}, loss, np.arange(points))
    return Member(name, problem, optimum(problem, Objective("least-squares")).theta, np.inf)


def surface(name, alpha, seed):
    generator = np.random.default_rng(seed)
    columns = {"params": np.geomspace(5e7, 5e9, 40), "tokens": np.exp(generator.uniform(*np.log([1e9, 1e11]), 40))}
    law = find_law("chinchilla")
    values = {"E": 1.7, "A": 400.0 * 1e9 ** (alpha - 0.34), "B": 400.0, "alpha": alpha, "beta": 0.28}
    loss = law.predict(values, columns) * np.exp(0.003 * generator.standard_normal(40))
    problem = problem_from_arrays(law, columns, loss, np.arange(40))
    return Member(name, problem, optimum(problem, Objective("least-squares")).theta, np.inf)


@pytest.mark.parametrize("shared", [("b",), ("c",), ("b", "c"), ()])
def test_the_joint_jacobian_equals_finite_differences(shared):
    problem = joint_problem([group("a"), group("b", b=-0.2, low=1e20, points=7, seed=1)], shared)
    theta = problem.gathered([each.theta[None] for each in problem.members])
    _, jacobian = problem.residuals(theta)
    step = 1e-6
    for k in range(theta.shape[1]):
        ahead, behind = theta.copy(), theta.copy()
        ahead[0, k] += step
        behind[0, k] -= step
        slope = -(problem.residuals(ahead)[0] - problem.residuals(behind)[0]) / (2 * step)
        np.testing.assert_allclose(jacobian[:, :, k], slope, rtol=1e-6, atol=1e-8)


def test_the_null_is_the_best_that_scipy_finds():
    members = [group("a", b=-0.15), group("b", b=-0.2, c=1.2, seed=1), group("c", b=-0.1, seed=2)]
    posed = fit_contrast(same_exponent(members, is_paired=False))
    weights = np.concatenate([np.full(each.points, 1 / s) for each, s in zip(members, posed.scales, strict=True)])
    null = posed.contrast.null

    def residuals(theta):
        return null.residuals(theta[None])[0][0] * weights

    best = min(
        least_squares(residuals, null.gathered([each.theta[None] for each in members])[0] + shift, x_scale="jac").cost
        for shift in (0.0, 0.02, -0.02)
    )
    assert posed.deviances[0] == pytest.approx(2 * best, rel=1e-8)


def test_wider_models_never_fit_worse():
    members = [group("a"), group("b", c=1.3, seed=1), group("c", a=4.0, seed=2)]
    found = {
        each.name: each for each in models({k: fit_contrast(v) for k, v in nested(members, is_paired=False).items()})
    }
    order = ["one-curve", "separate-coefficients", "shared-exponent", "all-separate"]
    deviances = [found[name].deviance for name in order]
    assert deviances == sorted(deviances, reverse=True)
    assert found["separate-coefficients"].deviance >= found["shared-floor"].deviance
    assert [found[name].parameters for name in order] == [3, 5, 7, 9]


def test_groups_that_do_not_differ_are_one_curve():
    one = group("a", noise=0.0)
    two = group("b", noise=0.0, low=1e20, a=5.0 * 100**-0.15)
    posed = fit_contrast(nested([one, two], is_paired=False)["one-curve"])
    found = posed.contrast.null.members[0].problem.parameters(posed.null[None])[0]
    np.testing.assert_allclose(found[1:], [-0.15, 1.7], rtol=1e-5)
    together = posed.contrast.null.members[0].problem
    for each, theta, part in zip((one, two), posed.alone, parts((one, two)), strict=True):
        np.testing.assert_allclose(
            each.problem.predictions(theta[None])[0], together.predictions(posed.null[None])[0][part], rtol=1e-9
        )


def test_the_test_does_not_depend_on_the_order_of_groups_nor_on_units():
    members = [group("a"), group("b", b=-0.17, seed=1)]
    forward = fit_contrast(same_exponent(members, is_paired=False)).statistic
    assert fit_contrast(same_exponent(members[::-1], is_paired=False)).statistic == pytest.approx(forward, rel=1e-6)
    rescaled = []
    for each in members:
        problem = problem_from_arrays(
            each.problem.law,
            {"x": each.problem.columns["x"] / 8.64e19},
            each.problem.observed * 1.4427,
            each.problem.runs,
        )
        rescaled.append(Member(each.name, problem, optimum(problem, Objective("least-squares")).theta, np.inf))
    assert fit_contrast(same_exponent(rescaled, is_paired=False)).statistic == pytest.approx(forward, rel=1e-6)


def test_both_exponents_of_a_surface_are_shared():
    same = fit_contrast(same_exponent([surface("a", 0.34, 1), surface("b", 0.34, 2)], is_paired=False))
    other = fit_contrast(same_exponent([surface("a", 0.34, 1), surface("b", 0.44, 2)], is_paired=False))
    assert same.contrast.fewer == 2
    assert len(same.null) == 8
    assert same.statistic < 4 < 20 < other.statistic


def test_paired_runs_have_the_same_number_in_every_group():
    members = [group("a"), group("b", seed=1)]
    assert joint_problem(members, ("b",), is_paired=True).runs.max() == 19
    assert joint_problem(members, ("b",)).runs.max() == 39
    assert one_curve(members, is_paired=True).runs.max() == 19
