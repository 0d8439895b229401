"""Curves that are read before the learning rate has decayed."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation import schedules
from scaling_cli.analysis.allocation.envelope import envelope, smoothed
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.schedules import done, end_drop, finished_points, thinned
from scaling_cli.errors import FitError

VALUES = (1.8, 400.0, 2000.0, 0.34, 0.36)
SIZES = (3e7, 1e8, 3e8, 1e9)


def curves(sizes=SIZES, rows=60, lengths=(20.0,), drop=0.0, noise=0.0, seed=0):
    """Training curves at these tokens per param; `drop` is what the log loss falls in the last 3 % of each run."""
    generator = np.random.default_rng(seed)
    e, a, b, alpha, beta = VALUES
    parts = []
    for run, (size, length) in enumerate((size, length) for size in sizes for length in lengths):
        tokens = size * length * np.geomspace(0.01, 1.0, rows)
        loss = e + a / size**alpha + b / tokens**beta
        loss = loss * np.exp(noise * generator.standard_normal(rows) - drop * (tokens >= 0.97 * tokens[-1]))
        parts.append(np.stack([np.full(rows, size), tokens, loss, np.full(rows, run)]))
    params, tokens, loss, runs = np.concatenate(parts, axis=1)
    return AllocationPoints(np.log(params), np.log(tokens), np.log(6 * params * tokens), loss, runs.astype(int))


def test_points_are_done_by_their_share_of_the_tokens_of_their_run():
    found = done(curves())
    assert found.reshape(4, 60)[:, -1] == pytest.approx(np.ones(4))
    assert found.reshape(4, 60)[:, 0] == pytest.approx(np.full(4, 0.01))


def test_many_points_are_thinned_evenly_in_logs():
    found = thinned(curves(rows=500))
    assert np.bincount(curves(rows=500).runs[found]).tolist() == [40] * 4
    logs = curves(rows=500).log_tokens[found].reshape(4, 40)
    assert np.ptp(np.diff(logs, axis=1)) < 0.02
    assert len(thinned(curves(rows=7))) == 28


@pytest.mark.parametrize("drop", [0.0, 0.02, 0.05])
def test_ends_lie_below_the_law_of_their_middles_by_the_drop(drop):
    found, error = end_drop(curves(drop=drop))
    assert found == pytest.approx(drop, abs=1e-3)
    assert error < 1e-3


def test_too_few_sizes_say_nothing_of_a_drop():
    assert end_drop(curves(SIZES[:2], drop=0.05)) is None
    assert end_drop(curves(SIZES[:3], drop=0.05)) is not None
    assert end_drop(curves(rows=2)) is None


def test_without_a_fit_or_points_in_the_middle_nothing_is_said_of_a_drop(monkeypatch):
    ends = curves(drop=0.05)
    assert end_drop(ends.subset(np.flatnonzero(done(ends) > 0.6))) is None

    def fails(_):
        raise FitError("no", hint="")

    monkeypatch.setattr(schedules, "best_fit", fails)
    assert end_drop(ends) is None


@pytest.mark.parametrize(("drop", "is_kept"), [(0.003, True), (0.006, False)])
def test_curves_are_used_whole_unless_their_ends_drop(drop, is_kept):
    made = curves(lengths=(5.0, 20.0, 80.0), drop=drop)
    finished = finished_points(made)
    found, fallen = finished.points, finished.drop
    assert finished.is_level is is_kept
    if is_kept:
        assert fallen is None
        assert len(found.loss) == len(made.loss)
        return
    assert fallen == pytest.approx(drop, abs=1e-3)
    assert (done(made)[np.isin(made.loss, found.loss)] >= 0.97).all()
    assert len(np.unique(found.runs)) == 12


def test_ends_whose_place_is_not_known_are_not_level():
    assert finished_points(curves()).is_level
    assert not finished_points(curves(SIZES[:2])).is_level
    assert not finished_points(curves(noise=0.05)).is_level


def test_ends_alone_need_three_lengths_of_three_sizes():
    for lengths in ((20.0,), (5.0, 20.0)):
        with pytest.raises(FitError, match="below the law") as refused:
            finished_points(curves(lengths=lengths, drop=0.05))
        assert "3 lengths for each of 3 sizes" in refused.value.hint
    with pytest.raises(FitError, match=r"(5\.1|4\.9|5) % below"):
        finished_points(curves(drop=0.05))


def test_smoothing_averages_losses_within_five_percent_of_compute():
    made = curves(rows=400, noise=0.01)
    found = smoothed(made)
    logs = made.log_compute
    for place in (0, 37, 399, 800):
        near = (made.runs == made.runs[place]) & (np.abs(logs - logs[place]) <= np.log(1.05))
        assert found.loss[place] == pytest.approx(made.loss[near].mean())
    assert len(found.loss) == len(made.loss)


def test_runs_of_fewer_than_five_checkpoints_are_no_curves():
    short = curves(SIZES[:1], rows=4)
    long = curves(SIZES[1:3], rows=5)
    both = AllocationPoints(
        *(np.concatenate([getattr(short, name), getattr(long, name)])
          for name in ("log_params", "log_tokens", "log_compute", "loss")),
        np.concatenate([short.runs, long.runs + 1]),
    )  # fmt: skip
    found = smoothed(both)
    assert len(found.loss) == 10
    assert sorted(set(found.runs.tolist())) == [0, 1]
    assert len(smoothed(short).loss) == 0
    shuffled = both.subset(np.random.default_rng(0).permutation(len(both.loss)))
    assert smoothed(shuffled).loss == pytest.approx(found.loss)


def test_an_envelope_needs_three_curves_and_two_sizes_on_it():
    with pytest.raises(FitError, match="2 runs have a training curve of at least 5 checkpoints, but"):
        envelope(curves(SIZES[:2]), None)
    with pytest.raises(FitError, match="1 run has a training curve"):
        envelope(curves(SIZES[:1]), None)
    with pytest.raises(FitError, match="consists of one model size"):
        envelope(curves((1e8, 1e8, 1e8)), None)
    found = envelope(curves(lengths=(80.0,)), None, is_corrected=False)
    assert found.facts.curves == 4
    assert 0.2 < float(found.params.exponent[0]) < 0.9
    assert float(found.params.exponent[0] + found.tokens.exponent[0]) == pytest.approx(1.0)
    assert found.rates == pytest.approx((6.0, 6.0))
    compute = 1e20
    assert 6 * found.params.at(compute) * found.tokens.at(compute) == pytest.approx([compute])


def test_an_envelope_lies_on_the_lowest_losses():
    made = curves(lengths=(80.0,))
    found = envelope(made, None, is_corrected=False)
    compute, params = found.hull
    assert (np.diff(compute) > 0).all()
    for budget, size in zip(compute, params, strict=True):
        own = made.loss[
            (np.abs(made.log_compute - np.log(budget)) < 1e-9) & (np.abs(made.log_params - np.log(size)) < 1e-9)
        ]
        less = made.log_compute <= np.log(budget) + 1e-9
        assert own.min() <= made.loss[less].min() * 1.01
