"""The search for an optimum ends, also where a fit and the scale of its residuals never agree."""

from __future__ import annotations

import numpy as np

from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum_asking
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

# A curve with a hump in its middle, for which m4 has two fits: each leads to the scale at which the other is better.
HUMP = [3.656, 3.453, 3.32, 3.184, 3.053, 2.936, 2.818, 2.763, 2.718, 2.739, 2.78, 2.829, 2.8, 2.668, 2.5, 2.338, 2.192,
        2.124, 2.06, 2.018, 1.991, 1.95, 1.93, 1.902, 1.881]  # fmt: skip


def counted(work):
    """How many questions a fit asks the solver, and its result."""
    count, answer = 0, None
    try:
        while True:
            answer = work.send(answer).answer()
            count += 1
    except StopIteration as end:
        return count, end.value


def test_two_scales_that_lead_to_each_other_end_the_search():
    x = np.geomspace(1e17, 1e23, len(HUMP))
    problem = problem_from_arrays(find_law("m4"), {"x": x}, np.array(HUMP), np.arange(len(HUMP)), "log")
    count, fitted = counted(optimum_asking(problem, Objective()))
    assert count < 100  # one turn from one scale to the other and back; twenty turns would be 280
    assert np.isfinite(fitted.value)
    assert fitted.delta > 0
