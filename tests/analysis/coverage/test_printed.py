"""Which ends of intervals are printed, with ends written by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.coverage.printed import (
    highest_ends,
    interval_doubts,
    is_narrow,
    printed_ends,
    printed_fit,
    printed_forecast,
    says_something,
)
from scaling_cli.record import replace
from scaling_cli.results.coverage import Coverage, Forecast, LawFit
from scaling_cli.results.fit import Estimate

NAN = np.nan


def test_ends_never_fall_as_k_grows():
    low, high = printed_ends(np.array([[0.1, 0.3, 0.2, 0.4], [0.5, 0.4, 0.6, 0.9]]), 0.95)
    assert low.tolist() == [0.1, 0.3, 0.3, 0.4]
    assert high.tolist() == [0.5, 0.5, 0.6, 0.9]


def test_an_end_that_is_missing_stays_missing_and_does_not_stop_the_others():
    low, high = printed_ends(np.array([[0.3, NAN, 0.2], [0.5, NAN, 0.6]]), 0.95)
    assert low == pytest.approx([0.3, NAN, 0.3], nan_ok=True)
    assert high == pytest.approx([0.5, NAN, 0.6], nan_ok=True)


def test_an_interval_as_wide_as_its_level_is_not_printed():
    low, high = printed_ends(np.array([[0.0, 0.0, 0.1], [0.49, 0.5, 0.7]]), 0.5)
    assert low == pytest.approx([0.0, NAN, NAN], nan_ok=True)
    assert high == pytest.approx([0.49, NAN, NAN], nan_ok=True)
    assert [says_something(0.0, high, 0.5) for high in (0.49, 0.5, None)] == [True, False, False]
    assert not says_something(None, 0.4, 0.5)
    assert says_something(0.0, 1.0, None)


def row(estimate, low, high, k=1):
    return Coverage(k, estimate, low, high, None, None)


def test_the_highest_ends_are_those_of_measured_coverage():
    rows = [row(0.3, 0.2, 0.6), row(0.4, 0.1, 0.5), row(None, 0.9, 0.95), row(0.4, None, None)]
    assert highest_ends(rows) == (0.2, 0.6)
    assert highest_ends([]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "narrow"),
    [(1.0, 9e3, True), (1.0, 1e4, False), (-9e3, -1.0, True), (-1e4, -1.0, False), (-1.0, 1e9, True), (0.0, 1e9, True),
     (1.0, np.inf, False), (-np.inf, 1.0, False), (-1.0, np.inf, False), (None, 1.0, False), (1.0, None, False)],
)  # fmt: skip
def test_an_interval_of_a_parameter_spans_less_than_ten_thousand_times(low, high, narrow):
    assert is_narrow(low, high) is narrow


def test_forecasts_lose_intervals_that_say_nothing_and_the_combined_one_its_estimate():
    wide, narrow = Forecast(100, "power-law", 0.5, 0.01, 0.99), Forecast(100, "power-law", 0.5, 0.4, 0.6)
    assert printed_forecast(narrow, 0.95) == narrow
    assert printed_forecast(wide, 0.95) == replace(wide, low=None, high=None)
    assert printed_forecast(replace(wide, law="combined"), 0.95) == Forecast(100, "combined", None, None, None)
    assert printed_forecast(replace(narrow, law="combined"), 0.95).estimate == 0.5
    alone = Forecast(100, "combined", 0.5, None, None)
    assert printed_forecast(alone, 0.95) == alone


def law(**parameters):
    return LawFit(parameters, None, parameters.get("exponent"), None)


def test_parameters_lose_intervals_that_are_wide_or_exclude_their_estimate():
    fit = law(
        good=Estimate(2.0, 1.0, 3.0), wide=Estimate(2.0, 1e-3, 3e3), outside=Estimate(4.0, 1.0, 3.0),
        at=Estimate(3.0, 1.0, 3.0), open=Estimate(2.0, None, 3.0), exponent=Estimate(0.3, 1e-5, 0.4),
    )  # fmt: skip
    found = printed_fit(fit)
    assert found.parameters == {
        "good": Estimate(2.0, 1.0, 3.0), "wide": Estimate(2.0), "outside": Estimate(4.0), "at": Estimate(3.0, 1.0, 3.0),
        "open": Estimate(2.0, None, 3.0), "exponent": Estimate(0.3),
    }  # fmt: skip
    assert found.asymptotic_exponent == Estimate(0.3)
    assert printed_fit(law()).asymptotic_exponent is None


def doubts(**changed):
    told = {"coverage": [row(0.3, 0.2, 0.4)], "forecast": (), "fits": {}, "problems": 12, "clusters": None}
    before = changed.pop("before", ((), {}))
    return [found.message for found in interval_doubts(SimpleNamespace(**told | changed), before, None)]


def test_what_is_printed_without_an_interval_is_named():
    assert doubts() == []
    assert doubts(coverage=[row(None, None, None, 64)]) == []  # no estimate, so no interval is missed
    (said,) = doubts(coverage=[row(0.3, None, None, 8), row(0.4, None, None, 1000)])
    assert "coverage at k = 8, 1,000" in said
    assert "12 problems" in said
    old = [Forecast(k, name, 0.5, 0.0, 1.0) for k, name in ((128, "a"), (256, "a"), (128, "b"))]
    new = [replace(old[0], low=None), replace(old[1], low=None), old[2]]
    (said,) = doubts(forecast=new, before=(old, {}))
    assert "the a forecast at k = 128, 256" in said
    assert "the b forecast" not in said
    full, bare = law(alpha=Estimate(1.0, 0.5, 2.0), beta=Estimate(1.0)), law(alpha=Estimate(1.0), beta=Estimate(1.0))
    (said,) = doubts(fits={"power-law": bare}, before=((), {"power-law": full}), clusters=3)
    assert "alpha of power-law" in said
    assert "beta" not in said
    assert "3 clusters" in said
