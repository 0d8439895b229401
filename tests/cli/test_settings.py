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
