"""The law that the tool chooses, and why."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.fitting.selection import choose

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
