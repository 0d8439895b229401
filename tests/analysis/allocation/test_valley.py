"""Laws whose loss falls again far beyond the runs: the split is the best one before that."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from scaling_cli.analysis.allocation.basins import valley
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.joint import Joint
from scaling_cli.analysis.allocation.optimum import best_split, least_split, waste_band
from scaling_cli.analysis.allocation.searched import solve
from scaling_cli.analysis.allocation.space import Axis, Space
from scaling_cli.analysis.allocation.surface import LawSurface
from scaling_cli.errors import FitError
from scaling_cli.laws.custom import law_from_formula

# Farseer (Li et al. 2025, arXiv:2506.10972), which falls to zero for models of more than 1e12 params.
FARSEER = "exp(-a*params^p - q) + exp(k*params^-r - s)*tokens^(-exp(-t*params^u + w))"
TRUTH = {
    "a": 0.021, "p": 0.169, "q": 0.091, "k": 88.01, "r": 0.1, "s": 6.287, "t": 0.124, "u": 0.123, "w": 0.424,
}  # fmt: skip
DEPTH = " + curve*(log(depth) - 3)^2"


def surface(replicates: int = 1) -> LawSurface:
    law = law_from_formula(FARSEER, ("params", "tokens"))
    rows = np.array([[TRUTH[name] for name in law.names]] * replicates)
    rows[1:] *= np.exp(0.002 * np.random.default_rng(0).standard_normal((replicates - 1, len(law.names))))
    return LawSurface(law, law.to_coordinates(rows), {})


def lowest(budget: float, truth: dict[str, float]) -> float:
    """The params of the lowest loss between 1e8 and 3e10, by another solver."""
    law = law_from_formula(FARSEER, ("params", "tokens"))

    def loss(log_params: float) -> float:
        params = np.exp([log_params])
        return float(law.predict(truth, {"params": params, "tokens": budget / 6 / params})[0])

    found = minimize_scalar(loss, bounds=(np.log(1e8), np.log(3e10)), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(found.x))


@pytest.mark.parametrize("budget", [1e20, 1e21])
def test_the_split_lies_in_the_valley_for_each_replicate(budget):
    law = surface(12)
    split = best_split(law, Costs(), budget)
    assert split.limit is None
    assert split.valley[0] < split.params[0] < split.valley[1] < 1e12
    for row, params in enumerate(split.params):
        truth = dict(zip(law.law.names, law.law.to_parameters(law.theta[row]), strict=True))
        assert params == pytest.approx(lowest(budget, truth), rel=1e-4)


def test_waste_and_the_least_budget_stay_in_the_valley():
    law = surface()
    split = best_split(law, Costs(), 1e21)
    low, high = waste_band(law, Costs(), 1e21, split, 0.05)
    assert 0.3 < low / split.params[0] < 1 < high / split.params[0] < 3
    budgets, _ = least_split(law, Costs(), float(split.loss[0]))
    assert budgets[0] == pytest.approx(1e21, rel=1e-3)


def test_a_search_stays_in_the_valley():
    law = law_from_formula(FARSEER + DEPTH, ("params", "tokens", "depth"))
    values = {**TRUTH, "curve": 0.01}
    theta = law.to_coordinates(np.array([[values[name] for name in law.names]]))
    found = solve(Joint(law, theta, {}, Costs(), Space(True, (Axis("depth", 2.0, 200.0),))), 1e21)
    assert found.chosen.params[0] == pytest.approx(lowest(1e21, TRUTH), rel=1e-4)
    assert found.chosen.further["depth"][0] == pytest.approx(np.exp(3.0), rel=1e-4)
    assert found.limit is None


def test_a_law_without_a_valley_is_refused():
    law = law_from_formula("E + A/params^alpha + 0*tokens", ("params", "tokens"))
    theta = law.to_coordinates(np.array([[{"E": 1.7, "A": 400.0, "alpha": 0.3}[name] for name in law.names]]))
    with pytest.raises(FitError, match="more params without end"):
        best_split(LawSurface(law, theta, {}), Costs(), 1e21)


def test_a_valley_needs_higher_losses_on_both_sides():
    x = np.linspace(0, 10, 101)
    assert valley(-x) is None
    assert valley(np.zeros(5)) is None
    assert valley((x - 3) ** 2).bottom == 30
    found = valley(np.cos(x) - 0.01 * x)
    assert (found.start, found.bottom, found.stop) == (63, 94, 100)
