"""Groups that are paired have one run each for every combination of input and seed."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.points.pairing import paired, unpaired

FIRST = pl.DataFrame({"seed": ["1", "0", "1"], "params": [10.0, 10.0, 20.0], "loss": [3.1, 3.0, 2.0]})


def test_runs_that_agree_in_the_keys_get_one_name_whatever_their_order():
    one, two = paired([FIRST, FIRST.reverse().with_columns(pl.col("loss") + 1)], ["params", "seed"])
    assert one["run_id"].to_list() == two["run_id"].to_list() == ["000000000", "000000001", "000000002"]
    assert one["loss"].to_list() == [3.0, 3.1, 2.0]
    assert two["loss"].to_list() == [4.0, 4.1, 3.0]


@pytest.mark.parametrize(
    "other",
    [
        FIRST.head(2),
        FIRST.with_columns(params=pl.col("params") * 2),
        FIRST.with_columns(seed=pl.Series(["1", "0", "2"])),
    ],
)
def test_runs_that_do_not_match_one_to_one_are_not_paired(other):
    assert paired([FIRST, other], ["params", "seed"]) is None


@pytest.mark.parametrize(
    "both", [pl.DataFrame({"seed": ["0", "0"], "params": [1.0, 1.0]}), pl.DataFrame({"seed": [None], "params": [1.0]})]
)
def test_repeated_or_unknown_keys_are_not_paired_even_if_groups_are_equal(both):
    assert paired([both, both], ["params", "seed"]) is None


def test_the_error_names_the_column():
    assert "cannot be paired by seed" in unpaired("seed").message
