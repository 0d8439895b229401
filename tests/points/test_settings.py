"""Settings of many values, and columns of shares."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.points.mixture import check_mixture, listed, own_inputs
from scaling_cli.points.settings import settings


def found(most=3, **columns):
    return settings({name: pl.Series(values) for name, values in columns.items()}, most)


@pytest.mark.parametrize(
    ("name", "values", "is_setting"),
    [
        ("weight_decay", [1, 2, 3, 4], True),
        ("weight_decay", [1, 2, 3, 3], False),  # as many levels as are tried one by one
        ("code_share", [0.1, 0.2, 0.3, 0.4], True),
        ("height", [1, 2, 3, 4], False),
        ("width", ["a", "b", "c", "d"], False),
        ("width", [1.0, 2.0, 3.0, None], False),
        ("width", [1.0, 2.0, 3.0, np.inf], False),
    ],
)
def test_a_setting_has_a_telling_name_and_many_known_numbers(name, values, is_setting):
    assert (name in found(**{name: values})) == is_setting


def test_terms_are_the_standardised_values_and_their_squares():
    terms = found(width=[1.0, 2.0, 3.0, 4.0])["width"]
    standard = (np.arange(4) - 1.5) / np.arange(4).std()
    assert terms == pytest.approx(np.stack([standard, standard**2], axis=1))


@pytest.mark.parametrize(("last", "has_logs"), [(10.0, False), (10.1, True), (-10.1, False)])
def test_values_over_more_than_a_decade_are_compared_by_their_logs(last, has_logs):
    values = np.array([1.0, 2.0, 4.0, last])
    terms = found(width=values)["width"][:, 0]
    compared = np.log(values) if has_logs else values
    assert terms == pytest.approx((compared - compared.mean()) / compared.std())


def test_columns_of_a_mixture_are_listed_and_belong_to_their_law():
    assert listed({"mixture": "w1, w2", "bits": "b"}) == ("w1", "w2", "b")
    mapping = {"mixture": "w1,w2", "bits": "b", "x": "c", "params": "n"}
    assert own_inputs(mapping, "auto") == {"mixture": "w1,w2"}
    assert own_inputs(mapping, "all") == {"mixture": "w1,w2"}
    assert own_inputs(mapping, "E + A*x^-a") == {"mixture": "w1,w2"}
    assert own_inputs(mapping, "power") == {"mixture": "w1,w2", "x": "c"}
    assert own_inputs(mapping, "chinchilla") == {"mixture": "w1,w2"}  # params is a role


SHARES = pl.DataFrame({"a": [0.2, 0.5], "b": [0.8, 0.5], "column c": [0.0, 0.0]})


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({}, None, ""),
        ({"a": [0.209, 0.5]}, None, ""),  # rounded
        ({"a": [0.211, 0.5]}, DataError, "add up to 1.011 at a point"),
        ({"a": [0.2, 0.4]}, DataError, "add up to 0.9 at a point"),
        ({"a": [-0.1, 0.5], "b": [1.1, 0.5]}, DataError, "negative or missing"),
        ({"a": [None, 0.5]}, DataError, "negative or missing"),
        ({"a": ["x", "y"]}, DataError, "negative or missing"),
    ],
)
def test_shares_of_a_mixture_add_up_to_one(change, error, message):
    frame = SHARES.with_columns(**{name: pl.Series(values) for name, values in change.items()})
    if error is None:
        check_mixture(frame, ["a", " b", "c"])
    else:
        with pytest.raises(error, match=message):
            check_mixture(frame, ["a", " b", "c"])


@pytest.mark.parametrize(
    ("columns", "message"), [(["a", "d"], "There is no column 'd'"), (["a", "b", "a"], "names a column twice")]
)
def test_domains_are_columns_and_named_once(columns, message):
    with pytest.raises(UsageError, match=message):
        check_mixture(SHARES, columns)
