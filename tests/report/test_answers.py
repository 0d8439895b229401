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
from tests.answers import answered as found
from tests.grids import one_of_each

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"

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
    def ask(name):
        made = with_default_intervals() if name == "fit" else found(name)
        return made, view_of(made.command)

    return ask


@functools.cache
def with_default_intervals():
    return scaling.fit(RUNS)
