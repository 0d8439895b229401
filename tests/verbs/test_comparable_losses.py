"""Groups whose losses cannot be compared, because they differ in a column that says what the losses are measured on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from tests.grids import one_in


def runs(values, column, loss="loss"):
    """Runs of two optimizers, whose losses are on another scale, and a column with a value of each."""
    rng = np.random.default_rng(0)
    compute = np.geomspace(1e18, 1e22, 10)
    parts = []
    for optimizer, factor, value in zip(("adamw", "muon"), (1.0, 1.15), values, strict=True):
        exact = (2 * (compute / 1e18) ** -0.15 + 1.7) * factor
        noise = np.exp(0.003 * rng.standard_normal(compute.size))
        cells = np.resize(value, compute.size)
        parts.append(pl.DataFrame({"optimizer": optimizer, "compute": compute, loss: exact * noise, column: cells}))
    return pl.concat(parts)


def compared(table, **options):
    (result,) = scaling.compare_exponents(table, by="optimizer", replicates=60, **options).results
    return result


@pytest.mark.parametrize("column", one_in(4, ["tokenizer", "dataset", "Val set", "vocab_size"]))
@pytest.mark.parametrize("values", [(["1"], ["2"]), (["1", "2"], ["1"])])
def test_no_multiplier_where_groups_differ_in_what_losses_are_measured_on(column, values):
    result = compared(runs(values, column))
    assert result.incomparable == column
    assert "At equal loss" not in result.sentence


def test_multipliers_where_the_user_says_that_the_metric_is_the_same():
    result = compared(runs((["1"], ["2"]), "tokenizer"), same_metric=True)
    assert "At equal loss" in result.sentence


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("dataset", (["1", "2"], ["2", "1"])),
        ("dataset", (["1", None], ["1"])),
        ("width", (["1"], ["2"])),
    ],
)
def test_multipliers_where_groups_have_the_same_values_or_another_column_differs(column, values):
    result = compared(runs(values, column))
    assert result.incomparable is None
    assert "At equal loss" in result.sentence


def test_losses_per_byte_do_not_depend_on_the_tokenizer():
    assert compared(runs((["1"], ["2"]), "tokenizer", "bits_per_byte"), loss="bits_per_byte").incomparable is None


def test_a_factor_has_no_constant_where_its_levels_differ_in_what_losses_are_measured_on():
    """The tokenizer goes with the optimizer here; each kind of data has runs of both tokenizers."""
    kinds = [runs((["1"], ["2"]), "tokenizer").with_columns(pl.lit(kind).alias("kind")) for kind in ("web", "code")]
    table = pl.concat(kinds)
    words = {"factors": ("optimizer", "kind"), "replicates": 60}
    effects = {one.name: one for one in scaling.compare_exponents(table, **words).results[0].factors}
    assert {name: one.constant is None for name, one in effects.items()} == {
        "optimizer": True, "kind": False, "optimizer:kind": True,
    }  # fmt: skip
    assert all(one.exponent is not None for one in effects.values())
    told = scaling.compare_exponents(table, same_metric=True, **words).results[0].factors
    assert all(one.constant is not None for one in told)
