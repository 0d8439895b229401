"""`scaling compare-exponents` as a user meets it: output, errors and exit codes of the real command."""

from __future__ import annotations

import csv
import io
import json

import pytest

from scaling_cli.verbs.schema import schema_of
from tests import ROOT
from tests.cli.running import is_as_described, run, run_from_scratch, run_here

OPTIMIZERS = ROOT / "sample_data" / "optimizers.csv"
QUICK = ("compare-exponents", OPTIMIZERS, "--by", "optimizer", "--replicates", "99")


def test_json_follows_its_schema_and_holds_the_verdict():
    ran = run_here(*QUICK, "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert is_as_described(document, "compare-exponents")
    (result,) = document["results"]
    assert set(result) == set(schema_of("compare-exponents")["$defs"]["ComparisonResult"]["properties"])
    (pair,) = result["comparisons"]
    assert set(pair) == set(schema_of("compare-exponents")["$defs"]["Comparison"]["properties"])
    assert (pair["left"], pair["right"], pair["verdict"]) == ("adamw", "muon", "inconclusive")
    assert result["is_paired"]


def test_the_table_has_a_row_a_group_and_a_pair_and_words_to_quote():
    ran = run_here(*QUICK)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("adamw  ", "muon  "))] == ["adamw", "muon"]
    assert any(line.startswith("adamw - muon") and "inconclusive" in line for line in lines)
    assert "four times in five" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_every_format_prints_something_of_its_own():
    for form, sign in (
        ("md", "| left - right |"),
        ("latex", r"\toprule"),
        ("csv", "left,right,exponent"),
        ("jsonl", "{"),
    ):
        assert sign in run_here(*QUICK, "--format", form).stdout


def test_csv_keeps_every_digit():
    (row,) = csv.DictReader(io.StringIO(run(*QUICK, "--law", "power", "--format", "csv").stdout))
    assert row["verdict"] == "different"
    assert len(row["estimate"]) > 12


def test_a_plot_of_all_groups_is_drawn_into_a_pipe_when_asked_for():
    drawn = run_here(*QUICK, "--plot", "ascii").stdout
    assert "o adamw" in drawn
    assert "x muon" in drawn


def test_names_of_groups_cannot_steer_the_terminal(tmp_path):
    text = OPTIMIZERS.read_text(encoding="utf-8").replace(",muon,", ",m\x1b[31muon[/bold],")
    path = tmp_path / "runs.csv"
    path.write_text(text, encoding="utf-8")
    for form in ("table", "plain", "md", "csv", "latex", "json"):
        ran = run_here("compare-exponents", path, "--by", "optimizer", "--replicates", "50", "--format", form)
        assert "\x1b" not in ran.stdout + ran.stderr


@pytest.mark.thorough
def test_the_same_command_prints_the_same_bytes_whatever_the_workers():
    alone, spread = (run_from_scratch(*QUICK, "--json", *jobs).stdout for jobs in ((), ("--jobs", "2")))
    assert alone == spread != ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--by"),
        (("--by", "optimiser"), 2, "optimiser"),
        (("--by", "optimizer", "--reference", "sgd"), 2, "sgd"),
        (("--by", "optimizer", "--to", "1e25"), 2, "compute=1e25"),
        (("--by", "optimizer", "--to", "params=1e9"), 2, "the input of the law is compute"),
        (("--by", "optimizer", "--margin", "1"), 2, "1.25"),
        (("--by", "optimizer", "--margin", "wide"), 2, "not a number"),
        (("--by", "optimizer", "--prior", "weak"), 2, "--prior"),
        (("--by", "optimizer", "--pair", "replica"), 2, "replica"),
        (("--by", "seed", "--where", "seed = 0"), 4, "needs two"),
        (
            ("--by", "run_id"),
            4,
            "None of 48 groups could be fitted, but a comparison needs two. The last that failed is ",
        ),
        (("--by", "optimizer", "--where", "seed > 7"), 3, "seed > 7"),
    ],
)
def test_errors_say_what_to_try(arguments, code, said):
    ran = run("compare-exponents", OPTIMIZERS, *arguments)
    assert ran.returncode == code, ran.stderr
    assert "error:" in ran.stderr
    assert "hint:" in ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_group_that_fails_is_told_and_the_exit_code_is_five(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(OPTIMIZERS.read_text(encoding="utf-8") + "lion-1pfd-s0,lion,0,1,2.5\n", encoding="utf-8")
    ran = run("compare-exponents", path, "--by", "optimizer", "--replicates", "50")
    assert ran.returncode == 5
    assert "lion" in ran.stderr
    assert "adamw - muon" in ran.stdout


def test_one_group_alone_is_refused_by_name():
    ran = run_here(*QUICK, "--where", "optimizer = 'muon'")
    assert ran.returncode == 4
    assert ran.stderr.startswith("error: There is only one group, muon, but a comparison needs two.\nhint: Group by")


def test_strict_takes_a_caveat_for_an_error():
    assert run(*QUICK, "--law", "power", "--strict").returncode == 4
    assert run(*QUICK, "--law", "power", "--strict", "--allow", "apparent-exponents").returncode == 0


def test_the_first_words_on_factors_name_the_exponent():
    ran = run("compare-exponents", OPTIMIZERS, "--factors", "optimizer", "--replicates", "49")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("The data do not show whether the exponent depends on optimizer")


@pytest.mark.parametrize("given", [("--share", "c"), ("--shared-floor",), ("--reference", "muon")])
def test_factors_refuse_options_of_pairs(given):
    ran = run("compare-exponents", OPTIMIZERS, "--factors", "optimizer", "--law", "power-constant", *given)
    assert ran.returncode == 2
    assert f"{given[0]} works only with groups of --by, not with --factors or --covariate." in ran.stderr


@pytest.mark.parametrize(
    ("words", "said", "followed"),
    [
        (("--law", "power", "--shared-floor"), "hint: Leave out --shared-floor.\n", ("--law", "power")),
        (("--law", "E + a*compute^-b", "--shared-floor"), "such as --share E.\n",
         ("--law", "E + a*compute^-b", "--share", "E")),
        (("--law", "logarithmic"), "compare: --exponent b.\n", ("--law", "logarithmic", "--exponent", "b")),
        (("--law", "logarithmic", "--exponent", "a"), "--exponent b.\n", ("--law", "logarithmic", "--exponent", "b")),
        (("--law", "power-constant", "--fix", "b=-0.05"), "or hold c, too",
         ("--law", "power-constant", "--fix", "b=-0.05", "--fix", "c=1.5")),
        (("--reference", "muno"), "Did you mean 'muon'? ", ("--reference", "muon")),
    ],
)  # fmt: skip
def test_what_no_fit_could_answer_is_refused_before_any_with_a_hint_that_works(words, said, followed, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("scaling_cli.verbs.compare_exponents.side_by_side", lambda _: pytest.fail("a group was fitted"))
        refused = run_here(*QUICK, *words)
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
    assert run_here(*QUICK, *followed).returncode == 0
