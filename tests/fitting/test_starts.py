"""Starting values: non-negative least squares against scipy, and starts near the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear, nnls

from scaling_cli.fitting.non_negative import non_negative
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.starts import find_starts, starts, with_coefficients
from scaling_cli.laws import find_law
from scaling_cli.laws.grouped import grouped


@pytest.mark.parametrize("columns", [1, 2, 3, 7, 8, 9])
def test_coefficients_are_those_of_non_negative_least_squares(columns):
    """Up to seven columns all sets are tried; with more, negative ones are left out step by step, which is as good
    here, where the true coefficients are clearly positive or zero."""
    generator = np.random.default_rng(columns)
    bases = generator.uniform(0, 1, (5, 60, columns)) + 0.5 * np.eye(60, columns)
    truth = np.where(np.arange(columns) % 3 == 1, 0.0, 1.0 + np.arange(columns))
    target = bases @ truth + 0.01 * generator.standard_normal((5, 60))
    weights = generator.uniform(0.5, 2.0, 60)
    found, misfit = non_negative(bases, weights, target)
    root = np.sqrt(weights)
    for row in range(5):
        expected, residual = nnls(bases[row] * root[:, None], target[row] * root)
        assert found[row] == pytest.approx(expected, abs=2e-2 if columns > 7 else 1e-6)
        assert misfit[row] == pytest.approx(residual**2, rel=0.2 if columns > 7 else 1e-6)


@pytest.mark.parametrize("columns", [2, 8])
def test_signed_columns_may_have_negative_coefficients(columns):
    generator = np.random.default_rng(0)
    bases = generator.standard_normal((3, 50, columns))
    truth = np.where(np.arange(columns) == 0, -2.0, 1.0)
    target = bases @ truth
    signed = np.arange(columns) == 0
    found, misfit = non_negative(bases, np.ones(50), target, signed)
    for row in range(3):
        low = np.where(signed, -np.inf, 0.0)
        expected = lsq_linear(bases[row], target[row], (low, np.inf))
        assert found[row] == pytest.approx(expected.x, abs=1e-6)
    assert misfit == pytest.approx(np.zeros(3), abs=1e-9)
    assert (non_negative(bases, np.ones(50), target)[0][:, 0] == 0).all()


def test_the_target_is_one_by_default():
    bases = np.stack([np.full((4, 1), 2.0), np.full((4, 1), 0.5)])
    found, misfit = non_negative(bases, np.ones(4))
    assert found[:, 0] == pytest.approx([0.5, 2.0])
    assert misfit == pytest.approx([0.0, 0.0], abs=1e-12)
    # Where no coefficient helps, all are zero and the misfit is that of the target.
    assert non_negative(-bases, np.full(4, 3.0))[0].tolist() == [[0.0], [0.0]]
    assert non_negative(-bases, np.full(4, 3.0))[1] == pytest.approx([12.0, 12.0])


def chinchilla(space="log"):
    generator = np.random.default_rng(0)
    columns = {"params": np.exp(generator.uniform(16, 21, 40)), "tokens": np.exp(generator.uniform(20, 25, 40))}
    values = {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.34, "beta": 0.36}
    loss = find_law("chinchilla").predict(values, columns)
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(40), space), values


@pytest.mark.parametrize("space", ["log", "linear"])
def test_coefficients_at_the_true_exponents_are_the_true_ones(space):
    problem, values = chinchilla(space)
    node = np.zeros((1, 5))
    for name in ("alpha", "beta"):
        node[0, problem.law.names.index(name)] = values[name]
    theta, misfit = with_coefficients(problem, node)
    assert problem.parameters(theta)[0] == pytest.approx([values[name] for name in problem.law.names], rel=1e-6)
    assert misfit[0] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("space", ["log", "linear"])
def test_starts_are_as_many_as_asked_within_bounds_and_best_first(space):
    problem, _ = chinchilla(space)
    found = starts(problem, 5)
    assert found.shape == (5, 5)
    assert len(starts(problem)) == problem.law.polished
    assert (found >= problem.low).all()
    assert (found <= problem.high).all()
    squares = (problem.residuals(found)[0] ** 2).sum(axis=1)
    assert squares[0] == squares.min()
    size = np.log(problem.observed) if space == "log" else problem.observed
    assert squares[0] < 0.01 * np.sum((size - size.mean()) ** 2)


TRUTH = {"a": {"a": 30.0, "b": -0.06, "c": 1.2}, "b": {"a": 45.0, "b": -0.06, "c": 1.5}}


def of_groups(shared, points=(10, 10), truth=TRUTH):
    """Two groups of exact runs, with the parameters `shared` equal."""
    law = find_law("power-constant")
    runs = [np.geomspace(1e18, 1e21, count) for count in points]
    loss = [law.predict(values, {"x": x}) for values, x in zip(truth.values(), runs, strict=True)]
    extents = tuple((float(each.min()), float(each.max())) for each in loss)
    whole = grouped(law, "arch", ("a", "b"), shared, extents)
    codes = np.repeat([0.0, 1.0], points)
    columns = {"x": np.concatenate(runs), whole.column: codes}
    return problem_from_arrays(whole, columns, np.concatenate(loss), np.arange(sum(points)))


@pytest.mark.parametrize("points", [(10, 10), (12, 5)])
def test_groups_start_at_their_own_fits(points):
    """Exact runs of each group give its parameters, so the starts for both together are at the truth."""
    problem = of_groups(("b",), points)
    found = starts(problem)
    assert len(found) == 3  # shared parameters at the median of the groups' values, and at each group's
    squares = (problem.residuals(found)[0] ** 2).sum(axis=1)
    assert squares == pytest.approx(np.zeros(3), abs=1e-8)
    assert len(starts(problem, 2)) == 2


def test_a_group_with_too_few_points_starts_at_the_fit_of_all():
    problem = of_groups(("b", "c"), (12, 3), {"a": TRUTH["a"], "b": TRUTH["a"]})
    squares = (problem.residuals(starts(problem))[0] ** 2).sum(axis=1)
    assert squares.max() == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize(("law", "space"), [("power-constant", "log"), ("power-constant", "linear"), ("power", "log")])
def test_starts_that_are_found_together_are_those_of_each_problem(law, space):
    def problems():
        for seed in range(70):  # more than share one block of nodes
            random = np.random.default_rng(seed)
            x = np.geomspace(1e17, 1e21, 12 + seed % 2)
            loss = (random.uniform(1, 2) + 900 * x**-0.15) * np.exp(random.normal(0, 0.02, len(x)))
            weights = random.uniform(0.5, 1.5, len(x))
            yield problem_from_arrays(
                find_law(law), {"x": x}, loss, np.arange(len(x)), space, weights=weights / weights.mean()
            )

    together = list(problems())
    find_starts(together)
    for shared, alone in zip(together, problems(), strict=True):
        assert "candidates" in vars(shared)
        assert np.array_equal(starts(shared), starts(alone))
