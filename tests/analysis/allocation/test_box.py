"""The lowest place of many functions in the unit box."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from scaling_cli.analysis.allocation.box import (
    Lowest,
    _derivatives,
    _elsewhere,
    _finite,
    _newton,
    descend,
    lowest,
    spread_points,
)


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


def quartic(rows, places):
    """x^2 y + 3 y^2 - 2 x + z^3, times one more than the row."""
    x, y, z = places[..., 0], places[..., 1], places[..., 2]
    return (1 + rows)[:, None] * (x**2 * y + 3 * y**2 - 2 * x + z**3)


def exact(row, place):
    x, y, z = place
    slope = np.array([2 * x * y - 2, x**2 + 6 * y, 3 * z**2])
    bend = np.array([[2 * y, 2 * x, 0], [2 * x, 6, 0], [0, 0, 6 * z]])
    return (1 + row) * slope, (1 + row) * bend


def test_slopes_and_bends_are_those_of_calculus_also_at_the_edges():
    places = np.array([[0.3, 0.6, 0.2], [0.0, 1.0, 0.5], [1.0, 0.0, 1.0]])
    slope, bend = _derivatives(quartic, np.array([0, 2, 1]), places)
    for row, place, each_slope, each_bend in zip((0, 2, 1), places, slope, bend, strict=True):
        expected = exact(row, place)
        assert each_slope == pytest.approx(expected[0], abs=5e-6)
        assert each_bend == pytest.approx(expected[1], abs=5e-3)


def test_a_step_is_newtons_with_bends_made_positive_and_a_quarter_of_the_box_at_most():
    place = np.array([[0.4, 0.5, 0.3]])
    slope, bend = exact(0, place[0])
    curvature, axes = np.linalg.eigh(bend)
    step = -axes @ ((axes.T @ slope) / np.abs(curvature))
    step /= max(np.abs(step).max() / 0.25, 1)
    assert _newton(quartic, np.array([0]), place)[0] == pytest.approx(step, abs=1e-4)


def test_a_short_step_ends_at_the_bottom_of_a_bowl():
    def bowl(_, places):
        x, y = places[..., 0] - 0.6, places[..., 1] - 0.45
        return 3 * x**2 + y**2 + x * y

    assert _newton(bowl, np.array([0]), np.array([[0.5, 0.5]]))[0] == pytest.approx([0.1, -0.05], abs=1e-6)


@pytest.mark.parametrize(("edge", "is_held"), [(0.0, True), (1.0, False)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_coordinate_that_is_pressed_against_an_edge_stays(edge, is_held, sign):
    """The slope along x is positive, or negative for the other sign, which presses against the other edge."""

    def tilted(_, places):
        return sign * places[..., 0] + 0.5 * places[..., 0] ** 2 + (places[..., 1] - 0.5) ** 2

    place = np.array([[edge if sign > 0 else 1 - edge, 0.4]])
    step = _newton(tilted, np.array([0]), place)[0]
    assert (step[0] == 0) == is_held
    assert step[1] == pytest.approx(0.1, abs=1e-6) or not is_held


def test_a_flat_direction_is_taken_as_hardly_bent_and_not_as_endless():
    step = _newton(lambda _, places: 5 * (places[..., 0] - 0.6) ** 2 + 0 * places[..., 1], np.array([0]),
                   np.array([[0.5, 0.5]]))[0]  # fmt: skip
    assert step[0] == pytest.approx(0.1, abs=1e-6)
    assert abs(step[1]) <= 0.25


def test_what_has_no_value_counts_as_a_million():
    assert _finite(np.array([1.0, np.nan, np.inf, -np.inf])).tolist() == [1.0, 1e6, 1e6, 1e6]


def test_replicates_begin_where_the_first_ends_and_move_where_a_spread_point_is_lower():
    centres = np.array([[0.2], [0.9]])
    objective = bowls(centres, 0.0)
    design = spread_points(512, 1)
    here = Lowest(np.array([[0.2], [0.9]]), np.array([0.0, 0.0]))
    kept = _elsewhere(objective, np.array([0, 1]), here, design)
    assert kept is here
    wrong = Lowest(np.array([[0.2], [0.3]]), np.array([0.0, 0.36]))
    moved = _elsewhere(objective, np.array([0, 1]), wrong, design)
    assert moved.place[:, 0] == pytest.approx([0.2, 0.9], abs=1e-6)
    assert moved.value == pytest.approx([0.0, 0.0], abs=1e-9)
    assert wrong.place[1, 0] == 0.3
