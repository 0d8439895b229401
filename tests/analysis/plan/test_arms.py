"""Arms of a plan from runs: their noise, their compute, and the law that they exclude."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import least_squares
from scipy.stats import f

import scaling_cli as scaling
from scaling_cli.analysis.plan.arms import (
    EXCLUDED,
    LEAST_NOISE,
    _compute_of,
    _is_excluded,
    _require_plannable,
    _scale,
    fitted_arm,
)
from scaling_cli.analysis.plan.departures import size_of
from scaling_cli.analysis.plan.knowledge import Noise
from scaling_cli.errors import UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.laws import find_law
from scaling_cli.options.plan import Plan
from scaling_cli.points.choose import Choice
from scaling_cli.points.table import PointTable

INPUTS = {"params": "params", "tokens": "tokens"}
CHINCHILLA = Choice(find_law("chinchilla"), INPUTS)


def runs(count=24, gamma=1.0, noise=0.004, seed=0, **columns):
    rng = np.random.default_rng(seed)
    params, tokens = 10 ** rng.uniform(7, 9.5, count), 10 ** rng.uniform(9, 11, count)
    loss = 1.7 + (400 * params**-0.34 + 410 * tokens**-0.28) ** gamma
    loss *= np.exp(noise * rng.standard_normal(count))
    names = [f"r{i:03}" for i in range(count)]
    return PointTable(pl.DataFrame({"run_id": names, "params": params, "tokens": tokens, "loss": loss, **columns}))


def p_value(points):
    """Of the F test of gamma = 1, by least squares of scipy."""
    params, tokens, loss = (points.numbers(name) for name in ("params", "tokens", "loss"))

    def residuals(theta):
        gamma = np.exp(theta[5]) if len(theta) > 5 else 1.0
        inner = np.exp(theta[0] - theta[1] * np.log(params / 1e8)) + np.exp(theta[2] - theta[3] * np.log(tokens / 1e10))
        return np.log(np.exp(theta[4]) + inner**gamma) - np.log(loss)

    start = [np.log(0.76), 0.34, np.log(0.65), 0.28, np.log(1.7)]
    narrow = least_squares(residuals, start, xtol=1e-14, ftol=1e-14)
    wide = min(
        (least_squares(residuals, [*narrow.x, each], xtol=1e-14, ftol=1e-14) for each in (-0.3, 0.0, 0.3)),
        key=lambda found: found.cost,
    )
    spare = len(loss) - 6
    return float(f.sf((narrow.cost - wide.cost) / (wide.cost / spare), 1, spare))


def test_a_law_is_excluded_at_one_per_cent_by_an_f_test():
    for points in (runs(), runs(gamma=0.6, noise=0.001), runs(gamma=0.8, noise=0.004, seed=3)):
        assert _is_excluded(points, {}, CHINCHILLA) == (p_value(points) < EXCLUDED)
    assert _is_excluded(runs(gamma=0.6, noise=0.001), {}, CHINCHILLA)


def test_too_few_runs_and_laws_without_a_rival_exclude_nothing():
    bent = runs(gamma=0.5, noise=1e-5)
    assert _is_excluded(PointTable(bent.frame.head(12)), {}, CHINCHILLA)
    assert not _is_excluded(PointTable(bent.frame.head(11)), {}, CHINCHILLA)  # fewer than 2 * 5 + 2
    assert not _is_excluded(bent, {}, Choice(find_law("general"), INPUTS))
    assert not _is_excluded(bent, {}, Choice(find_law("power-constant"), {"x": "params"}))


@pytest.mark.parametrize(("law", "excluded"), [("auto", True), ("chinchilla", False)])
def test_only_a_law_that_was_not_asked_for_is_excluded(law, excluded):
    asked = Plan(goal=("params@1e24",), budget=1e21, law=law)
    arm, caveats = fitted_arm(runs(gamma=0.6, noise=0.001), {"lab": "a"}, CHINCHILLA, Settings(interval="none"), asked)
    assert arm.is_rival_excluded == excluded
    assert arm.law.name == ("general" if excluded else "chinchilla")
    assert ("plan-other-law" in {found.code for found in caveats}) == excluded
    assert arm.rules == ()
    assert arm.recorded is None
    assert arm.parameters.shape == (1, len(arm.law.names))
    assert arm.present is not None
    assert arm.present["tokens"] == pytest.approx(runs(gamma=0.6, noise=0.001).numbers("tokens"))


def test_the_noise_is_the_standard_deviation_but_for_a_few_runs_that_are_far_off():
    residuals = np.array([0.01, -0.01, 0.02, -0.02, 0.01, -0.01, 0.02])
    plain = np.sqrt(16e-4 / 4)
    assert _scale(residuals, np.nan, 3) == pytest.approx(plain)
    assert _scale(residuals, 0.0, 3) == pytest.approx(plain)
    assert _scale(residuals, plain / 1.49, 3) == pytest.approx(plain)
    assert _scale(residuals, plain / 1.51, 3) == pytest.approx(plain / 1.51)
    assert _scale(residuals, 10 * plain, 3) == pytest.approx(plain)
    assert _scale(residuals[:2], np.nan, 5) == pytest.approx(np.sqrt(2e-4))  # as with one degree of freedom
    assert _scale(np.zeros(9), 0.0, 3) == LEAST_NOISE


def test_compute_is_that_of_the_runs_else_six_flops_per_param_and_token():
    columns = {"params": np.array([1e8, 2e8]), "tokens": np.array([1e9, 1e10])}
    assert _compute_of(runs(2, compute=[7.0, 8.0]), columns).tolist() == [7.0, 8.0]
    assert _compute_of(runs(2, compute=[7.0, None]), columns).tolist() == [6e17, 1.2e19]
    assert _compute_of(runs(2), {"x": np.array([3.0, 4.0])}).tolist() == [3.0, 4.0]


def test_what_a_plan_cannot_choose_is_refused():
    for name in ("chinchilla", "power-constant", "general"):
        _require_plannable(find_law(name), {"x": "compute"})
    with pytest.raises(UsageError, match="only params and tokens"):
        _require_plannable(find_law("data-constrained"), {})
    with pytest.raises(UsageError, match="describes whole training curves"):
        _require_plannable(find_law("annealing"), {})


def test_an_arm_of_runs_knows_their_noise_draws_and_departures():
    points = runs(noise=0.01)
    asked = Plan(goal=("params@1e24",), budget=1e21, law="chinchilla")
    arm, _ = fitted_arm(points, {"lab": "a"}, CHINCHILLA, Settings(interval="bootstrap", replicates=20), asked)
    assert "a" in arm.name
    assert arm.parameters.shape == (21, 5)
    params, tokens, loss = (points.numbers(name) for name in ("params", "tokens", "loss"))
    E, A, B, alpha, beta = arm.parameters[0]
    predicted = E + A * params**-alpha + B * tokens**-beta
    residuals = np.log(loss / predicted)
    assert arm.noise.sigma == pytest.approx(np.sqrt(np.sum(residuals**2) / (24 - 5)), rel=1e-4)
    assert arm.noise.slope == 0.0
    slopes = np.column_stack([
        np.ones(24), params**-alpha, tokens**-beta,
        -A * np.log(params) * params**-alpha, -B * np.log(tokens) * tokens**-beta,
    ]) / predicted[:, None]  # fmt: skip
    logs = np.log(np.column_stack([params, tokens]))
    assert arm.doubt == pytest.approx(arm.noise.sigma * size_of(residuals, slopes, logs), rel=1e-3)
    assert arm.roles == INPUTS
    noisy = Plan(goal=("params@1e24",), budget=1e21, law="chinchilla", noise=0.02)
    given, _ = fitted_arm(points, {}, CHINCHILLA, Settings(interval="none"), noisy)
    assert given.noise == Noise(0.02)


def test_a_law_of_a_column_that_a_plan_cannot_choose_is_refused():
    width = np.geomspace(100, 3000, 12)
    runs = {"width": width, "compute": width**6, "loss": 2 + 3 * (width / 100) ** -0.7}
    fit = scaling.fit(runs, law="power-constant", x="width", replicates=30)
    asked = {"goal": "b", "budget": 1e21}
    for given, law in (
        (runs, {"law": "power-constant", "x": "width"}),
        (runs, {"law": "E + A*width^-b"}),
        (fit, {}),
        (None, {"law": "bnsl:four-digit-addition"}),
    ):
        with pytest.raises(UsageError, match=r"is a law of (width|x|one input), but a plan") as caught:
            scaling.plan(given, **law, **asked)
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("Give the runs with --law chinchilla, or with another law")
    along = scaling.fit(runs, law="power-constant", x="compute", replicates=30)
    assert scaling.plan(along, **asked).results
