"""What fitted laws of difficulty have in common: transforms, quantiles and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.distribution import (
    Distribution,
    covariance_of,
    delta_interval,
    is_flat,
    log_minus_log,
    quantile_of,
    wald,
)
from scaling_cli.coverage.mixture import design_effect
from scaling_cli.errors import FitError


@pytest.mark.parametrize("failed", [0.9, 0.5, 0.49, 0.1, 1e-6])
def test_log_minus_log_is_that_of_coverage(failed):
    assert log_minus_log(np.log(failed)) == pytest.approx(np.log(-np.log(1 - failed)))


def test_log_minus_log_keeps_its_digits_where_coverage_rounds_to_0_or_1():
    assert log_minus_log(-1e-20) == pytest.approx(np.log(-np.log(1e-20)))
    assert log_minus_log(-500.0) == -500.0
    assert log_minus_log(-29.9) == pytest.approx(-29.9, rel=1e-12)
    assert log_minus_log(0.0) == np.inf


def test_coverage_and_its_ends_come_from_log_minus_log():
    """A higher log(-log C) is a lower coverage."""
    law = Distribution("law", {}, None, None, lambda k: -k, lambda k: (0 * k, 0 * k - 1, 0 * k + 1))
    middle, low, high = law.coverage([3.0])
    assert (low[0], middle[0], high[0]) == pytest.approx([np.exp(-np.exp(x)) for x in (1, 0, -1)])


def test_quantiles_of_independent_problems_are_normal():
    counts = make_counts(np.full(6, 4), np.arange(6) % 4)
    assert quantile_of(0.9, counts) == pytest.approx(norm.ppf(0.95))
    assert quantile_of(None, counts) == 0.0


def test_quantiles_of_clusters_are_students_and_grow_with_the_design_effect():
    counts = make_counts(np.full(6, 4), np.array([4, 4, 0, 0, 2, 2]), np.array([0, 0, 1, 1, 2, 2]))
    # Problems of a cluster are equal, so two count as one: with three clusters, 2 * 3 / (3 - 1).
    assert design_effect(counts) == pytest.approx(3.0)
    assert quantile_of(0.9, counts) == pytest.approx(t.ppf(0.95, 2) * np.sqrt(3))


def test_the_design_effect_is_at_least_one_and_the_larger_of_two():
    assert design_effect(make_counts(np.full(4, 4), np.array([0, 4, 1, 2]))) == 1.0
    spread = make_counts(np.full(4, 4), np.array([4, 0, 0, 4]), np.array([0, 0, 1, 1]))
    assert design_effect(spread) == 1.0
    # The shares of success within clusters differ, but any success is had by the problems of the first alone.
    any_success = make_counts(np.full(4, 100), np.array([99, 1, 0, 0]), np.array([0, 0, 1, 1]))
    assert design_effect(any_success) == pytest.approx(4.0)
    same = make_counts(np.full(4, 4), np.full(4, 2), np.array([0, 0, 1, 1]))
    assert design_effect(same) == 1.0


def test_positive_parameters_have_intervals_that_are_even_in_logs():
    found = wald({"alpha": 2.0, "beta": 8.0}, np.diag([0.25, 1.0]), 2.0)
    assert found["alpha"] == pytest.approx((2.0, 2 / np.e, 2 * np.e))
    assert found["beta"] == pytest.approx((8.0, 8 / np.e**2, 8 * np.e**2))


def test_a_likelihood_without_a_peak_determines_nothing():
    peak = -np.array([[2.0, 0.5], [0.5, 1.0]])
    assert not is_flat(peak)
    assert covariance_of(peak, "law") == pytest.approx(np.linalg.inv(-peak))
    for curvature in (np.diag([-1.0, 0.0]), np.diag([-1.0, 1.0]), np.diag([-1.0, np.nan])):
        assert is_flat(curvature)
        with pytest.raises(FitError, match="do not determine the parameters of law"):
            covariance_of(curvature, "law")


def test_an_interval_of_a_transform_follows_from_its_slopes():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    theta, k = np.array([1.0, 2.0]), np.array([1.0, 10.0])
    middle, low, high = delta_interval(lambda at, k: at[0] * at[1] - at[1] * np.log(k), theta, covariance, 2.0, k)
    slopes = np.stack([np.full(2, 2.0), 1.0 - np.log(k)], axis=1)
    error = np.sqrt(np.einsum("ki,ij,kj->k", slopes, covariance, slopes))
    assert middle == pytest.approx(2 - 2 * np.log(k))
    assert low == pytest.approx(middle - 2 * error)
    assert high == pytest.approx(middle + 2 * error)
