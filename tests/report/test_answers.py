"""The answer comes first: in every format the estimate and its interval stand in the first five lines."""

from __future__ import annotations

import functools
import json
import re

import pytest

import scaling_cli as scaling
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.views import view_of
from tests import ROOT
from tests.grids import one_of_each

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"
OPTIMIZERS = SAMPLES / "optimizers.csv"

FIRST = {
    "fit": r"towards 1\.82 \[1\.80, 1\.85\]",
    "extrapolate": r"loss of \d\.\d+ \[\d\.\d+, \d\.\d+\]",
    "compare-exponents": r"-?0\.\d+ \[-?0\.\d+, 0\.\d+\]",
    "optimal-allocation": r"[\d.]+B \[[\d.]+B, [\d.]+B\] params",
    "inference-coverage": r"[\d.]+ % \[[\d.]+ %, [\d.]+ %\]",
}


@pytest.mark.parametrize(
    ("format", "name"),
    one_of_each(
        [(format, name) for format in ("plain", "table", "md", "latex", "html", "json") for name in FIRST],
        name="{}-{}".format,
        kind=lambda format, name: format,
    ),
)
def test_the_first_lines_hold_the_estimate_and_its_interval(answered, name, format):
    report, view = answered(name)
    text = render(report, format, view, look=Look(80 if format == "table" else None))
    if format == "html":
        text = text[text.index("<body>") :]
    if format == "json":
        assert re.search(FIRST[name], json.loads(text)["results"][0]["sentence"])
        return
    assert re.search(FIRST[name], " ".join(text.splitlines()[:5]))
    if format == "table":
        tables = text[text.index("\n\n") :]
        assert len(tables.strip().splitlines()) <= 25


@pytest.fixture(scope="module")
def answered():
    @functools.cache
    def ask(name):
        made = {
            "fit": lambda: scaling.fit(RUNS),
            "extrapolate": lambda: scaling.extrapolate(RUNS, at=["params=70B,tokens=1.4T"], replicates=50),
            "compare-exponents": lambda: scaling.compare_exponents(OPTIMIZERS, by="optimizer", replicates=99),
            "optimal-allocation": lambda: scaling.optimal_allocation(RUNS, budget="1e24", replicates=99),
            "inference-coverage": lambda: scaling.inference_coverage(
                SAMPLES / "samples.csv", by="model", replicates=100
            ),
        }[name]()
        return made, view_of(made.command)

    return ask
