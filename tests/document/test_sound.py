"""Saved fits with numbers that no fit can have are refused, and the number is named."""

from __future__ import annotations

import json

import pytest

from scaling_cli.document.read import parse_fits
from scaling_cli.errors import DataError


def saved(**changes) -> str:
    values = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37} | changes.pop("parameters", {})
    result = {"law": "chinchilla", "parameters": {name: {"estimate": value} for name, value in values.items()}}
    return json.dumps({"schema": "scaling.fit/1", "results": [result | changes]})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"parameters": {"A": -1.0}}, "parameter A is -1"),
        ({"parameters": {"E": -0.5}}, "parameter E is -0.5"),
        ({"parameters": {"beta": -1e300}}, "parameter beta is -1e\\+300"),
        ({"parameters": {"B": 5e-324}}, "parameter B"),
        ({"draws": [[1.8, 480, 2100, 0.35, 0.37], [1.8, -480, 2100, 0.35, 0.37]]}, "a replicate of parameter A"),
        ({"noise": -0.1}, "noise"),
        ({"noise": 1e300}, "noise"),
        ({"ranges": {"params": [0, 1e9]}}, "range of params"),
        ({"ranges": {"compute": [1e20, 1e18]}}, "range of compute"),
        ({"ranges": {"tokens": [1e9, 1e300]}}, "range of tokens"),
        ({"ranges": {"loss": [-1.0, 1e300]}}, "range of loss .* not a range of finite numbers"),
        ({"parameters": {"alpha": 1e-210}}, "parameter alpha is 1e-210, which is not zero, nor between 1e-200"),
    ],
)
def test_a_number_that_no_fit_can_have_is_named(changes, named):
    with pytest.raises(DataError, match=named):
        parse_fits(saved(**changes), name="fit.json")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"parameters": {"A": 0.0}},
        {"noise": 0.02, "ranges": {"params": [1e6, 1e9]}},
        {"ranges": {"loss": [-1.0, 3.0]}},
        {"parameters": {"B": 9.9e-305}},
    ],
)
def test_numbers_of_real_fits_are_taken(changes):
    assert parse_fits(saved(**changes), name="fit.json")


def of_share(low, law, values):
    result = {
        "law": law, "parameters": {name: {"estimate": value} for name, value in values.items()},
        "inputs": {"params": "params", "tokens": "tokens", "share": "code_share"},
        "ranges": {"params": [1e6, 1e9], "code_share": [low, 0.3], "code_share[adamw]": [low, 0.3]},
    }  # fmt: skip
    return json.dumps({"schema": "scaling.fit/1", "results": [result]})


@pytest.mark.parametrize("low", [0.0, -0.1])
def test_a_range_may_reach_as_far_as_the_law_can(low):
    """As it comes, an input may be zero or below; one of which a law takes the logarithm may not."""
    formula = "(E + A*params^-0.35 + B*tokens^-0.37)*exp(c*share)"
    assert parse_fits(of_share(low, formula, {"E": 1.8, "A": 480.0, "B": 2100.0, "c": 0.1}), name="fit.json")
    additive = {name: 1.0 for each in ("params", "tokens", "share") for name in (f"A_{each}", f"alpha_{each}")}
    with pytest.raises(DataError, match=r"range of code_share is .* not a range of numbers above zero"):
        parse_fits(of_share(low, "additive", {"E": 1.8, **additive}), name="fit.json")
