"""CSV and other text with separators."""

from __future__ import annotations

import contextlib
import csv
import json

import pytest

from scaling_cli.data.files.delimited import CHART, DELIMITED
from scaling_cli.data.files.format import FILE
from scaling_cli.errors import DataError, ScalingError, UsageError
from tests.data.loading import load_runs


def layout(text, name="a.csv"):
    return DELIMITED.layout(name, text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def read(tmp_path):
    def rows(text, kind=DELIMITED):
        path = tmp_path / "a.csv"
        path.write_text(text)
        return kind.scan([str(path)], kind.layout(str(path), text.encode())).drop(FILE).collect()

    return rows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", ",.ba,b"),
        ("a\tb\n1\t2\n", "\t.ba\tb"),
        ("a;b\n1,5;2\n", ";,ba;b"),
        ("a|b\n1|2\n", "|.ba|b"),
        ("a, b\n1,2\n", ",.pa, b"),
        ("a,b\n1 ,2\n", ",.pa,b"),
        ("a\tb\n1\t 2\n", "\t.ba\tb"),
        ('"a;b;c",d\n1,2\n', ',.b"a;b;c",d'),
        ("\ufeff\r\n\na,b\r\n1,2\r\n", ",.ba,b"),
        ("a\n1\n", ",.ba"),
    ],
)
def test_the_layout_is_separator_decimal_sign_blanks_and_header(text, found):
    assert layout(text) == found


@pytest.mark.parametrize(
    ("head", "name", "message"),
    [
        (b"\xff\xfea\0", "a.csv", "is UTF-16 text"),
        (b"\xfe\xff\0a", "a.csv", "is UTF-16 text"),
        (b"PK\x03\x04..xl/workbook", "a", "is a spreadsheet"),
        (b"PK\x03\x04..", "a.XLSX", "is a spreadsheet"),
        (b"PK\x03\x04..", "a.zip", "is a zip archive"),
        (b"a\0b", "a", "is a binary file"),
    ],
)
def test_other_files_are_refused_by_what_they_are(head, name, message):
    with pytest.raises(DataError, match=message):
        layout(head, name)


def test_blanks_around_names_and_cells_are_removed(read):
    assert read('a , "b"\n 1, "x y"\n').to_dicts() == [{"a": "1", "b": "x y"}]
    # Names that would become equal stay as they are.
    assert read("a, a\n1, 2\n").columns == ["a", " a"]
    assert read("a, \n1, 2\n").columns == ["a", ""]


def test_the_rule_of_a_markdown_table_is_no_row(read):
    assert read("a | b\n--- | :-:\n1 | 2\n").to_dicts() == [{"a": "1", "b": "2"}]
    assert read("a | b\n- | \n1 | 2\n").height == 1
    assert read("a | b\n | \n1 | 2\n").height == 2  # an empty row is one


def test_decimal_commas_are_written_as_points(read):
    assert read("a;b\n1,5;x,5\n").to_dicts() == [{"a": "1.5", "b": "x,5"}]


CHART_TEXT = (
    "Step,a - x - loss,a - x - loss__MIN,a - x - loss__MAX,a - x - _step,b - loss,b - acc\n"
    "1,3.0,2.9,3.1,1,,\n2,,,,2,4.0,0.5\n"
)


def test_a_chart_is_a_row_per_run_and_step(read):
    assert CHART.recognises(CHART_TEXT.encode())
    assert read(CHART_TEXT, CHART).to_dicts() == [
        {"run_id": "a - x", "step": "1", "loss": "3.0", "_step": "1", "acc": None},
        {"run_id": "a - x", "step": "2", "loss": None, "_step": "2", "acc": None},
        {"run_id": "b", "step": "2", "loss": "4.0", "_step": None, "acc": "0.5"},
    ]


def test_a_run_of_which_a_chart_has_only_steps_has_no_rows(read):
    text = "Step,a - _step,b - loss,b - loss__MIN,b - loss__MAX\n1,1,2.0,2.0,2.0\n"
    assert read(text, CHART)["run_id"].to_list() == ["b"]


@pytest.mark.parametrize(
    "header",
    ["Step,a - loss", "Step,a - loss,a - loss__MIN", "Step,a - loss,b,a - loss__MIN,a - loss__MAX", "Step,__MIN,__MAX"],
)
def test_a_table_whose_columns_are_not_all_of_a_chart_is_none(header):
    assert not CHART.recognises(f"{header}\n1,2\n".encode())


def test_a_file_that_is_called_a_chart_but_is_none_is_refused(read):
    with pytest.raises(DataError, match="is not the CSV of a W&B chart"):
        read("a,b\n1,2\n", CHART)


def exported(folder, values):
    """Files as TensorBoard exports them: one for each run and tag."""
    for (run, tag), steps in values.items():
        lines = [f"1.7e9,{step},{value}" for step, value in steps.items()]
        (folder / f"run-{run}-tag-{tag}.csv").write_text("\n".join(["Wall time,Step,Value", *lines]) + "\n")
    return folder


def test_the_tags_that_tensorboard_exports_are_columns_of_their_run(tmp_path):
    exported(tmp_path, {("a", "eval_loss"): {1: 5, 2: 4}, ("a", "lr"): {1: 0.1}, ("b", "eval_loss"): {2: 3}})
    loaded = load_runs([str(tmp_path)])
    assert loaded.columns["loss"] == "eval_loss"
    assert loaded.frame.select("run_id", "step", "loss").rows() == [("a", 2, 4.0), ("b", 2, 3.0)]
    assert loaded.frame["lr"].to_list() == [0.1, None]


@pytest.mark.parametrize("name", ["a_train", "a.train", "a-train"])
def test_a_run_of_tensorboard_may_be_the_training_part_of_another(tmp_path, name):
    exported(tmp_path, {
        ("a_eval", "loss"): {2: 4}, (name, "loss"): {1: 9, 2: 8}, (name, "tokens"): {1: 100, 2: 200},
    })  # fmt: skip
    loaded = load_runs([str(tmp_path)])
    assert loaded.columns["loss"] == "eval/loss"
    assert loaded.frame.select("run_id", "loss", "tokens").rows() == [("a", 4.0, 200.0)]


def test_an_exported_tag_under_another_name_is_a_plain_table(tmp_path):
    exported(tmp_path, {("a", "loss"): {1: 5, 2: 4}})
    (tmp_path / "run-a-tag-loss.csv").rename(tmp_path / "gpt.csv")
    with pytest.raises(DataError, match="No column could be identified as the loss"):
        load_runs([str(tmp_path / "gpt.csv")])
    assert load_runs([str(tmp_path / "gpt.csv")], mapping={"loss": "Value"}).frame["loss"].to_list() == [5.0, 4.0]


SUMMARY = {"val/loss": 3.5, "_step": 100, "tokens": 2e9, "note": 'it\'s {odd}, "really"', "_wandb": {"runtime": 5}}
CONFIG = {"n_params": 10**8, "tied": True, "wd": None, "scale": float("nan"), "betas": [0.9, float("inf")]}


@pytest.mark.parametrize("write", [str, json.dumps], ids=["Python", "JSON"])
@pytest.mark.parametrize("index", [True, False])
def test_objects_in_cells_are_columns(tmp_path, write, index):
    """The example of W&B's public API saves the settings and the last values of a run as one cell each."""
    rows = [{"": "0"} if index else {}, {"summary": write(SUMMARY), "config": write(CONFIG), "name": "a, b"}]
    row = rows[0] | rows[1]
    with (tmp_path / "runs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values()), [*list(row.values())[:-1], "c"]])
    loaded = load_runs([str(tmp_path / "runs.csv")])
    assert loaded.frame["run_id"].to_list() == ["a, b", "c"]
    assert loaded.frame.select("params", "tokens", "loss").row(0) == (1e8, 2e9, 3.5)
    assert loaded.columns["params"] == "config/n_params"


@pytest.mark.parametrize("cell", ["{broken", "{}", "[1, 2]", "{1, 2}", "{'a': f(x)}", "{" * 5000 + "}" * 5000])
def test_a_cell_that_is_no_object_stays_text(tmp_path, cell):
    rows = [["loss", "note"], ["3.5", cell], ["3.4", "x"]]
    with (tmp_path / "runs.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    loaded = load_runs([str(tmp_path / "runs.csv")], keep=["note"])
    assert loaded.frame["note"].to_list() == [cell, "x"]


def with_objects(path, *rows, header=("name", "config", "loss")):
    """A table of three runs, whose settings are objects, and of further rows."""
    runs = [[f"r{i}", f"{{'params': {10**7 * 2**i}, 'tokens': 2000000000}}", f"{3 - i / 4}"] for i in range(3)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *runs, *rows])
    return [str(path)]


def test_a_row_of_a_table_with_objects_may_have_a_very_long_cell_or_no_object(tmp_path):
    note = "{'note': '%s', 'params': 80000000, 'tokens': 2e9}" % ("x" * 200_000)
    loaded = load_runs(with_objects(tmp_path / "runs.csv", ["r3", note, "2.2"], ["r4", "", "2.1"]))
    assert loaded.frame["params"].to_list() == [1e7, 2e7, 4e7, 8e7, None]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("r3,\"{'params': 1}\",2,more\n", "has a line with more cells than its header"),
        ("r3,\"{'params': 1},2\n", "a cell begins with a quote that is never closed"),
    ],
)
def test_damaged_tables_with_objects_are_refused_as_others_are(tmp_path, line, error):
    paths = with_objects(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open("a") as file:
        file.write(line)
    with pytest.raises(DataError, match=error):
        load_runs(paths)


@pytest.mark.parametrize("cell", ["{}", "{'b': {}}"])
def test_empty_objects_have_no_columns(tmp_path, cell):
    paths = with_objects(tmp_path / "runs.csv", ["r3", cell, "2.2"])
    assert load_runs(paths).frame["loss"].to_list() == [3.0, 2.75, 2.5, 2.2]


def test_a_column_that_is_called_like_a_field_of_an_object_is_refused(tmp_path):
    paths = with_objects(tmp_path / "runs.csv", header=("name", "config", "config/params"))
    with pytest.raises(DataError, match="has a column 'config/params', and so does the object in its column 'config'"):
        load_runs(paths, mapping={"loss": "config/params"})


def test_columns_of_one_name_are_told_apart_beside_objects(tmp_path):
    paths = with_objects(tmp_path / "runs.csv", header=("loss", "config", "loss"))
    with pytest.raises(UsageError, match="'loss' and 'loss_duplicated_0' could both be loss"):
        load_runs(paths)


@pytest.mark.parametrize("before", ["", "Runs of March\n\n", "# by me\n"])
@pytest.mark.parametrize("end", ["\n", "\r"])
@pytest.mark.parametrize("odd", ["x" * 200_000, '"' + "x" * 200_000 + '"', "a\rb", '"""'])
def test_long_cells_and_carriage_returns_within_lines_end_in_rows_or_words(tmp_path, odd, end, before):
    path = tmp_path / "runs.csv"
    rows = ["run,params,tokens,loss,note", "a,1e8,1e9,3.5,1", f"b,2e8,2e9,3.25,{odd}"]
    for lines in (rows, [f"{rows[0]},{odd}", f"{rows[1]},2"]):
        path.write_text(before + end.join(lines) + end, newline="")
        with contextlib.suppress(ScalingError):
            assert load_runs(path).frame.height <= len(lines) - 1


def test_a_chart_with_a_carriage_return_in_its_header_is_no_chart():
    assert not CHART.recognises(b'"Step","a - loss"\r,"a - loss__MIN","a - loss__MAX"\n"0","4","3","4"\n')


def test_a_database_is_called_that_and_the_way_out_of_mlflow_is_said():
    with pytest.raises(DataError, match="is a database") as caught:
        layout(b"SQLite format 3\0\x10\0", "mlflow.db")
    assert "mlflow experiments csv" in caught.value.hint
