"""Joint fits share what they should and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from scaling_cli.analysis.comparison.models import (
    Member,
    check_comparable,
    exponents,
    floors,
    joint_problem,
    of_all_points,
    one_curve,
    parts,
    run_numbers,
    solve_in_chunks,
)
from scaling_cli.analysis.comparison.nested import fit_contrast, models, nested, same_exponent
from scaling_cli.errors import UsageError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace


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


THREE = [group("a", points=8), group("b", points=10, seed=1), group("c", points=12, seed=2)]


def test_shared_parameters_have_one_coordinate_and_others_one_for_each_group():
    posed = joint_problem(THREE, ("b", "c"))
    assert [each.tolist() for each in posed.index] == [[2, 0, 1], [3, 0, 1], [4, 0, 1]]
    posed = joint_problem(THREE, ())
    assert [each.tolist() for each in posed.index] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    with_equal = joint_problem(THREE, ("c",), equal=(2, 0))
    flat = [each.tolist() for each in with_equal.index]
    assert flat[2][1] == flat[0][1] != flat[1][1]
    assert len({place for each in flat for place in each}) == len(with_equal.low) == 1 + 3 + 2
    assert {each[2] for each in flat} == {0}


def test_joint_coordinates_are_means_of_what_is_shared_within_the_bounds_of_all():
    posed = joint_problem(THREE, ("b",))
    thetas = [np.array([[1.0, -0.1, 1.5], [2.0, -0.2, 1.6]]) + 0.01 * i for i in range(3)]
    found = posed.gathered(thetas)
    assert found[:, 0] == pytest.approx([-0.09, -0.19])
    assert found[0, 1:].tolist() == pytest.approx([1.0, 1.5, 1.01, 1.51, 1.02, 1.52])
    for theta, back in zip(thetas, posed.split(found), strict=True):
        assert back[:, [0, 2]] == pytest.approx(theta[:, [0, 2]])
    narrow = [
        replace(each, problem=replace(each.problem, low=np.array([-9.0, low, 0.0]), high=np.array([9.0, high, 9.0])))
        for each, low, high in zip(THREE, (-0.5, -0.3, -0.4), (0.0, 0.2, -0.15), strict=True)
    ]
    posed = joint_problem(narrow, ("b",))
    assert (posed.low[0], posed.high[0]) == (-0.3, -0.15)
    assert posed.gathered([theta + np.array([0, 0.2, 0]) for theta in thetas])[:, 0] == pytest.approx([-0.15, -0.15])


def test_points_keep_the_delta_and_weights_of_their_group():
    members = [replace(each, delta=0.01 * (i + 1)) for i, each in enumerate(THREE)]
    members[1] = replace(members[1], problem=replace(members[1].problem, weights=np.linspace(0.5, 1.5, 10)))
    for posed in (joint_problem(members, ("b",)), one_curve(members)):
        assert posed.delta.tolist() == [0.01] * 8 + [0.02] * 10 + [0.03] * 12
        assert posed.target == pytest.approx(np.concatenate([each.problem.target for each in members]))
    assert joint_problem(members, ()).weights[8:18] == pytest.approx(np.linspace(0.5, 1.5, 10))
    assert [(part.start, part.stop) for part in parts(members)] == [(0, 8), (8, 18), (18, 30)]
    uneven = replace(members[0], shape=np.linspace(1, 2, 8))
    assert uneven.near == pytest.approx(0.01 * np.linspace(1, 2, 8))
    assert (members[0].near, members[0].points, members[0].freedom) == (0.01, 8, 5)


def test_runs_of_different_groups_are_different_unless_they_are_matched():
    twice = [replace(each, problem=replace(each.problem, runs=np.arange(each.points) // 2)) for each in THREE]
    assert run_numbers(twice, is_paired=False).tolist() == (np.arange(30) // 2).tolist()
    assert run_numbers(twice, is_paired=True).tolist() == [*np.arange(8) // 2, *np.arange(10) // 2, *np.arange(12) // 2]
    assert of_all_points(twice).run_count == 15
    assert of_all_points(twice, is_paired=True).run_count == 6
    assert joint_problem(twice, (), is_paired=True).runs.tolist() == run_numbers(twice, is_paired=True).tolist()


def test_many_data_sets_are_solved_in_chunks_as_few_are(monkeypatch):
    problem, member = THREE[0].problem, THREE[0]
    rng = np.random.default_rng(0)
    target = problem.target + 0.01 * rng.standard_normal((7, 8))
    weights, delta = rng.uniform(0.5, 2, (7, 8)), rng.uniform(0.005, 0.02, (7, 8))
    start = np.tile(member.theta, (7, 1))
    whole = solve_in_chunks(problem, start, delta=delta, target=target, weights=weights)
    monkeypatch.setattr("scaling_cli.analysis.comparison.models.CHUNK_VALUES", 24)
    pieces = solve_in_chunks(problem, start, delta=delta, target=target, weights=weights)
    assert pieces.theta == pytest.approx(whole.theta)
    assert pieces.value == pytest.approx(whole.value)
    assert len(pieces.steps) == len(pieces.is_settled) == 7
    held = np.array([False, True, False])
    fixed = solve_in_chunks(problem, start, delta=np.inf, target=target, fixed=held)
    assert (fixed.theta[:, 1] == member.theta[1]).all()


def test_laws_without_an_exponent_are_not_compared():
    assert (exponents(find_law("chinchilla")), floors(find_law("chinchilla"))) == (("alpha", "beta"), ("E",))
    assert (exponents(find_law("power")), floors(find_law("power"))) == (("b",), ())
    problem = THREE[0].problem
    check_comparable(problem)
    turned = problem.shift.copy()
    turned[1, 0] = 0.5
    for wrong, named in (
        (replace(problem, shift=turned), ""),
        (replace(problem, offset=np.array([0.0, 0.0, 1.0])), ", or name the parameter to compare: --exponent b"),
    ):
        with pytest.raises(UsageError, match="depends on the unit of the inputs") as refused:
            check_comparable(wrong)
        assert refused.value.hint == f"Choose another --law{named}."
    check_comparable(replace(problem, offset=np.array([5.0, 0.0, 0.0])))
