"""Choices of a search as places of the unit box."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.space import Axis, Space

SPACE = Space(True, (Axis("loops", 1.0, 16.0), Axis("shift", -1.0, 3.0)), ("code", "math", "web"), 0.8)


def test_a_range_above_zero_is_even_in_logs():
    assert Axis("loops", 1.0, 16.0).value(np.array([0.0, 0.25, 1.0])) == pytest.approx([1, 2, 16])
    assert Axis("shift", -1.0, 3.0).value(np.array([0.0, 0.25, 1.0])) == pytest.approx([-1, 0, 3])
    assert Axis("share", 0.0, 4.0).value(np.array([0.25])) == pytest.approx([1.0])


def test_dimensions_are_params_axes_and_all_shares_but_the_last():
    assert SPACE.dimensions == 1 + 2 + 2
    assert Space(False, ()).dimensions == 0
    assert Space(False, (), ("web",)).dimensions == 0
    assert SPACE.names == ("loops", "shift", "code", "math", "web")
    assert SPACE.range_of("shift") == (-1.0, 3.0)
    assert SPACE.range_of("code") == (0.0, 0.8)


def test_shares_are_cut_off_one_by_one():
    found = SPACE.columns(np.array([[0.5, 0.25, 0.5, 0.5, 0.25], [0.1, 1.0, 0.0, 1.0, 0.3]]))
    assert found["loops"] == pytest.approx([2.0, 16.0])
    assert found["shift"] == pytest.approx([1.0, -1.0])
    assert found["code"] == pytest.approx([0.4, 0.8])
    assert found["math"] == pytest.approx([0.1, 0.0])
    assert found["web"] == pytest.approx([0.3, 0.0])


def test_a_place_is_the_inverse_of_its_values():
    place = np.array([0.5, 0.25, 0.5, 0.5, 0.25])
    values = {name: float(value[0]) for name, value in SPACE.columns(place[None]).items()}
    assert SPACE.place(values, 0.5) == pytest.approx(place)
    others = Space(False, SPACE.axes, SPACE.shares, SPACE.total)
    assert others.place(values, 0.5) == pytest.approx(place[1:])
    all_code = {**values, "code": 0.8, "math": 0.0, "web": 0.0}
    assert SPACE.place(all_code, 2.0).tolist() == pytest.approx([1.0, 0.25, 0.5, 1.0, 0.0])


def test_what_is_held_leaves_the_other_choices():
    assert SPACE.without("code", 0.3) == Space(True, SPACE.axes, ("math", "web"), pytest.approx(0.5))
    assert SPACE.without("code", 0.9).total == 0.0
    assert SPACE.without("loops", 4.0) == Space(True, SPACE.axes[1:], SPACE.shares, 0.8)
    assert SPACE.without("params", 1e9) == Space(False, SPACE.axes, SPACE.shares, 0.8)
