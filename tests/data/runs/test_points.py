"""The choice of points among rows: other losses, amounts to skip to, and what is said about schedules."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.checkpoints import Checkpoints, read_checkpoints
from scaling_cli.data.runs.load_options import LoadOptions, skips_other_losses, takes_ends
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import flops_rule
from tests.data.loading import load_runs

CURVES = pl.DataFrame({
    "run": ["a"] * 4 + ["b"] * 4,
    "step": [1, 2, 3, 4] * 2,
    "params": [1e8] * 4 + [2e8] * 4,
    "tokens": [1e9, 2e9, 3e9, 4e9] * 2,
    "loss": [4.0, 3.0, 2.5, 2.2, 3.9, 2.9, 2.4, 2.1],
})  # fmt: skip


def codes(frame, **options):
    return [caveat.code for caveat in load_runs(frame, **options).caveats]


@pytest.mark.parametrize(
    ("names", "skips"),
    [
        (("run", "step", "val_loss", "train_loss"), True),
        (("run", "val_loss", "train_loss"), False),
        (("run", "step", "val_loss"), False),
    ],
)
def test_rows_with_only_another_loss_are_passed_over_in_logs_of_curves(names, skips):
    assert skips_other_losses(make_plan(names, {}, [], [])) == skips


@pytest.mark.parametrize("as_text", [False, True])
def test_a_row_with_only_another_loss_is_no_row_without_a_loss(as_text):
    frame = pl.DataFrame({
        "run": ["a"] * 4, "step": [1, 2, 3, 4],
        "val_loss": [3.0, None, 2.5, None], "train_loss": [3.1, 2.8, 2.6, None],
    })  # fmt: skip
    frame = frame.with_columns(pl.col("val_loss", "train_loss").cast(pl.String)) if as_text else frame
    table = load_runs(frame)
    assert table.frame["loss"].to_list() == [2.5]
    assert table.excluded == {"no loss": 1}
    assert table.total == 3


@pytest.mark.parametrize("broken", ["nan", "inf", "-inf", "Infinity"])
@pytest.mark.parametrize("as_text", [False, True])
def test_another_loss_that_is_not_finite_counts_as_a_broken_loss(broken, as_text):
    frame = CURVES.rename({"loss": "val_loss"}).with_columns(
        pl.when(pl.col("run").ne("a") | pl.col("step").le(3)).then("val_loss").alias("val_loss"),
        train_loss=pl.when(pl.col("run").eq("a") & pl.col("step").eq(4)).then(pl.lit(broken)).otherwise(pl.lit("2.0")),
    )
    if not as_text:
        frame = frame.with_columns(pl.col("train_loss").cast(pl.Float64))
    assert "diverged-runs" in codes(frame)
    assert "diverged-runs" not in codes(frame.filter(pl.col("train_loss").cast(pl.String) == "2.0"))


@pytest.mark.parametrize(("skip", "steps"), [("2B", [2.0, 3.0, 4.0]), ("2.1B", [3.0, 4.0]), ("4B", [4.0])])
def test_rows_from_the_amount_on_are_kept(skip, steps):
    assert load_runs(CURVES, checkpoints="all", skip_tokens=skip).frame["step"].to_list() == steps * 2


def test_rows_whose_tokens_are_unknown_are_not_skipped():
    frame = pl.DataFrame({"run": list("ab"), "tokens": [None, 5e9], "compute": [1e18, 2e19], "loss": [3.0, 2.0]})
    assert load_runs(frame, skip_tokens="1B").frame.height == 2


def test_tokens_to_skip_may_be_derived_from_compute():
    frame = CURVES.with_columns(compute=6 * pl.col("params") * pl.col("tokens")).drop("tokens")
    assert load_runs(frame, checkpoints="all", skip_tokens="3B").frame["step"].to_list() == [3.0, 4.0] * 2
    with pytest.raises(DataError, match="tokens"):
        load_runs(frame.drop("params"), skip_tokens="1B")


@pytest.mark.parametrize(
    ("checkpoints", "names", "is_end"),
    [
        (Checkpoints(), ("run", "step", "loss"), True),
        (Checkpoints("all"), ("run", "step", "loss"), False),
        (Checkpoints(sample_at=("tokens", (1.0,))), ("run", "step", "loss"), False),
        (Checkpoints(smooth=0.1), ("run", "step", "loss"), True),
        (Checkpoints(), ("run", "loss"), False),
    ],
)
def test_points_are_the_ends_of_curves_unless_others_are_asked_for(checkpoints, names, is_end):
    plan = make_plan(names, {}, [], [])
    options = LoadOptions({}, None, (), (), (), (), checkpoints, None, "nats", True, flops_rule("6ND"))
    assert takes_ends(plan, checkpoints) == is_end
    assert options.takes_ends == (is_end or not plan.has_curves)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"checkpoints": "best"}, "--checkpoints best"),
        ({"sample_at": "tokens=1B"}, "--sample-at"),
        ({"smooth": "5%"}, "--smooth"),
    ],
)
def test_a_choice_that_needs_runs_names_its_option(options, name):
    with pytest.raises(DataError, match=f"{name} needs the run of each row"):
        load_runs(CURVES.drop("run"), mapping={"run_id": "none"}, **options)
    assert read_checkpoints("all", None, None, None).needs_runs is False


def test_compute_cannot_be_sampled_under_another_rule():
    with pytest.raises(UsageError, match="--sample-at compute cannot be combined with --flops-rule"):
        load_runs(CURVES, sample_at="compute=1e18", flops_rule="8 * params * tokens")
    assert load_runs(CURVES, sample_at="tokens=2B", flops_rule="8 * params * tokens").frame.height == 2
    assert load_runs(CURVES, sample_at="compute=1.2e18").frame.height == 2


def test_rows_without_names_of_runs_are_sampled_as_runs_of_their_own(tmp_path):
    grid = pl.DataFrame({"params": [1e8, 1e8, 2e8, 2e8], "tokens": [1e9, 2e9, 1e9, 2e9], "loss": [4.0, 3.8, 3.7, 3.5]})
    grid.write_csv(tmp_path / "grid.csv")
    table = load_runs(tmp_path / "grid.csv", sample_at="tokens=1B")
    assert sorted(table.frame["loss"]) == [3.7, 4.0]
    assert "run_id" not in table.columns
    assert "sample-missed" not in [found.code for found in table.caveats]


@pytest.mark.parametrize("which", [{"checkpoints": "best"}, {"sample_at": "tokens=1B"}, {"checkpoints": "final"}])
def test_steps_of_runs_that_only_their_params_tell_apart_do_not_start_again(tmp_path, which):
    steps, sizes = [*range(1000, 11000, 1000)], [1e7, 3e7, 1e8, 3e8]
    curves = {
        "params": [size for size in sizes for _ in steps],
        "step": steps * 4,
        "tokens": [s * 1e6 for s in steps] * 4,
    }
    curves["loss"] = [4 - step / 1e5 - size / 1e9 for size in sizes for step in steps]
    pl.DataFrame(curves).write_csv(tmp_path / "curves.csv")
    table = load_runs(tmp_path / "curves.csv", **which)
    assert table.columns["run_id"] == "params"
    assert "inferred-runs" in [found.code for found in table.caveats]
    assert "steps-restarted" not in [found.code for found in table.caveats]


def test_samples_that_all_runs_reach_are_not_missed():
    assert "sample-missed" not in codes(CURVES, sample_at="tokens=1B,4B")
    (said,) = [found for found in load_runs(CURVES, sample_at="tokens=1B,9B").caveats if found.code == "sample-missed"]
    assert said.message.startswith("For 2 of 4 combinations")


@pytest.mark.parametrize(
    ("rates", "is_mid"),
    [(None, True), ([1e-3] * 8, False), ([4e-3, 3e-3, 2e-3, 1e-3] * 2, True), ([None] * 8, True)],
)
def test_points_within_a_schedule_are_doubted(rates, is_mid):
    frame = CURVES if rates is None else CURVES.with_columns(lr=pl.Series(rates, dtype=pl.Float64))
    assert ("mid-schedule" in codes(frame, checkpoints="all")) == is_mid
    assert ("mid-schedule" in codes(frame, sample_at="tokens=1B,2B")) == is_mid
    assert "mid-schedule" not in codes(frame)
    assert "mid-schedule" not in codes(frame, checkpoints="best")


def test_one_point_per_run_has_no_schedule():
    assert "mid-schedule" not in codes(CURVES.filter(pl.col("step") == 4), checkpoints="all")
    assert "mid-schedule" not in codes(CURVES.drop("run"), checkpoints="all", mapping={"run_id": "none"})


@pytest.mark.parametrize("unit", ["nats", "accuracy", "other"])
def test_only_a_loss_can_have_risen(unit):
    steps = [*range(1, 21)]
    fallen = [4.0 - i / 10 for i in range(19)]
    frame = pl.concat(
        pl.DataFrame({"run": [run] * 20, "step": steps, "params": [1e8 * 2**i] * 20, "loss": [*fallen, end]})
        for i, (run, end) in enumerate([("a", 2.1), ("b", 2.0), ("c", 9.0)])
    )
    assert ("risen-loss" in codes(frame, loss_unit=unit)) == (unit == "nats")
    assert "risen-loss" not in codes(frame.rename({"loss": "acc"}), mapping={"loss": "acc"})
