"""Groups of points, and the points of all groups under one law."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.laws import find_law
from scaling_cli.options.fit import Fit
from scaling_cli.points import share
from scaling_cli.points.choose import Choice
from scaling_cli.points.group import grouped_for, groups_of, matched, ranges_of
from scaling_cli.points.share import of_groups, shared
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting

FRAME = pl.DataFrame({
    "run_id": ["a", "b", "c", "d", "e", "f"],
    "loss": [3.0, 2.0, 1.0, 3.5, 2.5, -4.0],
    "x": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
    "seed": ["0"] * 6,
    "size": ["1B", "1B", "1B", "70M", "70M", "70M"],
})  # fmt: skip
TABLE = RunTable(FRAME, (), {}, {}, 6, ())
CHOICE = Choice(find_law("power"), {"x": "x"}, "because")


def test_groups_are_in_the_order_of_their_numbers_with_the_label_before():
    groups = list(groups_of(TABLE, ["size"], {"loss": "val"}))
    assert [values for values, _ in groups] == [{"loss": "val", "size": "70M"}, {"loss": "val", "size": "1B"}]
    assert [len(points) for _, points in groups] == [3, 3]
    ((values, points),) = groups_of(TABLE, [], {"loss": "val"})
    assert (values, len(points)) == ({"loss": "val"}, 6)
    assert next(groups_of(TABLE, []))[0] == {}


def test_runs_of_groups_are_matched_where_they_agree():
    groups = list(groups_of(TABLE, ["size"]))
    pairs, are_matched = matched(groups, CHOICE, "seed", must=True)
    assert are_matched
    assert pairs[0][1].run_names == pairs[1][1].run_names
    assert [values for values, _ in pairs] == [{"size": "70M"}, {"size": "1B"}]
    assert matched(groups, CHOICE, None, must=True) == (groups, False)
    assert matched(groups[:1], CHOICE, "seed", must=True) == (groups[:1], False)


def test_groups_that_do_not_match_are_refused_only_if_they_must():
    groups = list(groups_of(TABLE, ["size"]))
    shorter = [groups[0], (groups[1][0], PointTable(groups[1][1].frame.head(2)))]
    assert matched(shorter, CHOICE, "seed", must=False) == (shorter, False)
    with pytest.raises(DataError, match="cannot be paired by seed"):
        matched(shorter, CHOICE, "seed", must=True)


def test_a_group_is_a_problem_with_its_ranges_scale_and_reason():
    points = PointTable(FRAME.head(3).with_columns(compute=pl.Series([10.0, 20.0, 30.0])))
    group = grouped_for(points, {"size": "1B"}, CHOICE, "log", Weighting("x", 1.0))
    assert group.ranges == {"compute": (10.0, 30.0), "loss": (1.0, 3.0), "x": (1.0, 3.0)}
    assert (group.reason, group.weights, group.prior) == ("because", "x * x^1", "none")
    assert group.scale.tolist() == [1.0, 2.0, 3.0]
    assert group.compute.tolist() == [10.0, 20.0, 30.0]
    assert grouped_for(PointTable(FRAME.head(3)), {}, CHOICE, "log", Weighting()).compute is None


def test_all_groups_are_the_points_of_a_law_with_a_level_for_each():
    points, both = of_groups([FRAME.head(3), FRAME.tail(3)], ["size"], CHOICE, ["b"])
    assert len(points) == 6
    assert list(both.law.levels.values()) == [("70M", "1B")]
    assert "b" in both.law.names
    assert len([name for name in both.law.names if name.startswith("a")]) == 2
    ranges = ranges_of(points, both)
    assert ranges["loss"] == (-4.0, 3.5)
    assert ranges["loss[70M]"] == (-4.0, 3.5)
    assert ranges["loss[1B]"] == (1.0, 3.0)


def test_one_group_shares_nothing():
    with pytest.raises(DataError, match="size has only one value"):
        of_groups([FRAME.head(3)], ["size"], CHOICE, ["b"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"law": "power"}, "--share needs --by"), ({"by": "size", "law": "all"}, "--share needs one law")],
)
def test_sharing_needs_groups_and_one_law(asked, message):
    with pytest.raises(UsageError, match=message):
        shared(TABLE, [CHOICE], Fit(share="b", **asked))


def test_shared_parameters_may_be_held_and_quantities_derived():
    points, (both,) = shared(TABLE, [CHOICE], Fit(share="b", by="size", law="power", fix="b=-0.1"))
    assert len(points) == 6
    assert "b" not in both.law.names


def test_the_extent_of_losses_is_of_positive_numbers():
    assert share._positive(1.0, 3.0) == (1.0, 3.0)
    assert share._positive(-4.0, 3.5) == (4e-6, 4.0)
    assert share._positive(0.0, 2.0) == (2e-6, 2.0)
    assert share._positive(0.0, 0.0) == (1e-6, 1.0)


@pytest.mark.parametrize("by", [["run_id"], ["size", "run_id"]])
def test_groups_of_one_point_each_are_refused_as_a_whole(by):
    words = f"Each of the 6 groups of {' and '.join(by)} has only one point"
    with pytest.raises(FitError, match=words) as caught:
        of_groups([FRAME.filter(pl.col("loss") > 0), FRAME.filter(pl.col("loss") < 0)], by, CHOICE, ("b",))
    assert "--checkpoints all" in caught.value.hint
    assert len(list(groups_of(TABLE, by))) == 6
