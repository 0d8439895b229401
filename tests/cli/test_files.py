"""No file that was read is overwritten, whatever it is called."""

from __future__ import annotations

import os
import shutil

import pytest

from tests import ROOT
from tests.cli.running import run_here as run

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"
QUICK = ("--interval", "none")


@pytest.fixture
def folder(tmp_path):
    """A folder with runs, a list that names them, and links to them."""
    inside = tmp_path / "runs"
    inside.mkdir()
    shutil.copy(RUNS, inside / "a.csv")
    (tmp_path / "list.txt").write_text(f"{inside / 'a.csv'}\n")
    (tmp_path / "link.csv").symlink_to(inside / "a.csv")
    os.link(inside / "a.csv", tmp_path / "hard.csv")
    (tmp_path / "targets.csv").write_text("compute\n1e23\n")
    return tmp_path


@pytest.mark.parametrize("given", ["runs", "runs/*.csv", "@list.txt", "link.csv", "hard.csv", "runs/a.csv"])
@pytest.mark.parametrize("option", ["-o", "--report", "--figure"])
@pytest.mark.parametrize("written", ["runs/a.csv", "link.csv", "hard.csv"])
def test_runs_are_never_overwritten(folder, given, option, written):
    suffix = {"-o": ".csv", "--report": ".html", "--figure": ".svg"}[option]
    target = folder / written
    if suffix != ".csv":
        renamed = target.with_suffix(suffix)
        os.link(folder / "runs" / "a.csv", renamed)
        target = renamed
    before = (folder / "runs" / "a.csv").read_bytes()
    name = f"@{folder / given[1:]}" if given.startswith("@") else str(folder / given)
    ran = run("fit", name, *QUICK, option, target)
    assert ran.returncode == 2, ran.stderr
    assert "overwritten" in ran.stderr
    assert (folder / "runs" / "a.csv").read_bytes() == before


def test_targets_are_never_overwritten(folder):
    targets = folder / "targets.csv"
    ran = run("extrapolate", RUNS, "--targets", targets, "--replicates", 20, "-o", targets)
    assert ran.returncode == 2
    assert targets.read_text() == "compute\n1e23\n"


def test_a_log_is_not_taken_for_an_earlier_result(folder):
    log = folder / "runs" / "a.csv"
    before = log.read_bytes()
    ran = run("fit", folder / "runs", "--per-file", "--format", "jsonl", "-o", log, *QUICK)
    assert ran.returncode == 2
    assert log.read_bytes() == before


def test_an_earlier_result_beside_the_logs_is_replaced(folder):
    out = folder / "runs" / "out.jsonl"
    command = ("fit", folder / "runs", "--per-file", "--format", "jsonl", "-o", out, *QUICK)
    assert run(*command).returncode == 0
    first = out.read_text()
    assert run(*command).returncode == 0
    assert out.read_text() == first
