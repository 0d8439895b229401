"""The power of scale with which noise changes."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.models import parts
from scaling_cli.analysis.comparison.noise_power import NoisePower, _cut, _inverse, noise_power
from scaling_cli.analysis.comparison.uneven import marked
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.record import replace
from tests.analysis.comparison.simulations import Cell, fitted

DATA_SETS = 200


def found(cell, data_sets=DATA_SETS):
    """The groups of a cell, and the powers of simulated data sets with their evidence."""
    plain = cell.members()
    targets = np.array([np.concatenate(cell.noisy(plain, seed)) for seed in range(data_sets)])
    thetas = [
        np.array([each.theta for each in fitted(member, targets[:, part])])
        for member, part in zip(plain, parts(plain), strict=True)
    ]
    return plain, thetas, targets, noise_power(plain, thetas, targets)


@pytest.mark.parametrize("is_surface", [False, True])
def test_the_power_of_twelve_runs_is_right_on_average_although_fits_bend_towards_noisy_runs(is_surface):
    cell = Cell(12, (1.7, 1.3), growth=1 / 9, is_surface=is_surface)
    power = found(cell)[3].power
    true = np.log(1 / 9) / np.ptp(found(cell, 1)[3].along)
    # The powers of single data sets have a standard deviation of a third of the true one: 3 standard errors.
    assert np.mean(power) == pytest.approx(true, rel=0.08)


def test_even_noise_is_rarely_taken_for_uneven_noise():
    evidence = found(Cell(12, (1.7, 1.3)))[3].evidence
    assert np.mean(evidence > 4) < 0.17  # 12 % of many data sets; a normal power would exceed two errors in 5 %


def test_data_sets_do_not_depend_on_each_other_and_units_do_not_matter():
    plain, thetas, targets, power = found(Cell(12, (1.7, 1.3), growth=1 / 9), 5)
    alone = noise_power(plain, [theta[3:4] for theta in thetas], targets[3:4])
    assert alone.power[0] == pytest.approx(power.power[3])
    heavier = [replace(member, problem=replace(member.problem, weights=4 * member.problem.weights)) for member in plain]
    np.testing.assert_allclose(noise_power(heavier, thetas, targets).power, power.power, rtol=1e-6)


def test_exact_data_and_as_many_points_as_parameters_show_no_change_of_noise():
    plain = Cell(12, (1.7, 1.3)).members()
    exact = np.concatenate([member.problem.target for member in plain])[None]
    assert noise_power(plain, [member.theta[None] for member in plain], exact).power == 0
    few = Cell(3, (1.7, 1.3))
    noisy = np.concatenate(few.noisy(few.members(), 0))[None]
    assert noise_power(few.members(), [member.theta[None] for member in few.members()], noisy).evidence == 0


def test_an_outlier_does_not_decide():
    cell = Cell(30, (1.7, 1.3))
    plain, _, targets, power = found(cell, 20)
    wrong = targets.copy()
    wrong[:, 0] += 0.1  # thirty times the noise, on the smallest run
    thetas = [
        np.array([each.theta for each in fitted(member, wrong[:, part])])
        for member, part in zip(plain, parts(plain), strict=True)
    ]
    # Noise of this size would be a power of -0.6.
    assert np.median(np.abs(noise_power(plain, thetas, wrong).power - power.power)) < 0.1


def test_a_run_of_equal_checkpoints_says_as_much_as_one_point():
    plain, thetas, targets, power = found(Cell(12, (1.7, 1.3), growth=1 / 9), 3)
    several = [replace(member, problem=with_checkpoints(member.problem, 4)) for member in plain]
    np.testing.assert_allclose(noise_power(several, thetas, np.repeat(targets, 4, axis=1)).evidence, power.evidence)


def with_checkpoints(problem, count):
    """Every run with so many checkpoints at its inputs; runs are in another order than points."""
    inputs = {name: np.repeat(column, count) for name, column in problem.columns.items()}
    runs = np.repeat(np.arange(len(problem.observed))[::-1], count)
    return problem_from_arrays(problem.law, inputs, np.repeat(problem.observed, count), runs)


def test_checkpoints_of_few_runs_are_rarely_taken_for_uneven_noise():
    """All of a group's 24 points bend the fit towards its six runs, as six points do."""
    cell = Cell(6, (1.7, 1.3), checkpoints=4)
    plain, thetas, targets, _ = found(cell)
    marks = [
        marked([replace(member, theta=theta, problem=replace(member.problem, target=target[part]))
                for member, theta, part in zip(plain, each, parts(plain), strict=True)])[0].is_uneven
        for target, *each in zip(targets, *thetas, strict=True)
    ]  # fmt: skip
    assert np.mean(marks) < 0.1


def test_the_power_is_where_the_restricted_likelihood_is_highest():
    """-2 log L = sum over groups of (n - k) log(r' W r) + sum log w^-1 + log det X' W X, with W = exp(-2 p z)."""
    plain, thetas, targets, power = found(Cell(14, (1.7, 1.3), growth=1 / 3), 3)
    grid = np.linspace(-0.9, 0.9, 361)
    for row in range(3):
        total = np.zeros(len(grid))
        for member, theta, part in zip(plain, thetas, parts(plain), strict=True):
            residuals, slopes = (values[0] for values in member.problem.residuals(theta[row : row + 1], targets[
                row : row + 1, part]))  # fmt: skip
            slopes = slopes / np.linalg.norm(slopes, axis=0)
            z = power.along[part]
            for place, p in enumerate(grid):
                shape = np.exp(p * z)
                design = slopes / shape[:, None]
                left = residuals / shape
                left = left - design @ np.linalg.lstsq(design, left, rcond=None)[0]
                spare = len(left) - design.shape[1]
                total[place] += spare * np.log(left @ left) + 2 * np.log(shape).sum()
                total[place] += np.linalg.slogdet(design.T @ design)[1]
        assert power.power[row] == pytest.approx(grid[total.argmin()], abs=0.012)


def test_the_evidence_is_the_square_of_the_power_over_its_error_under_even_noise():
    """I = 2 (sum_ij z_i z_j V_ij - (sum z_i (1 - h_ii))^2 / (n - k)), of even noise, summed over the groups."""
    plain, thetas, targets, power = found(Cell(12, (1.7, 1.3), growth=1 / 3), 2)
    information = 0.0
    for member, theta, part in zip(plain, thetas, parts(plain), strict=True):
        slopes = member.problem.residuals(theta[:1], targets[:1, part])[1][0]
        hat = slopes @ np.linalg.pinv(slopes)
        size, k = slopes.shape
        v = np.where(np.eye(size) > 0, 1 - 2 * hat, 0.0) + hat**2
        z = power.along[part]
        information += 2 * (z @ v @ z - (z @ (1 - np.diag(hat))) ** 2 / (size - k))
    assert power.evidence[0] == pytest.approx(power.power[0] ** 2 * information, rel=1e-4)


def test_the_shape_is_shrunk_by_what_chance_explains():
    along, power = np.array([-1.0, 0.0, 1.0]), np.array([0.4, 0.4, 0.4])
    shape = NoisePower(along, power, np.array([4.0, 1.0, 0.5])).shape()
    assert shape[0] == pytest.approx(np.exp(0.4 * 0.75 * along))
    assert shape[1:] == pytest.approx(np.ones((2, 3)))


def test_many_data_sets_are_judged_as_few_are():
    plain, thetas, targets, power = found(Cell(12, (1.7, 1.3)), 3)
    times = (1 << 16) // targets.shape[1] // 3 + 2
    many = noise_power(plain, [np.tile(theta, (times, 1)) for theta in thetas], np.tile(targets, (times, 1)))
    assert len(many.power) == 3 * times
    assert many.power.reshape(times, 3) == pytest.approx(np.tile(power.power, (times, 1)), rel=1e-9)


def test_residuals_are_cut_off_at_three_times_the_robust_noise_and_its_lower_limit():
    values = np.array([[0.1, -0.2, 0.3, -2.0, 0.25], [0.0, 0.0, 0.0, 5.0, -1.0]])
    found = _cut(values, 3)
    noise = 1.4826 * 0.25 * np.sqrt(5 / 3)
    assert found[0] == pytest.approx([0.1, -0.2, 0.3, -3 * noise, 0.25])
    least = 0.3 * np.sqrt((25 + 1) / 5)  # most residuals are zero
    assert found[1] == pytest.approx([0, 0, 0, 3 * least, -1.0])


def test_products_of_slopes_are_inverted_also_where_a_parameter_has_no_effect():
    slopes = np.random.default_rng(0).normal(size=(2, 6, 2))
    for inverse, own in zip(_inverse(slopes), slopes, strict=True):
        assert inverse == pytest.approx(np.linalg.inv(own.T @ own), rel=1e-6)
    slopes[:, :, 1] = 0.0
    inverse = _inverse(slopes)
    assert np.isfinite(inverse).all()
    assert (inverse[:, 1, 1] > 0).all()
    assert inverse[:, 0, 0] == pytest.approx(1 / (slopes[:, :, 0] ** 2).sum(axis=1), rel=1e-6)
    nothing = _inverse(np.zeros((1, 6, 2)))
    assert nothing[0] == pytest.approx(1e12 * np.eye(2))
