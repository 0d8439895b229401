"""Intervals of best params hold the truth as often as they claim, by `benchmarks/allocation_coverage.py`."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from tests import ROOT

SCRIPT = ROOT / "benchmarks" / "allocation_coverage.py"
DATA_SETS = 120
# 95 % minus three binomial standard errors of 120 data sets; docs/evidence/optimal-allocation.md has 1,000 data sets.
LEAST = 0.89


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("allocation_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_intervals_of_best_params_and_of_their_exponent_cover(simulation, index):
    shares = simulation.coverage(simulation.DESIGNS[index], DATA_SETS)
    for approach in ("parametric", "exact"):
        assert (shares[approach] >= LEAST).all(), approach


@pytest.mark.slow
def test_a_parabola_on_a_wide_grid_of_an_asymmetric_law_covers_far_less_than_it_claims(simulation):
    wide = next(design for design in simulation.DESIGNS if design.name.startswith("asymmetric, wide"))
    shares = simulation.coverage(wide, DATA_SETS)
    assert shares["parabola"][1] < 0.8
    assert (shares["exact"] >= LEAST).all()
