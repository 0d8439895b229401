"""A loss that later rows repeat counts where it was measured."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

LOSS = 3.1415926
STEPS = [100, 200, 300, 400, 500, 600]
LOG = pl.DataFrame(
    {
        "run": ["a"] * 6,
        "step": STEPS,
        "tokens": [1e6 * step for step in STEPS],
        "train_loss": [3.6, 3.5, 3.4, 3.3, 3.2, 3.1],
        "val_loss": [None, LOSS + 0.5, LOSS + 0.5, LOSS, LOSS, LOSS],
    }
)


def codes(table):
    return [caveat.code for caveat in table.caveats]


@pytest.mark.parametrize("order", ["of steps", "reversed"])
def test_the_first_of_its_rows_has_the_loss(order):
    table = load_runs(LOG if order == "of steps" else LOG.reverse(), checkpoints="all")
    assert table.frame.sort("step").select("step", "tokens", "loss").rows() == [
        (200, 2e8, LOSS + 0.5),
        (400, 4e8, LOSS),
    ]
    assert "3 of 5 rows repeat the val_loss of an earlier step" in table.caveats[0].message
    assert load_runs(LOG).frame["tokens"].to_list() == [4e8]


@pytest.mark.parametrize(
    "log",
    [
        LOG.with_columns(pl.col("val_loss").round(4)),  # rounded losses may agree
        LOG.with_columns(val_loss=pl.lit(LOSS)),  # the loss at the end, on all rows
        LOG.drop("train_loss"),  # nothing that would make rows to fill
        LOG.with_columns(step=pl.Series([1, 2, 2, 3, 3, 3])),  # rows of one step
        LOG.with_columns(val_loss=pl.when(pl.col("step") > 500).then(2.5).otherwise(pl.col("train_loss") + 0.01234567)),
    ],
    ids=["rounded", "constant", "alone", "repeated", "changing"],
)
def test_losses_that_agree_for_another_reason_stay(log):
    table = load_runs(log)
    assert table.frame["tokens"].to_list() == [6e8]
    assert "carried-losses" not in codes(table)
