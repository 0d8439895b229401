"""Newton's method on finite differences finds the maximum, its value and its Hessian."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.coverage.maximise import differences, maximise, uphill

CURVATURE = np.array([[-4.0, 1.0, 0.5], [1.0, -3.0, 0.2], [0.5, 0.2, -2.0]])
TOP = np.array([1.0, -2.0, 0.5])


def parabola(theta):
    return 7 + 0.5 * (theta - TOP) @ CURVATURE @ (theta - TOP)


def test_a_parabola_is_climbed_from_afar():
    theta, value, curvature = maximise(parabola, np.array([9.0, 9.0, -9.0]))
    assert theta == pytest.approx(TOP, abs=1e-6)
    assert value == pytest.approx(7)
    assert curvature == pytest.approx(CURVATURE, abs=1e-6)


def test_a_function_that_is_not_concave_everywhere_is_climbed():
    """A bell curves upwards beyond its standard deviation."""
    start = TOP + np.array([1.5, 0.2, -0.3])
    theta, value, _ = maximise(lambda at: np.exp(-0.5 * (at - TOP) @ (at - TOP)), start)
    assert theta == pytest.approx(TOP, abs=1e-6)
    assert value == pytest.approx(1)


def test_the_start_may_be_the_maximum():
    theta, value, _ = maximise(parabola, TOP)
    assert (theta, value) == (pytest.approx(TOP), 7)


def test_differences_are_those_of_a_smooth_function():
    def function(theta):
        return np.sin(theta[0]) * np.exp(theta[1]) + theta[0] * theta[1]

    x, y = 0.3, -0.4
    gradient, curvature = differences(function, np.array([x, y]), function(np.array([x, y])))
    assert gradient == pytest.approx([np.cos(x) * np.exp(y) + y, np.sin(x) * np.exp(y) + x], abs=1e-5)
    bend = np.exp(y) * np.array([[-np.sin(x), np.cos(x)], [np.cos(x), np.sin(x)]]) + [[0, 1], [1, 0]]
    assert curvature == pytest.approx(bend, abs=1e-5)


def test_a_step_goes_uphill_also_where_the_function_curves_up():
    assert uphill(np.array([1.0]), np.array([[-2.0]])) == pytest.approx([0.5])
    assert uphill(np.array([1.0]), np.array([[2.0]])) == pytest.approx([0.5])
    gradient = np.array([0.3, -0.2, 0.1])
    assert uphill(gradient, CURVATURE) == pytest.approx(np.linalg.solve(-CURVATURE, gradient))


def test_a_step_is_at_most_two_long_in_each_direction():
    assert uphill(np.array([3.0, -1.0]), -np.eye(2)) == pytest.approx([2.0, -2 / 3])
    assert uphill(np.array([2.0, -1.0]), -np.eye(2)) == pytest.approx([2.0, -1.0])
    assert uphill(np.array([1.0, 0.0]), np.zeros((2, 2))).tolist() == [0.0, 0.0]
