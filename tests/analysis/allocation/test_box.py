"""The lowest place of many functions in the unit box."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from scaling_cli.analysis.allocation.box import descend, lowest, spread_points


def bowls(centres: np.ndarray, twist: float = 0.6):
    """One bowl for each centre, with its axes neither along the coordinates nor equally steep."""
    size = centres.shape[1]
    metric = np.diag(np.geomspace(1.0, 30.0, size)) + twist

    def objective(rows, places):
        away = places - centres[rows][:, None]
        return np.einsum("rsi,ij,rsj->rs", away, metric, away) + 0.2 * (away**4).sum(axis=-1)

    return objective


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_the_lowest_place_inside_is_found_for_each_replicate(size):
    centres = np.random.default_rng(size).uniform(0.05, 0.95, (40, size))
    found = lowest(bowls(centres), 40, size)
    assert found.place == pytest.approx(centres, abs=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_at_the_edge_it_is_what_another_solver_finds(size):
    """Centres outside the box; L-BFGS-B is the referee."""
    centres = np.random.default_rng(10 + size).uniform(-0.4, 1.4, (12, size))
    objective = bowls(centres)
    found = lowest(objective, 12, size)
    for row in range(12):
        judge = minimize(
            lambda x, row=row: float(objective(np.array([row]), x[None, None])[0, 0]),
            np.full(size, 0.5), bounds=[(0.0, 1.0)] * size, options={"ftol": 1e-15, "gtol": 1e-10},
        )  # fmt: skip
        assert found.value[row] == pytest.approx(judge.fun, abs=1e-9)
        assert found.place[row] == pytest.approx(judge.x, abs=2e-4)


def test_of_two_wells_the_deeper_is_found():
    """Replicates differ in which well is deeper, so the start at the first one's would mislead the others."""
    depth = np.array([1.0, 1.0, 3.0, 0.2, 2.5])

    def objective(rows, places):
        x, y = places[..., 0], places[..., 1]
        near = np.exp(-((x - 0.15) ** 2 + (y - 0.2) ** 2) / 0.02)
        far = np.exp(-((x - 0.8) ** 2 + (y - 0.9) ** 2) / 0.02)
        return -1.5 * near - depth[rows][:, None] * far

    found = lowest(objective, 5, 2)
    assert found.place[:, 0] == pytest.approx([0.15, 0.15, 0.8, 0.15, 0.8], abs=1e-3)


def test_places_without_a_value_are_never_the_lowest():
    def objective(rows, places):
        with np.errstate(invalid="ignore"):
            return np.log(places[..., 0] - 0.3) ** 2 + 0.0 * rows[:, None]

    found = lowest(objective, 3, 1)
    assert found.place[:, 0] == pytest.approx(1.0)
    start = descend(objective, np.array([0]), np.array([[0.9]]))
    assert start.place[0, 0] == pytest.approx(1.0)


def test_spread_points_fill_the_box():
    for size in (1, 2, 5):
        points = spread_points(256, size)
        assert points.shape == (256, size)
        for along in points.T:
            assert np.histogram(along, 8, (0, 1))[0].min() >= 20


@pytest.mark.parametrize(("size", "ratio"), [(1, 1.6180339887), (2, 1.3247179572), (3, 1.2207440846)])
def test_points_are_spread_by_powers_of_the_golden_and_the_plastic_number(size, ratio):
    """ratio^(size + 1) = ratio + 1; each point is a step of 1 / ratio, 1 / ratio^2 and so on from the one before."""
    assert ratio ** (size + 1) == pytest.approx(ratio + 1)
    points = spread_points(300, size)
    steps = ratio ** -np.arange(1.0, size + 1)
    assert points[:2] == pytest.approx(np.stack([(0.5 + steps) % 1, (0.5 + 2 * steps) % 1]), abs=1e-8)
    assert ((points >= 0) & (points < 1)).all()
    # Evenly: each of ten slices of each side has about a tenth of them.
    for side in points.T:
        assert np.histogram(side, 10, (0, 1))[0] == pytest.approx(np.full(10, 30), abs=4)
