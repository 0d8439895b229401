"""The engine finds what is there, and never loses to another solver."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from scaling_cli.fitting.identifiability import DOUBTFUL_CONDITION, examine
from scaling_cli.fitting.non_negative import non_negative
from scaling_cli.fitting.normal import solve_positive
from scaling_cli.fitting.objective import Objective, huber
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.starts import starts
from scaling_cli.laws import find_law
from tests.grids import one_in, one_of_each
from tests.laws.designs import DETERMINED, draw_design, draw_parameters

each_law = pytest.mark.parametrize("law", DETERMINED, ids=lambda law: law.name)


def a_fifth_of_the_laws(test):
    """All laws, of which a random fifth is fast, another for each test; the others are `thorough`."""
    laws = one_in(5, DETERMINED, name=lambda law: law.name, salt=test.__name__)
    return pytest.mark.parametrize("law", laws)(test)


def simulated(law, generator, points=40, noise=0.0, space="log"):
    columns = draw_design(law, generator, points)
    truth = draw_parameters(law, generator)
    observed = law.predict(dict(zip(law.names, truth, strict=True)), columns)
    observed = observed * np.exp(noise * generator.standard_normal(len(observed)))
    runs = columns.pop("run", np.arange(len(observed))).astype(int)
    return problem_from_arrays(law, columns, observed, runs, space), truth


def scipy_best(problem: Problem, delta: float, starts: np.ndarray) -> float:
    """The best Huber objective that scipy reaches from `starts`, without bounds."""
    best = np.inf
    for start in starts:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = least_squares(
                lambda theta: np.nan_to_num(problem.residuals(theta[None])[0][0], nan=1e3, posinf=1e3, neginf=-1e3),
                start,
                jac=lambda theta: np.nan_to_num(-problem.residuals(theta[None])[1][0]),
                loss="huber",
                f_scale=delta,
                x_scale="jac",
                method="trf",
                max_nfev=300,
            )
        residuals = problem.residuals(found.x[None])[0]
        if ((found.x >= problem.low) & (found.x <= problem.high)).all():
            best = min(best, float(huber(residuals, problem.weights, delta)[0]))
    return best


def random_starts(problem: Problem, truth: np.ndarray, generator: np.random.Generator, count: int) -> np.ndarray:
    """Starts about the truth: up to e^1.5 off in what is a log, and up to its own size in what is not."""
    true = problem.law.to_coordinates(truth) @ problem.shift.T + problem.offset
    reach = np.where(problem.law.is_logarithm, 1.5, np.abs(true))
    return np.clip(true + reach * generator.uniform(-1, 1, (count, len(true))), problem.low, problem.high)


@pytest.mark.parametrize(
    ("law", "space"),
    one_of_each(
        [(law, space) for law in DETERMINED for space in ("log", "linear")],
        name=lambda law, space: f"{space}-{law.name}",
        kind=lambda law, _: law.name,
    ),
)
def test_exact_data_return_the_true_parameters(law, space):
    problem, truth = simulated(law, np.random.default_rng(11), space=space)
    fitted = optimum(problem, Objective("least-squares"))
    np.testing.assert_allclose(problem.parameters(fitted.theta[None])[0], truth, rtol=1e-6)


@each_law
@pytest.mark.slow
def test_ninety_nine_of_a_hundred_exact_designs_return_the_true_parameters(law):
    generator = np.random.default_rng(20)
    missed = []
    for _ in range(100):
        problem, truth = simulated(law, generator)
        fitted = optimum(problem, Objective("least-squares"))
        error = np.max(np.abs(problem.parameters(fitted.theta[None])[0] / truth - 1))
        if not error < 1e-6:
            missed.append(examine(fitted).condition_number)
    assert len(missed) <= 1
    assert all(condition > DOUBTFUL_CONDITION for condition in missed)


def check_against_scipy(law, generator, count: int = 30) -> None:
    problem, truth = simulated(law, generator, noise=0.005)
    ours = optimum(problem, Objective("huber", 0.003)).value
    theirs = scipy_best(problem, 0.003, random_starts(problem, truth, generator, count))
    assert ours <= theirs * (1 + 1e-7)


@pytest.mark.sample(2)
@a_fifth_of_the_laws
def test_noisy_fit_is_never_worse_than_scipy_from_about_the_truth(law):
    check_against_scipy(law, np.random.default_rng(12), count=5)


@each_law
@pytest.mark.slow
def test_ten_noisy_fits_are_never_worse_than_thirty_scipy_starts(law):
    generator = np.random.default_rng(21)
    for _ in range(10):
        check_against_scipy(law, generator)


@pytest.mark.sample(2)
@a_fifth_of_the_laws
def test_row_order_does_not_matter(law):
    generator = np.random.default_rng(13)
    problem, _ = simulated(law, generator, noise=0.005)
    order = generator.permutation(len(problem.observed))
    shuffled = problem_from_arrays(
        law,
        {name: values[order] for name, values in problem.columns.items()},
        problem.observed[order],
        problem.runs[order],
    )
    forward = problem.parameters(optimum(problem, Objective()).theta[None])[0]
    backward = shuffled.parameters(optimum(shuffled, Objective()).theta[None])[0]
    # The scale of the noise is iterated to 1e-4 of itself, from sums that round differently.
    np.testing.assert_allclose(backward, forward, rtol=1e-5)


@pytest.mark.sample(2)
@a_fifth_of_the_laws
def test_every_point_twice_gives_the_same_law(law):
    problem, _ = simulated(law, np.random.default_rng(14), noise=0.005)
    twice = problem_from_arrays(
        law,
        {name: np.tile(values, 2) for name, values in problem.columns.items()},
        np.tile(problem.observed, 2),
        np.tile(problem.runs, 2),
    )
    once = optimum(problem, Objective("huber", 1e-3))
    again = optimum(twice, Objective("huber", 1e-3))
    assert again.value == pytest.approx(2 * once.value, rel=1e-9)
    np.testing.assert_allclose(twice.parameters(again.theta[None]), problem.parameters(once.theta[None]), rtol=1e-5)


@pytest.mark.sample(2)
@a_fifth_of_the_laws
def test_unit_of_the_loss_scales_coefficients_alone(law):
    if not any("loss" in parameter.unit for parameter in law.parameters):
        pytest.skip("the law is of a share, which has no other unit")
    problem, _ = simulated(law, np.random.default_rng(15), noise=0.005)
    scaled = problem_from_arrays(law, problem.columns, problem.observed * 1.4427, problem.runs)
    nats = problem.parameters(optimum(problem, Objective("huber", 1e-3)).theta[None])[0]
    bits = scaled.parameters(optimum(scaled, Objective("huber", 1e-3)).theta[None])[0]
    has_unit = np.array([parameter.unit == "loss" for parameter in law.parameters])
    plain = np.array(
        [has or "loss" not in parameter.unit for has, parameter in zip(has_unit, law.parameters, strict=True)]
    )
    np.testing.assert_allclose(bits[plain], np.where(has_unit, 1.4427 * nats, nats)[plain], rtol=1e-5)


def test_floor_that_is_not_there_reads_zero():
    x = np.geomspace(1e18, 1e23, 20)
    law = find_law("power-constant")
    problem = problem_from_arrays(law, {"x": x}, 30.0 * x**-0.06, np.arange(20))
    fitted = optimum(problem, Objective("least-squares"))
    a, b, c = problem.parameters(fitted.theta[None])[0]
    assert c == pytest.approx(0, abs=1e-6)
    assert (a, b) == (pytest.approx(30.0, rel=1e-4), pytest.approx(-0.06, rel=1e-5))


def test_weights_count_points_as_if_repeated():
    law = find_law("chinchilla")
    problem, _ = simulated(law, np.random.default_rng(16), noise=0.005)
    weights = np.random.default_rng(17).integers(0, 3, len(problem.observed))
    repeated = np.repeat(np.arange(len(weights)), weights)
    fewer = problem_from_arrays(
        law,
        {name: values[repeated] for name, values in problem.columns.items()},
        problem.observed[repeated],
        np.arange(len(repeated)),
    )
    start = starts(problem)
    weighted = minimise(problem, start, delta=1e-3, weights=np.tile(weights.astype(float), (len(start), 1)))
    assert weighted.value.min() == pytest.approx(optimum(fewer, Objective("huber", 1e-3)).value, rel=1e-9)


def test_positive_systems_are_solved_as_lapack_solves_them():
    generator = np.random.default_rng(18)
    factor = generator.standard_normal((50, 5, 5))
    matrix, right = factor @ factor.swapaxes(1, 2) + 0.1 * np.eye(5), generator.standard_normal((50, 5))
    expected = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    np.testing.assert_allclose(solve_positive(matrix, right), expected, rtol=1e-8)


def test_coefficients_on_the_grid_are_those_of_scipy_nnls():
    from scipy.optimize import nnls

    generator = np.random.default_rng(19)
    basis = generator.uniform(0.1, 2.0, (40, 30, 3))
    coefficients, misfit = non_negative(basis, np.ones(30))
    for one, ours, rss in zip(basis, coefficients, misfit, strict=True):
        theirs, norm = nnls(one, np.ones(30))
        np.testing.assert_allclose(ours, theirs, atol=1e-7)
        assert rss == pytest.approx(norm**2, abs=1e-8)


@pytest.mark.parametrize("seed", [4, 32, 36])
def test_outliers_do_not_draw_all_starts_to_a_worse_optimum(seed):
    # Least squares, from which robust fits are tuned, ends far off here.
    generator = np.random.default_rng(seed)
    columns = {"params": 10 ** generator.uniform(7, 10, 30), "tokens": 10 ** generator.uniform(9, 11.5, 30)}
    loss = 1.8 + 480 / columns["params"] ** 0.348 + 2085 / columns["tokens"] ** 0.366
    loss *= np.exp(0.005 * generator.standard_normal(30))
    loss[:6] *= np.exp(np.abs(generator.standard_normal(6)))
    problem = problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(30))
    narrow = optimum(problem, Objective("huber", 1e-4))
    assert optimum(problem, Objective("lad")).value <= np.abs(narrow.log_residuals).sum() * (1 + 1e-6)
