"""The other reasonable objectives, beside the one that was chosen."""

from __future__ import annotations

import pytest

from scaling_cli.fitting.estimators import COMMON, alternatives
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from tests.fitting.checks.test_influence import curve


def test_there_is_one_answer_for_each_objective_but_the_chosen_one():
    found = alternatives(optimum(curve(), Objective()))
    assert len(found) == len(COMMON) - 1
    assert {(each.objective.name, each.objective.space) for each in found} == {
        ("huber", "log"), ("lad", "log"), ("least-squares", "log"), ("least-squares", "linear"),
    }  # fmt: skip


def test_exact_data_leave_no_spread():
    for each in alternatives(optimum(curve(noise=0.0), Objective())):
        assert each.parameters["b"] == pytest.approx(-0.15, rel=1e-4)


def test_objectives_differ_as_published_on_the_chinchilla_points(points_240):
    shares = [each.derived["params_exponent"] for each in alternatives(optimum(points_240, Objective("huber", 1e-3)))]
    # The same points under six reasonable estimators give 0.513 to 0.545.
    assert min(shares) == pytest.approx(0.513, abs=2e-3)
    assert max(shares) == pytest.approx(0.5446, abs=2e-3)
