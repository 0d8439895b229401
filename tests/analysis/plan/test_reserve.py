"""Runs that test a law, against plain linear algebra."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.plan.reserve import USUAL_BEND, bends, shown
from scaling_cli.analysis.plan.reserve import test_runs as reserved_runs
from scaling_cli.analysis.plan.search import Limits
from scaling_cli.analysis.plan.square_error import Model

X, Y = np.linspace(2.0, 10.0, 9), np.tile([0.0, 1.0, 3.0], 3)
NOISE = np.geomspace(0.01, 0.02, 9)


def test_bends_are_squares_and_products_of_scaled_inputs():
    x, y = (X - 6) / 4, 2 * Y / 3 - 1
    assert bends([X, Y]) == pytest.approx(np.stack([x * x, x * y, y * y], axis=1))
    assert bends([X]) == pytest.approx((x * x)[:, None])
    assert bends([np.full(4, 7.0)]) == pytest.approx(np.ones((4, 1)))


def line(prior=0.0):
    """A straight line in x, as a law: its gradients over the noise."""
    rows = np.stack([np.ones(9), (X - 6) / 4], axis=1) / NOISE[:, None]
    return Model(rows[None], prior * np.eye(2)[None], np.array([[[0.0, 1.0]]]))


@pytest.mark.parametrize("chosen", [[0, 4, 8], [0, 0, 4, 4, 8, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8]])
def test_what_would_stay_unseen_is_the_error_of_a_bend_in_a_regression(chosen):
    """2.8 standard errors are found with 80 % power at the 5 % level."""
    x = (X[chosen] - 6) / 4
    design = np.stack([np.ones(len(x)), x, x**2], axis=1) / NOISE[chosen][:, None]
    error = np.sqrt(np.linalg.inv(design.T @ design)[2, 2])
    assert shown(line(), bends([X]), NOISE, np.array(chosen)) == pytest.approx(2.8 * error, rel=1e-4)


def test_what_would_stay_unseen_is_that_of_the_first_draw_which_is_the_estimate():
    chosen = np.array([0, 4, 8])
    several = Model(line().jacobian * np.array([1.0, 2.0, 0.5])[:, None, None], np.zeros((3, 2, 2)), np.ones((3, 1, 2)))
    assert shown(several, bends([X]), NOISE, chosen) == shown(line(), bends([X]), NOISE, chosen)


def test_of_two_bends_the_one_that_is_shown_worst_counts():
    chosen = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 8])
    both = shown(line(1.0), np.stack([X**2, np.cos(X)], axis=1), NOISE, chosen)
    alone = [shown(line(1.0), bend[:, None], NOISE, chosen) for bend in (X**2, np.cos(X))]
    assert both >= max(alone)


def best_by_hand(chosen, count):
    """The set of runs after which the determinant of the information about the bend is largest."""

    def gain(added):
        runs = [*chosen, *added]
        x = (X[runs] - 6) / 4
        design = np.stack([np.ones(len(x)), x, x**2], axis=1) / NOISE[runs][:, None]
        information = design.T @ design + np.diag([0, 0, 1 / USUAL_BEND**2])
        return np.linalg.det(information) / np.linalg.det(information[:2, :2])

    return max(itertools.combinations_with_replacement(range(9), count), key=gain)


@pytest.mark.parametrize("chosen", [[0, 8], [0, 4], [3, 5]])
def test_one_run_is_where_it_shows_a_bend_best(chosen):
    found = reserved_runs(line(), bends([X]), NOISE, np.array(chosen), Limits(np.ones(9), 1.0, 1))
    assert tuple(found.tolist()) == best_by_hand(chosen, 1)


def test_runs_stay_within_the_budget_and_the_number():
    cost = np.geomspace(1.0, 16.0, 9)
    for budget, runs in ((100.0, 3), (20.0, 5), (0.5, 4), (1.0, 4)):
        found = reserved_runs(line(), bends([X]), NOISE, np.array([0, 4]), Limits(cost, budget, runs))
        assert len(found) <= runs
        assert cost[found].sum() <= budget * (1 + 1e-9)
        assert len(found) == runs or cost[found].sum() + cost.min() > budget * (1 + 1e-9)


def test_the_same_gain_for_less_is_preferred():
    """A run at either end shows a bend as well; the cheaper end is run, unless money is left for each run anyway."""
    even = np.full(9, 0.01)
    rows = np.stack([np.ones(9), (X - 6) / 4], axis=1) / 0.01
    model = Model(rows[None], np.zeros((1, 2, 2)), np.array([[[0.0, 1.0]]]))
    chosen = np.array([3, 4, 5])
    for cheap in (0, 8):
        cost = np.full(9, 10.0)
        cost[cheap] = 9.0
        found = reserved_runs(model, bends([X]), even, chosen, Limits(cost, 10.0, 2))
        assert found.tolist() == [cheap]


def test_candidates_that_may_run_once_are_not_repeated():
    found = reserved_runs(line(), bends([X]), NOISE, np.array([0, 8]), Limits(np.ones(9), 5.0, 5, once=True))
    assert len({0, 8, *found.tolist()}) == 7


def test_what_would_stay_unseen_is_a_number_where_candidates_are_alike():
    alike = np.stack([np.ones(9), np.ones(9)], axis=1) / NOISE[:, None]
    model = Model(alike[None], 1e-9 * np.eye(2)[None], np.array([[[0.0, 1.0]]]))
    with np.errstate(invalid="raise"):
        for bent in (np.ones((9, 3)), bends([X, X + 3.0])):
            assert shown(model, bent, NOISE, np.arange(9)) >= 0


def test_runs_of_one_ratio_of_tokens_to_params_do_not_test_the_law():
    alike = {"min_tokens_per_param": 20, "max_tokens_per_param": 20}
    (result,) = scaling.plan(law="chinchilla:besiroglu", budget=1e21, goal="alpha", **alike).results
    assert result.test.seen is None
