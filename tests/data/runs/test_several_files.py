"""Runs from several files: which name their runs, which are runs, and what each of them has."""

from __future__ import annotations

import json

import polars as pl
import pytest

from scaling_cli.data.runs import load
from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.load_options import LoadOptions
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import flops_rule
from tests.data.loading import load_runs


@pytest.fixture
def read(tmp_path):
    def loaded(options=None, **texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return load_runs([tmp_path / f"{name}.csv" for name in texts], **(options or {}))

    return loaded


def rows_of(table, *names):
    return table.frame.select(*names).rows()


def test_files_that_name_their_runs_stand_beside_files_that_are_runs(read):
    table = read(one="run,step,loss\na,1,3\na,2,2.5\nb,1,2\n", two="step,loss\n1,5\n3,4\n")
    assert sorted(rows_of(table, "run_id", "step", "loss")) == [("a", 2.0, 2.5), ("b", 1.0, 2.0), ("two", 3.0, 4.0)]
    assert table.columns["run_id"] == "run, else name of the file"
    assert [source.rows for source in table.sources] == [3, 2]


def test_one_file_is_a_table_and_one_of_several_a_run(read):
    assert rows_of(read(one="params,loss\n1,3\n2,2\n"), "run_id") == [("row 1",), ("row 2",)]
    both = read(one="step,loss\n1,3\n2,2\n", two="step,loss\n1,4\n")
    assert rows_of(both, "run_id", "loss") == [("one", 2.0), ("two", 4.0)]
    alone = read({"checkpoints": "best"}, one="step,loss\n1,2\n2,3\n")
    assert rows_of(alone, "run_id", "loss") == [("one", 2.0)]


def test_a_file_without_the_loss_is_left_out(read):
    table = read(one="params,loss\n1,3\n", two="params,width\n1,3\n")
    assert [file.error for file in table.unread] == [f"{table.sources[0].path[:-7]}two.csv has no column 'loss'."]
    assert table.frame.height == 1


def test_the_files_that_lack_the_column_of_a_role_are_named(read):
    one, two, three = "params,tokens,loss\n1,2,3\n", "params,loss\n2,3\n", "params,loss,x\n3,4,1\n"
    table = read(one=one, two=two)
    assert table.unreadable["no tokens"].endswith("two.csv has no column 'tokens'")
    assert "and 1 more file have" in read(one=one, two=two, three=three).unreadable["no tokens"]
    assert "and 2 more files have" in read(one=one, two=two, three=three, four=two).unreadable["no tokens"]


def test_rows_of_a_file_are_all_its_rows_whatever_was_kept(read):
    text = "params,loss,split\n1,3,x\n2,2,x\n3,,y\n"
    assert [source.rows for source in read(one=text).sources] == [3]
    assert [source.rows for source in read({"where": "params > 1"}, one=text).sources] == [3]


def test_factors_of_units_are_remembered(read):
    table = read(one="params (M),tokens,loss\n1,2,3\n")
    assert table.scales == {"params": 1e6}


def test_the_name_of_a_run_is_inferred_only_where_the_user_did_not_say_that_rows_are_runs():
    plan = make_plan(["loss", "params"], {}, [], [])
    options = LoadOptions({}, None, (), (), (), (), Checkpoints(), None, "nats", True, flops_rule("6ND"))
    assert load._lacks_runs(plan, options)
    assert not load._lacks_runs(make_plan(["loss", "run"], {}, [], []), options)
    refused = LoadOptions(
        {"run_id": "none"}, None, (), (), (), (), Checkpoints(), None, "nats", True, flops_rule("6ND")
    )
    assert not load._lacks_runs(plan, refused)


def test_a_rule_names_columns_that_the_log_lacks():
    frame = pl.DataFrame({"params": [1e6], "tokens": [1e9], "width": [64.0], "loss": [3.0]})
    rule = "6 * params * tokens + width * tokens"
    assert load_runs(frame, flops_rule=rule).frame["compute"].item() == 6e15 + 64e9
    assert load_runs(frame, flops_rule=rule).columns["compute"] == rule
    with pytest.raises(UsageError, match="needs columns of numbers for width"):
        load_runs(frame.drop("width"), flops_rule=rule)


@pytest.mark.parametrize(("step", "is_aside"), [(True, True), (False, False)])
def test_a_large_table_has_columns_aside_only_where_points_are_ends(step, is_aside):
    rows = {"run": ["a", "a"], "params": [1e6, 1e6], "loss": [3.0, 2.0], "dataset": ["x", "x"], "width": [1, 1]}
    frame = pl.DataFrame(rows | ({"step": [1, 2]} if step else {}))
    assert load_runs(frame).aside.columns == ["dataset", "width"]
    assert load_runs(frame.lazy()).aside.columns == (["dataset"] if is_aside else [])


def test_perplexity_is_fitted_by_its_log_and_columns_may_be_kept_if_they_are_there():
    frame = pl.DataFrame({"params": [1e6], "ppl": [1.0], "x": [5]})
    table = load_runs(frame, loss="ppl", loss_unit="perplexity", positive_loss=False, maybe=["x", "y"])
    assert table.frame["loss"].item() == 0.0
    assert table.frame["x"].item() == 5
    assert table.columns["loss"] == "ln(ppl)"
    with pytest.raises(DataError, match="No row satisfies"):
        load_runs(frame, loss="ppl", where="params > 1e9")


TABLES = {
    name: f"compute,loss\n1e18,{loss}\n1e19,{loss - 0.2}\n1e20,{loss - 0.3}\n" for name, loss in (("a", 3), ("b", 4))
}


def test_files_can_be_groups_of_which_each_row_is_a_run(read):
    table = read({"by": "file"}, **TABLES)
    assert rows_of(table, "file", "loss") == [
        ("a", 3), ("a", 2.8), ("a", 2.7), ("b", 4), ("b", 3.8), ("b", 3.7)
    ]  # fmt: skip
    assert table.frame["run_id"].n_unique() == 6


def test_files_that_are_groups_can_name_their_runs_and_be_named_alike(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "log.csv").write_text("run,compute,loss\nr1,1e18,3\nr1,2e18,2.9\nr2,1e19,2.5\n")
    table = load_runs([tmp_path / "x" / "log.csv", tmp_path / "y" / "log.csv"], by="file", checkpoints="all")
    assert rows_of(table, "file", "run_id") == [
        ("x", "r1"), ("x", "r1"), ("x", "r2"), ("y", "r1"), ("y", "r1"), ("y", "r2")
    ]  # fmt: skip


def test_logs_that_are_one_run_each_stay_so_where_files_are_groups(tmp_path):
    for name, loss in ("a", 3.0), ("b", 2.5):
        history = [{"step": step, "eval_loss": loss + 1 / step} for step in (10, 20)]
        (tmp_path / name).mkdir()
        (tmp_path / name / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    table = load_runs([tmp_path / "a", tmp_path / "b"], by="file")
    assert rows_of(table, "file", "run_id", "step") == [("a", "a", 20), ("b", "b", 20)]


def test_a_column_called_file_comes_first_and_one_file_is_one_group(read, tmp_path):
    assert rows_of(read({"by": "file"}, a="file,loss,compute\nx,3,1e18\ny,2,1e19\n"), "file") == [("x",), ("y",)]
    assert rows_of(read({"by": "file"}, a=TABLES["a"]), "file") == [("a",)] * 3
    with pytest.raises(UsageError, match="Unknown column 'file'"):
        load_runs(pl.DataFrame({"loss": [3.0], "compute": [1e18]}), by="file")


def test_the_file_is_set_aside_as_a_condition_where_files_are_tables_of_runs(read):
    named = {
        name: text.replace("compute", "run,compute", 1).replace("\n1e", f"\n{name}1,1e")
        for name, text in TABLES.items()
    }
    table = read(**named)
    assert table.aside["file"].to_list() == ["a"] * 3 + ["b"] * 3
    assert rows_of(read({"where": "file = 'b'"}, **named), "loss") == [(4,), (3.8,), (3.7,)]
    assert read(**TABLES).aside["file"].to_list() == ["a"] * 3 + ["b"] * 3
    runs = {name: text.replace("compute", "step", 1).replace("\n1e", "\n1") for name, text in TABLES.items()}
    assert "file" not in read(**runs).aside.columns  # files that are runs


def test_too_many_files_are_not_told_apart(tmp_path):
    for place in range(41):
        (tmp_path / f"{place}.csv").write_text(f"run,compute,loss\nr{place},1e{place % 9 + 15},{3 - place / 100}\n")
    assert "file" not in load_runs(tmp_path).aside.columns
    (tmp_path / "40.csv").unlink()
    assert load_runs(tmp_path).aside["file"].n_unique() == 40


def test_the_remedy_for_a_file_without_the_loss_names_the_loss_that_it_has(read):
    table = read(**dict.fromkeys(("one", "two", "three"), "params,loss\n1,3\n"), four="params,val_loss\n3,3\n")
    assert [file.hint for file in table.unread] == ["Leave this file out, or rename its column 'val_loss' to 'loss'."]
    lossless = read(one="params,loss\n1,3\n", two="params,width\n2,3\n").unread[0]
    assert lossless.hint == "Leave this file out, or rename its column of the loss to 'loss'."
