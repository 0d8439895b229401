"""Blind fits of formulas end as low as fits that start from the truth: `pytest -m slow tests/laws/test_blind.py`."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from scipy.stats import binom

from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.laws import LAWS
from scaling_cli.laws.written import WrittenLaw
from tests.laws.designs import draw_design, draw_parameters

SETS = 8  # of each law, 216 in all
POINTS, NOISE = 80, 0.005
SAME = 1e-5  # relative: objectives closer than this are the same
REACHED = 0.99  # share of data sets on which the blind fit has to be as good


@pytest.mark.slow
def test_blind_fits_end_as_low_as_fits_from_the_truth():
    missed = []
    laws = [law for law in LAWS if isinstance(law, WrittenLaw)]
    for law in laws:
        for number in range(SETS):
            generator = np.random.default_rng([zlib.crc32(law.name.encode()), 100 + number])
            columns, truth = draw_design(law, generator, POINTS), draw_parameters(law, generator)
            observed = law.predict(dict(zip(law.names, truth, strict=True)), columns)
            observed = observed * np.exp(NOISE * generator.standard_normal(POINTS))
            problem = problem_from_arrays(law, columns, observed, np.arange(POINTS))
            start = law.to_coordinates(truth[None]) @ problem.shift.T + problem.offset
            best = float(minimise(problem, start, delta=np.inf).value[0])
            if optimum(problem, Objective("least-squares")).value > best * (1 + SAME) + 1e-12:
                missed.append((law.name, number))
    sets = SETS * len(laws)
    assert sets >= 200
    assert len(missed) <= binom.ppf(0.95, sets, 1 - REACHED), missed
