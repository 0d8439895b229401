"""The power of scale with which noise changes."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.models import parts
from scaling_cli.analysis.comparison.noise_power import noise_power
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


def test_checkpoints_of_a_run_are_no_evidence_of_their_own():
    plain, thetas, targets, power = found(Cell(12, (1.7, 1.3), checkpoints=4), 3)
    single = [replace(member, problem=replace(member.problem, runs=np.arange(member.points))) for member in plain]
    np.testing.assert_allclose(noise_power(single, thetas, targets).evidence, 4 * power.evidence, rtol=1e-6)
