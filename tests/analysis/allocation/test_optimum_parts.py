"""Minima between grid points by calculus, and budgets of replicates, at their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.optimum import (
    _crossing,
    _quartic_minimum,
    _replicate_budgets,
    _stationary,
    best_split,
    least_split,
    waste_band,
)
from scaling_cli.analysis.allocation.surface import Chinchilla, LawSurface
from scaling_cli.errors import FitError
from scaling_cli.laws import find_law
from tests.analysis.allocation.surfaces import ASYMMETRIC, HOFFMANN, SYMMETRIC

GRID = np.linspace(-1.0, 2.0, 31)


def quartic(centre, skew=0.3):
    return (GRID - centre) ** 2 + skew * (GRID - centre) ** 3 + 0.2 * (GRID - centre) ** 4


@pytest.mark.parametrize("centre", [-0.83, 0.0, 0.4321, 1.77])
def test_the_minimum_of_a_quartic_is_found_between_the_points(centre):
    (place,), (is_settled,) = _quartic_minimum(GRID, quartic(centre)[None])
    assert place == pytest.approx(centre, abs=1e-9)
    assert is_settled


def test_each_row_has_its_own_and_one_can_be_asked_for():
    values = np.stack([quartic(0.4), quartic(1.2)])
    places, _ = _quartic_minimum(GRID, values)
    assert places == pytest.approx([0.4, 1.2])
    two = np.minimum(quartic(-0.5, 0.0), quartic(1.5, 0.0) - 1)[None]
    assert _quartic_minimum(GRID, two)[0][0] == pytest.approx(1.5)
    assert _quartic_minimum(GRID, two, np.array([5]))[0][0] == pytest.approx(-0.5)


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_values_that_fall_to_an_end_are_not_settled(slope):
    (place,), (is_settled,) = _quartic_minimum(GRID, (slope * GRID + 0.01 * GRID**2)[None])
    assert not is_settled
    assert place == pytest.approx(GRID[0] if slope > 0 else GRID[-1])


def chinchilla(*sets):
    return Chinchilla(*(np.array(values) for values in zip(*sets, strict=True)))


def law_surface(*sets):
    law = find_law("chinchilla")
    return LawSurface(law, law.to_coordinates(np.array(sets)), {})


@pytest.mark.parametrize("inference", [0.0, 1e12])
def test_a_stationary_point_is_that_of_another_minimiser_for_each_replicate(inference):
    costs, compute = Costs(inference_tokens=inference), 1e23
    surface = law_surface(HOFFMANN, ASYMMETRIC)
    low, high = costs.params_range(compute, 1.0)
    found = _stationary(surface, costs, compute, np.log(low), np.log(high))
    for row in range(2):

        def loss(log_params, row=row):
            params = np.exp(np.array([log_params]))
            return surface.log_loss(params, costs.tokens(params, compute))[row, 0]

        judge = minimize_scalar(loss, bounds=(found[row] - 1, found[row] + 1), method="bounded",
                                options={"xatol": 1e-10})  # fmt: skip
        assert loss(found[row]) <= judge.fun + 1e-13
        assert found[row] == pytest.approx(judge.x, abs=1e-5)


@pytest.mark.parametrize(("alpha", "end"), [(3.0, "low"), (1e-3, "high")])
def test_where_the_loss_falls_to_an_end_the_end_is_returned(alpha, end):
    values = (1.7, 1e-9, 400.0, alpha, 0.3) if end == "low" else (1.7, 400.0, 1e-12, 0.3, 3.0)
    costs = Costs()
    low, high = (np.log(each) for each in costs.params_range(1e22, 1.0))
    assert _stationary(law_surface(values), costs, 1e22, low, high)[0] == pytest.approx(low if end == "low" else high)
    with pytest.raises(FitError, match="fewer params" if end == "low" else "more params"):
        best_split(law_surface(values), costs, 1e22)


def test_a_crossing_is_where_the_loss_reaches_the_ceiling():
    surface, costs, compute = chinchilla(HOFFMANN), Costs(), 1e22
    centre = float(np.log(best_split(surface, costs, compute).params[0]))

    def loss(log_params):
        params = np.exp(np.array([log_params]))
        return float(surface.log_loss(params, costs.tokens(params, compute))[0, 0])

    ceiling = loss(centre) + 0.01
    for side in (-1, 1):
        exact = brentq(lambda at: loss(at) - ceiling, centre, centre + 5 * side, xtol=1e-13)
        assert _crossing(surface, costs, compute, centre, centre + 5 * side, ceiling) == pytest.approx(exact, abs=1e-9)
    assert _crossing(surface, costs, compute, centre, centre + 0.1, ceiling) == centre + 0.1


def test_the_waste_band_ends_at_the_limits_of_params():
    surface, compute = chinchilla(HOFFMANN), 1e22
    free = waste_band(surface, Costs(), compute, best_split(surface, Costs(), compute), 0.1)
    centre = best_split(surface, Costs(), compute).params[0]
    assert free[0] < centre < free[1]
    tight = Costs(min_params=0.9 * centre, max_params=1.05 * centre)
    low, high = waste_band(surface, tight, compute, best_split(surface, tight, compute), 0.1)
    assert (low, high) == (pytest.approx(0.9 * centre), pytest.approx(1.05 * centre))
    both = Costs(max_params=0.1 * centre, max_tokens=1e9)  # which leave a part of the budget
    ends = waste_band(surface, both, compute, best_split(surface, both, compute), 0.1)
    assert ends == (pytest.approx(0.1 * centre), pytest.approx(0.1 * centre))


def test_budgets_of_replicates_are_those_of_each_and_infinite_below_its_floor():
    sets = (HOFFMANN, SYMMETRIC, ASYMMETRIC)
    losses = [float(best_split(chinchilla(each), Costs(), 1e22).loss[0]) for each in sets]
    target = max(losses)
    budgets, split = least_split(chinchilla(*sets), Costs(), target)
    for row, each in enumerate(sets):
        alone, own = least_split(chinchilla(each), Costs(), target)
        assert budgets[row] == pytest.approx(alone[0], rel=0.02)
        assert split.params[row] == pytest.approx(own.params[0], rel=0.02)
    assert split.loss.tolist() == [target] * 3
    assert 6 * split.params * split.tokens == pytest.approx(budgets)
    high = (target + 0.1, *HOFFMANN[1:])
    found, _ = _replicate_budgets(chinchilla(HOFFMANN, high), Costs(), target, np.log(budgets[0]))
    assert found[0] == pytest.approx(budgets[0], rel=0.02)
    assert np.isinf(found[1])
