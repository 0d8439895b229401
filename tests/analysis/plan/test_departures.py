"""Departures from a law: their size, their use in the search, and what they do to designs."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.departures import LENGTHS, TERMS, departures, size_of
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.ground import along, ground
from scaling_cli.analysis.plan.knowledge import Arm, Noise, view
from scaling_cli.analysis.plan.search import Limits, greedy, select
from scaling_cli.analysis.plan.square_error import Model, criterion
from scaling_cli.laws import find_law
from scaling_cli.laws.published import published_law

RUNS = {"params": np.geomspace(1e7, 5e9, 30), "tokens": np.geomspace(3e10, 4e8, 30)[np.arange(30) * 7 % 30]}


def uncertain(seed=0, draws=2, candidates=14, k=3, goals=2, e=4, size=1.0):
    rng = np.random.default_rng(seed)
    wide = size * np.concatenate([np.full(k, 1 / size), np.ones(e)])
    known = np.zeros((draws, k + e, k + e))
    known[:, :k, :k] = 0.1 * np.eye(k)
    return Model(
        rng.standard_normal((draws, candidates, k + e)) * wide, known,
        rng.standard_normal((draws, goals, k + e)) * wide, departures=e,
    )  # fmt: skip


def test_waves_have_the_covariance_of_the_docstring():
    logs = np.array([[0.0, 0.0], [1.0, 0.5], [4.0, -3.0]])
    values = departures(logs, 4000, 0.02)
    assert (values**2).sum(axis=2) == pytest.approx(np.full((4000, 3), 0.02**2))
    found = (values[:, :1] * values).sum(axis=2).mean(axis=0)
    distance = (logs**2).sum(axis=1)
    wanted = 0.02**2 * np.mean([np.exp(-distance / (2 * length**2)) for length in LENGTHS], axis=0)
    assert found == pytest.approx(wanted, abs=0.02 * 0.02**2)


def test_the_criterion_is_the_mean_square_error_of_a_fit_of_the_wrong_law():
    model, chosen = uncertain(draws=1), np.array([0, 3, 3, 7, 9])
    rows, bent = model.jacobian[0, chosen, :3], model.jacobian[0, chosen, 3:]
    weights = np.linalg.solve(rows.T @ rows + 0.1 * np.eye(3), rows.T)
    for goal, found in zip(model.goals[0], model.variances(chosen)[0], strict=True):
        variance = goal[:3] @ np.linalg.inv(rows.T @ rows + 0.1 * np.eye(3)) @ goal[:3]
        bias = goal[3:] - goal[:3] @ weights @ bent
        assert found == pytest.approx(variance + bias @ bias, rel=1e-6)


def test_greedy_steps_rate_candidates_as_the_criterion_does():
    model, limits, weights = uncertain(), Limits(np.ones(14), 6.0, 6), np.ones(2)
    chosen = greedy([model], limits, weights, np.empty(0, dtype=int))
    for step in range(len(chosen)):
        values = [criterion([model], np.append(chosen[:step], other), weights) for other in range(14)]
        assert values[chosen[step]] == pytest.approx(min(values), abs=1e-6)


def test_where_the_law_may_be_wrong_a_design_has_less_bias():
    wrong, weights, limits = uncertain(seed=3, candidates=40, size=3.0), np.ones(2), Limits(np.ones(40), 8.0, 8)
    assert criterion([wrong], select([wrong], limits, weights), weights) < criterion(
        [wrong], select([wrong.law], limits, weights), weights
    )


@pytest.mark.parametrize("noise", [0.002, 0.01])
def test_the_size_of_departures_is_seen_in_residuals(noise):
    law = find_law("chinchilla")
    place = ground(law, [RUNS])
    theta = place.coordinates(published_law("chinchilla:besiroglu").parameters[None])
    rows, logs = place.at(0, theta)[1][0], np.log(np.stack(list(RUNS.values()), axis=1))
    off = np.eye(30) - rows @ np.linalg.pinv(rows)
    waves, rng = departures(logs, 40, 1.0), np.random.default_rng(1)
    found = []
    for size in (0.0, 0.05):
        errors = [wave @ rng.standard_normal(TERMS) * size + noise * rng.standard_normal(30) for wave in waves]
        found.append(noise * np.exp(np.mean([np.log(size_of(off @ error, rows, logs)) for error in errors])))
    assert found[0] < noise
    assert 4 * found[0] < found[1] < 0.1


def test_a_departure_moves_the_best_params_as_it_is_said_to():
    known, goal, size = published_law("chinchilla:besiroglu"), parse_goal("params@1e22"), 1e-3
    arm = Arm("", known.law, known.parameters[None], Noise(0.005), known.roles, doubt=size)
    seen = view([arm], [goal], [RUNS], draws=0, with_doubt=True)
    budget = along(1e22)
    theta = ground(known.law, [RUNS]).coordinates(known.parameters[None])
    assert seen.goals[0].gradient.shape == (1, theta.shape[1] + TERMS)
    fine = np.linspace(-0.5, 0.5, 20_001) + seen.goals[0].values[0]
    places = {"params": np.exp(fine), "tokens": budget["params"][0] * budget["tokens"][0] / np.exp(fine)}
    loss = np.log(known.law.predict(dict(zip(known.law.names, known.parameters, strict=True)), places))
    waves = departures(np.log(np.stack([places["params"], places["tokens"]], axis=1)), 1, size)[0]
    for term in range(TERMS):
        moved = fine[np.argmin(loss + 0.1 * waves[:, term])] - fine[np.argmin(loss)]
        assert moved == pytest.approx(0.1 * seen.goals[0].gradient[0, -TERMS + term], abs=2e-3)


def test_without_doubt_there_are_no_departures():
    known = published_law("chinchilla:besiroglu")
    arm = Arm("", known.law, known.parameters[None], Noise(0.005), known.roles, doubt=0.0)
    assert view([arm], [parse_goal("E")], [RUNS], draws=0, with_doubt=True).model().departures == 0


def test_the_size_is_that_of_two_hundred_runs_where_there_are_more():
    """Errors of one size in all runs: some of them say nearly the same as all."""
    rng = np.random.default_rng(2)
    logs = rng.uniform(0, 10, (240, 2))
    rows = np.column_stack([np.ones(240), logs])
    wave = departures(logs, 1, 1.0)[0] @ rng.standard_normal(TERMS)
    residuals = 0.02 * wave + 0.004 * rng.standard_normal(240)
    residuals -= rows @ np.linalg.lstsq(rows, residuals, rcond=None)[0]
    found, fewer = size_of(residuals, rows, logs), size_of(residuals[:200], rows[:200], logs[:200])
    assert found == pytest.approx(fewer, rel=0.5)
    assert 1.5 < found < 15
    some = np.sort(np.random.default_rng(6).choice(240, 200, replace=False))
    assert found == pytest.approx(size_of(residuals[some], rows[some], logs[some]))


def test_the_size_is_the_mean_of_its_log_under_the_restricted_likelihood():
    """The likelihood of residuals by its textbook form: with the determinants of the covariance and of its part."""
    rng = np.random.default_rng(4)
    logs = rng.uniform(0, 12, (14, 2))
    rows = np.column_stack([np.ones(14), logs])
    off = np.eye(14) - rows @ np.linalg.pinv(rows)
    distance = np.sqrt(((logs[:, None] - logs[None]) ** 2).sum(axis=2))
    waves = (np.exp(-(distance**2) / (2 * np.log(10) ** 2)) + np.exp(-(distance**2) / (8 * np.log(10) ** 2))) / 2
    for size in (0.0, 0.02):
        residuals = off @ (
            size * np.linalg.cholesky(waves + 1e-9 * np.eye(14)) @ rng.standard_normal(14)
            + 0.004 * rng.standard_normal(14)
        )
        logs_of, weights = [], []
        for sigma in np.geomspace(3e-4, 0.1, 25):
            for each in np.geomspace(1e-4, 0.2, 25):
                covariance = sigma**2 * np.eye(14) + each**2 * waves
                inverse = np.linalg.inv(covariance)
                part = rows.T @ inverse @ rows
                rest = residuals - rows @ np.linalg.solve(part, rows.T @ inverse @ residuals)
                log = -0.5 * (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(part)[1] + rest @ inverse @ rest)
                log -= (np.log(sigma / 0.005) ** 2 + np.log(each / 0.003) ** 2) / (2 * 1.5**2)
                logs_of.append(np.log(each / sigma))
                weights.append(log)
        weights = np.exp(np.array(weights) - max(weights))
        assert size_of(residuals, rows, logs) == pytest.approx(np.exp(np.average(logs_of, weights=weights)), rel=1e-6)
