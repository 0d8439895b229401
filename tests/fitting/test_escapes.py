"""What a round of random steps keeps."""

from __future__ import annotations

import numpy as np

from scaling_cli.fitting.escapes import _best, _vanished
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import Solution, joined
from scaling_cli.laws import find_law


def ends(*values):
    """Ends with these objectives, at places that number them."""
    count = len(values)
    return Solution(
        np.arange(count, dtype=float)[:, None], np.array(values, float), np.arange(count), np.full(count, True)
    )


def kept(*values, count):
    return _best(ends(*values), count).theta[:, 0].tolist()


def test_the_lowest_objectives_are_kept_in_order():
    assert kept(3, 1, 2, count=2) == [1, 2]
    assert kept(3, 1, 2, count=9) == [1, 2, 0]


def test_what_is_no_number_comes_last():
    assert kept(np.nan, 1, np.inf, count=3) == [1, 2, 0] or kept(np.nan, 1, np.inf, count=3) == [1, 0, 2]
    assert kept(np.nan, 1, 2, count=2) == [1, 2]


def test_other_places_come_before_one_found_again():
    assert kept(1, 1 + 1e-9, 2, count=3) == [0, 2, 1]
    assert kept(1, 1 + 1e-5, 2, count=3) == [0, 1, 2]


def test_the_fields_of_an_end_stay_together():
    found = _best(ends(3, 1, 2), 3)
    assert (found.value.tolist(), found.steps.tolist()) == ([1, 2, 3], [1, 2, 0])
    both = joined([ends(1), ends(2, 3)])
    assert (both.theta[:, 0].tolist(), both.value.tolist()) == ([0, 0, 1], [1, 2, 3])


def test_a_term_that_vanished_leaves_its_coordinates_without_effect():
    x = np.geomspace(1e18, 1e21, 8)
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, 2 + 30 * x**-0.06, np.arange(8))
    names = problem.law.names
    alive = np.array([2.0 if name == "c" else 0.3 for name in names])
    gone = np.array([2.0 if name == "c" else -40.0 if name == "a" else 0.3 for name in names])
    found = _vanished(problem, np.array([alive, gone]))
    assert found[0].tolist() == [False] * 3
    assert {name for name, is_gone in zip(names, found[1], strict=True) if is_gone} == set(names) - {"c"}
