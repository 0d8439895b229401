"""The solver, step by step, against the same method written down for one replicate with plain matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from scaling_cli.fitting.extra import Constraint
from scaling_cli.fitting.prior import weak_priors
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.laws import find_law

STARTS = np.array([[1.0, -0.3, 1.5], [3.0, -0.05, 0.2], [-2.0, -0.9, 2.5]])


def curve(space="log", priors=False, heavy=True, weights=True):
    x = np.geomspace(1e18, 1e22, 20)
    random = np.random.default_rng(3)
    off = random.standard_t(2, 20) if heavy else random.standard_normal(20)
    loss = (600 * x**-0.15 + 1.8) * np.exp(0.02 * off)
    law = find_law("power-constant")
    given = weak_priors(law, float(loss.min())) if priors else ()
    return problem_from_arrays(law, {"x": x}, loss, np.arange(20), space,
                               weights=np.linspace(0.5, 1.5, 20) if weights else None, priors=given)  # fmt: skip


class Walk:
    """One replicate: damped Gauss-Newton, as the module's docstring describes it."""

    def __init__(self, problem, theta, delta, strength=0.0, fixed=None):
        self.problem, self.delta, self.strength = problem, delta, strength
        self.fixed = np.zeros(len(theta), dtype=bool) if fixed is None else fixed
        self.theta = np.clip(theta, problem.low, problem.high)
        self.damping, self.relaxation, self.idle = 1e-3, 0.3, 0

    def value(self, theta):
        r = np.abs(self.problem.residuals(theta[None])[0][0])
        rho = np.where(r <= self.delta, r**2 / 2, 0.0 if np.isinf(self.delta) else self.delta * (r - self.delta / 2))
        total = (self.problem.weights * rho).sum()
        if self.problem.penalty is not None:
            total += self.strength * (self.problem.penalty.residuals(theta[None])[0] ** 2).sum() / 2
        return total

    def advance(self):
        problem = self.problem
        (r,), (jacobian,) = problem.residuals(self.theta[None])
        gradient = jacobian.T @ (problem.weights * np.clip(r, -self.delta, self.delta))
        inside = np.abs(r) <= self.delta
        part = 1.0 if np.isinf(self.delta) else self.relaxation * self.delta / np.maximum(np.abs(r), 1e-300)
        normal = jacobian.T @ (jacobian * (problem.weights * np.where(inside, 1.0, part))[:, None])
        if problem.penalty is not None:
            miss, slope = (each[0] for each in problem.penalty.residuals(self.theta[None]))
            for place, m, s in zip(problem.penalty.index, miss, slope, strict=True):
                gradient[place] -= self.strength * m * s
                normal[place, place] += self.strength * s**2
        held = self.fixed | ((self.theta <= problem.low) & (gradient < 0)) | (
            (self.theta >= problem.high) & (gradient > 0)
        )  # fmt: skip
        free = ~held
        step = np.zeros(len(gradient))
        block = normal[np.ix_(free, free)]
        step[free] = np.linalg.solve(block + self.damping * np.diag(np.diag(block)), gradient[free])
        trial = np.clip(self.theta + step, problem.low, problem.high)
        is_better = self.value(trial) < self.value(self.theta)
        if is_better:
            self.theta = trial
        self.damping = np.clip(self.damping * (0.2 if is_better else 6.0), 1e-12, 1e12)
        self.relaxation = np.clip(self.relaxation * (0.5 if is_better else 4.0), 0.02, 1.0)


@pytest.mark.parametrize("space", ["log", "linear"])
@pytest.mark.parametrize("delta", [np.inf, 0.02])
@pytest.mark.parametrize("priors", [False, True])
def test_every_step_is_that_of_damped_gauss_newton(space, delta, priors):
    problem = curve(space, priors)
    walks = [Walk(problem, start, delta, 0.01) for start in STARTS]
    for steps in range(1, 9):
        for walk in walks:
            walk.advance()
        found = minimise(problem, STARTS, delta=delta, strength=0.01, most_steps=steps)
        for walk, theta, value in zip(walks, found.theta, found.value, strict=True):
            assert theta == pytest.approx(walk.theta, rel=1e-5, abs=1e-6)
            assert value == pytest.approx(walk.value(walk.theta), rel=1e-5)
        assert found.steps.tolist() == [steps] * 3
        assert not found.is_settled.any()


@pytest.mark.parametrize("fixed", [np.array([False, True, False]), np.eye(3, dtype=bool)])
def test_fixed_coordinates_stay_where_each_replicate_starts(fixed):
    problem = curve()
    rows = np.broadcast_to(fixed, (3, 3))
    walks = [Walk(problem, start, np.inf, fixed=row) for start, row in zip(STARTS, rows, strict=True)]
    for walk in walks:
        for _ in range(5):
            walk.advance()
    found = minimise(problem, STARTS, delta=np.inf, fixed=fixed, most_steps=5)
    for row, theta, start, walk in zip(rows, found.theta, STARTS, walks, strict=True):
        assert theta[row].tolist() == np.clip(start, problem.low, problem.high)[row].tolist()
        assert theta == pytest.approx(walk.theta, rel=1e-5, abs=1e-6)
    ended = minimise(problem, STARTS, delta=np.inf, fixed=fixed)
    assert ended.is_settled.all()


@pytest.mark.parametrize("delta", [np.inf, 0.02])
def test_replicates_end_where_another_solver_ends(delta):
    problem = curve()
    target = problem.target + 0.01 * np.random.default_rng(1).standard_normal((3, 20))
    weights = np.random.default_rng(2).uniform(0.5, 1.5, (3, 20))
    found = minimise(problem, STARTS[[0, 0, 0]], delta=delta, target=target, weights=weights)
    assert found.is_settled.all()
    assert (found.steps < 100).all()
    for row in range(3):

        def value(theta, row=row):
            r = np.abs(target[row] - np.log(problem.predictions(theta[None])[0]))
            inner = np.minimum(r, delta)
            return (weights[row] * inner * (r - inner / 2)).sum()

        best = minimize(value, found.theta[row], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15}).fun
        assert found.value[row] == pytest.approx(value(found.theta[row]))
        assert value(found.theta[row]) <= best * (1 + 1e-6)


def test_each_replicate_and_point_may_have_its_own_delta():
    problem = curve()
    together = minimise(problem, STARTS[[0, 0]], delta=np.array([[0.01], [0.05]]))
    for row, delta in enumerate((0.01, 0.05)):
        assert together.theta[row] == pytest.approx(minimise(problem, STARTS[:1], delta=delta).theta[0], abs=1e-6)
    by_point = np.where(np.arange(20) < 10, 0.01, 0.05)
    one = minimise(problem, STARTS[:1], delta=by_point)
    both = minimise(problem, STARTS[[0, 0]], delta=np.stack([by_point, by_point]))
    assert both.theta[1] == pytest.approx(one.theta[0], abs=1e-9)
    (r,), _ = problem.residuals(one.theta)
    size, inner = np.abs(r), np.minimum(np.abs(r), by_point)
    assert one.value[0] == pytest.approx((problem.weights * inner * (size - inner / 2)).sum())


def test_a_start_without_a_value_is_left_and_one_beyond_its_bounds_moved_to_them():
    problem = curve("linear")
    wild = np.array([[900.0, -0.3, 1.0], [1.0, -0.3, -5.0]])
    found = minimise(problem, wild, delta=np.inf)
    assert found.theta[1] == pytest.approx(minimise(problem, STARTS[:1], delta=np.inf).theta[0], rel=1e-4)
    assert (found.theta >= problem.low).all()
    assert (found.theta <= problem.high).all()


def test_a_replicate_rests_after_three_steps_without_gain():
    """Exact data: from the optimum, no step gains anything."""
    problem = curve()
    ended = minimise(problem, STARTS[:1], delta=np.inf)
    again = minimise(problem, ended.theta, delta=np.inf)
    assert again.steps[0] == 3
    assert again.is_settled[0]
    assert again.theta[0] == pytest.approx(ended.theta[0], abs=1e-6)
    two = minimise(problem, ended.theta, delta=np.inf, most_steps=2)
    assert (two.steps[0], bool(two.is_settled[0])) == (2, False)


def test_near_its_optimum_one_full_step_that_promises_little_is_enough():
    problem = curve(heavy=False)
    ended = minimise(problem, STARTS[:1], delta=np.inf)
    near = minimise(problem, ended.theta + 1e-7, delta=np.inf, near=True)
    assert near.steps[0] == 1
    assert near.is_settled[0]
    further = minimise(problem, ended.theta + 0.02, delta=np.inf, near=True)
    assert further.steps[0] > 1
    assert further.theta[0] == pytest.approx(ended.theta[0], abs=1e-4)


def test_a_larger_gain_ends_the_search_sooner():
    problem = curve()
    slow, fast = (minimise(problem, STARTS, delta=0.02, gain=gain) for gain in (1e-13, 1e-3))
    assert (fast.steps <= slow.steps).all()
    assert fast.steps.sum() < slow.steps.sum()
    assert fast.value == pytest.approx(slow.value, rel=0.05)


def test_data_that_the_law_fits_exactly_rest_at_rounding():
    x = np.geomspace(1e18, 1e22, 20)
    problem = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06, np.arange(20))
    found = minimise(problem, np.array([[1.0, -0.3], [3.0, 0.2]]), delta=np.inf)
    assert found.is_settled.all()
    assert (found.steps < 20).all()
    assert (found.value < 1e-25).all()


def test_a_spring_holds_a_quantity_near_its_value():
    problem = curve(heavy=False, weights=False)
    place = 1

    def measure(theta, index):
        return theta[:, place], np.tile(np.eye(3)[place], (len(theta), 1))

    values, stiffness = np.array([-0.2, -0.1]), np.array([1e4, 50.0])
    found = minimise(problem, STARTS[[0, 0]], delta=np.inf, constraint=Constraint(measure, values, stiffness))
    for row in range(2):

        def objective(theta, row=row):
            (r,), _ = problem.residuals(theta[None])
            return (r**2).sum() / 2 + stiffness[row] * (theta[place] - values[row]) ** 2 / 2

        best = minimize(objective, found.theta[row], method="Nelder-Mead",
                        options={"xatol": 1e-9, "fatol": 1e-15}).fun  # fmt: skip
        assert found.value[row] == pytest.approx(objective(found.theta[row]), rel=1e-9)
        assert found.value[row] <= best * (1 + 1e-6)
    assert abs(found.theta[0, place] + 0.2) < abs(found.theta[1, place] + 0.1)
