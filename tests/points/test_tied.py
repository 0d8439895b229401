"""A learning rate that changes with tokens at equal params is found, and one that changes with params is not."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.points.tied import tied_to_tokens

PARAMS, TOKENS = (np.log(part.ravel()) for part in np.meshgrid(np.geomspace(3e7, 3e9, 5), np.geomspace(1e9, 1e11, 5)))
RNG = np.random.default_rng(0)


def tied(rate, inputs=None):
    return list(tied_to_tokens({"params": PARAMS, "tokens": TOKENS} if inputs is None else inputs, {"lr": rate}))


@pytest.mark.parametrize("power", [-0.5, -0.1, 0.3])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_rate_that_follows_tokens_is_found(power, noise):
    assert tied(np.exp(power * TOKENS - 0.25 * PARAMS + noise * RNG.standard_normal(25))) == ["lr"]


@pytest.mark.parametrize(
    "rate",
    [
        np.full(25, 3e-4),
        np.exp(-0.25 * PARAMS),
        np.exp(-0.25 * PARAMS + 0.02 * RNG.standard_normal(25)),
        np.exp(RNG.standard_normal(25)),
        np.full(25, np.nan),
        np.zeros(25),
    ],
)
def test_other_rates_are_not(rate):
    assert tied(rate) == []


def test_a_fixed_ratio_of_tokens_to_params_says_nothing_about_tokens():
    """There, a rate that follows params also follows tokens, as good practice has it."""
    assert tied(np.exp(-0.25 * PARAMS), {"params": PARAMS, "tokens": PARAMS + 3}) == []


def test_few_runs_are_no_evidence():
    few = {"params": PARAMS[:4], "tokens": TOKENS[:4]}
    assert tied(np.exp(-0.3 * TOKENS[:4]), few) == []


def mixed(share, n=25, size=1.0):
    """A rate whose log has this share of its variance, beside params, from tokens."""
    tokens = TOKENS[:n] - np.polyval(np.polyfit(PARAMS[:n], TOKENS[:n], 1), PARAMS[:n])
    other = np.random.default_rng(1).standard_normal(n)
    for part in (np.ones(n), PARAMS[:n] - PARAMS[:n].mean(), tokens):
        other = other - part * (other @ part) / (part @ part)
    logs = np.sqrt(share) * tokens / tokens.std() + np.sqrt(1 - share) * other / other.std()
    return np.exp(size * logs + 0.3 * PARAMS[:n])


@pytest.mark.parametrize(("share", "is_tied"), [(0.71, True), (0.69, False)])
def test_tokens_must_explain_seven_tenths_of_the_rate(share, is_tied):
    assert tied(mixed(share)) == (["lr"] if is_tied else [])


@pytest.mark.parametrize(("size", "is_tied"), [(0.051, True), (0.049, False)])
def test_a_rate_that_hardly_differs_at_equal_params_is_a_constant(size, is_tied):
    assert tied(mixed(1.0, size=size)) == (["lr"] if is_tied else [])


def test_rates_that_are_not_known_do_not_count():
    rate = mixed(1.0)
    rate[::3] = np.nan
    rate[1] = 0.0
    assert tied(rate) == ["lr"]
    rate[5:] = np.nan  # three runs are left, which a line fits anyway
    assert tied(rate) == []


@pytest.mark.parametrize(("runs", "is_tied"), [(6, True), (5, False)])
def test_six_runs_are_the_fewest(runs, is_tied):
    tokens = np.linspace(20, 25, runs)
    assert list(tied_to_tokens({"tokens": tokens}, {"lr": np.exp(-0.5 * tokens)})) == (["lr"] if is_tied else [])


def test_without_tokens_nothing_is_tied_and_each_rate_is_judged():
    assert tied(np.exp(TOKENS), {"params": PARAMS}) == []
    rates = {"lr": np.full(25, 1.0), "batch_size": np.exp(TOKENS)}
    assert list(tied_to_tokens({"params": PARAMS, "tokens": TOKENS}, rates)) == ["batch_size"]
