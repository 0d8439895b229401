"""What one group needs over another at equal loss, and where they are even."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.multiplier import (
    _ends,
    _places,
    _read,
    crossover,
    loss_curves,
    multiplier_at,
    multipliers,
)
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate, Observations
from tests.factories import chinchilla_result, power_result

MUON, ADAMW = {"a": 2.506, "b": -0.052}, {"a": 2.608, "b": -0.054}


def power(parameters, x=(1.0, 1e4), draws=None):
    estimates = {name: Estimate(value) for name, value in parameters.items()}
    loss = tuple(parameters["a"] * each ** parameters["b"] for each in x)
    law = "power-constant" if "c" in parameters else "power"
    observations = Observations({"x": x}, loss, loss)
    return power_result(law=law, parameters=estimates, observations=observations, draws=draws)


def curves_of(results):
    return loss_curves(results, find_law(results[0].law))


def test_published_muon_needs_about_half_the_compute_of_adamw():
    # Liu et al. 2025, arXiv:2502.16982, table 3, in PF-days.
    muon, adamw = curves_of((power(MUON, (0.1, 1e4)), power(ADAMW)))
    found = multipliers(muon, adamw, 1e7, 0.95)
    assert [row.at for row in found[:-1]] == pytest.approx([1, 10, 100, 1e3, 1e4], rel=1e-9)
    expected = [0.4643, 0.5073, 0.5543, 0.6056, 0.6617]
    assert [row.estimate for row in found[:-1]] == pytest.approx(expected, abs=5e-5)
    assert [row.loss for row in found[:2]] == pytest.approx([2.6080, 2.3031], abs=5e-5)
    assert found[-1].is_extrapolated
    assert not found[0].is_extrapolated


def test_published_muon_and_adamw_cross_far_beyond_the_data():
    found, probability = crossover(*curves_of((power(MUON), power(ADAMW))), 1e9, 0.95)
    assert found.estimate == pytest.approx(4.61e8, rel=2e-3)
    assert (found.place, found.low, found.high, probability) == ("above", None, None, None)


def test_rounding_of_the_published_exponents_alone_leaves_the_crossing_without_an_end():
    generator = np.random.default_rng(0)
    drawn = [
        tuple(map(tuple, np.column_stack([np.full(400, law["a"]), law["b"] + generator.uniform(-5e-4, 5e-4, 400)])))
        for law in (MUON, ADAMW)
    ]
    muon, adamw = curves_of((power(MUON, draws=drawn[0]), power(ADAMW, draws=drawn[1])))
    found, probability = crossover(muon, adamw, 1e7, 0.99)
    assert found.low < found.estimate
    assert found.high is None or found.high > 1e12
    assert 0 < probability < 0.5


def test_equal_losses_are_those_of_the_laws():
    left, right = {"a": 40.0, "b": -0.12, "c": 1.7}, {"a": 30.0, "b": -0.1, "c": 1.5}
    found = multipliers(*curves_of((power(left, (1e10, 1e14)), power(right, (1e10, 1e14)))), 1e16, 0.95)
    for row in found:
        if row.estimate is not None:
            needed = row.at * row.estimate
            assert 40 * needed**-0.12 + 1.7 == pytest.approx(row.loss, rel=1e-9)
            assert 30 * row.at**-0.1 + 1.5 == pytest.approx(row.loss, rel=1e-9)


def test_a_loss_below_the_floor_of_one_cannot_be_bought():
    found = multipliers(
        *curves_of((power({"a": 40.0, "b": -0.12, "c": 2.5}, (1e10, 1e14)), power({"a": 30.0, "b": -0.1, "c": 1.5}))),
        1e30,
        0.95,
    )
    assert found[-1].estimate is None


def test_metrics_that_grow_are_inverted_too():
    left, right = {"a": 5.0, "b": 0.6}, {"a": 4.0, "b": 0.6}
    found = multipliers(*curves_of((power(left, (10.0, 1e3)), power(right, (10.0, 1e3)))), 1e4, 0.95)
    # Twice the exponent's root: left reaches the same rank with less width.
    assert [row.estimate for row in found] == pytest.approx([(4 / 5) ** (1 / 0.6)] * len(found), rel=1e-6)


def test_parallel_laws_do_not_cross():
    found, _ = crossover(*curves_of((power({"a": 5.0, "b": -0.1}), power({"a": 4.0, "b": -0.1}))), 1e9, 0.95)
    assert found is None


def test_a_crossing_inside_the_data_has_its_interval_there():
    generator = np.random.default_rng(1)
    draws = [
        tuple((a * np.exp(e), b) for e in generator.normal(0, 0.003, 300)) for a, b in ((2.6, -0.06), (2.5, -0.05))
    ]
    left = power({"a": 2.6, "b": -0.06}, draws=draws[0])
    right = power({"a": 2.5, "b": -0.05}, draws=draws[1])
    found, probability = crossover(*curves_of((left, right)), 1e5, 0.95)
    assert found.place == "inside"
    assert found.low < (2.6 / 2.5) ** 100 < found.high
    assert probability == 1.0


def test_surfaces_are_compared_along_compute_at_their_best_split():
    one = chinchilla_result(draws=None)
    twice = chinchilla_result(
        draws=None,
        parameters=one.parameters | {"A": Estimate(2 * one.parameters["A"].estimate)},
    )
    drawn = curves_of((one, twice))
    compute = np.geomspace(1e19, 1e24, 4)
    values = {name: value.estimate for name, value in one.parameters.items()}
    params = np.geomspace(1e7, 1e12, 20_000)
    for budget, log_loss in zip(compute, drawn[0].log_loss(np.log(compute)), strict=True):
        tokens = budget / 6 / params
        lowest = (values["E"] + values["A"] / params ** values["alpha"] + values["B"] / tokens ** values["beta"]).min()
        assert np.exp(log_loss) == pytest.approx(lowest, rel=1e-6)
    assert all(row.estimate > 1 for row in multipliers(drawn[1], drawn[0], 1e24, 0.95))


def order_statistics(logs, level):
    """The interval from the lowest draw at or below one quantile to the first at or above the other."""
    ordered = np.sort(logs)
    low, high = (1 - level) / 2 * (len(logs) - 1), (1 + level) / 2 * (len(logs) - 1)
    return np.exp(ordered[int(np.floor(low))]), np.exp(ordered[int(np.ceil(high))])


def drawn_pair(count=101, seed=0):
    """Two power laws without floors, and their replicates `(count, 2)` of a and b."""
    generator = np.random.default_rng(seed)
    draws = [
        np.column_stack([a * np.exp(generator.normal(0, 0.01, count)), b + generator.normal(0, 5e-4, count)])
        for a, b in ((2.6, -0.06), (2.5, -0.05))
    ]
    made = [
        power({"a": a, "b": b}, x, draws=tuple(map(tuple, rows.tolist())))
        for (a, b), x, rows in zip(((2.6, -0.06), (2.5, -0.05)), ((1.0, 1e4), (10.0, 1e5)), draws, strict=True)
    ]
    return curves_of(made), draws


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_intervals_of_a_multiplier_are_those_of_the_replicates_own_multipliers(level):
    (left, right), (one, other) = drawn_pair()
    rows = multipliers(left, right, 1e9, level)
    for row in rows:
        log = np.log(row.loss)
        needed = (log - np.log(one[:, 0])) / one[:, 1] - (log - np.log(other[:, 0])) / other[:, 1]
        assert (row.low, row.high) == pytest.approx(order_statistics(needed, level), rel=1e-6)
        assert row.low < row.estimate < row.high
        alone = multiplier_at(left, right, row.at, level)
        assert (alone.estimate, alone.low, alone.high) == pytest.approx((row.estimate, row.low, row.high))
    assert [row.is_extrapolated for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1].at == 1e9
    # Losses that both have reached: right has 10 to 1e5, and left reaches those of 1 to 1e4.
    ends = [(2.5 / 2.6) ** (1 / 0.05) * 1e4 ** (0.06 / 0.05), 1e5]
    assert [row.at for row in rows[:-1]] == pytest.approx([10.0**k for k in range(1, int(np.log10(min(ends))) + 1)])


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_of_a_crossing_is_that_of_the_replicates_own_crossings(level):
    (left, right), (one, other) = drawn_pair(seed=3)
    found, probability = crossover(left, right, 1e2, level)
    own = np.log(other[:, 0] / one[:, 0]) / (one[:, 1] - other[:, 1])
    assert found.estimate == pytest.approx((2.6 / 2.5) ** 100, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(order_statistics(own, level), rel=1e-6)
    assert 0 < probability < 1
    assert probability == np.mean((own >= 0) & (own <= np.log(1e2)))


def test_replicates_that_never_cross_are_on_the_side_of_the_estimates_crossing():
    """Of 40 replicates ten have parallel laws: above the estimate's crossing there is no end, below there is one."""
    draws = [(2.5 * (1 + 1e-4 * i), -0.05) for i in range(30)] + [(2.7, -0.06)] * 10
    left = power({"a": 2.6, "b": -0.06}, (1.0, 100.0), draws=((2.6, -0.06),) * 40)
    right = power({"a": 2.5, "b": -0.05}, (1.0, 100.0), draws=tuple(draws))
    found, probability = crossover(*curves_of((left, right)), 1e9, 0.95)
    assert found.high is None
    assert found.low == pytest.approx((2.6 / (2.5 * (1 + 1e-4 * 29))) ** 100, rel=1e-3)
    assert probability == 0.75
    early = power({"a": 2.6, "b": -0.06}, x=(1e6, 1e9), draws=((2.6, -0.06),) * 40)
    found, _ = crossover(*curves_of((early, power({"a": 2.5, "b": -0.05}, (1e6, 1e9), draws=tuple(draws)))), 1e9, 0.95)
    assert (found.place, found.low) == ("below", None)
    assert found.high == pytest.approx((2.6 / 2.5) ** 100, rel=1e-3)


def test_of_two_crossings_the_one_nearest_to_the_data_counts():
    """The law that falls fast has the higher floor, so that it is lower only in between."""
    left, right = {"a": 3.0, "b": -0.5, "c": 0.8}, {"a": 2.0, "b": -0.2, "c": 0.5}
    gap = lambda x: 3.0 * x**-0.5 + 0.3 - 2.0 * x**-0.2  # noqa: E731
    x = np.geomspace(1e-6, 1e12, 200_001)
    roots = x[np.flatnonzero(np.diff(np.sign(gap(x))))]
    assert len(roots) == 2
    for ends, root in (((1e-1, 1e1), roots[0]), ((1e2, 1e4), roots[1])):
        found, _ = crossover(*curves_of((power(left, ends), power(right, ends))), 1e9, 0.95)
        assert found.estimate == pytest.approx(root, rel=1e-3)
        alike = [replace(curve, draws=np.tile(curve.estimate, (3, 1)))
                 for curve in curves_of((power(left, ends), power(right, ends)))]  # fmt: skip
        found, share = crossover(*alike, 1e9, 0.95)
        assert (found.low, found.high, share) == (pytest.approx(root, rel=0.01), pytest.approx(root, rel=0.01), 1.0)
    for ends, place in (((roots[1] * 2, roots[1] * 20), "below"), ((roots[1] / 20, roots[1] / 2), "above"),
                        ((roots[1] / 2, roots[1] * 2), "inside")):  # fmt: skip
        found, _ = crossover(*curves_of((power(left, ends), power(right, ends))), 1e9, 0.95)
        assert (found.estimate, found.place) == (pytest.approx(roots[1], rel=1e-3), place)


def test_a_crossing_is_inside_where_both_groups_have_data():
    both = power({"a": 2.6, "b": -0.06}, (1.0, 100.0)), power({"a": 2.5, "b": -0.05}, (10.0, 1e4))
    assert crossover(*curves_of(both), 1e9, 0.95)[0].place == "inside"
    later = power({"a": 2.6, "b": -0.06}, (1.0, 40.0)), power({"a": 2.5, "b": -0.05}, (10.0, 1e4))
    assert crossover(*curves_of(later), 1e9, 0.95)[0].place == "above"
    after = power({"a": 2.6, "b": -0.06}, (60.0, 100.0)), power({"a": 2.5, "b": -0.05}, (10.0, 1e4))
    assert crossover(*curves_of(after), 1e9, 0.95)[0].place == "below"


def test_monotone_curves_are_read_as_interpolation_does_and_beyond_their_ends_are_infinite():
    generator = np.random.default_rng(0)
    grid = np.sort(generator.uniform(0, 5, 12))
    rising = np.cumsum(generator.uniform(0.1, 1, (6, 12)), axis=1)
    for curves in (rising, -rising):
        values = np.quantile(curves, [0.1, 0.35, 0.5, 0.8])
        found = _read(grid, curves, values)
        for curve, row in zip(curves, found, strict=True):
            order = np.argsort(curve)
            first, last = (-np.inf, np.inf) if curves is rising else (np.inf, -np.inf)
            expected = np.interp(values, curve[order], grid[order], left=first, right=last)
            assert row == pytest.approx(expected)
        ends = _read(grid, curves[:1], curves[0, [0, -1]])
        assert ends[0] == pytest.approx(grid[[0, -1]])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 1e5, [1, 10, 100, 1e3, 1e4, 1e5]),
        (2.0, 9e5, [10, 100, 1e3, 1e4, 1e5]),
        (1.0, 1e6, [1, 100, 1e4, 1e6]),
        (1.0, 1e13, [1, 1e3, 1e6, 1e9, 1e12]),
        (2.0, 50.0, [2, 10, 50]),
        (11.0, 100.0, [11, np.sqrt(1100), 100]),
        (10.0, 100.0, [10, 100]),
    ],
)
def test_places_are_powers_of_ten_or_three_points(low, high, expected):
    assert np.exp(_places(np.log(low), np.log(high))) == pytest.approx(expected)


def test_the_interval_of_infinite_and_missing_draws_has_no_end_there():
    logs = np.array([0.0, 1.0, 2.0, np.inf, np.nan, -np.inf])
    assert _ends(logs, 0.99) == (None, None)
    assert _ends(logs[:4], 0.99) == (1.0, None)
    assert _ends(np.array([np.nan]), 0.9) == (None, None)
    assert _ends(np.linspace(0, 100, 101), 0.89) == pytest.approx((np.exp(5), np.exp(95)))
    assert _ends(np.linspace(0, 100, 101), 0.91) == pytest.approx((np.exp(4), np.exp(96)))


def test_replicates_of_a_surface_are_followed_along_compute():
    draws = ((1.8, 470.0, 2100.0, 0.34, 0.36), (1.85, 500.0, 2000.0, 0.35, 0.37))
    (curve,) = curves_of((chinchilla_result(draws=draws),))
    params = np.geomspace(1e5, 1e15, 60_000)
    for (E, A, B, alpha, beta), row in zip(draws, curve.draws, strict=True):
        middle = np.abs(curve.grid - np.log(1e21)).argmin()
        tokens = np.exp(curve.grid[middle]) / 6 / params
        assert np.exp(row[middle]) == pytest.approx((E + A / params**alpha + B / tokens**beta).min(), rel=1e-6)
    seen = chinchilla_result().observations.inputs
    compute = 6 * np.array(seen["params"]) * np.array(seen["tokens"])
    assert np.exp(curve.span) == pytest.approx((compute.min(), compute.max()))
    assert np.exp(curve.grid[[0, -1]]) == pytest.approx((compute.min() * 1e-12, compute.max() * 1e12))
    other = chinchilla_result(law="general", parameters=chinchilla_result().parameters | {"gamma": Estimate(1.0)})
    assert loss_curves((other,), find_law("general")) is None
