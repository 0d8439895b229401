"""Values of one step that stand on other rows."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.rows.continued import continued_runs
from scaling_cli.data.runs.rows.sparse_rows import are_sparse, filled
from scaling_cli.data.runs.select import EARLIEST
from tests.data.loading import load_runs

ROWS = pl.DataFrame({
    "run_id": ["a", "a", "a", "b", "b"],
    "step": [1, 3, 2, 1, 2],
    "tokens": [10.0, 30.0, 20.0, 5.0, 5.0],
    "lr": [0.1, -1.0, 0.2, 0.0, 0.0],
    "loss": [None, None, 2.0, 3.0, None],
}).lazy()  # fmt: skip


def point(run, step, **values):
    return {"run_id": run, "step": step, "tokens": None, "lr": None} | values


def fill(*points, roles=("tokens",)):
    frame = pl.DataFrame(
        list(points), schema={"run_id": pl.String, "step": pl.Float64, "tokens": pl.Float64, "lr": pl.Float64}
    )
    found, names = filled(frame, ROWS, roles)
    return [found[role].to_list() for role in roles], names


@pytest.mark.parametrize(
    ("run", "step", "tokens"),
    [
        ("a", 3.0, 30.0),
        ("a", 2.5, 20.0),
        ("a", 0.5, None),  # before all rows
        ("b", 0.5, 5.0),  # constant in its run
        ("c", 1.0, None),
        (None, 1.0, None),
        ("b", None, None),
    ],
)
def test_a_value_comes_from_the_last_row_up_to_the_step(run, step, tokens):
    assert fill(point(run, step))[0] == [[tokens]]


def test_several_points_of_a_run_are_filled_each_by_its_step():
    points = [point("a", 3.0), point("a", 1.0), point("b", 1.5), point("a", 2.0, tokens=99.0)]
    values, names = fill(*points)
    assert values == [[30.0, 10.0, 5.0, 99.0]]
    assert names == ("tokens",)


def test_measures_must_be_above_zero_and_other_roles_need_not():
    (tokens, rates), names = fill(point("a", 3.0), roles=("tokens", "lr"))
    assert (tokens, rates, names) == ([30.0], [-1.0], ("tokens", "lr"))
    rows = ROWS.with_columns(tokens=pl.when(pl.col("step") == 3).then(0.0).otherwise("tokens"))
    frame = pl.DataFrame([point("a", 3.0)], schema_overrides={"tokens": pl.Float64})
    assert filled(frame, rows, ["tokens"])[0]["tokens"].to_list() == [20.0]


def test_what_is_not_found_is_not_named():
    assert fill(point("c", 1.0))[1] == ()
    assert fill(point("a", 1.0, tokens=1.0))[1] == ()
    alone = pl.DataFrame({"run_id": ["a"], "tokens": [None]})
    assert filled(alone, ROWS, ["tokens"])[1] == ()


@pytest.mark.parametrize(
    ("change", "is_sparse"),
    [
        ({}, False),
        ({"tokens": [10.0, 30.0, None, 5.0, 5.0]}, True),
        ({"tokens": [None, 30.0, 20.0, 5.0, 5.0]}, False),  # of a row without a loss
        ({"tokens": [10.0, 30.0, None, 5.0, 5.0], "run_id": ["a", "a", None, "b", "b"]}, False),
    ],
)
def test_rows_are_sparse_if_one_with_a_loss_lacks_the_role(change, is_sparse):
    rows = ROWS.with_columns(**{name: pl.Series(values) for name, values in change.items()})
    assert are_sparse(rows, "tokens") == is_sparse
    assert not are_sparse(rows.drop("step"), "tokens")


def spans(*runs):
    frame = pl.DataFrame(list(runs), schema=["run_id", "params", EARLIEST, "step"], orient="row")
    return continued_runs(frame, {"b": "second"})


@pytest.mark.parametrize(
    ("first", "second", "is_continued"),
    [
        ((0, 100), (100, 200), True),
        ((0, 100), (125, 200), True),
        ((0, 100), (126, 200), False),
        ((0, 100), (75, 200), True),
        ((0, 100), (74, 200), False),
        ((25, 100), (100, 200), True),
        ((26, 100), (100, 200), False),  # a log of the end of training only
        ((0, 100), (90, 100), False),  # ends where the first does
        ((0, 100), (90, 101), True),
        ((0, 100), (100, 100), False),  # one row
    ],
)
def test_a_run_continues_another_if_it_begins_near_its_end(first, second, is_continued):
    found = spans(("a", 1e7, *map(float, first)), ("b", 1e7, *map(float, second)))
    assert [each.code for each in found] == (["continued-runs"] if is_continued else [])
    if is_continued:
        assert "second" in found[0].message
        assert found[0].message.index("a") < found[0].message.index("second")


def test_runs_of_other_params_or_without_steps_continue_none():
    assert spans(("a", 1e7, 0.0, 100.0), ("b", 2e7, 100.0, 200.0)) == ()
    assert continued_runs(pl.DataFrame({"run_id": ["a"], "params": [1e7]}), {}) == ()


def seeds(steps=(1, 2), others=(1, 2), name="seed"):
    rows = [{"run": "a", name: 1, "step": step, "loss": 5.0 - step} for step in steps]
    rows += [{"run": "a", name: 2, "step": step, "loss": 4.5 - step} for step in others]
    return load_runs(pl.DataFrame(rows)).frame["run_id"].unique().sort().to_list()


@pytest.mark.parametrize("name", ["seed", "config/random_seed", "data.seed"])
def test_seeds_that_overlap_are_runs(name):
    assert seeds(name=name) == ["a seed 1", "a seed 2"]


@pytest.mark.parametrize(("others", "are_runs"), [((2, 3), True), ((3, 4), False)])
def test_a_seed_that_follows_another_is_the_same_run(others, are_runs):
    assert (len(seeds(others=others)) == 2) == are_runs


def test_a_seed_with_lists_or_with_one_value_distinguishes_nothing():
    frame = pl.DataFrame({"run": ["a", "b"], "seed": [1, 2], "step": [1, 1], "loss": [3.0, 2.0]})
    assert load_runs(frame).frame["run_id"].to_list() == ["a", "b"]
    nested = frame.with_columns(seed=pl.concat_list("seed"), run=pl.lit("a"))
    assert "a" in load_runs(nested).frame["run_id"].to_list()


@pytest.mark.parametrize(("steps", "count"), [(None, 4), (("1", "1"), 4), (("1", "2"), 2)])
def test_a_file_with_several_sizes_and_one_step_is_a_table_of_runs(tmp_path, steps, count):
    for name in ("x", "y"):
        frame = pl.DataFrame({"params": [1e7, 2e7], "loss": [3.0, 2.9 if name == "x" else 2.8]})
        frame = frame if steps is None else frame.with_columns(step=pl.Series(steps))
        frame.write_csv(tmp_path / f"{name}.csv")
    assert load_runs(tmp_path).frame.height == count


def test_points_without_steps_take_what_never_changes_in_their_run():
    points = pl.DataFrame({"run_id": ["a", "b", "c"], "lr": [None, None, 0.5]}, schema_overrides={"lr": pl.Float64})
    found, names = filled(points, ROWS.drop("step"), ("lr",))
    assert found["lr"].to_list() == [None, 0.0, 0.5]
    assert names == ("lr",)
