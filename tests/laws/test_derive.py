"""Quantities that users define, and values that they expect."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError


def runs(noise: float = 0.02) -> pl.DataFrame:
    x = np.geomspace(8, 2048, 24)
    loss = 3.1 / x * np.exp(noise * np.random.default_rng(0).standard_normal(24))
    return pl.DataFrame({"width": x, "loss": loss})


def fitted(**options):
    return scaling.fit(runs(), law="power", x="width", interval="sandwich", **options).results[0]


def test_a_quantity_of_the_users_has_an_interval():
    result = fitted(derive={"dimension": "-4/b", "half": "dimension/2"}, level=0.999)
    assert result.derived["dimension"].estimate == pytest.approx(-4 / result.parameters["b"].estimate)
    assert result.derived["dimension"].low < 4 < result.derived["dimension"].high
    assert result.derived["half"].estimate == pytest.approx(result.derived["dimension"].estimate / 2)


def test_a_quantity_holds_under_constraints():
    result = fitted(derive={"product": "a*b"}, fix={"b": -1.0})
    assert result.derived["product"].estimate == pytest.approx(-result.parameters["a"].estimate)


def test_an_expected_value_is_tested():
    result = fitted(expect={"b": -1.0, "a": 5.0})
    exponent, coefficient = result.expected["b"], result.expected["a"]
    assert exponent.p_value > 0.01
    assert 0 < exponent.detects < 0.1
    assert coefficient.p_value < 1e-6
    assert coefficient.runs_needed < 24


@pytest.mark.thorough
def test_a_true_value_is_rejected_as_often_as_the_level_says():
    x, rejected = np.geomspace(8, 2048, 24), 0
    generator = np.random.default_rng(1)
    for _ in range(120):
        loss = 3.1 / x * np.exp(0.02 * generator.standard_normal(24))
        frame = pl.DataFrame({"width": x, "loss": loss})
        result = scaling.fit(frame, law="power", x="width", interval="none", expect={"b": -1.0}).results[0]
        rejected += result.expected["b"].p_value < 0.05
    assert 0 < rejected <= 15  # 6 are expected; 16 or more come by chance once in 4,000 times


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"derive": {"ratio": "a/c"}}, "not a parameter of power"),
        ({"derive": {"b": "a/b"}}, "already has a quantity"),
        ({"derive": {"ratio": "a/"}}, "--derive 'a/' is not a formula"),
        ({"expect": {"c": 1.0}}, "no such quantity"),
        ({"expect": {"a": -1.0}}, "a can only be positive"),
    ],
)
def test_wrong_requests_are_usage_errors(options, said):
    with pytest.raises(UsageError, match=said):
        fitted(**options)
