"""Records behave as frozen dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from scaling_cli.record import record


@record
class Point:
    """A record."""

    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


@record(kw_only=True)
class Named:
    """A record whose fields are given by name, one of them made."""

    b: float = 2.0
    a: float
    total: float = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", self.a + self.b)


@record(kw_only=True)
class Derived(Named):
    """A record with the fields of another."""

    c: float = 3.0


@dataclass(frozen=True)
class Standard:
    """What `Point` is held against."""

    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


def test_fields_are_filled_by_position_name_and_default():
    assert dataclasses.astuple(Point(1.0, tags=["a"])) == (1.0, 0.0, ["a"])
    assert dataclasses.asdict(Derived(a=1.0)) == {"b": 2.0, "a": 1.0, "total": 3.0, "c": 3.0}


def test_a_default_that_is_made_is_made_anew():
    assert Point(1.0).tags is not Point(1.0).tags


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 2}), ((1,), {"z": 2})],
    ids=["missing", "too many", "twice", "unknown"],
)
def test_a_wrong_call_says_what_the_standard_one_says(values, named):
    with pytest.raises(TypeError):
        Standard(*values, **named)
    with pytest.raises(TypeError):
        Point(*values, **named)


@pytest.mark.parametrize("named", [{"total": 1.0, "a": 1.0}, {}], ids=["made", "missing"])
def test_a_field_that_is_made_cannot_be_given(named):
    with pytest.raises(TypeError):
        Named(**named)


def test_fields_by_name_are_refused_by_position():
    with pytest.raises(TypeError):
        Named(1.0)


def test_a_record_cannot_change():
    point = Point(1.0)
    with pytest.raises(FrozenInstanceError):
        point.x = 2.0
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert dataclasses.replace(point, x=2.0) == Point(2.0)
    assert point == Point(1.0)


def test_records_are_equal_by_class_and_value():
    assert Named(a=1.0) == Named(a=1.0) != Derived(a=1.0)
    assert hash(Named(a=1.0)) == hash(Named(a=1.0))
    assert Point(1.0) != Standard(1.0)


def test_records_look_and_sign_as_the_standard_does():
    assert repr(Point(1.0)) == repr(Standard(1.0)).replace("Standard", "Point")
    assert repr(Named(a=1.0)) == "Named(b=2.0, a=1.0)"
    ours, theirs = inspect.signature(Point).parameters, inspect.signature(Standard).parameters
    assert [(each.name, each.kind) for each in ours.values()] == [(each.name, each.kind) for each in theirs.values()]


def test_records_survive_copies():
    point = Point(1.0, 2.0, ["a"])
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == point


def test_a_value_that_would_bury_the_others_is_told_by_its_size():
    assert repr(Point(1.0, 2.0, ["a"] * 1000)) == "Point(x=1.0, y=2.0, tags=<list of 1,000>)"
