"""Losses that papers, or exact evaluation of their formulas, give for published parameters."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws import find_law
from scaling_cli.laws.columns import multi_power


def published(law: str, name: str) -> dict[str, float]:
    return dict(next(fit.parameters for fit in find_law(law).published if fit.name == name))


def predicted(law: str, values: dict[str, float], **columns: float) -> float:
    return float(find_law(law).predict(values, {name: np.array([value]) for name, value in columns.items()})[0])


@pytest.mark.parametrize(
    ("params", "tokens", "loss"), [(1e8, 1e10, 2.787857), (1e9, 2e10, 2.373882), (1e10, 1e12, 1.952109)]
)
def test_kaplan_joint_law(params, tokens, loss):
    values = published("kaplan", "kaplan")
    assert predicted("kaplan", values, params=params, tokens=tokens) == pytest.approx(loss, abs=5e-7)


@pytest.mark.parametrize(
    ("name", "x", "loss"),
    [
        ("kaplan-params", 1e9, 2.37564),
        ("kaplan-tokens", 1e10, 2.26244),
        ("kaplan-compute", 8.64e19, 2.65808),
        ("adamw", 1.0, 2.6080),
        ("adamw", 1e2, 2.0338),
        ("adamw", 1e4, 1.5860),
    ],
)
def test_single_power_laws(name, x, loss):
    assert predicted("power", published("power", name), x=x) == pytest.approx(loss, abs=5e-5)


def test_muon_needs_half_the_compute_of_adamw_at_equal_loss():
    muon, adamw = published("power", "muon"), published("power", "adamw")
    for compute, share in ((1.0, 0.4643), (1e2, 0.5543), (1e4, 0.6617)):
        loss = predicted("power", adamw, x=compute)
        assert (loss / muon["a"]) ** (1 / muon["b"]) / compute == pytest.approx(share, abs=5e-5)


def test_power_laws_with_a_floor_are_at_one_above_it_at_their_scale():
    # Henighan et al. 2020 write floor + (x / scale)^-exponent.
    values = published("power-constant", "math-compute")
    assert predicted("power-constant", values, x=1.4e-5 * 8.64e19) == pytest.approx(1.14, rel=1e-12)


def test_kaplan_law_of_steps_and_its_compute_exponent():
    values = published("kaplan-steps", "kaplan")
    assert predicted("kaplan-steps", values, params=1e9, step=1e5) == pytest.approx(2.428715, abs=5e-7)
    arrays = {name: np.array(value) for name, value in values.items()}
    derived = {quantity.name: float(quantity.compute(arrays)) for quantity in find_law("kaplan-steps").derived}
    assert derived["compute_exponent"] == pytest.approx(0.05199, abs=5e-6)
    shares = derived["params_exponent"] + derived["batch_exponent"] + derived["steps_exponent"]
    assert shares == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("loss", "batch"), [(2.0, 7.371465e6), (2.5, 2.547285e6), (3.0, 1.069114e6), (4.0, 2.71693e5)])
def test_critical_batch_size(loss, batch):
    values = published("critical-batch", "kaplan")
    assert predicted("critical-batch", values, x=loss) == pytest.approx(batch, rel=2e-6)


@pytest.mark.parametrize(
    ("params", "tokens", "unique", "loss"),
    [
        (1e9, 20e9, 20e9, 2.56464),
        (1e9, 80e9, 20e9, 2.43602),
        (1e9, 320e9, 20e9, 2.36890),
        (8.7e9, 178e9, 25e9, 2.22685),
        (2.8e9, 55e9, 4e9, 2.47213),
        (1e10, 1e12, 1e11, 2.12155),
    ],
)
def test_repeated_data(params, tokens, unique, loss):
    values = published("data-constrained", "muennighoff")
    found = predicted("data-constrained", values, params=params, tokens=tokens, unique_tokens=unique)
    assert found == pytest.approx(loss, abs=5e-6)


def test_repetition_is_worth_at_most_so_many_fresh_tokens():
    values = published("data-constrained", "muennighoff")
    endless = predicted("data-constrained", values, params=1e8, tokens=1e15, unique_tokens=1e10)
    fresh = predicted("data-constrained", values, params=1e8, tokens=16.387756e10, unique_tokens=16.387756e10)
    assert endless == pytest.approx(fresh, rel=1e-9)


def test_routed_experts():
    values = published("routed", "s-base")
    assert predicted("routed", values, params=5e6, experts=1.0) == pytest.approx(3.4831, abs=5e-5)
    assert predicted("routed", values, params=5e6, experts=128.0) == pytest.approx(2.8915, abs=5e-5)


@pytest.mark.parametrize(("granularity", "loss"), [(1.0, 3.276133), (8.0, 3.140393)])
def test_granularity(granularity, loss):
    values = published("granularity", "krajewski")
    found = predicted("granularity", values, params=1e9, tokens=2e10, granularity=granularity)
    assert found == pytest.approx(loss, abs=5e-7)


def test_step_law_is_a_plane_in_logs():
    law = multi_power(("params", "tokens"))
    # Li et al. 2025: learning rate = 1.79 params^-0.713 tokens^0.307.
    columns = {"params": np.array([1e9]), "tokens": np.array([1e11])}
    values = {"K": 1.79, "p_params": -0.713, "p_tokens": 0.307}
    assert law.predict(values, columns)[0] == pytest.approx(1.79 * 1e9**-0.713 * 1e11**0.307, rel=1e-12)
    assert law.derived[0].compute({"K": np.array(1.79)}) == pytest.approx(np.log(1.79))
