"""Groups that are one and the same under two names."""

import numpy as np
import polars as pl
import pytest

from scaling_cli.points.group_names import group_doubts


def runs(*groups, rows=6, decimals=9):
    rng = np.random.default_rng(0)
    parts = [
        pl.DataFrame({"compute": np.geomspace(1e18, 1e20, rows), "loss": rng.uniform(2, 4, rows).round(decimals)})
        for _ in groups
    ]
    return pl.concat([part.with_columns(g=pl.lit(name)) for part, name in zip(parts, groups, strict=True)])


def codes(frame):
    return [found.code for found in group_doubts(frame, ["g"], ["compute"])]


@pytest.mark.parametrize("names", [("adam", "Adam"), ("adam w", "adam_w"), ("big-run ", "big run")])
def test_names_that_differ_in_writing_only_are_named(names):
    (found,) = group_doubts(runs(*names), ["g"], ["compute"])
    assert found.code == "similar-groups"
    assert all(repr(name) in found.message for name in names)


@pytest.mark.parametrize("names", [("1e-3", "1e3"), ("-1", "1"), ("adam", "adamw"), ("1.0", "10")])
def test_other_names_are_not(names):
    assert codes(runs(*names)) == []


def test_a_copied_group_is_named_and_a_shared_baseline_is_not():
    one = runs("a", "b")
    copy = one.filter(pl.col("g") == "a").with_columns(g=pl.lit("copy"))
    assert codes(pl.concat([one, copy])) == ["copied-groups"]
    assert codes(pl.concat([one, copy.head(2)])) == []
    coarse = runs("a", decimals=2)
    assert codes(pl.concat([coarse, coarse.with_columns(g=pl.lit("b"))])) == []


@pytest.mark.parametrize(("copied", "is_copied"), [(3, True), (2, False)])
def test_half_of_the_points_of_a_group_must_be_copies(copied, is_copied):
    one = runs("a")
    other = pl.concat([one.head(copied), runs("b").tail(6 - copied).with_columns(pl.col("loss") + 1)])
    found = list(group_doubts(pl.concat([one, other.with_columns(g=pl.lit("b"))]), ["g"], ["compute"]))
    assert bool(found) == is_copied
    if is_copied:
        assert "'a', 'b'" in found[0].message


@pytest.mark.parametrize(("rows", "is_copied"), [(3, True), (2, False)])
def test_three_copies_are_the_fewest(rows, is_copied):
    one = runs("a", rows=rows)
    assert bool(codes(pl.concat([one, one.with_columns(g=pl.lit("b"))]))) == is_copied


@pytest.mark.parametrize(("coarse", "is_copied"), [(2, True), (3, False)])
def test_most_equal_losses_must_have_more_than_three_decimals(coarse, is_copied):
    one = runs("a")
    place = pl.int_range(pl.len())
    one = one.with_columns(pl.when(place < coarse).then(pl.col("loss").round(3)).otherwise("loss").alias("loss"))
    assert bool(codes(pl.concat([one, one.with_columns(g=pl.lit("b"))]))) == is_copied


def test_at_most_three_groups_and_pairs_are_named():
    one = runs("a")
    copies = pl.concat([one.with_columns(g=pl.lit(name)) for name in "abcde"])
    (found,) = group_doubts(copies, ["g"], ["compute"])
    assert "'a', 'b', 'c' and 2 more" in found.message
    (three,) = group_doubts(copies.filter(pl.col("g") < "d"), ["g"], ["compute"])
    assert "more" not in three.message.split("'c'")[1].split(".")[0]
    (pairs,) = group_doubts(runs("a", "A", "b", "B", "c", "C", "d", "D"), ["g"], ["compute"])
    assert "'c' and 'C'" in pairs.message
    assert "'D'" not in pairs.message


def test_groups_of_several_columns_are_one_name_and_unknown_inputs_show_no_copies():
    frame = runs("a", "b").with_columns(h=pl.lit("X y"))
    frame = pl.concat([frame, frame.with_columns(h=pl.lit("x_y"))])
    (found, *_) = group_doubts(frame, ["g", "h"], ["compute"])
    assert "'a, X y' and 'a, x_y'" in found.message
    one = runs("a")
    copies = pl.concat([one, one.with_columns(g=pl.lit("b"))])
    assert list(group_doubts(copies, ["g"], ["width"])) == []
    assert list(group_doubts(copies.with_columns(pl.col("loss").cast(pl.String)), ["g"], ["compute"])) == []


@pytest.mark.parametrize(("rows", "is_copied"), [(6, True), (7, False)])
def test_three_copies_must_be_half_of_a_group(rows, is_copied):
    one, other = runs("a"), runs("b", rows=rows).with_columns(pl.col("loss") + 1)
    group = pl.concat([one.head(3), other.tail(rows - 3)]).with_columns(g=pl.lit("b"))
    longer = pl.concat([one, runs("c", rows=9).with_columns(pl.col("loss") + 2, g=pl.lit("a"))])
    assert bool(codes(pl.concat([longer, group]))) == is_copied
