"""The hull of training curves by scipy, how it is read, and the limits of what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from scaling_cli.analysis.allocation.envelope import _curves, _doubts, _facts, _hull, _read, envelope, smoothed
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.errors import FitError
from scaling_cli.record import replace
from scaling_cli.results.allocation import Envelope
from tests.analysis.allocation.surfaces import SYMMETRIC, loss_at
from tests.analysis.allocation.test_envelope import trained

RANDOM = np.random.default_rng(2)


def points(params, tokens, loss, runs):
    params, tokens = np.log(np.asarray(params, float)), np.log(np.asarray(tokens, float))
    return AllocationPoints(params, tokens, params + tokens + np.log(6), np.asarray(loss, float), np.asarray(runs))


def curves(sizes=6, rows=20, noise=0.0):
    params = np.repeat(np.geomspace(1e7, 1e9, sizes), rows)
    tokens = params * np.tile(np.geomspace(1, 400, rows), sizes)
    loss = loss_at(SYMMETRIC, params, tokens) * np.exp(noise * RANDOM.standard_normal(len(params)))
    return points(params, tokens, loss, np.repeat(np.arange(sizes), rows))


def falling_hull(x, y):
    """The vertices of the lower hull up to the lowest point, by the whole convex hull."""
    hull = ConvexHull(np.column_stack([x, y]))
    lower = {int(place) for simplex, plane in zip(hull.simplices, hull.equations, strict=True) if plane[1] < 0
             for place in simplex}  # fmt: skip
    ordered = sorted(lower, key=lambda place: x[place])
    return [place for place in ordered if x[place] <= x[np.argmin(y)]]


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_hull_is_the_falling_part_of_the_lower_convex_one(noise):
    made = curves(noise=noise)
    assert _hull(made).tolist() == falling_hull(made.log_compute, np.log(made.loss))


def test_only_points_of_the_runs_used_count():
    made = curves()
    used = np.array([True, False, True, True, False, True])
    index = np.flatnonzero(used[made.runs])
    expected = index[falling_hull(made.log_compute[index], np.log(made.loss[index]))]
    assert _hull(made, used).tolist() == expected.tolist()


def test_points_on_a_chord_and_at_equal_compute_are_left_out():
    x = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 4.0])
    y = np.array([0.0, -1.0, -2.0, -1.5, -2.5, -2.0])
    made = AllocationPoints(x, x, x, np.exp(y), np.arange(6))
    assert _hull(made).tolist() == [0, 2, 4]


def test_facts_are_shares_of_the_hull_at_the_edge_sizes_and_before_the_end_of_runs():
    params = np.repeat([1e7, 1e8, 1e9], 4)
    tokens = params * np.tile([10.0, 84.0, 86.0, 100.0], 3)
    made = points(params, tokens, np.linspace(4, 2, 12), np.repeat(np.arange(3), 4))
    found = _facts(made, np.array([1, 4, 5, 6, 10]), 3)
    assert (found.curves, found.hull_points) == (3, 5)
    assert found.at_edge == pytest.approx(2 / 5)  # one point of the smallest model and one of the largest
    assert found.unfinished == pytest.approx(3 / 5)  # before 85 % of the tokens of their runs


def test_the_hull_is_read_at_even_steps_of_compute_with_the_params_of_the_nearest_point():
    made = curves(3)
    hull = _hull(made)
    compute, params, loss = _read(made, hull)
    at = made.log_compute[hull]
    assert compute == pytest.approx(np.linspace(at[0], at[-1], 300))
    for place in (0, 77, 150, 299):
        nearest = hull[np.argmin(np.abs(at - compute[place]))]
        assert params[place] == pytest.approx(made.log_params[nearest])
    assert loss == pytest.approx(np.interp(compute, at, made.loss[hull]))


@pytest.mark.parametrize(("sizes", "is_inner"), [(4, False), (5, True)])
def test_the_smallest_and_the_largest_model_are_left_out_where_three_sizes_remain(sizes, is_inner):
    params = np.geomspace(1e7, 1e9, sizes)
    made = points(params, 20 * params, np.geomspace(4, 2, sizes), np.arange(sizes))
    _, read, _ = _read(made, np.arange(sizes))
    assert (read.min() > made.log_params.min()) == is_inner
    assert (read.max() < made.log_params.max()) == is_inner


def test_losses_within_five_per_cent_of_the_compute_are_averaged():
    tokens = np.array([1.0, 1.04, 1.07, 1.2, 1.25, 2.0])
    loss = np.array([5.0, 4.0, 3.0, 2.5, 2.0, 1.0])
    order = np.array([3, 0, 5, 1, 4, 2])
    made = points(np.full(6, 1e8), 1e9 * tokens[order], loss[order], np.zeros(6, dtype=int))
    found = smoothed(made)
    expected = [loss[np.abs(np.log(tokens / each)) <= np.log(1.05) + 1e-12].mean() for each in tokens]
    assert found.loss == pytest.approx(expected)
    assert np.exp(found.log_tokens) == pytest.approx(1e9 * tokens)


def test_runs_of_fewer_than_five_rows_are_no_curves():
    counts = (5, 4, 6)
    runs = np.repeat(np.arange(3), counts)
    made = points(np.full(15, 1e8), 1e9 * np.concatenate([np.geomspace(1, 9, n) for n in counts]), np.ones(15), runs)
    found = smoothed(made)
    assert np.bincount(found.runs).tolist() == [5, 6]
    assert len(smoothed(made.subset(np.flatnonzero(runs == 1))).loss) == 0
    with pytest.raises(FitError, match="2 runs have a training curve of at least 5 checkpoints"):
        envelope(made, None)
    with pytest.raises(FitError, match="1 run has"):
        envelope(made.subset(np.flatnonzero(runs < 2)), None)


def test_where_schedules_end_the_ends_of_runs_are_averaged():
    made, _ = trained(sizes=8, lengths=4, undecayed=0.03)
    found, finished = _curves(made)
    assert finished.drop == pytest.approx(0.03, abs=0.006)
    assert not finished.is_level
    assert len(found.loss) == 32
    assert found.runs.tolist() == list(range(32))
    for run in (0, 7, 31):
        last = made.log_tokens[made.runs == run].max()
        assert last - 0.3 < found.log_tokens[run] <= last + 1e-9
        assert found.log_params[run] == pytest.approx(made.log_params[made.runs == run][0])
        assert found.log_compute[run] == pytest.approx(found.log_params[run] + found.log_tokens[run] + np.log(6))
    plain, finished = _curves(curves())
    assert finished.drop is None
    assert plain.loss == pytest.approx(smoothed(curves()).loss)


def test_lines_of_params_and_tokens_share_the_compute():
    made = curves(8, 40)
    found = envelope(made, None, is_corrected=False)
    budgets = np.array([1e18, 1e20])
    for budget in budgets:
        assert found.params.at(budget)[0] * found.tokens.at(budget)[0] * 6 == pytest.approx(budget)
    hull = _hull(smoothed(made))
    assert found.facts.hull_points == len(hull)
    assert found.hull[0] == pytest.approx(np.exp(made.log_compute[hull]))
    assert found.hull[1] == pytest.approx(np.exp(made.log_params[hull]))


@pytest.mark.parametrize(("at_edge", "unfinished", "codes"), [
    (0.3, 0.3, []), (0.31, 0.3, ["grid-edge"]), (0.3, 0.31, ["unfinished-schedules"]),
])  # fmt: skip
def test_shares_of_the_hull_above_three_tenths_are_told(at_edge, unfinished, codes):
    made = envelope(curves(8, 40), None, is_corrected=False)
    made = replace(made, facts=Envelope(8, 30, at_edge, unfinished), has_edges=True, is_level=False)
    assert [each.code for each in _doubts(made, None)] == ["no-waste-band", *codes]
    ended = _doubts(replace(made, drop=0.02), None)
    assert [each.code for each in ended] == ["no-waste-band", "schedule-ends", *codes]
    assert "2.0 %" in ended[1].message
    # Edges that the lines leave out do no harm, nor do points before the end of runs whose ends follow the same law.
    fine = replace(made, facts=Envelope(8, 30, 0.9, 0.9), has_edges=False, is_level=True)
    assert [each.code for each in _doubts(fine, None)] == ["no-waste-band"]
