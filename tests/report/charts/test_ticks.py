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
