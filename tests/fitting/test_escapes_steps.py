"""Random steps of a search that goes on: what they move, which are refined, and when the search ends."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting import escapes as module
from scaling_cli.fitting.escapes import _hopped, escaped
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import Solution
from scaling_cli.fitting.starts import with_coefficients
from scaling_cli.laws import find_law
from scaling_cli.record import replace

X = np.geomspace(1e18, 1e22, 30)
LOSS = (600 * X**-0.15 + 1.8) * np.exp(0.01 * np.random.default_rng(0).standard_normal(30))


def problem(rounds=20):
    law = replace(find_law("bnsl"), escapes=rounds)
    return problem_from_arrays(law, {"x": X}, LOSS, np.arange(30))


def ends_of(asked):
    axes = asked.law.axes(asked.scene)
    return np.array([(min(axes[name]), max(axes[name])) if name in axes else (0.0, 0.0) for name in asked.law.names])


def solution(theta, value):
    count = len(value)
    return Solution(np.asarray(theta, float), np.asarray(value, float), np.ones(count), np.ones(count, dtype=bool))


def nodes_of(monkeypatch, places, seed=0):
    """The nodes of one round of steps, before their coefficients are solved for, and what the round returns."""
    seen, asked = [], problem()
    ends = ends_of(asked)

    def kept(given, nodes):
        seen.append(nodes)
        return with_coefficients(given, nodes)

    monkeypatch.setattr(module, "with_coefficients", kept)
    landed = _hopped(asked, places, ends, np.random.default_rng(seed))
    return asked, ends, seen[0], landed


def test_a_step_moves_a_fifth_of_the_coordinates_and_draws_a_seventh_anew(monkeypatch):
    asked = problem()
    middle = ends_of(asked).mean(axis=1)
    _, ends, nodes, _ = nodes_of(monkeypatch, middle[None])
    spread = ends[:, 1] - ends[:, 0]
    free = spread > 0
    assert not nodes[:, ~free].any()
    assert nodes.shape == (96, len(asked.law.names))
    stays = (nodes[:, free] == middle[free]).mean()
    assert stays == pytest.approx(1 - 0.2 - 0.15, abs=0.12)
    off = np.abs(nodes[:, free] - middle[free]) / spread[free]
    assert 0.001 < np.median(off[off > 0]) < 0.5


def test_better_places_are_left_twice_as_often_as_the_next(monkeypatch):
    asked = problem()
    middle = ends_of(asked).mean(axis=1)
    places = np.stack([middle + 1e-6 * number for number in range(4)])
    _, ends, nodes, _ = nodes_of(monkeypatch, places)
    free = ends[:, 1] > ends[:, 0]
    from_each = np.array([(nodes[:, free] == place[free]).any(axis=1).sum() for place in places])
    expected = 96 * np.array([8, 4, 2, 1]) / 15
    assert from_each == pytest.approx(expected, abs=12)


def test_the_steps_of_least_misfit_are_refined_from_where_their_coefficients_lie(monkeypatch):
    asked, _, nodes, landed = nodes_of(monkeypatch, ends_of(problem()).mean(axis=1)[None])
    theta, misfit = with_coefficients(asked, nodes)
    order = np.argsort(np.where(np.isfinite(misfit), misfit, np.inf), kind="stable")[:24]
    raised = asked.off_zero(np.clip(theta, asked.low, asked.high))
    assert landed == pytest.approx(np.clip(raised, asked.low, asked.high)[order])
    assert (landed >= asked.low).all()
    assert (landed <= asked.high).all()


def rounds(monkeypatch, values, most=20, found=(5.0, 6.0)):
    """What a search asks whose rounds end at these values."""
    asked = problem(most)
    theta = np.tile(ends_of(asked).mean(axis=1), (len(found), 1))
    monkeypatch.setattr(module, "_hopped", lambda _, places, __, ___: np.array(places[:1]))
    work, asks, answer, given = escaped(asked, solution(theta, found), 0.5), [], None, iter(values)
    try:
        while True:
            asks.append(work.send(answer))
            value = next(given)
            answer = solution(asks[-1].theta + 0.0, [value] * len(asks[-1].theta))
    except StopIteration:
        return asks


def test_the_search_ends_after_six_rounds_without_gain(monkeypatch):
    asks = rounds(monkeypatch, [5.0] * 6 + [1.0])
    assert [each.most_steps for each in asks] == [60] * 6 + [300]
    assert {each.delta for each in asks} == {0.5}
    assert len(asks[-1].theta) == 8  # the best ends so far


def test_a_gain_of_one_in_a_hundred_thousand_counts(monkeypatch):
    gained = rounds(monkeypatch, [5.0] * 5 + [5.0 * (1 - 2e-5)] + [5.0] * 6 + [1.0])
    assert len(gained) == 13
    not_gained = rounds(monkeypatch, [5.0] * 5 + [5.0 * (1 - 0.5e-5)] + [1.0])
    assert len(not_gained) == 7


def test_the_search_takes_as_many_rounds_as_its_law_asks_for(monkeypatch):
    asks = rounds(monkeypatch, [5.0 * 0.9**place for place in range(1, 20)], most=9)
    assert [each.most_steps for each in asks] == [60] * 9 + [300]
