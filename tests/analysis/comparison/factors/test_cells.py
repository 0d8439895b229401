"""Cells of a design fitted together: maps between their coordinates, linear models over cells, bounds and starts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import f as fisher

from scaling_cli.analysis.comparison.factors.cells import designed, frames, starts
from scaling_cli.analysis.comparison.factors.design import Factor, Term, terms_of
from scaling_cli.analysis.comparison.factors.statistic import errors_of, fit_term, own_fits
from scaling_cli.analysis.comparison.factors.term_test import judged_term, posed, ready
from scaling_cli.analysis.comparison.models import Member, parts
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LAW = find_law("power-constant")
TRUTH = ((5.0, -0.15, 1.7), (4.0, -0.17, 1.6), (6.0, -0.13, 1.8))  # a at x = 1e20, b and c of each cell
RANGES = ((1e18, 1e21), (1e19, 1e22), (3e18, 1e23))
POINTS = (9, 12, 7)


def cells(noise=0.0, truth=TRUTH):
    """Three cells whose runs lie at different compute."""
    generator, made = np.random.default_rng(3), []
    for i, ((at, b, c), ends, count) in enumerate(zip(truth, RANGES, POINTS, strict=True)):
        x = np.geomspace(*ends, count)
        loss = (c + at * (x / 1e20) ** b) * np.exp(noise * generator.standard_normal(count))
        values = np.array([at * 1e20**-b, b, c])
        problem = problem_from_arrays(LAW, {"x": x}, loss, np.arange(count))
        theta = problem.shift @ LAW.to_coordinates(values) + problem.offset
        made.append(Member(str(i), problem, theta, np.inf))
    return made


def middle():
    """The mean log compute of all runs, where coefficients are compared."""
    return float(np.mean(np.concatenate([np.log(np.geomspace(*e, n)) for e, n in zip(RANGES, POINTS, strict=True)])))


def test_coordinates_in_the_middle_of_all_data_are_those_of_the_same_curve():
    members = cells()
    framed = frames(members)
    for member, (at, b, c), turn, offset in zip(members, TRUTH, framed.turns, framed.offsets, strict=True):
        common = np.array([np.log(at) + b * (middle() - np.log(1e20)), b, c])
        assert turn @ common + offset == pytest.approx(member.theta)


def test_runs_of_different_cells_have_their_own_learning_rates_although_their_numbers_are_equal():
    """The middle is that of the log of the area under the learning rate of each run so far."""
    law, areas, members = find_law("multi-power-schedule"), [], []
    for rate in (1e-3, 3e-3):
        step = np.tile(np.arange(1.0, 21.0), 2)
        lr = rate * np.where(step < 10, 1.0, 0.3)
        problem = problem_from_arrays(law, {"step": step, "lr": lr}, 3 + 1 / step, np.repeat([0, 1], 20))
        areas.append(float(np.mean(law.prepare({"step": step[:20], "lr": lr[:20]})["area"])))
        members.append(Member(str(rate), problem, np.zeros(len(law.names)), np.inf))
    for area, turn in zip(areas, frames(members).turns, strict=True):
        assert turn[1, 2] == pytest.approx(np.mean(areas) - area)


def columns():
    return np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])


def test_a_modelled_parameter_follows_its_design_in_the_middle_of_all_data_and_the_rest_is_each_cells_own():
    members = cells()
    framed = frames(members)
    problem = designed(members, {"a": columns(), "b": columns()}, framed)
    assert {name: place.tolist() for name, place in problem.places.items()} == {
        "a": [0, 1],
        "b": [2, 3],
        "c": [4, 5, 6],
    }
    phi = np.array([[1.5, 0.2, -0.15, -0.02, 1.7, 1.6, 1.8]])
    for i, (own, turn, offset) in enumerate(zip(problem.split(phi), framed.turns, framed.offsets, strict=True)):
        step = min(i, 1)
        assert own[0] == pytest.approx(turn @ [1.5 + 0.2 * step, -0.15 - 0.02 * step, phi[0, 4 + i]] + offset)
    alone = designed(members, {"b": columns()}, framed)
    own = alone.split(np.array([[0.1, 0.2, 0.3, -0.15, -0.02, 1.7, 1.6, 1.8]]))
    assert [each[0].tolist() for each in own] == [
        pytest.approx([0.1, -0.15, 1.7]), pytest.approx([0.2, -0.17, 1.6]), pytest.approx([0.3, -0.17, 1.8]),
    ]  # fmt: skip
    assert problem.kept(np.array([True])) is problem


def test_own_values_keep_their_bounds_and_effects_have_none():
    members = cells()
    members[1] = replace(members[1], problem=replace(members[1].problem, low=np.array([-3.0, -2.0, 0.5])))
    problem = designed(members, {"b": columns()}, frames(members))
    lows, highs = (np.array([getattr(member.problem, end) for member in members]) for end in ("low", "high"))
    assert problem.low.tolist() == [*lows[:, 0], -np.inf, -np.inf, *lows[:, 2]]
    assert problem.high.tolist() == [*highs[:, 0], np.inf, np.inf, *highs[:, 2]]
    whole = designed(members, dict.fromkeys(LAW.names, columns()), frames(members))
    assert np.isneginf(whole.low).all()
    assert np.isposinf(whole.high).all()
    assert len(whole.low) == 6


def test_residuals_and_targets_are_those_of_each_cell():
    members = cells(0.01)
    problem = designed(members, {"b": np.eye(3)}, frames(members))
    phi = np.stack([member.theta for member in members], axis=1).ravel()[None]
    found, _ = problem.residuals(phi)
    other, _ = problem.residuals(phi, problem.target[None] + 1.0)
    for member, part in zip(members, parts(members), strict=True):
        own = member.problem.residuals(member.theta[None])[0]
        assert found[:, part] == pytest.approx(own)
        assert np.abs(other[:, part] - own) == pytest.approx(np.ones_like(own))
        assert problem.weights[part] == pytest.approx(member.problem.weights)


def test_starts_are_weighted_and_plain_regressions_of_the_cells_own_values():
    members = cells()
    framed = frames(members)
    problem = designed(members, {"a": columns(), "b": columns()}, framed)
    own = [np.stack([member.theta, member.theta + 0.01 * i]) for i, member in enumerate(members)]
    errors = [np.tile([0.1 * (i + 1), 0.02 * (3 - i), 0.3], (2, 1)) for i in range(3)]
    found = starts(problem, framed, own, errors, ("a", "b"))
    assert found.shape == (2, 2, 7)
    for row in (0, 1):
        common = np.array([
            np.linalg.solve(turn, theta[row] - offset)
            for theta, turn, offset in zip(own, framed.turns, framed.offsets, strict=True)
        ])  # fmt: skip
        for k, place in ((0, slice(0, 2)), (1, slice(2, 4))):
            root = 1 / np.array([error[row, k] for error in errors])
            weighted = np.linalg.lstsq(columns() * root[:, None], common[:, k] * root, rcond=None)[0]
            plain = np.linalg.lstsq(columns(), common[:, k], rcond=None)[0]
            assert found[0, row, place] == pytest.approx(weighted, rel=1e-6, abs=1e-8)  # of a ridge of 1e-9
            assert found[1, row, place] == pytest.approx(plain, rel=1e-6, abs=1e-8)
        assert found[:, row, 4:] == pytest.approx(np.array([[theta[row, 2] for theta in own]] * 2))
    inside = starts(replace(problem, high=np.full(7, -0.05)), framed, own, errors, ("a", "b"))
    assert inside == pytest.approx(np.minimum(found, -0.05))


FACTOR = Factor("f", ("u", "v"), np.array([0, 1, 1]))


def joint(members, shared, scales):
    """Twice the least sum of squares over noise, by scipy: `shared` maps each cell to the place of its own exponent."""
    x = [np.log(member.problem.columns["x"]) - middle() for member in members]
    y = [np.log(member.problem.observed) for member in members]
    count = max(shared) + 1

    def residuals(theta):
        own = [(theta[count + 2 * i], theta[shared[i]], theta[count + 2 * i + 1]) for i in range(3)]
        fitted = [np.log(c + np.exp(a + b * x[i])) for i, (a, b, c) in enumerate(own)]
        return np.concatenate([(fitted[i] - y[i]) / scales[i] for i in range(3)])

    at = [v for a, b, c in TRUTH for v in (np.log(a) + b * (middle() - np.log(1e20)), c)]
    return 2 * least_squares(residuals, [-0.15] * count + at, x_scale="jac", xtol=1e-14, ftol=1e-14).cost


def test_the_statistic_of_a_term_is_the_fall_of_squares_for_each_parameter_and_the_misfit_the_rest():
    """Base: one exponent; wider: one for each level; misfit: against an exponent for each cell, read against F."""
    members = cells(0.005)
    term = Term((FACTOR,))
    made = ready(members, is_paired=False, replicates=9, seed=0)
    found = judged_term(made, term, [term], ("b",))
    scales = made.fits.scales[0]
    assert np.allclose(made.fits.shape, 1.0)
    base, wider, own = (joint(members, shared, scales) for shared in ((0, 0, 0), (0, 1, 1), (0, 1, 2)))
    assert (found.fewer, found.base_columns) == (1, 1)
    assert found.statistic == pytest.approx(base - wider, rel=1e-3)
    spare = sum(POINTS) - 9
    assert found.misfit == pytest.approx(fisher.sf(wider - own, 1, spare), rel=1e-3)
    assert found.p_value == found.distribution.tail(found.statistic)
    cell = Term((Factor("cell", ("0", "1", "2"), np.arange(3)),))
    whole = judged_term(made, cell, [cell], ("b",))
    assert (whole.fewer, whole.misfit) == (2, 1.0)
    assert whole.statistic == pytest.approx((base - own) / 2, rel=1e-3)


def test_a_term_that_follows_from_others_has_no_models():
    members = cells()
    both = terms_of([FACTOR, Factor("g", ("w", "z"), np.array([1, 0, 0]))])
    assert posed(members, both[0], both, ("b",)) is None
    made = ready(members, is_paired=False, replicates=9, seed=0)
    assert judged_term(made, both[0], both, ("b",)) is None
    pose = posed(members, Term((FACTOR,)), [Term((FACTOR,))], ("b", "c"), ("a",))
    assert (pose.tested, pose.alike, pose.fewer, pose.base_columns) == (("b", "c"), ("a",), 2, 1)
    assert [problem.designs["a"].shape[1] for problem in (pose.base, pose.wider)] == [1, 1]
    assert [problem.designs["c"].shape[1] for problem in (pose.base, pose.wider)] == [1, 2]


def test_some_of_the_cells_are_tested_as_if_they_were_all():
    members = cells(0.005)
    made = ready(members, is_paired=False, replicates=9, seed=0)
    some = made.subset([2, 0])
    assert [member.name for member in some.members] == ["2", "0"]
    order = np.concatenate([np.arange(21, 28), np.arange(9)])
    assert (some.factors == made.factors[:, order]).all()
    assert [error.tolist() for error in some.errors] == [made.errors[2].tolist(), made.errors[0].tolist()]
    assert some.fits.target.tolist() == made.fits.target[:, order].tolist()
    assert (some.is_clustered, some.is_matched) == (False, False)


def test_a_wider_model_is_never_worse_and_cells_do_not_depend_on_their_order():
    members = cells(0.01)
    term = Term((FACTOR,))
    fits = own_fits(members)
    fit = fit_term(posed(members, term, [term], ("b",)), fits, errors_of(members, fits))
    assert fit.settled.all()
    turned = [members[i] for i in (2, 0, 1)]
    other = Term((Factor("f", ("u", "v"), np.array([1, 0, 1])),))
    fits = own_fits(turned)
    again = fit_term(posed(turned, other, [other], ("b",)), fits, errors_of(turned, fits))
    assert again.statistic == pytest.approx(fit.statistic, rel=1e-5)
    assert again.value == pytest.approx(fit.value, rel=1e-6)
