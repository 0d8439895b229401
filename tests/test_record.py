"""Records cannot change, and say what they hold in a line."""

from __future__ import annotations

import pickle

import pytest

from scaling_cli.record import LONGEST, Record, replace


class Point(Record):
    """A record with a field for drawing."""

    drawn = ("trail",)

    x: float
    names: tuple[str, ...] = ()
    tags: list[str] = []
    trail: tuple[float, ...] = ()


def test_a_record_cannot_change_and_a_changed_copy_can_be_had():
    point = Point(1.0)
    with pytest.raises(AttributeError):
        point.x = 2.0
    assert replace(point, x=2.0) == Point(2.0) != point


def test_a_mutable_default_is_not_shared():
    assert Point(1.0).tags is not Point(1.0).tags


def test_a_record_can_be_sent_to_a_worker():
    assert pickle.loads(pickle.dumps(Point(1.0, ("a",)))) == Point(1.0, ("a",))


def test_repr_leaves_out_drawings_and_shortens_what_would_bury_the_rest():
    shown = repr(Point(1.0, tuple("abcdefgh" for _ in range(1000)), trail=(1.0,)))
    assert "names=<tuple of 1,000>" in shown
    assert "trail" not in shown
    assert len(shown) < LONGEST
