"""Columns of labels as numbers of levels and as flags."""

import polars as pl
import pytest

from scaling_cli.errors import DataError
from scaling_cli.points.labels import codes, flagged, labels_of


def test_levels_are_numbers_by_size_before_words():
    assert labels_of(pl.Series([10.0, 2.0, None, 2.0])) == ("2", "10")
    assert labels_of(pl.Series(["muon", "adam", "muon"])) == ("adam", "muon")


def test_codes_are_places_among_the_levels_and_unknown_labels_are_refused():
    assert codes(pl.Series(["b", "a", "b"]), ("a", "b"), "optimizer").tolist() == [1.0, 0.0, 1.0]
    with pytest.raises(DataError, match="optimizer is 'c' at a point"):
        codes(pl.Series(["a", "c"]), ("a", "b"), "optimizer")


def test_flags_are_zero_at_the_words_for_none():
    assert flagged(pl.Series(["None", " scratch ", "web", "code"]), ("none", "scratch")).tolist() == [
        0.0,
        0.0,
        1.0,
        1.0,
    ]
