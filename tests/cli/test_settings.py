"""Options set once: flags over the environment over the files of a folder."""

from __future__ import annotations

import json
import os

import pytest

from tests import ROOT
from tests.cli.running import run

RUNS = ROOT / "sample_data" / "optimizers.csv"


def seed(tmp_path, *flags, **environment):
    ran = run("fit", RUNS, "--json", "--interval", "none", *flags, cwd=tmp_path, **environment)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)["options"]["seed"]


def test_flags_come_before_the_environment_and_that_before_the_files(tmp_path):
    assert seed(tmp_path) == 0
    (tmp_path / "pyproject.toml").write_text("[tool.scaling]\nseed = 1\n", encoding="utf-8")
    assert seed(tmp_path) == 1
    (tmp_path / "scaling.toml").write_text("seed = 2\n", encoding="utf-8")
    assert seed(tmp_path) == 2
    (tmp_path / "scaling.toml").write_text("seed = 2\n[fit]\nseed = 3\n[extrapolate]\nseed = 9\n", encoding="utf-8")
    assert seed(tmp_path) == 3
    assert seed(tmp_path, SCALING_SEED="4") == 4
    assert seed(tmp_path, "--seed", "5", SCALING_SEED="4") == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [("sead = 1\n", "sead is not an option"), ("[fitt]\nseed = 1\n", "[fitt] is not a command"),
     ("seed = [\n", "cannot be read"), ("seed = 'many'\n", "--seed"), ("[columns]\nseed = 1\n", "of scaling columns")],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path, text, said):
    (tmp_path / "scaling.toml").write_text(text, encoding="utf-8")
    ran = run("fit", RUNS, cwd=tmp_path)
    assert ran.returncode == 2
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [("--by opt", ["optimizer"]), ("--by optimizer,s", ["optimizer,seed"]), ("--allow floor-u", ["floor-unknown"]),
     ("--map los", ["loss="]), ("--law chinchilla-", ["chinchilla-tied"]), ("--space l", ["log", "linear"]),
     ("--x compute_", ["compute_pf_days"])],
)  # fmt: skip
def test_the_shell_completes_columns_roles_laws_codes_and_choices(words, offered):
    line = f"scaling fit {os.path.relpath(RUNS, ROOT)} {words}"
    ran = run(cwd=ROOT, _SCALING_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))
    assert ran.stdout.split() == offered


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "fit.json"
    assert run("fit", ROOT / "sample_data" / "isoflop_runs.csv", "--replicates", "60", "-o", path).returncode == 0
    return path


@pytest.mark.parametrize(
    "words",
    [("extrapolate", "--at", "params=1e10,tokens=1e12"), ("optimal-allocation", "--budget", "1e22"),
     ("plan", "--goal", "alpha", "--budget", "1e21")],
)  # fmt: skip
def test_what_only_runs_obey_is_left_out_beside_a_saved_fit_if_it_is_a_setting(tmp_path, saved, words):
    plain = run(*words, saved, "--replicates", "60", cwd=tmp_path)
    (tmp_path / "scaling.toml").write_text(
        "loss = 'val_loss'\nby = 'optimizer'\nwhere = 'lr > 0'\nlaw = 'chinchilla'\ninterval = 'bootstrap'\n"
    )
    ran = run(*words, saved, "--replicates", "60", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, plain.stdout), ran.stderr
    refused = run(*words, saved, "--replicates", "60", "--loss", "val_loss", cwd=tmp_path)
    assert refused.returncode == 2
    assert "which --loss cannot change" in refused.stderr


def test_jobs_that_a_command_cannot_use_are_left_out_if_they_are_a_setting():
    samples = ROOT / "sample_data" / "samples.csv"
    words = ("inference-coverage", samples, "--by", "model", "--k", "1", "--fit", "none", "--replicates", "100")
    assert run(*words, SCALING_JOBS="2").returncode == 0
    assert run(*words, "--jobs", "2").returncode == 2


@pytest.mark.parametrize(
    ("setting", "words", "begins"),
    [
        ({"SCALING_JSON": "1"}, ("--format", "csv"), "law,runs"),
        ({"SCALING_FORMAT": "csv"}, ("--json",), "{"),
        ({"SCALING_FORMAT": "json"}, ("-o", "fit.csv"), "law,runs"),
        ({"SCALING_FORMAT": "csv"}, ("-o", "fit"), "law,runs"),
        ({"SCALING_FORMAT": "csv"}, (), "law,runs"),
        ({"SCALING_JSON": "0", "SCALING_FORMAT": "csv"}, (), "law,runs"),
    ],
)
def test_the_format_of_the_command_line_comes_before_that_of_a_setting(tmp_path, setting, words, begins):
    (tmp_path / "scaling.toml").write_text("json = true\n" if "SCALING_FORMAT" in setting else "format = 'md'\n")
    ran = run("fit", RUNS, "--interval", "none", *words, cwd=tmp_path, **setting)
    assert ran.returncode == 0, ran.stderr
    written = (tmp_path / words[1]).read_text() if "-o" in words else ran.stdout
    assert written.startswith(begins)


def test_an_empty_variable_is_unset_and_an_unknown_one_is_told(tmp_path):
    assert seed(tmp_path, SCALING_SEED="") == 0
    ran = run("fit", RUNS, "--interval", "none", cwd=tmp_path, SCALING_SEEED="4")
    assert "note: SCALING_SEEED is no option of any command, and is ignored. Did you mean 'SCALING_SEED'?" in ran.stderr
    assert "SEEED" not in run("fit", RUNS, "--interval", "none", "-q", cwd=tmp_path, SCALING_SEEED="4").stderr
    assert "note" not in run("fit", RUNS, "--interval", "none", cwd=tmp_path, SCALING_GOAL="alpha").stderr


def test_an_error_says_where_the_option_that_it_names_is_set(tmp_path):
    (tmp_path / "scaling.toml").write_text("loss = 'nope'\nlevel = 0.9\n[fit]\nreplicates = 5\n", encoding="utf-8")
    ran = run("fit", RUNS, "--replicates", "50", cwd=tmp_path)
    assert (ran.returncode, ran.stderr.count("sets")) == (2, 1)
    assert "Unknown column 'nope'" in ran.stderr
    assert " scaling.toml sets --loss." in ran.stderr
    few = run("fit", RUNS, cwd=tmp_path)
    assert " scaling.toml sets --replicates." in few.stderr
    own = run("fit", RUNS, "--replicates", "5", cwd=tmp_path)
    assert "sets" not in own.stderr
    assert " SCALING_LEVEL sets --level." in run("fit", RUNS, cwd=tmp_path, SCALING_LEVEL="95").stderr
