"""Amounts that lack their unit are refused."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.units import refuse_without_unit
from scaling_cli.errors import UsageError

RANGES = {"params": (2e7, 1.5e9), "tokens": (1e8, 2e11), "compute": (1e16, 2e21)}
SMALL = {"params": (20.0, 1500.0)}


@pytest.mark.parametrize("amounts", [{"params": 7.0}, {"tokens": 1400.0}, {"compute": 5000.0}])
@pytest.mark.parametrize("ranges", [RANGES, {}])
def test_an_amount_too_small_for_a_language_model_is_refused(amounts, ranges):
    with pytest.raises(UsageError, match="too small for any language model") as error:
        refuse_without_unit("The target has", amounts, ranges)
    assert ("than in any run" in error.value.message) == bool(ranges)
    assert "with its unit" in error.value.hint


def test_amounts_that_only_runs_without_a_unit_have_are_refused():
    with pytest.raises(UsageError, match="params of the runs are at most 1500, so they probably lack a unit") as error:
        refuse_without_unit("The target has", {"params": 7e9}, SMALL)
    assert "'params (M)'" in error.value.hint


@pytest.mark.parametrize(
    ("amounts", "ranges"),
    [
        ({"params": 1e6, "tokens": 2e6}, RANGES),
        ({"params": 7e10, "tokens": 1.4e12, "compute": 1e26}, RANGES),
        ({"params": 7000.0}, SMALL),
        ({"params": 3.0}, SMALL),
        ({"tokens": 5.0}, SMALL),
        ({"step": 1.0, "lr": 1e-3}, RANGES),
    ],
)
def test_amounts_in_the_unit_of_the_runs_are_not_refused(amounts, ranges):
    refuse_without_unit("The target has", amounts, ranges)


def test_commands_refuse_amounts_without_a_unit():
    runs = pl.DataFrame(
        [
            {"params": size, "tokens": ratio * size, "loss": 1.8 + 400 / size**0.34 + 1000 / (ratio * size) ** 0.36}
            for size in (2e7, 1e8, 4e8, 1e9)
            for ratio in (5, 20, 80)
        ]
    )
    with pytest.raises(UsageError, match="The target has params 7,"):
        scaling.extrapolate(runs, at="params=7,tokens=1.4T")
    with pytest.raises(UsageError, match="The budget has compute 5"):
        scaling.optimal_allocation(runs, budget=5000.0)
    with pytest.raises(UsageError, match="--goal loss@params=70,tokens=1400 has params 70,"):
        scaling.plan(runs, goal="loss@params=70,tokens=1400", budget=1e21)
    in_millions = runs.with_columns(pl.col("params") / 1e6)
    with pytest.raises(UsageError, match="they probably lack a unit"):
        scaling.extrapolate(in_millions, at="params=70B,tokens=1.4T")


def test_commands_refuse_amounts_without_a_unit_for_published_fits():
    with pytest.raises(UsageError, match="The target has params 7,"):
        scaling.extrapolate(law="chinchilla:besiroglu", at="params=7,tokens=140")
    with pytest.raises(UsageError, match="The budget has compute 1"):
        scaling.optimal_allocation(law="chinchilla:besiroglu", budget=1e3)
