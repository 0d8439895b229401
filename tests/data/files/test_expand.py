import io
import os
import sys
import threading
from pathlib import Path

import pytest

from scaling_cli.data.files import pipes
from scaling_cli.data.files.expand import expand, run_names
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.errors import DataError, UsageError
from tests.data.loading import load_runs


@pytest.fixture
def logs(tmp_path):
    for name, loss in (("b", 2.0), ("a", 3.0)):
        (tmp_path / f"{name}.csv").write_text(f"step,params,loss\n2,10,{loss}\n1,10,9\n")
    return tmp_path


def loaded(*paths):
    return load_runs([str(path) for path in paths]).frame.select("run_id", "loss").rows()


def test_files_without_a_run_column_are_one_run_each_named_by_their_stems(logs):
    assert loaded(logs / "b.csv", logs / "a.csv") == [("a", 3.0), ("b", 2.0)]
    assert load_runs(logs).columns["run_id"] == "name of the file"


def test_files_that_name_their_runs_keep_those_names(logs):
    (logs / "c.csv").write_text("run,step,params,loss\nx,1,10,1.5\ny,1,10,1.25\n")
    assert sorted(loaded(logs)) == [("a", 3.0), ("b", 2.0), ("x", 1.5), ("y", 1.25)]


def test_one_file_alone_without_a_run_column_has_rows_that_are_runs(logs):
    assert [loss for _, loss in loaded(logs / "a.csv")] == [3.0, 9.0]


def test_folders_globs_and_lists_name_the_same_files(logs):
    (logs / "list.txt").write_text(f"# both\n{logs}/a.csv\n\n{logs}/b.csv\n")
    expected = [str(logs / "a.csv"), str(logs / "b.csv")]
    for argument in (str(logs), f"{logs}/*.csv", f"@{logs}/list.txt", f"{logs}/**/*.csv"):
        assert [file.name for file in expand([argument])] == expected
    assert [file.name for file in expand([*expected, str(logs)])] == expected


def test_folders_are_searched_and_other_files_than_logs_are_skipped(logs):
    (logs / "deep" / "er").mkdir(parents=True)
    for name in ("deep/er/c.jsonl.gz", "deep/config.json", "deep/README.md", "_SUCCESS", ".hidden.csv"):
        (logs / name).write_text("x")
    assert [Path(file.name).name for file in expand([str(logs)])] == ["a.csv", "b.csv", "c.jsonl.gz"]


@pytest.mark.parametrize("argument", ["empty", "*.parquet", "@none.txt"])
def test_an_argument_without_files_is_a_data_error(tmp_path, monkeypatch, argument):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        expand([argument])
    assert caught.value.hint


def test_a_list_that_contains_itself_is_not_read_forever(logs, monkeypatch):
    monkeypatch.chdir(logs)
    (logs / "list").write_text("@list\na.csv\n")
    with pytest.raises(DataError, match="@list does not exist"):
        load_runs("@list")


def test_stdin_is_a_file_called_dash(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"params,loss\n10,2.5\n")))
    table = load_runs("-")
    assert table.frame["loss"].to_list() == [2.5]
    assert table.sources[0].path == "-"
    assert table.sources[0].rows == 1


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (["x/a.csv", "y/b.csv.gz"], ["a", "b"]),
        (["x/a.csv", "y/a.csv"], ["x", "y"]),
        (["o/r1/trainer_state.json", "o/r2/trainer_state.json"], ["r1", "r2"]),
        (["x/a.csv", "x/b.csv", "y/a.csv"], ["x/a", "x/b", "y/a"]),
        (["x/a.csv", "x/a.json"], ["a.csv", "a.json"]),
        (["x/a.csv", "/y/a.csv"], ["x", "/y"]),
    ],
)
def test_runs_get_the_shortest_names_that_differ(names, runs):
    assert run_names(names) == dict(zip(names, runs, strict=True))


def test_many_small_files_give_the_points_that_each_gives_alone(tmp_path):
    # So many files are joined before they are parsed, except those whose lines cannot be counted.
    for i in range(90):
        name = f'"r,{i}"' if i % 30 == 7 else f"r{i}"
        end = "" if i % 4 == 0 else "\n"
        (tmp_path / f"{i:02}.csv").write_text(f"name,step,params,loss\n{name},1,10,9\n{name},2,10,{1 + i / 100}{end}")
    table = load_runs(tmp_path)
    assert dict(table.frame.select("run_id", "loss").rows()) == {
        (f"r,{i}" if i % 30 == 7 else f"r{i}"): 1 + i / 100 for i in range(90)
    }
    assert [source.rows for source in table.sources] == [2] * 90
    assert table.total == 180


def test_among_many_files_a_torn_line_and_another_layout_are_reported(tmp_path):
    for i in range(80):
        (tmp_path / f"{i:02}.csv").write_text("step,params,loss\n1,10,3\n2,10,2\n")
    (tmp_path / "05.csv").write_text("step,params,loss\n1,10,3\n2,1")
    (tmp_path / "06.csv").write_text("who,what\na,b\n")
    (tmp_path / "07.csv").write_text("step,params,loss\n1,10,3\n2,10,2,4\n")
    table = load_runs(tmp_path)
    assert table.frame.height == 78
    assert table.excluded == {"no loss": 1}
    assert {Path(file.path).name: file.error.partition(" ")[2] for file in table.unread} == {
        "06.csv": "has no column 'loss'.",
        "07.csv": "has a line with more cells than its header.",
    }


@pytest.mark.parametrize("name", [b"b\xff.csv", b"\xe9t\xe9/run.csv"])
def test_a_file_whose_name_is_not_utf_8_is_read_and_shown_in_ascii(tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"loss,params\n3,1000\n")
    shown = f"{tmp_path}/{name.decode(errors='backslashreplace')}"
    for argument in (os.fsdecode(path), str(tmp_path), shown):
        table = load_runs(argument)
        assert [source.path for source in table.sources] == [shown]
        assert table.frame["loss"].to_list() == [3.0]


def test_a_file_is_preferred_whose_name_is_as_it_was_written(tmp_path):
    for name, loss in ((b"b\xff.csv", 3), (rb"b\xff.csv", 4)):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"loss,params\n%d,1000\n" % loss)
    assert load_runs(f"{tmp_path}/" + r"b\xff.csv").frame["loss"].to_list() == [4.0]
    assert load_runs(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.csv")).frame["loss"].to_list() == [3.0]


def test_a_missing_file_whose_name_is_not_utf_8_is_named(tmp_path):
    with pytest.raises(DataError, match=r"b\\xff.csv does not exist"):
        load_runs(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.csv"))


def test_a_damaged_file_is_named_as_the_user_wrote_it_not_by_its_link(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.csv")
    with open(path, "wb") as file:
        file.write(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"b\\xff.csv is a zip archive"):
        load_runs(path)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("wandb:me/project", "Export the runs first"),
        ("https://example.org/runs.csv", "curl -LO https://example.org/runs.csv"),
        ("s3://bucket/runs.csv", "Copy the file to this machine first"),
    ],
)
def test_an_address_is_refused_with_what_to_do(given, hint):
    with pytest.raises(DataError, match="is a web or storage address") as caught:
        expand([given])
    assert hint in caught.value.hint


def test_a_file_that_does_not_exist_gets_the_nearest_name(tmp_path):
    (tmp_path / "pile_losses.csv").write_text("loss\n1\n")
    with pytest.raises(DataError, match="does not exist") as caught:
        open_inputs([str(tmp_path / "pile_loses.csv")])
    assert "Did you mean" in caught.value.hint
    assert "pile_losses.csv" in caught.value.hint


def test_a_pipe_is_read_once_and_used_as_often_as_needed(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("loss\n1\n2\n",))
    writer.start()
    for _ in range(2):
        assert open_inputs([str(pipe)]).frame().collect().height == 2
    writer.join()


def test_a_spreadsheet_is_called_that(tmp_path):
    (tmp_path / "runs.xlsx").write_bytes(b"PK\x03\x04" + bytes(40) + b"xl/workbook.xml")
    with pytest.raises(DataError, match="is a spreadsheet") as caught:
        open_inputs([str(tmp_path / "runs.xlsx")])
    assert "as CSV" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "is_log"),
    [
        ("a.csv", True),
        ("a.CSV.gz", True),
        ("a.jsonl.zst", True),
        ("events.out.tfevents.17.host", True),
        ("a.txt", False),
        (".a.csv", False),
        ("_a.csv", False),
        ("config.json", False),
        ("tokenizer_config.json", False),
        ("model.safetensors.index.json", False),
        ("debug.log", False),
        ("debug-internal.log", False),
        ("debug-cli.me.log", False),
        ("debugging.log", True),
    ],
)
def test_logs_in_folders_are_known_by_their_names(tmp_path, name, is_log):
    (tmp_path / name).write_text("x")
    (tmp_path / "z.csv").write_text("x")
    assert (name in [Path(file.name).name for file in expand([str(tmp_path)])]) == is_log


def test_folders_are_entered_in_order_but_not_hidden_ones(tmp_path):
    for place in ("b", "a", ".git"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.csv").write_text("x")
    assert [Path(file.name).parent.name for file in expand([str(tmp_path)])] == ["a", "b"]


def test_the_console_of_a_wandb_run_is_skipped_beside_its_summary(tmp_path):
    for place, names in (("a", ("output.log", "wandb-summary.json")), ("b", ("output.log",))):
        (tmp_path / place).mkdir()
        for name in names:
            (tmp_path / place / name).write_text("x")
    found = [os.path.relpath(file.name, tmp_path) for file in expand([str(tmp_path)])]
    assert found == ["a/wandb-summary.json", "b/output.log"]


def test_suffixes_of_other_logs_may_be_asked_for(tmp_path):
    (tmp_path / "a.eval").write_text("x")
    (tmp_path / "b.csv").write_text("x")
    assert [Path(file.name).name for file in expand([str(tmp_path)], suffixes=[".eval"])] == ["a.eval"]


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("a=1/b.x-y=2%2F3/c.csv", (("a", "1"), ("b.x-y", "2/3"))),
        ("a=1.csv", ()),
        ("1a=2/c.csv", ()),
        ("a=/c.csv", ()),
        ("a/c.csv", ()),
    ],
)
def test_folders_label_their_files(path, labels):
    (file,) = expand([path])
    assert file.labels == labels
    assert (file.name, file.path) == (path, path)


@pytest.mark.parametrize(
    ("text", "paths"), [(" a.csv \n#b.csv\n  # c\n\nb.csv", ["a.csv", "b.csv"]), ("a.csv\na.csv\n", ["a.csv"])]
)
def test_a_list_has_a_path_per_line(tmp_path, text, paths):
    (tmp_path / "list").write_text(text)
    assert [file.name for file in expand([f"@{tmp_path}/list"])] == paths


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# only\n", "contains no paths"),
        (b"\xff\n", "it is not UTF-8 text"),
        (None, "No such file"),
        (b"a\0b\n", "null character"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "list").write_bytes(content)
    with pytest.raises(DataError, match=message):
        expand([f"@{tmp_path}/list"])


def test_a_file_whose_name_looks_like_a_list_a_pattern_or_an_address_is_that_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("@a", "b[1].csv", "wandb:x"):
        (tmp_path / name).write_text("x")
        assert [file.name for file in expand([name])] == [name]
    with pytest.raises(DataError, match="wandb:y is a web or storage address"):
        expand(["wandb:y"])


def test_a_pattern_matches_files_only_in_the_order_of_their_names(tmp_path):
    (tmp_path / "a.csv").mkdir()
    for name in ("c.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    assert [Path(file.name).name for file in expand([f"{tmp_path}/*.csv"])] == ["b.csv", "c.csv"]
    with pytest.raises(DataError, match="No file matches"):
        expand([f"{tmp_path}/a*"])


def test_stdin_may_be_named_without_being_read():
    (file,) = expand(["-"], reads_stdin=False)
    assert (file.name, file.path, file.temporary) == ("-", "-", None)
    with pytest.raises(UsageError, match="No input files"):
        expand([])


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (["o/a/files/wandb-summary.json", "o/b/files/wandb-summary.json"], ["a", "b"]),
        (["o/a/wandb-summary.json"], ["o/a"]),
        (["a/Metrics.csv", "b/other.csv"], ["a", "b"]),
        (["a/events.out.tfevents.1", "a/events.out.tfevents.2"], ["events.out.tfevents.1", "events.out.tfevents.2"]),
        (["x/.gz"], [".gz"]),
        (["a/x.csv"], ["x"]),
    ],
)
def test_a_run_is_named_after_its_folder_where_its_file_is_named_as_all_are(names, runs):
    assert list(run_names(names).values()) == runs


@pytest.mark.parametrize("name", ["x.csv", "run/meta.yaml"])
def test_a_pipe_in_a_folder_is_named_after_a_while(tmp_path, monkeypatch, name):
    (tmp_path / "run" / "metrics").mkdir(parents=True)
    os.mkfifo(tmp_path / name)
    monkeypatch.setattr(pipes, "PATIENCE", 0.05)
    with pytest.raises(DataError, match=f"{name} is a pipe, and no program writes to it"):
        expand([str(tmp_path)])


def test_a_link_to_nothing_is_called_a_link(tmp_path):
    (tmp_path / "x.csv").symlink_to(tmp_path / "never.csv")
    with pytest.raises(DataError, match="is a link to a file that does not exist"):
        open_inputs([str(tmp_path / "x.csv")])
