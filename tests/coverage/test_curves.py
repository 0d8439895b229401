"""Laws of the coverage curve, against regressions by other means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from scaling_cli.coverage.curves import fit_exponentiated, fit_power_law, joined, log_grid
from scaling_cli.errors import FitError

K = np.array([1, 3, 10, 30, 100, 300])
NOISY = np.exp(-3 * K**-0.4) + np.array([0.01, -0.02, 0.015, -0.01, 0.02, -0.005])


def test_a_power_law_is_a_regression_of_log_minus_log_coverage():
    law = fit_power_law(K, NOISY[None])
    slope, level = np.polyfit(np.log(K), np.log(-np.log(NOISY)), 1)
    assert (law.exponent[0], law.log_coefficient[0]) == pytest.approx((-slope, level))
    assert (law.name, law.dropped, law.last) == ("power-law", 0, 300)


def test_the_exponentiated_law_is_least_squares_in_coverage():
    law = fit_exponentiated(K, NOISY[None])
    found = least_squares(lambda at: np.exp(-np.exp(at[0]) * K ** -at[1]) - NOISY, [1.0, 0.4], xtol=1e-14, gtol=1e-14)
    assert (law.log_coefficient[0], law.exponent[0]) == pytest.approx(found.x, rel=1e-5)
    assert (law.name, law.dropped, law.last) == ("exponentiated-power-law", 0, 300)


def test_a_law_gives_coverage_and_its_transform():
    law = fit_power_law(K, np.stack([np.exp(-2 * K**-0.5), np.exp(-3 * K**-0.25)]))
    k = np.array([1.0, 16.0])
    assert law.coverage(k) == pytest.approx(np.exp([[-2, -0.5], [-3, -1.5]]))
    assert law.log_minus_log(k) == pytest.approx(np.log([[2, 0.5], [3, 1.5]]))


@pytest.mark.parametrize("fit", [fit_power_law, fit_exponentiated])
def test_points_at_0_and_1_are_left_out_of_their_own_row(fit):
    whole = np.exp(-2 * K**-0.5)
    rows = np.stack([np.where(K > 50, 1.0, whole), whole, np.where(K < 5, 0.0, whole)])
    law = fit(K, rows)
    assert law.exponent == pytest.approx([0.5] * 3, rel=1e-6)
    assert np.exp(law.log_coefficient) == pytest.approx([2.0] * 3, rel=1e-6)
    assert (law.dropped, law.last) == (2, 30)


@pytest.mark.parametrize("fit", [fit_power_law, fit_exponentiated])
def test_three_points_are_needed(fit):
    whole = np.exp(-2 * K**-0.5)
    assert fit(K, np.where(K > 10, 1.0, whole)[None]).exponent[0] == pytest.approx(0.5, rel=1e-6)
    with pytest.raises(FitError, match="2 of the points of the coverage curve lie between"):
        fit(K, np.where(K > 3, 1.0, whole)[None])
    with pytest.raises(FitError, match="1 of the points of the coverage curve lies between"):
        fit(K, np.where(K > 1, 1.0, whole)[None])


def test_a_replicate_with_too_few_points_has_no_law():
    whole = np.exp(-2 * K**-0.5)
    law = fit_power_law(K, np.stack([whole, np.where(K > 3, 1.0, whole), np.where(K > 10, 1.0, whole)]))
    assert np.isnan(law.exponent).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("largest", "points", "grid"),
    [(1, 5, [1]), (4, 100, [1, 2, 3, 4]), (100, 3, [1, 10, 100]), (1000, 2, [1, 1000]), (1000, 4, [1, 10, 100, 1000])],
)
def test_a_grid_of_attempts_has_whole_numbers_up_to_the_largest(largest, points, grid):
    found = log_grid(largest, points)
    assert (found[0], found[-1]) == (1, largest)
    assert found.tolist() == grid or np.abs(found - np.array(grid)).max() <= 1  # truncated to whole numbers


@pytest.mark.parametrize("fit", [fit_power_law, fit_exponentiated])
def test_replicates_can_be_fitted_in_parts(fit):
    noise = np.random.default_rng(0).normal(0, 0.01, (20, len(K)))
    rows = np.clip(np.concatenate([NOISY[None], NOISY + noise]), 0.001, 0.999)
    whole = fit(K, rows)
    parts = joined([fit(K, np.concatenate([rows[:1], part])) for part in (rows[1:8], rows[8:15], rows[15:])])
    assert parts.exponent == pytest.approx(whole.exponent, rel=1e-9)
    assert parts.log_coefficient == pytest.approx(whole.log_coefficient, rel=1e-9)
    assert (parts.name, parts.dropped, parts.last) == (whole.name, whole.dropped, whole.last)
