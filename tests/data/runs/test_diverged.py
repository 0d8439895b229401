"""Runs that diverged are named, and left out where their loss ended as no number."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

RUNS, STEPS = 6, 40


def curves(noise=0.01, seed=0):
    """Six curves `a` to `f` that fall from about 5 to 3, with an evaluation at each of 40 steps."""
    generator = np.random.default_rng(seed)
    steps = np.arange(1, STEPS + 1) * 10
    return pl.concat(
        pl.DataFrame(
            {
                "run": "abcdef"[run],
                "step": steps,
                "params": 1e7 * 3.0**run,
                "loss": (2.5 - run / 10 + 8 / steps**0.5) * np.exp(generator.normal(0, noise, STEPS)),
            }
        )
        for run in range(RUNS)
    )


def codes(table):
    return [caveat.code for caveat in table.caveats]


def damaged(frame, first, value, run="b"):
    bad = (pl.col("run") == run) & (pl.col("step") > first)
    return frame.with_columns(pl.when(bad).then(value).otherwise("loss").alias("loss"))


@pytest.mark.sample
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("form", ["frame", "csv", "text"])
@pytest.mark.parametrize("first", [390, 200])
def test_a_run_that_ends_without_a_finite_loss_is_named_and_left_out(value, form, first, tmp_path):
    frame = damaged(curves(), first, value)
    if form == "csv":
        frame.write_csv(tmp_path / "log.csv")
    if form == "text":
        frame = frame.with_columns(pl.col("loss").cast(pl.String))
    given = tmp_path / "log.csv" if form == "csv" else frame
    table = load_runs(given)
    assert sorted(table.frame["run_id"]) == list("acdef")
    assert codes(table) == ["rows-excluded", "diverged-runs"]
    assert "1 of 6 runs (b) end" in table.caveats[1].message
    kept = load_runs(given, keep_diverged=True)
    assert kept.frame.height == RUNS
    assert codes(kept) == ["rows-excluded", "kept-diverged"]


def test_runs_that_are_files_are_named_as_such(tmp_path):
    for (run,), part in damaged(curves(), 300, float("nan")).partition_by("run", as_dict=True).items():
        part.drop("run").write_csv(tmp_path / f"{run}.csv")
    assert "(b)" in load_runs(tmp_path).caveats[1].message


def test_a_run_that_recovered_counts():
    frame = curves().with_columns(
        pl.when((pl.col("run") == "b") & (pl.col("step") == 200)).then(float("nan")).otherwise("loss").alias("loss")
    )
    table = load_runs(frame)
    assert table.frame.height == RUNS
    assert codes(table) == ["rows-excluded"]


def test_nan_between_evaluations_means_that_none_was_made():
    frame = (
        curves()
        .with_columns(pl.when(pl.col("step") % 50 == 0).then("loss").otherwise(float("nan")).alias("loss"))
        .filter(pl.col("step") < 400)
    )
    table = load_runs(frame)
    assert table.frame.height == RUNS
    assert codes(table) == ["rows-excluded"]


def test_a_training_loss_that_is_no_number_after_the_last_evaluation_shows_divergence():
    frame = curves().with_columns(pl.col("loss").alias("train_loss"))
    is_evaluated = pl.col("step") % 50 == 0
    bad = (pl.col("run") == "b") & (pl.col("step") > 310)
    frame = frame.with_columns(
        pl.when(is_evaluated & ~bad).then("loss").alias("val_loss"),
        pl.when(bad).then(float("nan")).otherwise("train_loss").alias("train_loss"),
    ).drop("loss")
    table = load_runs(frame)
    assert sorted(table.frame["run_id"]) == list("acdef")
    assert codes(table) == ["rows-excluded", "diverged-runs"]
    assert table.excluded == {"non-finite loss": 9}


@pytest.mark.parametrize("keep", [False, True])
def test_a_log_in_which_every_run_diverged_is_refused_unless_they_are_kept(keep):
    frame = damaged(curves().filter(pl.col("run") == "b"), 300, float("nan"))
    if keep:
        assert load_runs(frame, keep_diverged=True).frame.height == 1
    else:
        with pytest.raises(DataError, match="The only run ends with a loss that is not a finite number") as caught:
            load_runs(frame)
        assert "--keep-diverged" in caught.value.hint


@pytest.mark.parametrize("factor", [1.6, 3.0])
@pytest.mark.parametrize("first", [390, 300])
def test_a_run_that_ends_far_above_its_past_is_named(factor, first):
    table = load_runs(damaged(curves(), first, pl.col("loss") * factor))
    assert table.frame.height == RUNS
    assert codes(table) == ["risen-loss"]
    assert "1 of 6 runs (b) end" in table.caveats[0].message


@pytest.mark.parametrize("seed", range(10))
def test_noisy_curves_and_metrics_that_grow_have_not_risen(seed):
    assert codes(load_runs(curves(noise=0.05, seed=seed))) == []
    growing = curves(noise=0.05, seed=seed).with_columns((1 / pl.col("loss")).alias("loss"))
    assert "risen-loss" not in codes(load_runs(growing))


@pytest.mark.parametrize("which", ["all", "best"])
def test_a_run_that_diverged_is_left_out_whichever_rows_are_the_points(which):
    rows = damaged(curves(), 30, float("nan"))
    table = load_runs(rows, checkpoints=which)
    assert "b" not in table.frame["run_id"]
    assert "diverged-runs" in codes(table)
    kept = load_runs(rows, checkpoints=which, keep_diverged=True)
    assert "b" in kept.frame["run_id"]
    assert "kept-diverged" in codes(kept)
    assert not {"diverged-runs", "risen-loss"} & set(codes(load_runs(curves(), checkpoints=which)))


def one_loss(**runs):
    """The points and rows of runs whose losses are given step by step, from step 1 on."""
    return pl.concat(
        pl.DataFrame({"run": run, "step": range(1, len(values) + 1), "params": 1e7 * (place + 1), "loss": values})
        for place, (run, values) in enumerate(runs.items())
    )


FALLING = [4.0, 3.5, 3.2, 3.0, 2.8, 2.6, 2.4, 2.2, 2.1, 2.0]
NAN = float("nan")


@pytest.mark.parametrize(("stray", "is_diverged"), [(2, True), (3, False)])
def test_at_most_one_row_in_five_may_be_stray_before_a_run_diverges(stray, is_diverged):
    # Ten usable rows, with rows that are not finite among them, and one after them.
    losses = [*FALLING[:9], *[NAN] * stray, FALLING[9], NAN]
    assert ("diverged-runs" in codes(load_runs(one_loss(a=losses, b=FALLING)))) == is_diverged


def test_a_row_that_is_not_finite_at_the_last_usable_step_is_not_its_end():
    frame = one_loss(a=[*FALLING, NAN], b=FALLING)
    same_step = frame.with_columns(pl.when(pl.col("loss").is_nan()).then(10).otherwise("step").alias("step"))
    assert "diverged-runs" in codes(load_runs(frame))
    assert "diverged-runs" not in codes(load_runs(same_step))


def test_at_most_three_runs_are_named():
    four = one_loss(**{name: [*FALLING, NAN] for name in "abcd"}, e=FALLING)
    assert "(a, b, c, ...)" in load_runs(four).caveats[1].message
    assert "(a, b, c)" in load_runs(four.filter(pl.col("run") != "d")).caveats[1].message


def test_all_of_several_runs_that_diverged_are_counted():
    with pytest.raises(DataError, match="All 2 runs end with a loss that is not a finite number, so all of them"):
        load_runs(one_loss(a=[*FALLING, NAN], b=[*FALLING, NAN]))


@pytest.mark.parametrize(
    ("losses", "has_risen"),
    [
        ([*FALLING, 3.0], True),  # above 1.3 times six of eleven losses
        ([*FALLING, 2.6], False),  # 1.3 times the lowest
        ([*FALLING, 2.75], False),  # above 1.3 times two of eleven losses
        ([*FALLING, 2.9], True),  # and three
        ([2.1, *FALLING, 3.0], False),  # the first is not a tenth above the lowest
        ([2.3, *FALLING, 3.0], True),
    ],
)
def test_a_loss_has_risen_if_it_ends_far_above_a_quarter_of_its_past(losses, has_risen):
    frame = one_loss(a=losses, b=FALLING, c=FALLING)
    assert ("risen-loss" in codes(load_runs(frame))) == has_risen


@pytest.mark.parametrize(("risen", "calm", "is_named"), [(1, 1, True), (1, 0, True), (2, 2, True), (2, 1, False)])
def test_what_most_runs_do_is_no_rise(risen, calm, is_named):
    runs = {f"r{i}": [*FALLING, 3.5] for i in range(risen)} | {f"c{i}": FALLING for i in range(calm)}
    assert ("risen-loss" in codes(load_runs(one_loss(**runs)))) == is_named


def jumps(*, last=2.1, count=3, calm=0, before=(2.2, 2.1, 2.0)):
    runs = {f"r{i}": [3.0, *before, last] for i in range(count)} | {f"c{i}": FALLING for i in range(calm)}
    return "last-rows-rise" in codes(load_runs(one_loss(**runs)))


@pytest.mark.parametrize(
    ("options", "is_said"),
    [
        ({"last": 2.27}, True),
        ({"last": 2.26}, False),  # within 3 % of the highest of three rows before
        ({"last": 2.4, "before": (2.2, 2.1, 2.3)}, False),
        ({"last": 2.45, "before": (2.2, 2.1, 2.2)}, True),
        ({"last": 2.45, "before": (2.2, 2.1, 2.21)}, False),  # the rows before had risen themselves
        ({"last": 2.27, "count": 2}, False),
        ({"last": 2.27, "calm": 2}, True),
        ({"last": 2.27, "calm": 3}, False),
    ],
)
def test_last_rows_jump_if_most_of_at_least_three_runs_end_above_the_rows_before(options, is_said):
    assert jumps(**options) == is_said


def test_the_count_of_jumps_is_of_all_curves():
    table = load_runs(one_loss(**{f"r{i}": [3.0, 2.2, 2.1, 2.0, 2.3] for i in range(3)}, c=FALLING))
    (said,) = [caveat.message for caveat in table.caveats if caveat.code == "last-rows-rise"]
    assert said.startswith("3 of 4 runs")


@pytest.mark.parametrize(("jumping", "rising", "is_said"), [(3, 2, True), (3, 3, False), (2, 1, False)])
def test_runs_that_rose_over_several_rows_do_not_jump(jumping, rising, is_said):
    runs = {f"r{i}": [3.0, 2.2, 2.1, 2.0, 2.3] for i in range(jumping)}
    runs |= {f"s{i}": [3.0, 2.0, 2.2, 2.3, 2.4] for i in range(rising)}
    assert ("last-rows-rise" in codes(load_runs(one_loss(**runs)))) is is_said


def test_runs_of_three_rows_are_too_short_to_jump():
    assert "last-rows-rise" not in codes(load_runs(one_loss(**{f"r{i}": [3.0, 2.0, 2.1] for i in range(3)})))
    assert "last-rows-rise" in codes(load_runs(one_loss(**{f"r{i}": [2.1, 2.05, 2.0, 2.2] for i in range(3)})))


def test_a_metric_that_is_no_loss_neither_rises_nor_jumps():
    frame = one_loss(**{f"r{i}": [3.0, 2.2, 2.1, 2.0, 2.3] for i in range(3)})
    assert "last-rows-rise" in codes(load_runs(frame))
    assert "last-rows-rise" not in codes(load_runs(frame, loss_unit="accuracy"))


def test_runs_that_rose_are_not_said_to_jump_too():
    runs = {f"r{i}": [3.0, 2.2, 2.1, 2.0, 2.3] for i in range(3)} | {"x": [*FALLING, 3.5]}
    assert codes(load_runs(one_loss(**runs))) == ["risen-loss"]
