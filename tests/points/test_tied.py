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
