"""The learning-rate history of each point of a training curve, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws.drops import GROUPS, SMALLEST_RATE, drops_before, histories

STEP = np.array([100.0, 200.0, 300.0, 400.0])
RATE = np.array([2.0, 2.0, 1.0, 0.5])


def history(step=STEP, rate=RATE, run=None):
    return histories(np.array(step), np.array(rate), np.zeros(len(step)) if run is None else np.array(run))


def test_the_area_is_that_under_the_schedule_with_a_linear_warm_up():
    # By hand: a warm-up triangle of 100, a rectangle of 200, and trapezia of 150 and 75.
    assert np.exp(history()["area"]) == pytest.approx([100, 300, 450, 525])


def test_drops_are_those_after_the_highest_rate_with_what_came_since():
    found = drops_before(history())
    assert found.points.tolist() == [2, 3]
    assert found.first.tolist() == [0, 1]
    assert found.drop == pytest.approx([1.0, 1.0, 0.5])
    # A drop between two checkpoints counts from the middle between them.
    assert found.steps == pytest.approx([50, 150, 50])
    assert np.exp(found.area) == pytest.approx([75, 150, 37.5])
    assert np.exp(found.rate) == pytest.approx([1.0, 1.0, 0.5])


def test_a_rise_before_the_highest_rate_is_no_drop_and_one_after_it_is_a_negative_one():
    found = drops_before(history(rate=[1.0, 2.0, 1.0, 1.5]))
    assert found.drop == pytest.approx([1.0, 1.0, -0.5])
    assert len(drops_before(history(rate=[0.5, 1.0, 1.5, 2.0])).drop) == 0
    assert len(drops_before(history(rate=[1.0, 1.0, 1.0, 1.0])).drop) == 0


def test_a_rate_of_zero_is_raised_to_a_thousandth_of_the_highest():
    found = history(rate=[2.0, 2.0, 0.0, 0.0])
    assert drops_before(found).drop == pytest.approx([2 - 2 * SMALLEST_RATE] * 2)
    assert np.exp(found["rate-after"]).max() <= 2.0
    assert np.isfinite(found["area"]).all()


def test_each_run_has_its_own_history_in_any_order():
    whole = history()
    mixed = history([400, 100, 300, 100, 200, 200], [0.5, 2, 1, 3, 2, 1], [0, 0, 0, 1, 0, 1])
    order = [1, 4, 2, 0]
    for name, values in whole.items():
        assert mixed[name][order] == pytest.approx(values)
    assert np.exp(mixed["area"][[3, 5]]) == pytest.approx([150, 350])
    assert mixed["drop"][5].sum() == pytest.approx(2.0)


def test_many_drops_are_merged_with_their_sum_and_their_mean_place():
    step = np.arange(1.0, 1001.0)
    found = history(step, np.linspace(1.0, 0.1, 1000))
    assert found["drop"].shape == (1000, GROUPS)
    assert found["drop"].sum(axis=1) == pytest.approx(1.0 - np.linspace(1.0, 0.1, 1000), abs=1e-12)
    last = found["drop"][-1]
    assert (last > 0).sum() == GROUPS
    assert (last @ found["steps-since"][-1]) / last.sum() == pytest.approx(500, rel=0.01)


def test_worth_is_summed_over_the_drops_of_each_point():
    found = drops_before(history())
    worth = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    assert found.summed(worth, 4).tolist() == [[0, 0, 1, 110], [0, 0, 2, 220]]
    none = drops_before(history(rate=[1.0, 1.0, 1.0, 1.0]))
    assert none.summed(np.zeros((2, 0)), 4).tolist() == [[0] * 4] * 2
