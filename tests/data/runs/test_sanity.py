import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.data.runs import sanity
from scaling_cli.data.runs.summary import summarise
from scaling_cli.data.runs.targets import load_targets
from scaling_cli.errors import DataError
from tests.data.loading import codes, lawful, load_runs


def test_runs_on_a_law_have_no_caveats():
    assert codes(lawful()) == []


def test_a_ratio_of_compute_that_changes_with_size_gets_a_caveat_even_if_each_is_acceptable():
    ratio = pl.Series([1.5 - 0.05 * i for i in range(10)])
    frame = lawful().with_columns((6 * pl.col("params") * pl.col("tokens") * ratio).alias("compute"))
    assert codes(frame) == ["compute-drift"]
    assert codes(frame, mapping={"compute": "none"}) == []


@pytest.mark.parametrize("name", ["val_ppl", "eval/perplexity", "loss_bpb", "bits_per_byte", "mmlu_acc"])
def test_a_metric_that_is_not_a_loss_by_name_gets_a_caveat_unless_its_unit_is_given(name):
    frame = lawful().rename({"loss": name})
    assert codes(frame, mapping={"loss": name}) == ["loss-unit"]
    assert codes(frame, mapping={"loss": name}, loss_unit="other") == []


def test_losses_above_a_uniform_guess_are_taken_for_perplexity():
    assert codes(lawful().with_columns(pl.col("loss").exp() * 10)) == ["large-loss"]


def test_a_metric_that_grows_gets_a_caveat():
    assert codes(lawful().with_columns((1 - pl.col("loss") / 20).alias("loss"))) == ["metric-grows"]


def test_a_training_loss_gets_a_caveat_unless_it_was_chosen():
    frame = lawful().rename({"loss": "train_loss"})
    assert codes(frame) == ["training-loss"]
    assert codes(frame, mapping={"loss": "train_loss"}) == []
    assert codes(frame.with_columns(pl.col("train_loss").alias("eval_loss"))) == []


@pytest.mark.parametrize(
    ("name", "is_said"), [("grad_norm", True), ("train/grad-norm", True), ("gradient_steps", False)]
)
def test_a_loss_that_is_logged_with_the_norm_of_the_gradient_is_probably_of_training(name, is_said):
    found = load_runs(lawful().with_columns(pl.lit(0.4).alias(name))).caveats
    assert [each.code for each in found] == (["training-loss"] if is_said else [])
    if is_said:
        assert found[0].message.startswith("loss is probably a loss on training data")
    assert codes(lawful().rename({"loss": "eval_loss"}).with_columns(pl.lit(0.4).alias(name))) == []


def test_equal_points_are_counted_but_kept():
    frame = lawful()
    table = load_runs(pl.concat([frame, frame.head(2)]))
    assert table.frame.height == 12
    assert [caveat.code for caveat in table.caveats] == ["repeated-points"]
    assert table.caveats[0].message.startswith("2 points")


def test_runs_that_end_with_a_high_learning_rate_are_counted():
    rows = [
        (run, step, step * 1e6, 1e-3 * (1 - step / 110 if run != "constant" else 1), 3 - step / 100 + len(run) / 9)
        for run in ("wsd", "cosine", "constant")
        for step in range(0, 101, 10)
    ]
    frame = pl.DataFrame(rows, schema=["run", "step", "tokens", "lr", "loss"], orient="row").filter(pl.col("step") > 0)
    (caveat,) = load_runs(frame).caveats
    assert caveat.message.startswith("1 of 3 runs end")
    assert "mid-schedule" in codes(frame, checkpoints="all")


def test_a_resumed_log_is_counted_and_its_later_rows_count():
    rows = [("a", step, 5 - step / 10) for step in range(1, 21)] + [
        ("a", step, 4 - step / 10) for step in range(11, 31)
    ]
    frame = pl.DataFrame(rows, schema=["run", "step", "loss"], orient="row")
    table = load_runs(frame)
    assert table.frame["loss"].to_list() == [1.0]
    assert [caveat.message[:7] for caveat in table.caveats if caveat.code == "repeated-steps"] == ["10 rows"]


def test_the_log_of_perplexity_is_fitted_as_a_loss_in_nats():
    rows = pl.DataFrame({"ppl": ["20.0855", "0", "7.38906"], "params": [1e7, 2e7, 3e7]})
    table = load_runs(rows, mapping={"loss": "ppl"}, loss_unit="perplexity")
    assert table.frame["loss"].to_list() == pytest.approx([3.0, 2.0], abs=1e-5)
    assert table.columns["loss"] == "ln(ppl)"
    assert table.excluded == {"non-finite loss": 1}
    assert [caveat.code for caveat in table.caveats] == ["rows-excluded", "perplexity-log"]
    (loss,) = [role for role in summarise(table, "perplexity").roles if role.role == "loss"]
    assert loss.unit == "nats"


def test_targets_in_perplexity_are_scored_in_nats(tmp_path):
    (tmp_path / "targets.csv").write_text("params,tokens,ppl\n1e9,1e10,7.38906\n1e10,1e11,\n")
    targets = load_targets(tmp_path / "targets.csv", mapping={"loss": "ppl"}, loss_unit="perplexity")
    assert [loss if loss is None else round(loss, 5) for _, loss, *_ in targets] == [2.0, None]


@pytest.mark.parametrize(("name", "unit"), [("val_ppl", "perplexity"), ("bpb", "bits-per-byte"), ("acc", "accuracy")])
def test_a_table_with_another_metric_than_a_loss_says_how_to_name_it(name, unit):
    with pytest.raises(DataError) as caught:
        load_runs(pl.DataFrame({name: [10.0], "params": [1e7]}))
    assert caught.value.hint.startswith("To fit ")
    assert caught.value.hint.endswith(f"give --loss {name} --loss-unit {unit}.")


def test_runs_that_did_not_finish_are_counted_with_the_condition_that_leaves_them_out():
    columns = {"State": ["finished", "crashed", "Failed", None, "finished"], "loss": [3.0, 2.9, 2.8, 2.7, 2.6]}
    table = load_runs(pl.DataFrame(columns | {"params": [1e7, 2e7, 3e7, 4e7, 5e7]}))
    (said,) = table.caveats
    assert said.code == "unfinished-runs"
    assert "2 of 5 points are from runs that State calls Failed or crashed" in said.message
    assert "--where \"State <> 'Failed' AND State <> 'crashed'\"" in said.message
    assert table.frame.columns == ["run_id", "params", "loss"]
    assert table.others == ("State",)


def test_the_state_of_runs_can_still_make_groups():
    frame = pl.DataFrame({"state": ["finished", "crashed"], "loss": [3.0, 2.9], "params": [1e7, 2e7]})
    assert load_runs(frame, by=["state"]).frame["state"].to_list() == ["finished", "crashed"]


@pytest.mark.parametrize(
    ("runs", "counted"),
    [(["a", "a", "b"], "a point of its run"), (["a", "b", "c"], "a run"), (None, "a run")],
)
def test_copies_differ_from_runs_that_were_logged_twice(runs, counted):
    frame = pl.DataFrame({"params": [1e8, 1e8, 2e8], "tokens": [2e9, 2e9, 3e9], "loss": [3.0, 3.0, 2.9]})
    frame = frame if runs is None else frame.with_columns(run=pl.Series(runs))
    (said,) = [found.message for found in load_runs(frame).caveats if found.code == "repeated-points"]
    assert said.startswith("1 point equals an earlier one")
    assert f"each counts as {counted}, so" in said


def curves(rate, name="lr", runs=3):
    rows = [
        {"run": f"r{run}", "step": step, "params": 1e7 * 2**run, "loss": 3 + 10 / step - run / 4, name: rate(run, step)}
        for run in range(runs)
        for step in range(100, 1001, 100)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize("runs", [1, 3])
def test_runs_that_end_before_their_learning_rate_has_decayed_are_named(runs):
    frame = curves(lambda run, step: 1e-3 * (1 - step / 2100), runs=runs)
    assert codes(frame) == ["undecayed-lr"]
    assert codes(curves(lambda run, step: 1e-3 * min(step / 500, 1.0), runs=runs)) == ["undecayed-lr"]


@pytest.mark.parametrize("name", ["lr", "peak_lr", "learning_rate", "config.lr"])
def test_a_learning_rate_that_is_a_setting_shows_no_schedule(name):
    assert codes(curves(lambda run, step: 1e-3 / (run + 1), name)) == []
    assert codes(curves(lambda run, step: 1e-3 / (run + 1), name), checkpoints="all") == []
    final = curves(lambda run, step: 1e-3 / (run + 1), name).filter(pl.col("step") == 1000)
    assert codes(final) == []


@pytest.mark.parametrize("name", ["eval/c4/loss", "eval_c4_loss", "val/pile_nll"])
def test_a_loss_beside_losses_on_evaluation_sets_is_probably_that_on_training_data(name):
    """The Trainer of Hugging Face and many scripts call the loss on training data only loss."""
    frame = lawful().with_columns(pl.col("loss").alias(name))
    (caveat,) = load_runs(frame).caveats
    assert caveat.code == "training-loss"
    assert caveat.message.startswith("loss is probably a loss on training data")
    assert f"{name} may be an evaluation loss" in caveat.message
    assert codes(frame, mapping={"loss": "loss"}) == []
    assert codes(frame, mapping={"loss": name}) == []


def test_a_training_loss_names_what_may_be_evaluation_losses_instead_of_denying_them():
    frame = lawful().rename({"loss": "train_loss"})
    (caveat,) = load_runs(frame).caveats
    assert "no evaluation loss was found" in caveat.message
    (caveat,) = load_runs(frame.with_columns(pl.col("train_loss").alias("c4_nll"), grad=1.0, loss_scale=1.0)).caveats
    assert caveat.code == "training-loss"
    assert "c4_nll may be an evaluation loss" in caveat.message
    assert "grad" not in caveat.message
    assert "loss_scale" not in caveat.message


def test_copies_are_noticed_along_a_column_that_was_asked_for():
    frame = pl.DataFrame({"width": [2.0**i for i in range(24)], "loss": [5.0 - i / 7 + i % 3 / 100 for i in range(24)]})
    assert codes(frame, keep=["width"]) == []
    copied = pl.concat([frame] * 4)
    (caveat,) = load_runs(copied, keep=["width"]).caveats
    assert caveat.code == "repeated-points"
    assert "72 points equal an earlier one in loss, width, and each counts as a run" in caveat.message


def test_accuracies_of_few_questions_are_equal_by_chance_and_not_copies():
    frame = pl.DataFrame({"width": [1.0, 1.0, 2.0, 2.0, 4.0, 4.0] * 3, "loss": [0.5, 0.5, 0.25, 0.5, 0.75, 0.5] * 3})
    assert codes(frame, keep=["width"], loss_unit="other") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (pl.when(pl.col("arch") == "b").then(pl.col("loss").exp() * 3).otherwise("loss").alias("loss"), "large-loss"),
        (
            pl.when(pl.col("arch") == "b").then(pl.col("compute") / 1e15).otherwise("compute").alias("compute"),
            "tiny-unit",
        ),
    ],
)
def test_one_group_in_another_unit_is_named(change, code):
    curve = pl.DataFrame({"compute": np.geomspace(1e17, 1e22, 20)})
    curve = curve.with_columns(loss=2 + 3 * (pl.col("compute") / 1e17) ** -0.2)
    rows = pl.concat([curve.with_columns(arch=pl.lit("a"))] * 2 + [curve.with_columns(arch=pl.lit("b"))])
    found = scaling.columns(rows.with_columns(change), by="arch").caveats
    assert [each.group for each in found if each.code == code] == [{"arch": "b"}]
    assert code not in {each.code for each in scaling.columns(rows, by="arch").caveats}


def found(points, **more):
    """The caveats about points of a metric of any unit, by code."""
    points = pl.DataFrame(points) if isinstance(points, dict) else points
    points = points.with_columns(pl.col(pl.Int64).cast(pl.Float64))
    if "run_id" not in points.columns:
        points = points.with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"))
    columns = {role: role for role in points.columns}
    said = sanity.doubts(points, columns, (), named_loss=True, loss_unit="other", **more)
    return {each.code: each.message for each in said}


def test_copies_within_runs_and_of_runs_are_both_named():
    points = {
        "run_id": ["a", "a", "b", "c"],
        "params": [1e8, 1e8, 1e8, 2e8],
        "tokens": [1e9] * 4,
        "loss": [3.0, 3.0, 3.0, 2.0],
    }  # fmt: skip
    message = found(points)["repeated-points"]
    assert message.startswith("2 points")
    assert "each counts as a run, or a point of its run, so" in message
    assert "in params, tokens, loss" in message


def test_points_that_differ_in_any_column_are_no_copies():
    points = {"params": [1e8, 1e8], "tokens": [1e9, 1e9], "loss": [3.0, 3.0]}
    assert "repeated-points" in found(points)
    assert "repeated-points" not in found(points | {"opt": ["adam", "muon"]})
    assert "repeated-points" not in found(points | {"lr": [1e-3, 1e-4]})
    assert "repeated-points" not in found({"loss": [3.0, 3.0]})
    assert "repeated-points" not in found({"loss": [3.0, 3.0], "opt": ["adam", "adam"]})


@pytest.mark.parametrize(("equal", "is_named"), [(1, True), (2, False)])
def test_equal_losses_at_other_inputs_show_a_coarse_metric(equal, is_named):
    # Of ten different points, nine or eight losses differ: below nine in ten, points may agree by chance.
    losses = [1.0 + min(i, 9 - equal) / 10 for i in range(10)]
    points = {"width": [2.0**i for i in range(10)] + [1.0], "loss": [*losses, losses[0]]}
    assert ("repeated-points" in found(points)) == is_named


@pytest.mark.parametrize(("epochs", "is_repeated"), [(4.0, False), (4.1, True)])
def test_data_seen_more_than_four_times_are_named(epochs, is_repeated):
    points = {"tokens": [1e9, epochs * 1e9], "unique_tokens": [1e9, 1e9], "loss": [3.0, 2.0]}
    said = found(points)
    assert ("repeated-data" in said) == is_repeated
    if is_repeated:
        assert "1 of 2" in said["repeated-data"]
        assert "4.1" in said["repeated-data"]
    assert "repeated-data" not in found({"tokens": [9e9], "loss": [3.0]})


@pytest.mark.parametrize(("last", "has_risen"), [(4.0, False), (4.1, True)])
def test_a_loss_over_twice_the_lowest_after_many_epochs_has_risen(last, has_risen):
    points = {"tokens": [1e9, 9e9, 9e9], "unique_tokens": [1e9] * 3, "loss": [2.0, 2.5, last]}
    assert ("late-rise" in found(points)) == has_risen


@pytest.mark.parametrize(
    ("lr", "peak", "lowest", "is_high"),
    [(0.5, 1.0, 0.1, False), (0.51, 1.0, 0.1, True), (1.0, 1.0, 1.0, False), (0.0, 0.0, 0.0, False)],
)
def test_a_rate_over_half_its_peak_has_not_decayed(lr, peak, lowest, is_high):
    points = pl.DataFrame({"lr": [lr], "lr_peak": [peak], "lr_lowest": [lowest]})
    assert bool(sanity.schedules(points)) == is_high
    assert sanity.schedules(points.drop("lr_peak")) == ()


def test_one_run_with_a_schedule_shows_that_rates_are_not_settings():
    points = pl.DataFrame({"lr": [1.0, 1.0, None], "lr_peak": [1.0, 1.0, None], "lr_lowest": [1.0, 0.5, None]})
    assert sanity.schedules(points)[0].message.startswith("2 of 3 runs")


@pytest.mark.parametrize(
    ("column", "asked", "is_named", "columns", "codes"),
    [
        ("step", (), False, ["step", "tokens"], []),
        ("_step", (), False, ["tokens"], []),
        ("_step", ("step",), False, ["step", "tokens"], ["log-calls"]),
        ("_step", ("step",), True, ["step", "tokens"], []),
    ],
)
def test_log_calls_are_no_steps_where_an_amount_is_known(column, asked, is_named, columns, codes):
    points = pl.DataFrame({"step": [1.0], "tokens": [1e9]})
    left, said = sanity.without_calls(points, column, asked, is_named=is_named)
    assert left.columns == columns
    assert [each.code for each in said] == codes


def test_log_calls_stay_where_no_amount_is_known():
    for points in (pl.DataFrame({"step": [1.0]}), pl.DataFrame({"step": [1.0], "tokens": [None]})):
        left, said = sanity.without_calls(points, "_step", (), is_named=False)
        assert "step" in left.columns
        assert [each.code for each in said] == ["log-calls"]


@pytest.mark.parametrize(
    ("column", "is_text", "condition"),
    [
        ("split", True, "\"split <> 'val'\""),
        ("split", False, '"split <> val"'),
        ("eval/split", True, "'\"eval/split\" <> '\"'\"'val'\"'\"''"),
    ],
)
def test_a_condition_is_written_as_a_shell_needs_it(column, is_text, condition):
    assert sanity.condition_on(column, "<>", "val", is_text=is_text) == condition


def test_the_column_of_states_and_runs_in_none_of_the_bad_states():
    assert sanity.state_column(["loss", "Run State", "status"]) == "Run State"
    assert sanity.state_column(["loss"]) is None
    points = pl.DataFrame({"loss": [1.0], sanity.STATE: ["finished"]})
    assert sanity.unfinished(points, "state")[1] == ()
    assert sanity.unfinished(points, "state")[0].columns == ["loss"]
    assert sanity.unfinished(points.with_columns(pl.lit(1).alias(sanity.STATE)), "state")[1] == ()
    assert sanity.unfinished(points, None)[0].equals(points)


def test_groups_are_looked_at_one_by_one_unless_they_are_many_or_all_share_the_doubt():
    def odd_groups(count, known=()):
        """The groups that are doubted among some of which the last has compute in another unit."""
        names = [f"a{i}" for i in range(count)]
        points = pl.DataFrame({"compute": [1e20] * (count - 1) + [1.0], "loss": 2.0, "arch": names})
        columns = {"loss": "loss", "compute": "compute"}
        return [each.group for each in sanity.of_groups(points, columns, ("arch",), "other", known)]

    assert odd_groups(100) == [{"arch": "a99"}]
    assert odd_groups(101) == []
    tiny, large = sanity.caveat("best-checkpoint"), sanity.caveat("rows-excluded", count=1, total=2, reasons="x")
    assert odd_groups(3, known=[tiny, large]) == [{"arch": "a2"}]
