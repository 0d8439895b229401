"""How well a fit predicts the points that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.checks.left_out import left_out
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula

SQUARES = Objective("least-squares")
LABELS = ["a"] * 6 + ["b"] * 4


def problem(loss=None, x=None):
    x = np.geomspace(1e18, 1e21, 10) if x is None else x
    loss = 30 * x**-0.06 if loss is None else loss
    return problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(len(x)))


def test_exact_data_are_predicted_exactly_in_the_order_of_their_labels():
    found = left_out(problem(), LABELS[::-1], SQUARES)
    assert [(each.group, each.points) for each in found] == [("b", 4), ("a", 6)]
    for each in found:
        assert each.rmse_log == pytest.approx(0, abs=1e-9)
        assert each.rmse == pytest.approx(0, abs=1e-8)


def test_the_bias_of_points_that_lie_above_is_positive():
    """The four last points lie 10 % above the law of the others, so that is their bias and their error."""
    x = np.geomspace(1e18, 1e21, 10)
    loss = 30 * x**-0.06 * np.where(np.arange(10) < 6, 1.0, 1.1)
    found = {each.group: each for each in left_out(problem(loss), LABELS, SQUARES)}
    assert found["b"].bias_log == pytest.approx(np.log(1.1))
    assert found["b"].rmse_log == pytest.approx(np.log(1.1))
    true = 30 * x[6:] ** -0.06
    assert found["b"].rmse == pytest.approx(np.sqrt(np.mean((0.1 * true) ** 2)))
    # The six first lie below the law of the others by as much.
    assert found["a"].bias_log == pytest.approx(-np.log(1.1))


def test_a_label_whose_absence_leaves_too_few_points_has_no_errors():
    """A power law has two parameters, and three points are enough."""
    x = np.geomspace(1e18, 1e21, 10)
    for few, is_known in ((2, False), (3, True)):
        labels = ["many"] * (10 - few) + ["few"] * few
        many, other = left_out(problem(x=x), labels, SQUARES)
        assert (many.rmse_log is not None) is is_known
        assert other.rmse_log is not None
        assert many.points == 10 - few


def test_a_fit_that_fails_leaves_the_others():
    """Without the labels b, all points have one x, and the law has no fit."""
    x = np.array([1e18] * 6 + list(np.geomspace(1e19, 1e21, 4)))
    loss = 30 * x**-0.06
    found = left_out(problem(loss, x), LABELS, SQUARES)
    assert [each.points for each in found] == [6, 4]
    assert found[0].rmse_log == pytest.approx(0, abs=1e-9)


def test_values_without_a_logarithm_have_an_error_in_their_own_unit_alone():
    x = np.linspace(-2, 2, 10)
    line = problem_from_arrays(law_from_formula("a + b * x"), {"x": x}, 2 * x, np.arange(10), "linear")
    found = left_out(line, LABELS, SQUARES)[0]
    assert found.rmse == pytest.approx(0, abs=1e-9)
    assert (found.rmse_log, found.bias_log) == (None, None)
