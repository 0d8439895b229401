"""The law that the tool chooses, and why."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.points.choose import candidates, choose

PARAMS = np.geomspace(1e8, 1e10, 12)


def runs(ratio, group="a"):
    tokens = ratio * PARAMS
    return pl.DataFrame(
        {
            "params": PARAMS,
            "tokens": tokens,
            "compute": 6 * PARAMS * tokens,
            "loss": 3.0 + 0 * PARAMS,
            "g": [group] * 12,
        }
    )


def test_params_and_tokens_that_vary_apart_make_a_surface():
    assert choose(runs(np.tile([5.0, 20, 80], 4)), "auto", None).law.name == "chinchilla"


def test_groups_of_fixed_tokens_per_param_are_no_surface_however_they_differ():
    pooled = pl.concat([runs(20.0, "a"), runs(60.0, "b")])
    assert choose(pooled, "auto", None, by=("g",)).law.name == "power-constant"
    assert "tokens per param are fixed" in choose(pooled, "auto", None, by=("g",)).reason


def test_half_of_the_groups_decide():
    pooled = pl.concat([runs(20.0, "a"), runs(np.tile([5.0, 20, 80], 4), "b")])
    choice = choose(pooled, "auto", None, by=("g",))
    assert choice.law.name == "chinchilla"
    assert "1 of 2 groups" in choice.reason


def test_input_that_is_text_is_a_usage_error_with_a_cell():
    with pytest.raises(UsageError, match="'a'"):
        choose(runs(20.0), "power", "g")


def lacking(rows, places):
    """The same runs without params, and so without compute, in some places."""
    gone = pl.int_range(pl.len()).is_in(list(places))
    return rows.with_columns(pl.when(~gone).then(name).alias(name) for name in ("params", "compute"))


def test_a_few_runs_without_params_do_not_change_the_law():
    rows = runs(np.tile([5.0, 20, 80], 4))
    for law in (choose(lacking(rows, [0, 5]), "auto", None).law, candidates(lacking(rows, [0, 5]), None)[0].law):
        assert law.name == "chinchilla"
    assert choose(lacking(runs(20.0), [3]), "auto", None).inputs == {"x": "compute"}


def test_params_that_most_runs_lack_decide_nothing_and_the_reason_says_so():
    choice = choose(lacking(runs(np.tile([5.0, 20, 80], 4)), range(7)), "auto", None)
    assert choice.inputs == {"x": "tokens"}
    assert "both known for only 5 of 12 points" in choice.reason


@pytest.mark.parametrize("law", ["auto", "all", "power", "chinchilla"])
def test_one_point_is_named_as_the_trouble(law):
    with pytest.raises(DataError, match="one point"):
        candidates(runs(20.0)[:1], None) if law == "all" else choose(runs(20.0)[:1], law, None)
