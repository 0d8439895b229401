"""The difference in coverage of two groups, problem by problem."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from scaling_cli.analysis.coverage.crossing import Side
from scaling_cli.analysis.coverage.paired import compare
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.errors import DataError

RESAMPLING = ProblemResampling(500, seed=0)


def side(name, c, n=8, problems=None):
    names = tuple(problems or (f"p{place}" for place in range(len(c))))
    return Side(name, make_counts(np.broadcast_to(n, len(c)).copy(), np.array(c)), names)


def compared(left, right, k=(1, 2), level=0.9, band="pointwise"):
    return compare(left, right, np.array(k), level=level, band=band, resampling=RESAMPLING)


LEFT, RIGHT = [6, 5, 7, 4, 8, 5, 6, 3], [2, 3, 1, 2, 5, 1, 3, 1]


def test_the_difference_is_the_mean_over_problems_with_the_error_of_pairs():
    (row,) = compared(side("a", LEFT), side("b", RIGHT), k=(1,))
    each = (np.array(LEFT) - np.array(RIGHT)) / 8
    error = each.std(ddof=1) / np.sqrt(8)
    assert (row.other, row.k, row.problems, row.verdict) == ("b", 1, 8, "higher")
    assert row.difference.estimate == pytest.approx(each.mean())
    assert row.se_paired == pytest.approx(error)
    assert row.difference.low == pytest.approx(each.mean() - t.ppf(0.95, 7) * error, rel=0.05)


def test_the_verdict_turns_with_the_sides_and_is_open_where_zero_is_inside():
    assert compared(side("b", RIGHT), side("a", LEFT), k=(1,))[0].verdict == "lower"
    mixed = compared(side("a", [4, 5, 3, 6]), side("b", [5, 4, 4, 5]), k=(1,))[0]
    assert mixed.verdict == "inconclusive"
    assert mixed.difference.low < 0 < mixed.difference.high


def test_k_are_those_that_both_reach_and_problems_those_that_both_have():
    left = side("a", [3, 2, 1, 4], n=4, problems=("x", "y", "z", "only a"))
    right = side("b", [9, 1, 2, 3], n=np.array([16, 8, 8, 8]), problems=("only b", "z", "y", "x"))
    rows = compared(left, right, k=(1, 4, 5, 8))
    assert [row.k for row in rows] == [1, 4]
    assert {row.problems for row in rows} == {3}
    assert rows[0].difference.estimate == pytest.approx(np.mean([3 / 4 - 3 / 8, 2 / 4 - 2 / 8, 1 / 4 - 1 / 8]))


@pytest.mark.parametrize(("left", "right"), [([4, 8, 8], [8, 8, 8]), ([8, 8, 8], [8, 5, 8]), ([6, 4, 8], [8, 8, 5])])
def test_k_are_those_that_every_shared_problem_reaches(left, right):
    rows = compared(side("a", [3, 2, 1], n=np.array(left)), side("b", [1, 2, 3], n=np.array(right)), k=range(1, 9))
    assert [row.k for row in rows] == list(range(1, min(left + right) + 1))


def test_two_shared_problems_are_needed():
    left = side("a", [3, 2], problems=("x", "y"))
    assert len(compared(left, side("b", [1, 2], problems=("y", "x")), k=(1,))) == 1
    for names, words in ((("x", "z"), "share 1 problem, but"), (("v", "w"), "share 0 problems, but")):
        with pytest.raises(DataError, match=f"a and b {words} a comparison needs 2"):
            compared(left, side("b", [1, 2], problems=names))


def test_a_band_over_all_k_is_wider_than_each_interval():
    generator = np.random.default_rng(0)
    sides = side("a", generator.integers(1, 8, 30)), side("b", generator.integers(1, 8, 30))
    each, band = (compared(*sides, k=(1, 2, 4, 8), band=band) for band in ("pointwise", "simultaneous"))
    for one, wide in zip(each, band, strict=True):
        assert wide.difference.estimate == one.difference.estimate
        if one.difference.low is not None and one.se_paired:
            assert wide.difference.high - wide.difference.low > one.difference.high - one.difference.low
