"""Two budgets at once: FLOPs for training, and FLOPs of inference for a token."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.laws import find_law

TRUTH = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36}
BYTES = "E + A/params^alpha + B/tokens^beta + k*patch^q"
BYTES_TRUTH = {**TRUTH, "k": 0.01, "q": 1.5}
PATCHED = "(6 * params / patch + 6e7) * tokens"  # a large model once a patch, and a small one for every byte


def runs(patched: bool = False) -> pl.DataFrame:
    sizes, lengths, patches = np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6), np.array([2.0, 4.0, 8.0])
    axes = (sizes, lengths, patches) if patched else (sizes, lengths)
    values = [each.ravel() for each in np.meshgrid(*axes, indexing="ij")]
    columns = dict(zip(("params", "tokens", "patch"), values, strict=False))
    law, truth = (BYTES, BYTES_TRUTH) if patched else ("chinchilla", TRUTH)
    return pl.DataFrame({**columns, "loss": find_law(law, tuple(columns)).predict(truth, columns)})


def split(table: pl.DataFrame, **options):
    report = scaling.optimal_allocation(table, **{"interval": "none", "budget": 1e22, **options})
    return report.results[0].allocations[0], {each.code for each in report.caveats}


def test_inference_takes_two_flops_for_a_param_and_training_gets_the_rest():
    free, _ = split(runs())
    assert free.params.estimate > 2e9
    best, codes = split(runs(), inference_budget=4e9)
    assert best.params.estimate == pytest.approx(2e9)
    assert best.tokens.estimate == pytest.approx(1e22 / (6 * 2e9))
    assert best.limit == "inference-budget"
    assert "limited" in codes
    assert best.params_within_waste["0.05"][1] <= 2e9 * (1 + 1e-9)


def test_a_budget_that_is_not_binding_changes_nothing():
    free, _ = split(runs())
    best, codes = split(runs(), inference_budget=1e13)
    assert best.params.estimate == pytest.approx(free.params.estimate, rel=1e-6)
    assert best.limit is None
    assert "limited" not in codes


def test_the_smaller_of_two_limits_decides():
    assert split(runs(), inference_budget=4e9, max_params=1e9)[0].limit == "max-params"
    assert split(runs(), inference_budget=4e9, max_params=1e10)[0].limit == "inference-budget"


@pytest.mark.thorough
def test_the_byte_latent_question():
    """The best patch and params for a training budget and an inference budget, by brute force over both."""
    training, inference = 1e22, 2e9
    asked = {"law": BYTES, "flops_rule": PATCHED, "budget": training, "inference_budget": inference}
    asked["fix"] = {name: value for name, value in BYTES_TRUTH.items() if name not in "Ek"}
    best, _ = split(runs(True), **asked, search="patch=1..32")
    patch = np.geomspace(1, 32, 301)[:, None]
    params = np.geomspace(1e8, 1e11, 601)[None]
    per_byte = 6 * params / patch + 6e7
    loss = find_law(BYTES, ("params", "tokens", "patch")).predict(
        BYTES_TRUTH,
        {
            "params": np.broadcast_to(params, per_byte.shape).ravel(),
            "tokens": (training / per_byte).ravel(),
            "patch": np.broadcast_to(patch, per_byte.shape).ravel(),
        },
    )
    loss = np.where(per_byte / 3 <= inference, loss.reshape(per_byte.shape), np.inf)
    row, column = np.unravel_index(np.argmin(loss), loss.shape)
    assert loss.min() * (1 - 5e-4) < best.loss.estimate <= loss.min()
    assert best.searched["patch"].value.estimate == pytest.approx(patch[row, 0], rel=0.02)
    assert best.params.estimate == pytest.approx(params[0, column], rel=0.02)
    per_byte_best = 6 * best.params.estimate / best.searched["patch"].value.estimate + 6e7
    assert per_byte_best / 3 == pytest.approx(inference, rel=1e-6)
    assert best.limit == "inference-budget"
    held, _ = split(runs(True), **asked, hold="patch=4")
    assert held.params.estimate == pytest.approx((3 * inference - 6e7) * 4 / 6, rel=1e-6)
    assert held.loss.estimate > best.loss.estimate


def test_inference_tokens_and_an_inference_budget_go_together():
    best, _ = split(runs(), inference_budget=4e9, inference_tokens=1e11)
    assert best.params.estimate == pytest.approx(2e9)
    assert best.tokens.estimate == pytest.approx((1e22 - 2 * 2e9 * 1e11) / (6 * 2e9))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"inference_budget": 0.5}, UsageError, "less than a model of 1 params needs"),
        ({"inference_budget": 2e9, "min_params": 2e9}, UsageError, "less than a model of 2e.09 params needs"),
        ({"inference_budget": -1}, UsageError, "--inference-budget"),
        ({"inference_budget": 2e9, "approach": "isoflop"}, UsageError, "--inference-budget"),
    ],
)
def test_a_budget_that_no_model_keeps_is_refused(options, error, said):
    with pytest.raises(error, match=said):
        split(runs(), **options)


def test_a_search_in_which_no_choice_keeps_the_budget_is_refused():
    asked = {"law": BYTES, "flops_rule": PATCHED, "search": "patch=1..32", "fix": BYTES_TRUTH | {"k": 0.02}}
    asked["fix"].pop("E")
    with pytest.raises(ScalingError, match="no params and tokens are within the limits"):
        split(runs(True), **asked, inference_budget=1e6)


def test_two_limits_leave_a_part_of_the_budget_which_is_neither_billed_nor_lost():
    limits = {"max_params": 1e9, "max_tokens": 1e9, "inference_tokens": 1e9, "peak_flops": 1e15, "mfu": 0.5}
    report = scaling.optimal_allocation(runs(), interval="none", budget=1e22, **limits)
    found = report.results[0].allocations[0]
    assert (found.params.estimate, found.tokens.estimate) == (pytest.approx(1e9), pytest.approx(1e9))
    assert found.limit == "max-params and max-tokens"
    assert found.training_compute + found.inference_compute == pytest.approx(8e18)
    assert found.bill.gpu_hours == pytest.approx(8e18 / 0.5e15 / 3600)
    # A model of the best size for this loss takes as much training as inference spares.
    assert -0.2 < found.saving < 0.2
    assert found.params_within_waste["0.10"] == (pytest.approx(1e9), pytest.approx(1e9))
    (said,) = (each.message for each in report.caveats if each.code == "limited")
    assert "by --max-params and --max-tokens (within which only 8e18 FLOPs can be spent), so" in said
