"""Groups that are one and the same under two names."""

import numpy as np
import polars as pl
import pytest

from scaling_cli.points.group_names import group_doubts


def runs(*groups, rows=6, decimals=9):
    rng = np.random.default_rng(0)
    parts = [
        pl.DataFrame({"compute": np.geomspace(1e18, 1e20, rows), "loss": rng.uniform(2, 4, rows).round(decimals)})
        for _ in groups
    ]
    return pl.concat([part.with_columns(g=pl.lit(name)) for part, name in zip(parts, groups, strict=True)])


def codes(frame):
    return [found.code for found in group_doubts(frame, ["g"], ["compute"])]


@pytest.mark.parametrize("names", [("adam", "Adam"), ("adam w", "adam_w"), ("big-run ", "big run")])
def test_names_that_differ_in_writing_only_are_named(names):
    (found,) = group_doubts(runs(*names), ["g"], ["compute"])
    assert found.code == "similar-groups"
    assert all(repr(name) in found.message for name in names)


@pytest.mark.parametrize("names", [("1e-3", "1e3"), ("-1", "1"), ("adam", "adamw"), ("1.0", "10")])
def test_other_names_are_not(names):
    assert codes(runs(*names)) == []


def test_a_copied_group_is_named_and_a_shared_baseline_is_not():
    one = runs("a", "b")
    copy = one.filter(pl.col("g") == "a").with_columns(g=pl.lit("copy"))
    assert codes(pl.concat([one, copy])) == ["copied-groups"]
    assert codes(pl.concat([one, copy.head(2)])) == []
    coarse = runs("a", decimals=2)
    assert codes(pl.concat([coarse, coarse.with_columns(g=pl.lit("b"))])) == []
