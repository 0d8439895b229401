import itertools

import pytest

from scaling_cli.numbers.format import amount
from scaling_cli.report.charts.ticks import log_ticks, tick_labels


@pytest.mark.parametrize(
    ("low", "high", "most", "role", "expected"),
    [
        (1e18, 1e24, 8, "compute", "1e18 1e19 1e20 1e21 1e22 1e23 1e24"),
        (1e18, 1e24, 4, "compute", "1e18 1e20 1e22 1e24"),
        (8e6, 2e9, 4, "params", "10M 100M 1B"),
        (1.9, 3.1, 4, "", "2.0 2.5 3.0"),
        (2.0, 4.2, 5, "", "2.0 2.5 3.0 3.5 4.0"),
        (2.31, 2.38, 4, "", "2.32 2.34 2.36 2.38"),
        (0.02, 0.9, 6, "", "0.02 0.05 0.10 0.20 0.50"),
    ],
)
def test_ticks_are_round(low, high, most, role, expected):
    ticks = log_ticks(low, high, most)
    assert " ".join(tick_labels(ticks, lambda value: amount(role, value))) == expected


def test_every_axis_has_ticks_inside_it_and_never_too_many():
    for low, factor, most in itertools.product((1e-3, 0.7, 2.2, 3e18), (1.02, 1.5, 4, 30, 1e4, 1e12), (2, 4, 9)):
        ticks = log_ticks(low, low * factor, most)
        assert 1 <= len(ticks) <= most
        assert all(low * 0.999 <= each <= low * factor * 1.001 for each in ticks)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (1.0, 10.5, 6, [1, 2, 3, 5, 10]),  # a decade is no longer nearly linear
        (1.0, 9.5, 6, [2, 4, 6, 8]),
        (1.0, 9.5, 12, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (1.0, 100.0, 4, [1, 10, 100]),
        (1.0, 100.0, 5, [1, 3, 10, 30, 100]),
        (1.0, 100.0, 7, [1, 2, 5, 10, 20, 50, 100]),
        (1.0, 100.0, 9, [1, 2, 3, 5, 10, 20, 30, 50, 100]),
        (1.0, 1e12, 5, [1, 1e3, 1e6, 1e9, 1e12]),
        (1.0, 1e12, 4, [1, 1e4, 1e8, 1e12]),
        (1.0, 1e12, 3, [1, 1e6, 1e12]),
        (1.0, 1e12, 2, [1, 1e12]),
        (1e-5, 1e7, 5, [1e-3, 1, 1e3, 1e6]),
        (1.0, 2.0, 5, [1, 1.25, 1.5, 1.75, 2]),
        (1.0, 2.0, 6, [1, 1.2, 1.4, 1.6, 1.8, 2]),
        (7.0, 8.0, 3, [7, 7.5, 8]),
        (7.0, 8.0, 6, [7, 7.2, 7.4, 7.6, 7.8, 8]),
        (7.0, 8.0, 11, [7, 7.1, 7.2, 7.3, 7.4, 7.5, 7.6, 7.7, 7.8, 7.9, 8]),
        (3.0, 3.0, 4, [3]),
    ],
)
def test_the_most_ticks_that_fit_are_chosen(low, high, most, expected):
    assert log_ticks(low, high, most) == pytest.approx(expected)


def test_labels_have_equal_decimals_only_where_all_are_plain():
    assert tick_labels([1.5, 2.0], lambda value: f"{value:g}") == ["1.5", "2.0"]
    assert tick_labels([1.0, 2.0], lambda value: f"{value:g}") == ["1", "2"]
    assert tick_labels([9.5, 10.0], lambda value: f"{value:g}") == ["9.5", "10"]
    assert tick_labels([], str) == []
