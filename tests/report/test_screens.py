"""The text of every command at 80, 120 and 200 columns, as approved."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render, render_notes
from scaling_cli.report.views import view_of
from tests import ROOT
from tests.answers import answered
from tests.grids import one_of_each

RUNS = "sample_data/isoflop_runs.csv"
SAMPLES = "sample_data/samples.csv"
OPTIMIZERS = "sample_data/optimizers.csv"
ASKED = {
    "fit": lambda: scaling.fit(RUNS, replicates=100),
    "fit-by": lambda: scaling.fit(OPTIMIZERS, by="optimizer", replicates=100),
    "extrapolate": lambda: scaling.extrapolate(
        RUNS, at=["params=70B,tokens=1.4T", "compute=1e22"], target_loss="2.0", replicates=50
    ),
    "compare-exponents": lambda: answered("compare-exponents"),
    "optimal-allocation": lambda: scaling.optimal_allocation(RUNS, budget="1e22,1e24", approach="all", replicates=100),
    "inference-coverage": lambda: scaling.inference_coverage(SAMPLES, by="model", replicates=100, target=0.9),
    "plan": lambda: scaling.plan(law="chinchilla:besiroglu", budget=1e21, goal="params@1e24"),
    "score": lambda: scored(),
    "columns": lambda: scaling.columns(RUNS),
    "laws": lambda: scaling.list_laws("chinchilla"),
}


def scored():
    """Two forecasts from small runs, scored by the largest ones."""
    runs = pl.read_csv(RUNS)
    large = runs["compute"] > runs["compute"].max() / 5
    with TemporaryDirectory() as folder:
        at = [f"params={row['params']},tokens={row['tokens']}" for row in runs.filter(large).head(2).to_dicts()]
        made = scaling.extrapolate(runs.filter(~large), at=at, replicates=50)
        path = made.save(Path(folder) / "forecast.json")
        runs.filter(large).head(2).write_csv(Path(folder) / "new.csv")
        return scaling.score([str(path), str(Path(folder) / "new.csv")])


@functools.cache
def asked(name):
    return ASKED[name]()


@pytest.mark.parametrize(
    ("name", "width"),
    one_of_each(
        [(name, width) for name in ASKED for width in (80, 120, 200)],
        name="{}-{}".format,
        kind=lambda name, width: name,
    ),
)
def test_a_screen_looks_as_approved(monkeypatch, matches_golden, name, width):
    monkeypatch.chdir(ROOT)
    report, look = asked(name), Look(width)
    text = render(report, "table", view_of(report.command), look=look)
    text += "\n" + render_notes(report, "table", look)
    assert max(map(len, text.splitlines())) <= width
    matches_golden(f"screen-{name}-{width}", text.rstrip("\n") + "\n")
