"""The law that the tool chooses, and why."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import LAWS
from scaling_cli.points.choose import candidates, check_law, checkpoints_of, choose, columns_of

PARAMS = np.geomspace(1e8, 1e10, 12)


def runs(ratio, group="a"):
    tokens = ratio * PARAMS
    return pl.DataFrame(
        {
            "params": PARAMS,
            "tokens": tokens,
            "compute": 6 * PARAMS * tokens,
            "loss": 3.0 + 0 * PARAMS,
            "g": [group] * 12,
        }
    )


def test_params_and_tokens_that_vary_apart_make_a_surface():
    assert choose(runs(np.tile([5.0, 20, 80], 4)), "auto", None).law.name == "chinchilla"


def test_groups_of_fixed_tokens_per_param_are_no_surface_however_they_differ():
    pooled = pl.concat([runs(20.0, "a"), runs(60.0, "b")])
    assert choose(pooled, "auto", None, by=("g",)).law.name == "power-constant"
    assert "tokens per param are fixed" in choose(pooled, "auto", None, by=("g",)).reason


def test_half_of_the_groups_decide():
    pooled = pl.concat([runs(20.0, "a"), runs(np.tile([5.0, 20, 80], 4), "b")])
    choice = choose(pooled, "auto", None, by=("g",))
    assert choice.law.name == "chinchilla"
    assert "1 of 2 groups" in choice.reason


def test_input_that_is_text_is_a_usage_error_with_a_cell():
    with pytest.raises(UsageError, match="'a'"):
        choose(runs(20.0), "power", "g")


def lacking(rows, places):
    """The same runs without params, and so without compute, in some places."""
    gone = pl.int_range(pl.len()).is_in(list(places))
    return rows.with_columns(pl.when(~gone).then(name).alias(name) for name in ("params", "compute"))


def test_a_few_runs_without_params_do_not_change_the_law():
    rows = runs(np.tile([5.0, 20, 80], 4))
    for law in (choose(lacking(rows, [0, 5]), "auto", None).law, candidates(lacking(rows, [0, 5]), None)[0].law):
        assert law.name == "chinchilla"
    assert choose(lacking(runs(20.0), [3]), "auto", None).inputs == {"x": "compute"}


def test_params_that_most_runs_lack_decide_nothing_and_the_reason_says_so():
    choice = choose(lacking(runs(np.tile([5.0, 20, 80], 4)), range(7)), "auto", None)
    assert choice.inputs == {"x": "tokens"}
    assert "both known for only 5 of 12 points" in choice.reason


@pytest.mark.parametrize("law", ["auto", "all", "power", "chinchilla"])
def test_one_point_is_named_as_the_trouble(law):
    with pytest.raises(DataError, match="one point"):
        candidates(runs(20.0)[:1], None) if law == "all" else choose(runs(20.0)[:1], law, None)


def plain(**columns):
    rows = len(next(iter(columns.values())))
    return pl.DataFrame(columns | {"loss": np.linspace(3.0, 2.0, rows)})


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (8, None),
        (7, "7 points are too few for a surface"),
    ],
)
def test_a_surface_needs_eight_points(rows, reason):
    frame = plain(params=PARAMS[:rows], tokens=PARAMS[:rows] * np.tile([5.0, 20, 80], 4)[:rows])
    choice = choose(frame, "auto", None)
    assert (choice.law.name == "chinchilla") == (reason is None)
    assert (reason or "params and tokens both vary") in choice.reason


@pytest.mark.parametrize(
    ("params", "tokens", "reason"),
    [
        (np.tile([1e8, 1e9], 6), np.geomspace(1e9, 1e11, 12), "three different values each"),
        (PARAMS, np.tile([1e9, 1e10], 6), "three different values each"),
        (PARAMS, 20 * PARAMS, "tokens per param are fixed"),
        (PARAMS, PARAMS * np.repeat([20.0, 29.0], 6), "tokens per param are fixed"),
        (PARAMS, PARAMS * np.repeat([20.0, 30.1], 6), None),
        (np.tile([1e8, 1e9, 1e10], 4), np.repeat([1e9, 1e10, 1e11], 4), None),
    ],
)
def test_params_and_tokens_must_vary_and_not_in_proportion(params, tokens, reason):
    choice = choose(plain(params=params, tokens=tokens), "auto", None)
    assert (choice.law.name == "chinchilla") == (reason is None)
    assert (reason or "not in proportion") in choice.reason


@pytest.mark.parametrize(("values", "law"), [(5, "power-constant"), (4, "power")])
def test_a_floor_needs_five_different_values(values, law):
    choice = choose(plain(compute=np.geomspace(1, 9, values).tolist() * 2), "auto", None)
    assert choice.law.name == law
    assert f"{values} different values of compute" in choice.reason
    assert "params and tokens are not both known" in choice.reason


def test_half_of_the_groups_must_show_a_floor():
    many, few = plain(compute=np.arange(1.0, 9), g=["a"] * 8), plain(compute=np.arange(1.0, 4), g=["b"] * 3)
    assert choose(pl.concat([many, few]), "auto", None, by=("g",)).law.name == "power-constant"
    fewer = pl.concat([many, few, few.with_columns(g=pl.lit("c"))])
    assert choose(fewer, "auto", None, by=("g",)).law.name == "power"


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        ({"compute": [1.0, 2.0], "tokens": [1.0, 2.0]}, "compute"),
        ({"compute": [1.0, 1.0], "tokens": [1.0, 2.0], "params": [1.0, 2.0]}, "tokens"),
        ({"params": [1.0, 2.0], "step": [1.0, 2.0]}, "params"),
        ({"step": [1.0, 2.0]}, "step"),
        ({"compute": [1.0, 2.0, None, None], "step": [1.0, 2.0, 3.0, 4.0]}, "step"),  # half is not most
        ({"compute": [1.0, 2.0, 3.0, None], "step": [1.0, 2.0, 3.0, 4.0]}, "compute"),
        ({"compute": [1.0, 2.0, None, None]}, "compute"),
    ],
)
def test_one_input_is_the_first_that_varies_and_that_most_points_have(columns, chosen):
    assert choose(plain(**columns), "power", None).inputs == {"x": chosen}


def test_without_an_input_the_names_of_runs_may_help():
    frame = plain(run_id=["a-1M", "a-2M", "a-3M", "a-4M"], tokens=[1.0] * 4)
    with pytest.raises(DataError, match="no column for compute, tokens, params or step") as caught:
        choose(frame, "power", None, others=["width"])
    assert "take params from names such as a-1M" in caught.value.hint
    assert "Columns that were not read: width." in caught.value.hint
    with pytest.raises(DataError) as caught:
        choose(frame.with_columns(params=1.0), "power", None)
    assert "names such as" not in caught.value.hint
    assert "not read" not in caught.value.hint


@pytest.mark.parametrize(
    ("law", "options", "message"),
    [
        ("power", {"start": {"a": 1.0}}, "--start and --bound can be used only with a formula"),
        ("power", {"bound": {"a": (0.0, 1.0)}}, "--start and --bound can be used only with a formula"),
        ("E + A*x1^-a", {"x": "compute"}, "--x cannot be used with a formula"),
        ("chinchilla", {"x": "compute"}, "--x gives one input, but chinchilla takes params and tokens"),
        ("power", {"x": "loss"}, "would be both the input and the loss"),
        ("power", {"x": "copy"}, "would be both the input and the loss"),
        ("additive", {"x": "compute,compute"}, "--x names a column twice"),
        ("mixture-exp", {}, "needs columns with the share of each data domain"),
    ],
)
def test_what_does_not_go_with_a_law_is_refused(law, options, message):
    frame = runs(np.tile([5.0, 20, 80], 4)).with_columns(copy=pl.col("loss"))
    with pytest.raises(UsageError, match=message):
        choose(frame, law, options.pop("x", None), **options)


def test_candidates_are_laws_of_the_same_kind_of_input():
    surfaces = candidates(runs(np.tile([5.0, 20, 80], 4)), None)
    assert all({"params", "tokens"} <= set(choice.inputs) for choice in surfaces)
    assert "chinchilla" in {choice.law.name for choice in surfaces}
    curves = candidates(runs(20.0), None)
    assert {tuple(choice.inputs.items()) for choice in curves} == {(("x", "compute"),)}
    assert len(curves) > 3
    assert all(choice.law.is_ranked and not choice.law.narrow for choice in curves)
    asked = candidates(runs(np.tile([5.0, 20, 80], 4)), "tokens")
    assert {tuple(choice.inputs.items()) for choice in asked} == {(("x", "tokens"),)}
    assert choose(runs(20.0), "auto", "tokens").reason.startswith("tokens was asked for")


@pytest.mark.parametrize(
    ("law", "x", "own", "needed", "maybe"),
    [
        ("auto", None, {}, (), ()),
        ("power", "width", {}, ("width",), ()),
        ("additive", "a, b,", {}, ("a", "b"), ("x1", "x2")),
        ("chinchilla", None, {"mixture": "w1,w2"}, ("w1", "w2"), ()),
        ("E + A*width^-a", None, {"mixture": "w1"}, ("w1",), ("E", "A", "width", "a")),
        ("granularity", None, {}, (), ()),
    ],
)
def test_columns_to_read_beside_the_roles(law, x, own, needed, maybe):
    found, perhaps = columns_of(law, x, own)
    assert found == needed
    assert set(perhaps) == set(maybe)


def test_curves_are_read_whole_for_laws_of_curves():
    whole = next(law.name for law in LAWS if law.is_curve)
    assert checkpoints_of(whole, "final") == "all"
    for law in ("power", "auto", "all", "E + A*x^-a"):
        assert checkpoints_of(law, "best") == "best"
        check_law(law)
    with pytest.raises(UsageError):
        check_law("powr")


@pytest.mark.parametrize(("highest", "is_surface"), [(24.0, True), (23.9, False)])
def test_tokens_per_param_must_differ_by_half(highest, is_surface):
    params = 2.0 ** np.arange(20, 32)
    choice = choose(plain(params=params, tokens=params * np.repeat([16.0, highest], 6)), "auto", None)
    assert (choice.law.name == "chinchilla") == is_surface


def test_runs_that_end_alike_may_differ_before_their_ends():
    with pytest.raises(DataError, match="The law has no input") as caught:
        choose(plain(step=np.full(4, 1000.0), loss=np.array([4.0, 3.0, 2.5, 2.2])), "auto", None)
    assert ", or give --checkpoints all if runs also have rows at other steps." in caught.value.hint
