"""Priors and constraints as parts of the objective."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.extra import Constraint, Extra
from scaling_cli.fitting.prior import (
    ParameterPrior,
    Penalty,
    correlation_inflation,
    penalty,
    strength,
    weak_priors,
)
from scaling_cli.laws import find_law

LAW = find_law("power-constant")  # its coordinates are the log of a, b, and the floor c
NAMES, FLOOR = LAW.names, "c"
EVERYONE = np.arange(2)
FAR_OFF = ((1, 1e9, 99.0), (-1, 1e-9, -99.0))  # sign and size of c, and the log of a


def made(*priors):
    found = penalty(LAW, tuple(ParameterPrior(*each) for each in priors))
    assert found is not None
    return found


def theta(**values):
    return np.array([[values.get(name, 1.0) for name in NAMES]])


class TestPenalty:
    def test_no_priors_are_no_penalty(self):
        assert penalty(LAW, ()) is None

    def test_a_residual_is_the_distance_of_the_logs_in_spreads(self):
        ours = made((FLOOR, 2.0, 0.5), ("a", 3.0, 2.0))
        residuals, _ = ours.residuals(theta(c=2.0 * np.e, a=np.log(3.0) - 1.0))
        assert residuals == pytest.approx(np.array([[2.0, -0.5]]))

    def test_the_slopes_are_by_the_coordinates(self):
        _, slopes = made((FLOOR, 2.0, 0.5), ("a", 3.0, 2.0)).residuals(theta(c=4.0))
        assert slopes == pytest.approx(np.array([[0.5, 0.5]]))  # 1 / (0.5 × 4) and 1 / 2

    def test_the_sign_does_not_count(self):
        ours = made((FLOOR, 2.0, 0.5))
        left, right = (ours.residuals(theta(c=value))[0] for value in (-3.0, 3.0))
        assert left == pytest.approx(right)

    def test_starts_are_moved_to_three_spreads_of_the_prior_and_keep_their_sign(self):
        ours = made((FLOOR, 2.0, 0.5), ("a", 3.0, 1.0))
        above, below = (ours.within_reach(theta(c=sign * size, a=log))[0] for sign, size, log in FAR_OFF)
        assert above[[2, 0]] == pytest.approx([2 * np.exp(1.5), np.log(3.0) + 3])
        assert below[[2, 0]] == pytest.approx([-2 * np.exp(-1.5), np.log(3.0) - 3])
        inside = theta(c=2.5, a=1.0)
        assert ours.within_reach(inside) == pytest.approx(inside)

    def test_what_has_no_prior_is_not_moved(self):
        assert made((FLOOR, 2.0, 0.5)).within_reach(theta(a=1e9))[0, 0] == 1e9

    def test_problems_of_a_stack_have_their_own_priors(self):
        shared = made((FLOOR, 2.0, 0.5))
        assert shared.of(np.array([1])) is shared
        stacked = Penalty(shared.index, shared.is_log, np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
        assert stacked.of(np.array([1])).mean.tolist() == [[1.0]]
        assert stacked.of(np.array([True, False])).spread.tolist() == [[1.0]]


class TestWeakPriors:
    def test_exponents_lie_near_a_third_and_the_floor_below_the_smallest_loss(self):
        told = {each.parameter: each for each in weak_priors(LAW, 2.0)}
        exponent = next(each.name for each in LAW.parameters if each.kind == "exponent")
        assert set(told) == {FLOOR, exponent}
        assert (told[exponent].value, told[exponent].spread) == (0.35, 0.7)
        assert (told[FLOOR].value, told[FLOOR].spread) == (pytest.approx(2.0 * np.exp(-0.7)), 1.0)


@pytest.mark.parametrize(("delta", "expected"), [(1.345, 0.04), (1e9, 0.04), (0.1345, 0.2 * 0.1)])
def test_a_prior_has_the_weight_of_the_variance_or_less_under_a_small_delta(delta, expected):
    assert strength(0.2, delta) == pytest.approx(expected)


class TestCorrelation:
    def test_alternating_or_few_or_no_residuals_are_not_correlated(self):
        for residuals in ([1, -1, 1, -1], [1, 1], [0, 0, 0]):
            assert correlation_inflation(np.array(residuals, float), np.arange(len(residuals))) == 1.0

    def test_the_inflation_is_that_of_the_correlation_of_neighbours(self):
        along = np.array([1.0, 1.0, -1.0, -1.0])
        assert correlation_inflation(along, np.arange(4)) == pytest.approx(np.sqrt((1 + 0.25) / (1 - 0.25)))

    def test_residuals_are_sorted_along_the_curve(self):
        shuffled = np.array([1.0, -1.0, 1.0, -1.0])
        assert correlation_inflation(shuffled, np.array([0, 2, 1, 3])) == pytest.approx(np.sqrt(1.25 / 0.75))

    def test_three_are_enough(self):
        assert correlation_inflation(np.ones(3), np.arange(3)) == pytest.approx(np.sqrt(5))  # 2 / 3

    def test_the_correlation_is_at_most_nine_tenths(self):
        assert correlation_inflation(np.ones(100), np.arange(100)) == pytest.approx(np.sqrt(19))


def held(value, stiffness):
    """The sum of the first two coordinates, held."""

    def measure(coordinates, index):
        return coordinates[:, :2].sum(axis=1), np.tile([1.0, 1.0, 0.0], (len(coordinates), 1))

    return Constraint(measure, np.asarray(value, float), np.asarray(stiffness, float))


class TestExtra:
    places = np.array([[1.0, 2.0, 3.0], [1.5, 2.5, 0.5]])

    def extras(self):
        ours = made((FLOOR, 2.0, 0.5), ("b", 0.35, 0.7))
        pull = held([1.0, 2.0], [10.0, 20.0])
        strengths = np.array([0.1, 0.2])
        return [Extra(ours, strengths, None), Extra(None, strengths, pull), Extra(ours, strengths, pull)]

    def test_nothing_adds_nothing(self):
        assert Extra(None, np.ones(2), None).value(self.places, EVERYONE) == 0.0

    def test_a_constraint_adds_half_its_stiffness_times_the_square(self):
        found = Extra(None, np.ones(2), held([1.0, 2.0], [10.0, 20.0])).value(self.places, EVERYONE)
        assert found == pytest.approx([0.5 * 10 * 4, 0.5 * 20 * 4])

    def test_both_add_up(self):
        one, other, both = (each.value(self.places, EVERYONE) for each in self.extras())
        assert both == pytest.approx(one + other)

    def test_replicates_have_their_own_strength_and_value(self):
        for each in self.extras():
            whole = each.value(self.places, EVERYONE)
            assert each.value(self.places[1:], np.array([1])) == pytest.approx(whole[1:])

    def test_the_gradient_is_that_of_the_value(self):
        for each in self.extras():
            gradient, normal = np.zeros((2, 3)), np.zeros((2, 3, 3))
            each.add_to(gradient, normal, self.places, EVERYONE)
            for k in range(3):
                step = 1e-6 * np.eye(3)[k]
                ahead, behind = (each.value(self.places + sign * step, EVERYONE) for sign in (1, -1))
                assert gradient[:, k] == pytest.approx(-(ahead - behind) / 2e-6, rel=1e-5, abs=1e-8)

    def test_the_normal_matrix_is_that_of_the_slopes(self):
        prior, pull, both = self.extras()
        found = []
        for each in (prior, pull, both):
            gradient, normal = np.zeros((2, 3)), np.zeros((2, 3, 3))
            each.add_to(gradient, normal, self.places, EVERYONE)
            found.append(normal)
        slopes = prior.penalty.residuals(self.places)[1]
        assert found[0][:, prior.penalty.index, prior.penalty.index] == pytest.approx(
            np.array([[0.1], [0.2]]) * slopes**2
        )
        assert found[1][1].tolist() == [[20, 20, 0], [20, 20, 0], [0, 0, 0]]
        assert found[2] == pytest.approx(found[0] + found[1])
