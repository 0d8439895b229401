"""The end of a command: nothing left behind, nothing lost, and the right code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT, run

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"
FIT = ("fit", "-", "--interval", "none", "--json")


def piped(tmp_path: Path, *, shell: str) -> subprocess.CompletedProcess[str]:
    """A shell line about `scaling`, with temporary files of its own."""
    line = shell.format(python=sys.executable, runs=RUNS)
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment)


def test_standard_input_leaves_no_file_behind(tmp_path):
    shown = piped(tmp_path, shell="cat {runs} | {python} -m scaling_cli " + " ".join(FIT))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith("}\n")
    assert not list(tmp_path.iterdir())


def test_a_long_result_arrives_whole_and_a_reader_may_leave(tmp_path):
    line = "{python} -m scaling_cli fit {runs} --replicates 200 --json | "
    assert piped(tmp_path, shell=line + "tail -c 2").stdout == "}\n"
    left = piped(tmp_path, shell=line + "head -c 1")
    assert (left.stdout, left.stderr) == ("{", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("fit", RUNS, "--interval", "none", "--fail-if", "alpha.estimate > 0"), 5), (("fit", "none.csv"), 3)],
)
def test_exit_codes_survive(arguments, code):
    assert run(*arguments).returncode == code
