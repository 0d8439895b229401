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
    ],
)
def test_a_number_that_no_fit_can_have_is_named(changes, named):
    with pytest.raises(DataError, match=named):
        parse_fits(saved(**changes), name="fit.json")


@pytest.mark.parametrize("changes", [{}, {"parameters": {"A": 0.0}}, {"noise": 0.02, "ranges": {"params": [1e6, 1e9]}}])
def test_numbers_of_real_fits_are_taken(changes):
    assert parse_fits(saved(**changes), name="fit.json")
