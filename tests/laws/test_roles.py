"""Bounds and starting values by kind of parameter."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws import LAWS, find_law, schedule
from scaling_cli.laws.law import Parameter, Scene
from scaling_cli.laws.roles import (
    COEFFICIENT,
    FLOOR,
    LEVEL,
    LOWER,
    SIGNED,
    exponent,
    exponents,
    place,
    plain_scale,
    shape,
)
from tests.laws.designs import draw_design, draw_parameters, draw_schedules

SCENE = Scene({"x": np.array([-1.0, 0.0, 3.0])}, 2.0, 8.0)


def test_floors_and_levels_are_bounded_by_the_data():
    assert FLOOR.bounds(SCENE) == (0.0, pytest.approx(2.04))
    assert LOWER.bounds(SCENE) == (0.0, 8.0)
    assert LEVEL.bounds(SCENE) == (0.0, 8e3)
    assert SIGNED.bounds(SCENE) == (-8e6, 8e6)
    # A term is between e^-30 of the lowest and e^2 of the highest loss.
    assert COEFFICIENT.bounds(SCENE) == (pytest.approx(np.log(2.0) - 30), pytest.approx(np.log(8.0) + 2))


def test_exponents_start_on_both_sides_of_zero_within_their_bounds():
    both = exponents(Parameter(name="b", meaning="", low=-3.0, high=3.0))
    assert both == pytest.approx(-both[::-1])
    assert (np.diff(both) > 0).all()
    assert (both[-1], np.abs(both).min(), len(both)) == (pytest.approx(1.5), pytest.approx(0.02), 60)
    falling = exponents(Parameter(name="b", meaning="", low=-0.5, high=-0.1))
    assert (falling.min() >= -0.5, falling.max() <= -0.1) == (True, True)
    assert falling == pytest.approx(both[(both >= -0.5) & (both <= -0.1)])
    role = exponent(0.1, 0.5)
    assert role.bounds(SCENE) == (0.1, 0.5)
    assert role.starts(SCENE) == pytest.approx(-falling[::-1])
    assert exponent().bounds(SCENE) == (1e-3, 3.0)


def test_a_number_has_its_own_bounds_and_starts_in_logs_if_it_is_positive():
    plain, log = shape(0.5, 2.0, (0.6, 1.0)), shape(0.5, 2.0, (0.6, 1.0), is_log=True)
    assert (plain.bounds(SCENE), plain.starts(SCENE).tolist()) == ((0.5, 2.0), [0.6, 1.0])
    assert log.bounds(SCENE) == pytest.approx(np.log([0.5, 2.0]))
    assert log.starts(SCENE) == pytest.approx(np.log([0.6, 1.0]))


@pytest.mark.parametrize(
    ("options", "bounds", "ends"),
    [
        ({}, (-7.0, 9.0), (-3.0, 5.0)),
        ({"below": 1.0, "above": 12.0}, (-2.0, 15.0), (-2.0, 5.0)),
        ({"below": 0.0, "above": 0.0}, (-1.0, 3.0), (-1.0, 3.0)),
        ({"inverse": True}, (-9.0, 7.0), (-5.0, 3.0)),
    ],
)
def test_a_bend_lies_among_the_data_or_a_little_beyond(options, bounds, ends):
    role = place("x", **options)
    assert role.bounds(SCENE) == bounds
    starts = role.starts(SCENE)
    assert ((starts[0], starts[-1]), len(starts)) == (ends, 8)
    assert np.ptp(np.diff(starts)) == pytest.approx(0)
    assert len(place("x", count=3).starts(SCENE)) == 3


def test_a_plain_scale_moves_its_coefficient_alone():
    scale = plain_scale("A")
    assert (list(scale.moves), scale.moves["A"]({}), scale.is_signed) == (["A"], 1.0, False)
    assert plain_scale("A", is_signed=True).is_signed


each_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


def centred(law):
    generator = np.random.default_rng(5)
    columns = draw_design(law, generator, 40)
    theta = law.to_coordinates(draw_parameters(law, generator))
    inputs, shift, offset = law.centre(law.prepare(columns))
    loss = law.evaluate_linear((theta @ shift.T + offset)[None], inputs)[0][0]
    return Scene(inputs, float(max(loss.min(), 1e-6)), float(np.abs(loss).max())), theta @ shift.T + offset


@each_law
def test_parameters_of_its_kind_lie_within_the_bounds_of_a_law(law):
    scene, theta = centred(law)
    low, high = law.bounds(scene)
    assert (low < high).all()
    outside = [name for name, is_out in zip(law.names, (theta < low) | (theta > high), strict=True) if is_out]
    assert outside == []


@each_law
def test_starts_lie_within_the_bounds_of_a_law(law):
    scene, _ = centred(law)
    ends = dict(zip(law.names, zip(*law.bounds(scene), strict=True), strict=True))
    for name, values in law.axes(scene).items():
        low, high = ends[name]
        assert len(values) > 0
        assert np.isfinite(values).all()
        assert (np.clip(values, low, high) == values).any(), name


def test_many_replicates_of_a_schedule_are_computed_in_parts(monkeypatch):
    law, generator = find_law("annealing"), np.random.default_rng(1)
    inputs = law.prepare(draw_schedules(generator, 30))
    theta = np.stack([law.to_coordinates(draw_parameters(law, generator)) for _ in range(5)])
    whole = law.evaluate_linear(theta, inputs)
    monkeypatch.setattr(schedule, "CHUNK_PAIRS", 1)
    for one, other in zip(whole, law.evaluate_linear(theta, inputs), strict=True):
        assert one == pytest.approx(other)


def test_a_schedule_is_centred_by_its_mean_area_without_changing_the_loss():
    law, generator = find_law("annealing"), np.random.default_rng(1)
    inputs = law.prepare(draw_schedules(generator, 30))
    found, matrix, offset = law.centre(inputs)
    assert found["area"].mean() == pytest.approx(0, abs=1e-9)
    assert matrix[1, 2] == pytest.approx(-inputs["area"].mean())
    # The drops lose as much as the coefficient gains, so the loss stays.
    theta = law.to_coordinates(draw_parameters(law, generator))
    losses = [law.evaluate(each[None], to)[0] for each, to in ((theta, inputs), (theta @ matrix.T + offset, found))]
    assert losses[0] == pytest.approx(losses[1])
    flat = {**inputs, "drop": np.zeros_like(inputs["drop"])}
    assert np.isfinite(law.centre(flat)[2]).all()
