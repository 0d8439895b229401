"""Whether a forecast changes if small runs are left out, against a fit of the rest alone."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.forecast.candidates import fit_parts, fit_replicates
from scaling_cli.analysis.forecast.stability import _parts, largest_swing
from scaling_cli.analysis.forecast.stack import predict
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LAW = find_law("power")


def runs(bend=0.0, noise=0.001, count=24, seed=0):
    x = np.geomspace(1.0, 1e3, count)
    loss = 3.0 * x**-0.1 * np.where(np.arange(count) < count // 2, np.exp(bend), 1.0)
    observed = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(count))
    return ForecastPoints({"x": x}, observed, np.arange(count), x)


def made(points):
    return forecast(points, laws=(LAW,), replicates=60)


AT = {"x": np.array([1e4, 1e5])}


def test_quarters_of_the_runs_are_left_out_by_tokens_or_else_by_scale():
    parts = _parts(runs())
    assert [int(part.trained.sum()) for part in parts] == [18, 12]  # a quarter has fewer than eight
    for part in parts:
        x = np.geomspace(1.0, 1e3, 24)
        assert part.cutoff == x[part.trained].min()
        assert (part.trained == (x >= part.cutoff)).all()
    turned = runs()
    by_tokens = replace(turned, columns={"params": np.ones(24) + np.arange(24), "tokens": turned.scale[::-1]})
    assert [int(part.trained[:12].sum()) for part in _parts(by_tokens)] == [12, 12]


@pytest.mark.parametrize(("scales", "left"), [(4, []), (5, [4]), (8, [6, 4])])
def test_four_scales_must_be_left(scales, left):
    """Eight runs of each scale: cut-offs at a quarter, at half and at three quarters of them."""
    points = runs(count=8 * scales)
    scale = np.repeat(2.0 ** np.arange(scales), 8)
    found = _parts(replace(points, columns={"x": scale}, scale=scale))
    assert [len(np.unique(scale[part.trained])) for part in found] == left


@pytest.mark.parametrize(("count", "parts"), [(9, 0), (11, 1), (16, 2), (32, 3)])
def test_eight_points_of_four_scales_must_be_left(count, parts):
    assert len(_parts(runs(count=count))) == parts
    three = replace(runs(count=count), scale=np.repeat([1.0, 2.0, 3.0, 4.0], count)[::4])
    assert len(_parts(three)) == 0


def test_a_bend_swings_by_the_difference_of_two_fits():
    points = runs(bend=0.05)
    forecaster = made(points)
    found = alone(largest_swing(forecaster, AT))
    fits = forecaster.averaged.fits
    by_part = []
    for part in _parts(points):
        moved = [
            predict(fit, alone(fit_parts(fit, [part])), AT)[0] - predict(fit, fit.theta[None], AT)[0] for fit in fits
        ]
        by_part.append((part, forecaster.averaged.weights @ moved))
    assert abs(found.shift) == pytest.approx(max(np.abs(moved).max() for _, moved in by_part))
    (part,) = [part for part, moved in by_part if np.isclose(moved, found.shift, rtol=1e-6).any()]
    assert (found.cutoff, found.place) == (part.cutoff, 1)  # the further target moves more
    draws = []
    for fit, theta in zip(fits, forecaster.draws, strict=False):
        again = alone(
            fit_replicates(fit, replace(forecaster.resampling, replicates=40), part, alone(fit_parts(fit, [part]))[0])
        )
        draws.append(predict(fit, again, AT)[:, 1] - predict(fit, theta[:40], AT)[:, 1])
    assert found.standard_error == pytest.approx((forecaster.averaged.weights @ draws).std())


def test_one_law_or_much_noise_does_not_swing():
    assert alone(largest_swing(made(runs()), AT)) is None
    assert alone(largest_swing(made(runs(bend=0.05, noise=0.2)), AT)) is None


def test_changes_below_a_quarter_of_a_per_cent_are_ignored_however_certain():
    points = runs(noise=1e-5)
    curved = np.log(points.scale / 31) ** 2
    found = [
        alone(largest_swing(made(replace(points, observed=points.observed * np.exp(bend * curved))), AT))
        for bend in np.geomspace(6e-4, 15e-4, 9)
    ]
    sizes = [abs(swing.shift) for swing in found if swing is not None]
    assert 0.0025 <= min(sizes) < 0.003
    assert found[0] is None


def test_without_targets_or_with_five_runs_nothing_is_tested():
    points = runs(bend=0.05)
    assert alone(largest_swing(made(points), {"x": np.empty(0)})) is None
    for count, is_tested in ((5, False), (6, True)):
        grouped = made(replace(points, runs=np.arange(24) % count))
        assert (alone(largest_swing(grouped, AT)) is not None) == is_tested


def test_parts_are_fitted_without_the_points_that_they_leave_out():
    points = runs(bend=0.05)
    fit = made(points).averaged.fits[0]
    kept = np.arange(24) >= 12
    moved = replace(points, observed=np.where(kept, points.observed, 9.0))
    other = replace(fit, problem=replace(fit.problem, target=np.log(moved.observed)))
    part = Window(1.0, 1.0, kept)
    assert alone(fit_parts(fit, [part]))[0] == pytest.approx(alone(fit_parts(other, [part]))[0], rel=1e-4)
