"""`scaling columns` as a user meets it."""

from __future__ import annotations

import json

import pytest

from scaling_cli.report.pages.render import FORMATS
from tests.cli.running import is_as_described
from tests.cli.running import run_here as run

LOG = (
    "Run,Params (M),tokens_b,compute_pf_days,val loss,note\n"
    "a,70,1.4,0.007,3.5,x\n"
    "b,140,2.8,0.028,3.25,[red]y\x1b[0m\n"
    "c,280,5.6,0.11,nan,z\n"
)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(LOG)
    return path


def test_the_mapping_its_units_and_what_is_left_out_are_told(log):
    ran = run("columns", log)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (
        "2 points of 2 runs can be fitted, with params, tokens and compute.\n"
        "\n"
        "read: 3 rows\n"
        "left out: 1 with non-finite loss\n"
        "other columns: note\n"
        "good for: a law of the loss (fit), the loss of larger runs (extrapolate)\n"
        f"next: scaling fit {log}\n"
        "\n"
        "role     read from        unit   factor     min      max      missing\n"
        "run_id   Run              name   -          -        -        -\n"
        "params   Params (M)       count  x 1e6      70M      140M     -\n"
        "tokens   tokens_b         count  x 1e9      1.4B     2.8B     -\n"
        "compute  compute_pf_days  FLOPs  x 8.64e19  6.05e17  2.42e18  -\n"
        "loss     val loss         nats   -          3.25     3.5      -\n"
        "\n"
        "run_id  params  tokens  compute  loss\n"
        "a       70M     1.4B    6.05e17  3.5\n"
        "b       140M    2.8B    2.42e18  3.25\n"
    )
    assert "caveat: 1 of 3 rows was left out" in ran.stderr


def test_json_follows_its_schema(log):
    document = json.loads(run("columns", log, "--json").stdout)
    assert is_as_described(document, "columns")
    (result,) = document["results"]
    assert {role["role"]: role["scale"] for role in result["roles"]}["compute"] == 8.64e19
    assert result["excluded"] == {"non-finite loss": 1}
    assert result["sample"][0]["tokens"] == 1.4e9


def test_a_tie_is_shown_with_both_names_and_refused(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("params_total,non_embedding_params,loss,note\n1,2,3,x\n")
    ran = run("columns", path)
    assert ran.returncode == 2
    assert ran.stdout == (
        "Nothing can be fitted yet: Columns 'params_total' and 'non_embedding_params' could both be params.\n"
        "\n"
        "read: 1 row\n"
        "problem: Columns 'params_total' and 'non_embedding_params' could both be params.\n"
        "remedy: Choose one: --map params=params_total or --map params=non_embedding_params.\n"
        "other columns: note\n"
        "\n"
        "role    read from                             unit   factor  min  max  missing\n"
        "params  params_total or non_embedding_params  count  -       -    -    -\n"
        "loss    loss                                  nats   -       -    -    -\n"
        "\n"
        "params_total  non_embedding_params  loss  note\n"
        "1             2                     3     x\n"
    )
    assert "error: Columns 'params_total' and 'non_embedding_params' could both be params" in ran.stderr
    assert "--map params=params_total" in ran.stderr


def test_a_table_with_one_metric_per_row_is_explained(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("run,metric,value\na,val_loss,2\n")
    assert "give --loss value and keep the rows of one: --where 'metric = ...'" in run("columns", path).stderr


@pytest.mark.parametrize(
    ("content", "arguments", "code", "problem"),
    [
        ("params,ppl\n1,2\n", [], 3, "No column could be identified as the loss"),
        ("params,loss\n1,2\n", ["--map", "loss=los"], 2, "Unknown column 'los'"),
        ("params,loss\n1,2\n", ["--map", "los=loss"], 2, "Unknown role 'los'"),
        ("params,loss\n1,2\n", ["--by", "optimiser"], 2, "Unknown column 'optimiser'"),
        ("params,loss\n1,nan\n", [], 3, "The only row cannot be used"),
        ("params,loss\n", [], 3, "The input has a header but no rows"),
    ],
)
def test_whatever_keeps_runs_from_loading_comes_with_the_columns_there_are(tmp_path, content, arguments, code, problem):
    path = tmp_path / "runs.csv"
    path.write_text(content)
    ran = run("columns", path, *arguments)
    assert ran.returncode == code
    assert f"problem: {problem}" in ran.stdout
    assert "remedy: " in ran.stdout
    assert f"error: {problem}" in ran.stderr
    document = json.loads(run("columns", path, *arguments, "--json").stdout)
    assert is_as_described(document, "columns")
    (result,) = document["results"]
    assert problem in result["problem"]
    assert [role["role"] for role in result["roles"]] == ["params", "loss"]


def test_files_that_cannot_be_read_have_no_columns_to_show(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_bytes(b"\0\1" * 50)
    ran = run("columns", path)
    assert ran.returncode == 3
    assert ran.stdout == ""


def test_names_from_the_file_cannot_play_with_the_terminal(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("loss,\x1b[2Jbad\n3,1\n")
    ran = run("columns", path)
    assert "\\x1b[2Jbad" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_a_bad_file_among_good_ones_is_told_and_the_exit_code_says_so(log, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    ran = run("columns", tmp_path)
    assert ran.returncode == 5
    assert "empty.csv" in ran.stderr


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_shows_the_mapping(log, format):
    shown = run("columns", log, "--format", format)
    assert shown.returncode == 0
    assert "params" in shown.stdout
