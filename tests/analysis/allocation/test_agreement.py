"""How much approaches and objectives agree on the best split."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.allocation.answer import ESTIMATORS, _agreement
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from tests.report.optimal_allocation.test_rows import allocation


def at(compute, params, low=None, high=None):
    return replace(allocation(), compute=compute, params=Estimate(params, low, high))


def test_approaches_are_compared_at_each_budget_that_several_of_them_split():
    (both,) = _agreement([at(1e20, 3e9, 2e9, 4e9), at(1e21, 5e9), at(1e20, 2e9, 1e9, 2.5e9), at(1e21, None)])
    assert (both.compute, both.params_ratio, both.intervals_overlap) == (1e20, 1.5, True)
    (far,) = _agreement([at(1e20, 4e9, 3.1e9, 5e9), at(1e20, 2e9, 1e9, 3e9)])
    assert (far.params_ratio, far.intervals_overlap) == (2.0, False)
    (touching,) = _agreement([at(1e20, 4e9, 3e9, 5e9), at(1e20, 2e9, 1e9, 3e9), at(1e20, 3e9, 1e9, 9e9)])
    assert touching.intervals_overlap is True
    assert _agreement([at(1e20, 4e9, 3e9, 5e9), at(1e20, 2e9)])[0].intervals_overlap is None
    assert _agreement([]) == ()


def test_each_objective_has_the_split_of_its_own_fit():
    rng = np.random.default_rng(0)
    params, tokens = 10 ** rng.uniform(7, 9.5, 40), 10 ** rng.uniform(9, 11, 40)
    loss = (1.7 + 400 * params**-0.34 + 410 * tokens**-0.28) * np.exp(0.005 * rng.standard_t(2, 40))
    table = pl.DataFrame({"params": params, "tokens": tokens, "loss": loss})
    asked = {"law": "chinchilla", "approach": "all", "budget": "1e21,1e23", "interval": "none"}
    result = scaling.optimal_allocation(table, **asked).results[0]
    assert [each.objective for each in result.estimators] == [objective.name for objective in ESTIMATORS]
    for each in result.estimators:
        options = {"objective": each.objective} | ({} if each.delta is None else {"delta": each.delta})
        found = scaling.fit(table, law="chinchilla", interval="none", **options).results[0].parameters
        a, b = (found[name].estimate for name in ("alpha", "beta"))
        ratio = (a * found["A"].estimate / (b * found["B"].estimate)) ** (1 / (a + b))
        wanted = [ratio * (compute / 6) ** (b / (a + b)) for compute in (1e21, 1e23)]
        assert each.params == pytest.approx(wanted, rel=1e-3)
        assert each.params_exponent == pytest.approx(b / (a + b), rel=1e-4)
        assert (each.delta is None) == (each.objective != "huber")
    assert len({each.params[0] for each in result.estimators}) == len(ESTIMATORS)
