"""Which columns are used, and the errors for a table without a loss."""

from __future__ import annotations

import pytest

from scaling_cli.data.runs.plan import make_plan
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace

NAMES = ("run", "step", "params (M)", "tokens", "val_loss", "train_loss", "width", "lr", "loss_scale")


def test_a_plan_has_the_column_of_each_role_group_and_column_to_keep():
    plan = make_plan(NAMES, {}, by=["width", "params"], keep=["lr", "width", "train_loss", "step", "compute"])
    assert {role: chosen.column for role, chosen in plan.chosen.items()} == {
        "run_id": "run", "step": "step", "params": "params (M)", "tokens": "tokens", "loss": "val_loss", "lr": "lr",
    }  # fmt: skip
    assert plan.derived == {"compute": "6*params*tokens"}
    assert plan.by == {"width": "width", "params": "params (M)"}
    assert plan.keep == {"train_loss": "train_loss"}  # the others are roles, groups or derived
    assert plan.other_losses == ("train_loss",)
    assert plan.measures == ("loss", "params", "tokens")


def test_a_column_with_the_name_of_a_role_that_another_column_has_is_kept_beside_it():
    plan = make_plan(["loss", "params", "n"], {"params": "n"}, by=[], keep=["params", "loss"])
    assert plan.keep == {"column params": "params"}


@pytest.mark.parametrize(
    ("names", "is_file", "has_runs", "has_curves"),
    [
        (("run", "step", "loss"), False, True, True),
        (("run", "loss"), False, True, False),
        (("step", "loss"), False, False, False),
        (("step", "loss"), True, True, True),
        (("loss",), True, True, False),
    ],
)
def test_curves_need_runs_and_steps(names, is_file, has_runs, has_curves):
    plan = replace(make_plan(names, {}, [], []), run_is_file=is_file)
    assert (plan.has_runs, plan.has_curves) == (has_runs, has_curves)


def test_the_origin_of_each_role_is_a_column_or_says_how_it_was_made():
    plan = make_plan(("run", "tokens", "ppl", "flops"), {"loss": "ppl"}, [], [], r"([0-9]+M)")
    assert plan.columns == {
        "run_id": "run", "tokens": "tokens", "compute": "flops", "loss": "ppl",
        "params": "([0-9]+M) in the name of the run",
    }  # fmt: skip
    assert plan.derived == {}  # params come from names
    found = replace(plan, run_is_file=True, takes_log=True).columns
    assert found["run_id"] == "run, else name of the file"
    assert found["loss"] == "ln(ppl)"
    assert replace(make_plan(("loss",), {}, [], []), run_is_file=True).columns["run_id"] == "name of the file"


def test_params_from_names_replace_a_column_of_params():
    plan = make_plan(("params", "tokens", "loss"), {}, [], [], r"([0-9]+M)")
    assert "params" not in plan.chosen
    assert plan.derived == {"compute": "6*params*tokens"}


def test_a_refused_role_is_not_derived_and_no_loss_is_refused():
    assert make_plan(("compute", "params", "loss"), {"tokens": "none"}, [], []).derived == {}
    with pytest.raises(DataError, match="--loss none leaves nothing to fit"):
        make_plan(("loss",), {"loss": "none"}, [], [])


@pytest.mark.parametrize("by", ["loss", "val_loss"])
def test_groups_by_the_loss_are_refused(by):
    with pytest.raises(UsageError, match="'val_loss', because it is the loss"):
        make_plan(NAMES, {}, by=[by], keep=[])


@pytest.mark.parametrize(
    ("names", "shown", "hint"),
    [
        (("a", "b"), "a, b", "Choose it with --map loss=COLUMN."),
        (("predicted_loss", "loss_x"), "predicted_loss, loss_x", "Choose it with --map loss=loss_x."),
        (("best_loss_x", "loss_std", "mean_loss"), "best_loss_x, loss_std, mean_loss", "--map loss=mean_loss."),
        (("x train loss", "x val loss"), "x train loss, x val loss", "Choose it with --map 'loss=x val loss'."),
        (("smoothed_loss",), "smoothed_loss", "Choose it with --map loss=smoothed_loss."),
        (("my loss x", "ppl"), "my loss x", "Choose it with --map 'loss=my loss x'."),
        (("ppl", "x"), "ppl, x", "To fit the logarithm of ppl, a loss in nats, give --loss ppl --loss-unit perplexity"),
        (("x", "acc", "bpb"), "x, acc, bpb", "To fit acc, give --loss acc --loss-unit accuracy."),
        (("metric", "value", "acc"), "metric, value, acc", "value and keep the rows of one: --where 'metric = ...'."),
        (("value", "x"), "value, x", "Choose it with --map loss=COLUMN."),
        (("name", "x"), "name, x", "Choose it with --map loss=COLUMN."),
        (("my loss x", "metric", "value"), "my loss x", "Choose it with --map 'loss=my loss x'."),
        (("1", "2.5"), "1, 2.5", "The first line holds numbers; add a header line"),
        (("1", "x"), "1, x", "Choose it with --map loss=COLUMN."),
        (("# made by", "b"), "# made by, b", "The first line must be the names of the columns"),
        (("sep=;", "b"), "sep=;, b", "The first line must be the names of the columns"),
        (("some words!",), "some words!", "The first line must be the names of the columns"),
        (("word",), "word", "Choose it with --map loss=COLUMN."),
        (("some words!", "b"), "some words!, b", "Choose it with --map loss=COLUMN."),
        ((), "", "Choose it with --map loss=COLUMN."),
    ],
)  # fmt: skip
def test_a_table_without_a_loss_says_what_to_do(names, shown, hint):
    with pytest.raises(DataError) as caught:
        make_plan(names, {}, [], [])
    assert caught.value.message == f"No column could be identified as the loss among: {shown}."
    assert hint in caught.value.hint
