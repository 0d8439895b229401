"""Inputs that a law does without: lengths of runs, sizes in their names, and active params."""

import polars as pl
import pytest

from scaling_cli.points.input_doubts import input_doubts
from tests.data.loading import load_runs
from tests.points.test_pooled import grid

STEPS = pl.col("tokens") / 1e6


def codes(frame, inputs, by=()):
    return {found.code for found in input_doubts(load_runs(frame, by=list(by)), inputs, by)}


def test_steps_of_runs_of_equal_params_count_where_tokens_are_not_known():
    lengths = grid().with_columns(step=STEPS).drop("tokens")
    assert "ignored-steps" in codes(lengths, ("params",))
    assert "ignored-steps" not in codes(lengths, ("params", "step"))
    assert "ignored-steps" not in codes(grid().with_columns(step=STEPS), ("params",))
    assert "ignored-steps" not in codes(lengths.with_columns(step=pl.col("params") / 1e3), ("params",))
    assert "ignored-steps" not in codes(lengths.with_columns(step=1000 + pl.int_range(pl.len())), ("params",))


def test_runs_whose_params_differ_a_little_are_of_one_size():
    place = pl.int_range(pl.len())
    uneven = grid().with_columns(step=STEPS, params=pl.col("params") * (1 + 0.001 * place)).drop("tokens")
    assert uneven["params"].n_unique() == uneven.height
    assert "ignored-steps" in codes(uneven, ("params",))
    as_long = uneven.with_columns(step=pl.col("params") / 1e3)
    assert "ignored-steps" not in codes(as_long, ("params",))


def test_steps_differ_within_a_group():
    lengths = grid().with_columns(step=STEPS, g=STEPS.cast(pl.String)).drop("tokens")
    assert "ignored-steps" not in codes(lengths, ("params",), ("g",))


@pytest.mark.parametrize("inputs", [("tokens",), ("params",), ("compute",)])
def test_sizes_in_names_count_where_the_law_is_of_tokens_alone(inputs):
    named = grid().with_columns(run=pl.format("gpt-{}M-{}", (pl.col("params") / 1e6).round(1), pl.int_range(pl.len())))
    frame = named.drop("params") if inputs == ("tokens",) else named
    assert ("sizes-in-names" in codes(frame, inputs)) == (inputs == ("tokens",))
    assert "sizes-in-names" not in codes(named, ("tokens",))
    assert "sizes-in-names" not in codes(named.with_columns(step=STEPS).drop("params"), ("lr",))


@pytest.mark.parametrize(("inputs", "other"), [("tokens", "params"), ("params", "tokens"), ("step", "params")])
def test_sizes_that_some_runs_lack_are_counted_where_the_law_does_without_them(inputs, other):
    frame = grid().with_columns(step=STEPS)
    some = frame.with_columns(pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise(other).alias(other))
    assert "21 of 24" in doubts(some, (inputs,))["partly-known"]
    assert "partly-known" not in doubts(some, ("params", "tokens"))
    assert "partly-known" not in doubts(frame, (inputs,))


def test_active_params_count_where_all_params_were_read():
    frame = grid().with_columns(params_active=pl.col("params") / 8)
    assert "active-params" in codes(frame, ("params", "tokens"))
    assert "active-params" not in codes(frame.with_columns(params_active=1e8), ("params", "tokens"))
    two = pl.when(pl.col("params") > 1e8).then(2e7).otherwise(1e7)
    assert "active-params" in codes(frame.with_columns(params_active=two), ("params", "tokens"))


def doubts(frame, inputs=("params", "tokens"), by=()):
    return {found.code: found.message for found in input_doubts(load_runs(frame, by=list(by)), inputs, by)}


def test_compute_is_not_looked_for_where_params_and_tokens_were_read():
    assert "unread-input" not in doubts(grid().with_columns(train_flops_guess=1e18 * pl.int_range(pl.len())))
    found = doubts(grid().drop("tokens").with_columns(my_flops=pl.col("params") * 1e12), ("params",))
    assert "--compute my_flops" in found["unread-input"]


def test_several_columns_that_look_alike_are_named_up_to_three():
    frame = grid().drop("tokens").with_columns(
        **{f"my tokens {letter}": pl.int_range(pl.len()) for letter in "abcd"}
    )  # fmt: skip
    message = doubts(frame, ("params",))["unread-input"]
    assert "my tokens a, my tokens b and my tokens c look" in message
    assert "my tokens d" not in message
    one = doubts(grid().drop("tokens").with_columns(**{"my tokens": pl.int_range(pl.len())}), ("params",))
    assert "my tokens looks" in one["unread-input"]
    constant = grid().drop("tokens").with_columns(**{"my tokens": 5})
    assert "unread-input" not in doubts(constant, ("params",))


@pytest.mark.parametrize(("epochs", "is_ignored"), [(1.5, False), (1.6, True)])
def test_unique_tokens_count_above_one_and_a_half_epochs(epochs, is_ignored):
    place = pl.int_range(pl.len())
    frame = grid().with_columns(unique_tokens=pl.when(place == 0).then(pl.col("tokens") / epochs).otherwise("tokens"))
    assert ("ignored-input" in doubts(frame)) == is_ignored


def test_the_same_epochs_in_all_runs_are_no_input():
    assert "ignored-input" not in doubts(grid().with_columns(unique_tokens=pl.col("tokens") / 2))


@pytest.mark.parametrize(("factor", "differs"), [(1.09, False), (1.11, True)])
def test_runs_of_equal_params_differ_in_length_by_more_than_a_tenth(factor, differs):
    frame = grid().with_columns(step=pl.when(pl.int_range(pl.len()) % 2 == 0).then(100.0).otherwise(100.0 * factor))
    found = doubts(frame.drop("tokens"), ("params",))
    assert ("ignored-steps" in found) == differs
    if differs:
        assert "100" in found["ignored-steps"]
        assert "111" in found["ignored-steps"]


def test_an_ignored_role_has_its_range_and_a_law_that_uses_it():
    frame = grid(seeds=2).with_columns(experts=(2 ** (pl.int_range(pl.len()) % 3)).cast(pl.Float64))
    message = doubts(frame)["ignored-input"]
    assert "experts" in message
    assert "3" in message
    assert "1 to 4" in message


def test_a_role_that_varies_only_between_groups_is_not_ignored():
    frame = grid(seeds=2).with_columns(bits=pl.when(pl.col("seed") == 0).then(4.0).otherwise(8.0))
    assert "ignored-input" in doubts(frame)
    assert "ignored-input" not in doubts(frame.with_columns(g=pl.col("bits").cast(pl.String)), by=("g",))


def test_active_params_are_named_only_beside_params_that_are_not():
    frame = grid().with_columns(params_active=pl.col("params") / 8)
    assert "--params params_active" in doubts(frame)["active-params"]
    renamed = frame.rename({"params": "total", "params_active": "active_params"})
    table = load_runs(renamed, params="active_params")
    assert "active-params" not in {found.code for found in input_doubts(table, ("params", "tokens"), ())}


def test_a_role_that_varies_in_one_group_is_ignored_there():
    frame = grid(seeds=2).with_columns(
        bits=pl.when((pl.col("seed") == 0) & (pl.int_range(pl.len()) % 4 == 0)).then(4.0).otherwise(8.0),
        g=pl.col("seed").cast(pl.String),
    )
    assert "ignored-input" in doubts(frame, by=("g",))


def test_an_ignored_role_is_named_by_its_column_unless_it_was_computed():
    experts = (2 ** (pl.int_range(pl.len()) % 3)).cast(pl.Float64)
    assert "--by num_experts" in doubts(grid(seeds=2).with_columns(num_experts=experts))["ignored-input"]
    epochs = (1 + pl.int_range(pl.len()) % 3).cast(pl.Float64)
    message = doubts(grid(seeds=2).with_columns(epochs=epochs))["ignored-input"]
    assert "tokens/epochs" not in message
    assert "unique_tokens" in message


def test_the_range_of_what_is_ignored_has_three_digits():
    values = pl.when(pl.int_range(pl.len()) == 0).then(1.2345).otherwise(7.8912)
    message = doubts(grid(seeds=2).with_columns(granularity=values))["ignored-input"]
    assert "1.23 to 7.89" in message
    lengths = (
        grid()
        .drop("tokens")
        .with_columns(step=pl.when(pl.int_range(pl.len()) % 2 == 0).then(12345.0).otherwise(67891.0))
    )
    message = doubts(lengths, ("params",))["ignored-steps"]
    assert "12345" in message
    assert "67891" in message


@pytest.mark.parametrize("amount", ["tokens", "compute"])
@pytest.mark.parametrize("is_of_one_step", [True, False])
def test_amounts_of_one_step_say_nothing_of_how_long_runs_were_trained(amount, is_of_one_step):
    """A column called tokens or flops may count those of a batch."""
    per_step = pl.lit(2.0**18) if amount == "tokens" else 6 * 2.0**18 * pl.col("params")
    frame = grid().with_columns(step=pl.col("tokens") / 2**18)
    frame = frame.with_columns((per_step if is_of_one_step else per_step * pl.col("step")).alias(amount))
    found = doubts(frame if amount == "tokens" else frame.drop("tokens"), ("params", amount))
    assert ("ignored-steps" in found) == is_of_one_step
    if is_of_one_step:
        assert f"but {amount} does not grow with steps" in found["ignored-steps"]


def test_runs_of_equal_tokens_may_differ_in_batch_size_and_so_in_steps():
    batches = 2.0**16 * 2 ** (pl.int_range(pl.len()) % 3)
    frame = grid().with_columns(tokens=1e9).with_columns(step=pl.col("tokens") / batches)
    assert "ignored-steps" not in doubts(frame)


def test_gpu_hours_stand_for_compute_where_neither_tokens_nor_compute_are_known():
    hours = grid().with_columns(gpu_hours=6 * pl.col("params") * pl.col("tokens") / 4e14 / 3600)
    found = doubts(hours.drop("tokens"), ("params",))
    assert "gpu_hours looks like compute" in found["unread-input"]
    assert "--compute 'gpu_hours * 3600 * 4e14'" in found["unread-input"]
    assert "unread-input" not in doubts(hours)
    assert "unread-input" not in doubts(hours.drop("tokens").with_columns(gpu_hours=2.0), ("params",))
    same = load_runs(hours.drop("tokens"), compute="gpu_hours * 3600 * 4e14").frame["compute"]
    assert same.to_list() == pytest.approx((6 * hours["params"] * hours["tokens"]).to_list())
