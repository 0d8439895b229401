"""A law at the places of a plan: maps of coordinates, gradients, and the best split of a budget."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.departures import TERMS, departures
from scaling_cli.analysis.plan.ground import REACH, STEP, _derivative, along, ground, optimum
from scaling_cli.laws import find_law

LAW = find_law("chinchilla")
PARAMETERS = np.array([[1.8, 480.0, 2100.0, 0.35, 0.37], [1.7, 400.0, 900.0, 0.34, 0.31]])
RUNS = {"params": np.geomspace(1e7, 1e10, 6), "tokens": np.geomspace(1e11, 1e9, 6)}
MORE = {"params": np.array([3e8]), "tokens": np.array([5e9])}


def loss(parameters, params, tokens):
    E, A, B, alpha, beta = parameters
    return E + A / params**alpha + B / tokens**beta


def test_each_part_has_the_log_losses_of_its_own_places():
    place = ground(LAW, [RUNS, MORE, RUNS])
    theta = place.coordinates(PARAMETERS)
    for part, runs in enumerate((RUNS, MORE, RUNS)):
        found, gradient = place.at(part, theta)
        expected = [np.log(loss(row, runs["params"], runs["tokens"])) for row in PARAMETERS]
        assert found == pytest.approx(np.array(expected))
        assert gradient.shape == (2, len(runs["params"]), 5)
    step = 1e-6 * np.eye(5)
    gradient = place.at(0, theta)[1]
    for k in range(5):
        up, down = (place.at(0, theta + sign * step[k])[0] for sign in (1, -1))
        assert gradient[:, :, k] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-8)


def test_a_gradient_in_raw_coordinates_is_turned_into_one_in_centred_ones():
    place = ground(LAW, [RUNS])
    raw = LAW.to_coordinates(PARAMETERS)
    generator = np.random.default_rng(0)
    gradient, change = generator.standard_normal((2, 5)), 1e-3 * generator.standard_normal((2, 5))
    moved = place.coordinates(LAW.to_parameters(raw + change)) - place.coordinates(PARAMETERS)
    assert np.einsum("rk,rk->r", place.uncentred(gradient), moved) == pytest.approx(
        np.einsum("rk,rk->r", gradient, change), rel=1e-6
    )


def test_doubts_are_further_columns_at_the_log_inputs_of_each_part():
    place = ground(LAW, [RUNS, MORE], 0.02)
    theta = place.coordinates(PARAMETERS)
    plain = ground(LAW, [RUNS, MORE])
    for part, runs in enumerate((RUNS, MORE)):
        gradient = place.at(part, theta)[1]
        assert gradient[..., :5] == pytest.approx(plain.at(part, theta)[1])
        logs = np.log(np.stack([runs["params"], runs["tokens"]], axis=1))
        assert gradient[..., 5:] == pytest.approx(departures(logs, 2, 0.02))
        assert gradient.shape[2] == 5 + TERMS


def test_places_along_a_budget_use_all_of_it_around_twenty_tokens_per_param():
    spot = along(1.2e21)
    assert 6 * spot["params"] * spot["tokens"] == pytest.approx(np.full(161, 1.2e21))
    assert spot["compute"].tolist() == [1.2e21] * 161
    assert spot["tokens"][80] / spot["params"][80] == pytest.approx(20)
    assert np.diff(np.log(spot["params"])) == pytest.approx(np.full(160, STEP))
    assert np.log(spot["params"][-1] / spot["params"][80]) == pytest.approx(REACH)


def closed_form(parameters, compute):
    _, A, B, alpha, beta = parameters
    return (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))


@pytest.mark.parametrize("compute", [1e18, 3.3e21, 1e25])
def test_the_best_split_and_its_gradients_are_those_of_the_closed_form(compute):
    spot = along(compute)
    place = ground(LAW, [RUNS, spot])
    theta = place.coordinates(PARAMETERS)
    best = optimum(*place.at(1, theta), spot)
    params = np.array([closed_form(row, compute) for row in PARAMETERS])
    tokens = compute / 6 / params
    assert best.log_params == pytest.approx(np.log(params), abs=1e-6)
    lowest = [np.log(loss(row, n, d)) for row, n, d in zip(PARAMETERS, params, tokens, strict=True)]
    assert best.log_loss == pytest.approx(lowest, rel=1e-9)
    for k in range(5):
        step = 1e-5 * (np.arange(5) == k)
        up, down = (optimum(*place.at(1, theta + sign * step), spot) for sign in (1, -1))
        assert best.params_gradient[:, k] == pytest.approx((up.log_params - down.log_params) / 2e-5, rel=1e-3, abs=1e-5)
        assert best.loss_gradient[:, k] == pytest.approx((up.log_loss - down.log_loss) / 2e-5, rel=1e-4, abs=1e-8)


def test_a_split_beyond_reach_does_not_exist():
    """The best split is `REACH` from 20 tokens per param, but for the last places on either side."""
    spot = along(1e21)
    row = PARAMETERS[0]
    middle = np.sqrt(1e21 / 120)

    def scaled(far):
        """The law with the best split so many log params from the middle."""
        change = np.exp((far + np.log(middle / closed_form(row, 1e21))) * (row[3] + row[4]))
        return row * np.array([1, change, 1, 1, 1])

    for far, is_known in ((0.0, True), (9.3, True), (-9.3, True), (9.9, False), (-9.9, False)):
        rows = np.array([scaled(far), row])
        place = ground(LAW, [RUNS, spot])
        best = optimum(*place.at(1, place.coordinates(rows)), spot)
        assert np.isfinite(best.log_params[0]) == is_known
        assert np.isfinite(best.log_loss[0]) == is_known
        assert np.isfinite(best.params_gradient[0]).all() == is_known
        assert np.isfinite(best.loss_gradient[0]).all() == is_known
        assert np.isfinite(best.log_params[1])
        if is_known:
            assert best.log_params[0] - np.log(middle) == pytest.approx(far, abs=1e-5)


def test_derivatives_are_those_of_polynomials():
    coefficients = np.array([[1.0, -2.0, 3.0, 0.5, -0.25], [0.0, 1.0, -1.0, 2.0, 4.0]])
    x = np.array([0.7, -1.3])
    for order in range(4):
        expected = [np.polyval(np.polyder(row[::-1], order), at) for row, at in zip(coefficients, x, strict=True)]
        assert _derivative(coefficients, x, order) == pytest.approx(expected)
    both = np.stack([coefficients, 2 * coefficients], axis=2)
    assert _derivative(both, x, 1)[:, 1] == pytest.approx(2 * _derivative(coefficients, x, 1))


def test_a_coefficient_of_zero_leaves_the_others_known_and_nothing_in_the_loss():
    law = find_law("chinchilla")
    places = ground(law, [{"params": np.array([1e8, 1e9]), "tokens": np.array([2e9, 1e11])}])
    theta = places.coordinates(np.array([[1.7, 400.0, 0.0, 0.34, 0.3]]))
    assert np.isfinite(theta).all()
    log_loss, gradient = places.at(0, theta)
    np.testing.assert_allclose(np.exp(log_loss[0]), 1.7 + 400 / np.array([1e8, 1e9]) ** 0.34, rtol=1e-9)
    assert np.isfinite(gradient).all()
