"""Published fits in place of runs: their parameters, their uncertainty, and the names that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.document.published import published_fit
from scaling_cli.errors import UsageError
from scaling_cli.laws import LAWS
from scaling_cli.laws.chinchilla import BESIROGLU_COVARIANCE
from scaling_cli.laws.published import names_published, published_law


def test_besiroglus_uncertainty_is_the_one_that_they_print():
    draws = published_law("chinchilla:besiroglu").draws(20_000, 0)
    assert draws.std(axis=0)[[0, 3, 4]] == pytest.approx([0.02566, 0.01540, 0.02060], rel=0.03)
    exponent = draws[:, 4] / (draws[:, 3] + draws[:, 4])
    assert (exponent.mean(), exponent.std()) == pytest.approx((0.513, 0.020), rel=0.04)


def test_a_published_covariance_is_one():
    covariance = np.array(BESIROGLU_COVARIANCE)
    assert (covariance == covariance.T).all()
    assert (np.linalg.eigvalsh(covariance) > 0).all()


def test_every_published_fit_can_stand_in_place_of_runs():
    for law in LAWS:
        for fit in law.published:
            saved = published_fit(f"{law.name}:{fit.name}")
            assert set(saved.parameters) == set(law.names)
            assert np.isfinite(np.array(saved.draws)).all()


def test_a_guess_is_known_as_one():
    assert published_law("chinchilla:hoffmann").is_guess
    assert not published_law("chinchilla:besiroglu").is_guess


def test_compute_in_pf_days_becomes_flops():
    muon = published_law("power:muon")
    assert muon.roles == {"x": "compute"}
    a, b = muon.parameters
    assert a * (8.64e19 * 10) ** b == pytest.approx(2.506 * 10**-0.052)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("chinchilla:besirogly", "Did you mean chinchilla:besiroglu"),
        ("m4:x", "Use chinchilla:besiroglu"),
        ("nope:x", "lists the laws"),
    ],
)
def test_names_that_do_not_exist_are_refused(text, hint):
    with pytest.raises(UsageError) as caught:
        published_law(text)
    assert hint in caught.value.hint


def test_a_formula_is_no_published_fit():
    assert names_published("chinchilla:besiroglu")
    assert not names_published("E + A*params^-a")
    assert not names_published("chinchilla")
