"""Points of allocations, and the budgets among them, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, find_budgets


def points(params, compute, runs=None, rate=6.0, clusters=None):
    params, compute = np.asarray(params, float), np.asarray(compute, float)
    logs = np.log(params), np.log(compute / rate / params), np.log(compute)
    own = np.arange(len(params)) if runs is None else np.array(runs)
    return AllocationPoints(
        *logs, np.linspace(3, 2, len(params)), own, None if clusters is None else np.array(clusters)
    )


SIZES = [1e8, 2e8, 4e8, 8e8, 1.6e9]


def test_rates_are_compute_per_param_and_token():
    made = points(SIZES, [1e19] * 5)
    assert made.rates == pytest.approx((6.0, 6.0))
    both = AllocationPoints(*(np.concatenate([getattr(made, name), getattr(points(SIZES, [1e19] * 5, rate=8.0), name)])
                              for name in ("log_params", "log_tokens", "log_compute", "loss", "runs")))  # fmt: skip
    assert both.rates == pytest.approx((6.0, 8.0))


def test_replicates_draw_runs_unless_there_are_configurations():
    assert points(SIZES, [1e19] * 5).resampled.tolist() == [0, 1, 2, 3, 4]
    grouped = points(SIZES, [1e19] * 5, clusters=[0, 0, 1, 1, 2])
    assert grouped.resampled.tolist() == [0, 0, 1, 1, 2]
    some = grouped.subset(np.array([4, 1]))
    assert (some.resampled.tolist(), some.runs.tolist()) == ([2, 0], [4, 1])
    assert np.exp(some.log_params) == pytest.approx([1.6e9, 2e8])
    assert some.loss.tolist() == [2.0, 2.75]
    assert points(SIZES, [1e19] * 5).subset(np.array([0])).clusters is None


def test_budgets_are_in_order_of_compute_with_their_points_in_order_of_params():
    compute = np.repeat([1e20, 1e19], 5) * np.tile([1.0, 1.02, 0.98, 1.01, 0.99], 2)
    found = find_budgets(points([*SIZES[::-1], *SIZES], compute))
    assert [budget.compute for budget in found] == pytest.approx([1e19, 1e20], rel=5e-3)
    assert [budget.index.tolist() for budget in found] == [[5, 6, 7, 8, 9], [4, 3, 2, 1, 0]]
    assert found[0].log_compute == pytest.approx(np.mean(np.log(compute[5:])))


def test_a_run_counts_once_in_a_budget_by_its_nearest_point():
    """The checkpoint at 1.01e19 is nearer to the middle than those at 0.97e19 and 1.06e19 of the same run."""
    compute = [1e19, 1e19, 0.97e19, 1.01e19, 1.06e19, 1e19, 1e19]
    (found,) = find_budgets(points([1e8, 2e8, 4e8, 4e8, 4e8, 8e8, 1.6e9], compute, runs=[0, 1, 2, 2, 2, 3, 4]))
    assert found.index.tolist() == [0, 1, 3, 5, 6]


def test_sizes_too_few_for_a_curve_are_no_budget():
    assert find_budgets(points([1e8] * 6, [1e19] * 6)) == []
    assert find_budgets(points([1e8, 2e8], [1e19] * 2)) == []


@pytest.mark.parametrize(("factor", "count"), [(1.19, 1), (1.3, 1), (1.39, 1), (1.41, 2), (3.0, 2)])
def test_budgets_keep_a_factor_of_1_4_between_their_centres(factor, count):
    """Of two that are closer, the one with more sizes counts, on either side."""
    for base in (1e19, 1e19 * factor):
        more, fewer = base, 1e19 * factor if base == 1e19 else 1e19
        found = find_budgets(points([*SIZES, *SIZES[:4]], [more] * 5 + [fewer] * 4))
        assert len(found) == count
        if factor > 1.2:
            assert more in [pytest.approx(budget.compute) for budget in found]


@pytest.mark.parametrize(("spread", "count"), [(1.19, 5), (1.21, 4)])
def test_runs_of_a_budget_lie_within_a_factor_of_1_2(spread, count):
    (found,) = find_budgets(points(SIZES, [1e19, 1e19, 1e19, 1e19, spread * 1e19]))
    assert len(found.index) == count


def test_of_two_windows_the_one_with_more_sizes_counts():
    """Five runs from 1e19 to 1.15e19, of which two have one size; six runs and five sizes from 1.1e19 to 1.31e19."""
    params = [1e8, 2e8, 4e8, 4e8, 8e8, 1.6e9, 3.2e9, 6.4e9]
    compute = np.array([1.0, 1.0, 1.1, 1.1, 1.15, 1.28, 1.3, 1.31]) * 1e19
    (found,) = find_budgets(points(params, compute))
    assert found.index.tolist() == [2, 3, 4, 5, 6, 7]
