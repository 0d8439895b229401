"""Five losses and three tasks in one table, as a user meets it: from the command to the file, and scored later."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tests.cli.running import is_as_described
from tests.cli.running import run_here as run

LOSSES = ("web", "code", "math", "books", "wiki")
TASKS = {"hellaswag": ("web", 2.6, 3, 0.25), "gsm8k": ("math", 1.9, 4, 0.0), "arc": ("wiki", 2.3, 3, 0.25)}
FLOORS, COEFFICIENTS = (1.8, 0.9, 1.2, 2.1, 1.6), (480, 300, 500, 450, 520)
SUITE = """
losses = ["web", "code", "math", "books", "wiki"]

[tasks.hellaswag]
loss = "web"
chance = 0.25

[tasks.gsm8k]

[tasks.arc]
chance = 0.25

[averages]
tasks = ["hellaswag", "gsm8k", "arc"]
"""


def write_runs(path, places, seed):
    generator = np.random.default_rng(seed)
    params, tokens = np.array(places).T
    shared = 0.004 * generator.standard_normal(len(params))
    columns = {"run": [f"r{i}" for i in range(len(params))], "params": params, "tokens": tokens}
    for name, floor, coefficient in zip(LOSSES, FLOORS, COEFFICIENTS, strict=True):
        noise = shared + 0.002 * generator.standard_normal(len(params))
        columns[name] = (floor + coefficient / params**0.348 + 2000 / tokens**0.366) * np.exp(noise)
    for name, (loss, middle, slope, chance) in TASKS.items():
        columns[name] = chance + (1 - chance) / (1 + np.exp(slope * (columns[loss] - middle)))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    generator = np.random.default_rng(0)
    compute = np.repeat(np.geomspace(1e18, 1e21, 8), 5)
    params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.6, 0.6, 40)
    write_runs(folder / "runs.csv", np.stack([params, compute / 6 / params], axis=1), 1)
    write_runs(folder / "new.csv", [(4e9, 8e10)], 2)
    (folder / "suite.toml").write_text(SUITE)
    done = run("extrapolate", folder / "runs.csv", "--suite", folder / "suite.toml", "--at", "params=4e9,tokens=8e10",
               "--at", "compute=3e21", "--replicates", "40", "-o", folder / "forecast.json", "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_five_losses_and_three_tasks_are_in_one_table(files):
    document = json.loads((files / "forecast.json").read_text())
    assert is_as_described(document, "extrapolate")
    names = [*LOSSES, *TASKS, "tasks"]
    suite = document["results"][0]["suite"]
    assert [row["name"] for row in suite["rows"]] == [*names, *names]
    assert all(row["value"]["low"] < row["value"]["estimate"] < row["value"]["high"] for row in suite["rows"])
    assert suite["correlations"]["web"]["code"] > 0.3  # the noise of a run is mostly shared
    assert suite["correlations"]["web"]["hellaswag"] < -0.3  # a lower loss, a higher score
    shown = run("show", files / "forecast.json", "--format", "plain")
    (table,) = [block for block in shown.stdout.split("\n\n") if block.startswith("all targets")]
    assert [line.split()[0] for line in table.splitlines()[2:]] == [*names, *names]
    rows = list(csv.DictReader(run("show", files / "forecast.json", "--format", "csv").stdout.splitlines()))
    assert [row["name"] for row in rows] == [*names, *names]
    assert {row["follows_from"] for row in rows if row["name"] == "hellaswag"} == {"web"}


def test_each_loss_is_scored_by_the_run_that_was_trained_later(files):
    done = run("score", files / "forecast.json", files / "new.csv", "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert [row["loss"] for row in result["scored"]] == list(LOSSES)
    assert all(abs(row["error_log"]) < 0.05 for row in result["scored"])


def test_one_bad_loss_leaves_the_others(files):
    text = (files / "runs.csv").read_text().replace("books", "books,broken", 1)
    lines = text.splitlines()
    at = lines[0].split(",").index("broken")
    bad = [lines[0], *(",".join([*(cells := line.split(","))[:at], "2.0", *cells[at:]]) for line in lines[1:])]
    (files / "bad.csv").write_text("\n".join(bad[:4]) + "\n" + "\n".join(bad[4:]) + "\n")
    done = run("extrapolate", files / "bad.csv", "--loss", "web", "--loss", "nothing", "--at", "compute=1e22")
    assert done.returncode == 2
    assert "Unknown column 'nothing'" in done.stderr
