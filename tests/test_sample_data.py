import csv
import math
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from tests import ROOT

SAMPLE_DATA = ROOT / "sample_data"


def read(name: str) -> list[dict[str, str]]:
    with (SAMPLE_DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published_loss(row: dict[str, str]) -> float:
    # Besiroglu et al. 2024, written out again so that a slip in simulate.py shows.
    return 1.8169 + 482.0 / float(row["params"]) ** 0.3478 + 2085.4 / float(row["tokens"]) ** 0.3659


def test_the_script_reproduces_the_simulated_files_byte_for_byte(tmp_path):
    subprocess.run([sys.executable, SAMPLE_DATA / "simulate.py", tmp_path], check=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    kept = {path.relative_to(SAMPLE_DATA): path.read_bytes() for path in SAMPLE_DATA.rglob("*.csv")}
    del kept[Path("pile_losses.csv")]  # typed, not simulated
    assert made == kept


def test_the_folder_stays_below_200_kb():
    kept = (path for path in SAMPLE_DATA.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert sum(path.stat().st_size for path in kept) < 200_000


def test_isoflop_runs_scatter_around_the_published_law():
    runs = read("isoflop_runs.csv")
    errors = [math.log(float(run["loss"]) / published_loss(run)) for run in runs]
    # A standard deviation estimated from about 100 runs has a relative error of 7 %; this allows three.
    assert math.sqrt(sum(e * e for e in errors) / len(errors)) == pytest.approx(0.005, rel=0.21)
    for run in runs:
        assert float(run["compute"]) == pytest.approx(6 * int(run["params"]) * int(run["tokens"]), rel=1e-12)


def test_every_compute_budget_has_runs_on_both_sides_of_its_minimum():
    budgets = [list(runs) for _, runs in groupby(read("isoflop_runs.csv"), lambda run: run["run_id"].split("-")[0])]
    assert len(budgets) == 9
    for runs in budgets:
        lawful = [published_loss(run) for run in sorted(runs, key=lambda run: int(run["params"]))]
        assert 3 <= lawful.index(min(lawful)) <= len(lawful) - 4


def test_every_log_ends_on_the_published_law():
    logs = sorted((SAMPLE_DATA / "logs").iterdir())
    assert len(logs) == 12
    for log in logs:
        last = read(f"logs/{log.name}")[-1]
        # Four standard deviations of the 0.2 % noise.
        assert float(last["val_loss"]) == pytest.approx(published_loss(last), rel=0.008)


def test_pile_losses_keep_the_published_facts():
    losses = {row["run_id"]: row for row in read("pile_losses.csv")}
    assert len(losses) == 30
    assert losses["Cerebras-GPT-13B"]["loss"] == "1.572"
    assert losses["Pythia-deduped-1.4B"]["loss"] == "1.889"  # above the 1B, as printed
    assert not any(row["tokens"] for row in losses.values() if row["model_family"] != "Cerebras-GPT")
