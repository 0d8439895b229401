"""Quantiles of replicates, and intervals around estimates."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.fitting.intervals import _around, _quantiles, estimates
from scaling_cli.results.fit import Estimate, IntervalMethod

HOW = IntervalMethod("wild", 0.95, 100, "run")


def quantiles(values, low, high):
    values = np.asarray(values, float)
    shares = np.broadcast_to(np.array([low, high])[:, None], (2, values.shape[1]))
    return [ends.tolist() for ends in _quantiles(values, shares)]


class TestQuantiles:
    nine = np.arange(1.0, 10.0)[::-1, None]  # with nine values, each leaves a tenth more below

    def test_they_leave_out_exactly_the_share_asked_for(self):
        assert quantiles(self.nine, 0.1, 0.9) == [[pytest.approx(1)], [pytest.approx(9)]]
        assert quantiles(self.nine, 0.2, 0.5) == [[pytest.approx(2)], [pytest.approx(5)]]

    def test_between_two_values_they_are_interpolated(self):
        assert quantiles(self.nine, 0.13, 0.88) == [[pytest.approx(1.3)], [pytest.approx(8.8)]]

    def test_they_stay_within_the_replicates(self):
        assert quantiles(self.nine, 0.01, 0.99) == [[1], [9]]
        assert quantiles([[4.0]], 0.1, 0.9) == [[4], [4]]

    def test_each_column_has_its_own_shares(self):
        values = np.column_stack([self.nine[:, 0], 10 * self.nine[:, 0]])
        low, high = _quantiles(values, np.array([[0.1, 0.2], [0.9, 0.8]]))
        assert (low, high) == (pytest.approx([1, 20]), pytest.approx([9, 80]))

    def test_a_column_with_a_replicate_that_is_no_number_has_none(self):
        values = np.column_stack([self.nine[:, 0], self.nine[:, 0]])
        values[3, 1] = np.nan
        low, high = quantiles(values, 0.1, 0.9)
        assert (low[0], high[0]) == (pytest.approx(1), pytest.approx(9))
        assert np.isnan([low[1], high[1]]).all()


class Direct:
    """Quantities that are the coordinates themselves, the first one in logs."""

    names = ("A", "alpha")

    def scaled(self, theta):
        return theta

    def unscaled(self, values):
        return np.where([True, False], np.exp(values), values)


def around(low, high, centre=(0.0, 0.0)):
    fitted = SimpleNamespace(theta=np.asarray(centre, float))
    return _around(fitted, Direct(), np.asarray(low, float), np.asarray(high, float), HOW)


class TestAround:
    def test_ends_are_in_printed_units(self):
        found = around([-1, -1], [2, 2])
        assert (found.low, found.high) == (pytest.approx([np.exp(-1), -1]), pytest.approx([np.exp(2), 2]))
        assert (found.beside, found.replicates) == ((), None)

    @pytest.mark.parametrize(("low", "high"), [(1, 2), (-2, -1)])
    def test_an_interval_beside_its_estimate_is_extended_to_it_and_named(self, low, high):
        found = around([-1, low], [1, high])
        assert (found.low[1], found.high[1]) == (min(low, 0), max(high, 0))
        assert found.beside == ("alpha",)

    @pytest.mark.parametrize(("gap", "is_named"), [(0.019, False), (0.021, True)])
    def test_a_gap_below_two_percent_of_the_width_is_not_named(self, gap, is_named):
        assert ("alpha" in around([-1, gap], [1, 1 + gap]).beside) == is_named
        assert ("alpha" in around([-1, -1 - gap], [1, -gap]).beside) == is_named

    @pytest.mark.parametrize(("centre", "gap", "is_named"), [
        (0.0, 0.9e-6, False), (0.0, 1.1e-6, True), (100.0, 0.9e-4, False), (100.0, 1.1e-4, True),
    ])  # fmt: skip
    def test_a_gap_of_rounding_is_not_named(self, centre, gap, is_named):
        found = around([0, centre + gap], [0, centre + gap], (0.0, centre))
        assert ("alpha" in found.beside) == is_named

    def test_unknown_ends_stay_unknown(self):
        found = around([np.nan, -1], [np.nan, 1])
        assert np.isnan([found.low[0], found.high[0]]).all()
        assert found.beside == ()


def test_estimates_have_the_ends_that_are_known():
    found = estimates(("a", "b", "c"), np.array([1.0, 2, 3]), np.array([0.5, np.nan, 3.1]), np.array([2, np.inf, 2.9]))
    assert found == {"a": Estimate(1.0, 0.5, 2.0), "b": Estimate(2.0), "c": Estimate(3.0, 3.0, 3.0)}
