"""What each command finds in the sample data, asked once for all tests that only show or save it."""

from __future__ import annotations

import functools
from typing import Any

import scaling_cli as scaling
from tests import ROOT

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"
ASKED = {
    "fit": lambda: scaling.fit(RUNS, replicates=50),
    "groups": lambda: scaling.fit(SAMPLES / "optimizers.csv", by="optimizer", interval="none"),
    "extrapolate": lambda: scaling.extrapolate(RUNS, replicates=50, at=["params=70B,tokens=1.4T"]),
    "compare-exponents": lambda: scaling.compare_exponents(SAMPLES / "optimizers.csv", by="optimizer", replicates=50),
    "optimal-allocation": lambda: scaling.optimal_allocation(RUNS, budget="1e24", replicates=50, approach="all"),
    "inference-coverage": lambda: scaling.inference_coverage(
        SAMPLES / "samples.csv", by=["model"], where="model <> 'sim-70B'", replicates=100, target=0.9
    ),
    "plan": lambda: scaling.plan(RUNS, budget=3e21, goal=["params@1e24", "loss@1e24"], max_runs=8, replicates=50),
    "columns": lambda: scaling.columns(RUNS),
}


@functools.cache
def answered(name: str) -> Any:
    """The report on a question by its name in `ASKED`; no test changes it."""
    return ASKED[name]()
