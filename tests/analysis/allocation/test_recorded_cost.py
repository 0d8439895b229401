"""GPU-hours and prices of a split by what the runs in the log took."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from tests.analysis.allocation.surfaces import HOFFMANN, isoflop_frame

RATE, SLOPE = 989e12 * 0.4 * 3600, 0.95  # FLOPs of a GPU-hour at 1e20 FLOPs; smaller runs reach less


def hours(compute):
    return 1e20 / RATE * (compute / 1e20) ** SLOPE


def runs(**columns):
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 7))
    spent = hours(6 * frame["params"] * frame["tokens"])
    return frame.with_columns(**{name: value(spent) for name, value in columns.items()})


LOGGED = runs(gpu_hours=lambda spent: spent)
CLOCKED = runs(seconds=lambda spent: spent * 3600 / 64, num_gpus=lambda spent: pl.lit(64))


def split(table, **options):
    report = scaling.optimal_allocation(table, **{"budget": 1e23, "interval": "none", **options})
    return report.results[0], {found.code for found in report.caveats}


@pytest.mark.parametrize("table", [LOGGED, CLOCKED], ids=["gpu-hours", "seconds and gpus"])
def test_gpu_hours_follow_from_those_of_the_runs(table):
    result, _ = split(table, gpus=512, price_per_gpu_hour=2.0)
    bill = result.allocations[0].bill
    assert bill.gpu_hours == pytest.approx(hours(1e23), rel=1e-6)
    assert bill.days == pytest.approx(hours(1e23) / 512 / 24, rel=1e-6)
    assert bill.price == pytest.approx(2 * hours(1e23), rel=1e-6)
    assert "GPU-hours grow as compute^0.95" in result.cost


def test_a_budget_in_money_or_gpu_hours_is_that_of_one_run():
    spent = float(hours(3e22))
    by_hours, _ = split(LOGGED, budget=f"{spent}gpu-hours")
    by_price, _ = split(LOGGED, budget=f"{2 * spent}usd", price_per_gpu_hour=2.0)
    for result in (by_hours, by_price):
        assert result.allocations[0].compute == pytest.approx(3e22, rel=1e-6)
        assert result.allocations[0].bill.gpu_hours == pytest.approx(spent, rel=1e-6)


def test_gpus_that_are_described_come_first():
    result, _ = split(LOGGED, peak_flops=989e12, mfu=0.2)
    assert result.allocations[0].bill.gpu_hours == pytest.approx(1e23 / (989e12 * 0.2 * 3600))
    assert result.cost == ""


def test_each_group_has_its_own_cost():
    slow = LOGGED.with_columns(pl.col("gpu_hours") * 3, kind=pl.lit("slow"))
    table = pl.concat([LOGGED.with_columns(kind=pl.lit("fast")), slow])
    report = scaling.optimal_allocation(table, budget=1e23, interval="none", by="kind")
    fast, three = (result.allocations[0].bill.gpu_hours for result in report.results)
    assert three == pytest.approx(3 * fast, rel=1e-6)


def test_a_cost_that_does_not_grow_with_compute_is_left_out_and_told():
    odd = LOGGED.with_columns(gpu_hours=pl.lit(8.0))
    result, codes = split(odd)
    assert result.allocations[0].bill is None
    assert "cost-not-fitted" in codes
    with pytest.raises(UsageError, match="GPU-hours grow as"):
        split(odd, budget="1000gpu-hours")


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        (LOGGED.drop("gpu_hours"), {"budget": "1000gpu-hours"}, "the speed of the GPUs is not given"),
        (LOGGED.drop("gpu_hours"), {"gpus": 8}, "without --peak-flops and --mfu"),
        (LOGGED, {"budget": "1e6usd"}, "needs the price of a GPU-hour"),
        (CLOCKED.drop("num_gpus"), {"budget": "1000gpu-hours"}, "no number of GPUs"),
    ],
)
def test_a_budget_that_nothing_turns_into_flops_is_refused(table, options, said):
    with pytest.raises(UsageError, match=said):
        split(table, **options)


def test_seconds_alone_are_no_cost_and_no_reason_for_a_caveat():
    result, codes = split(CLOCKED.drop("num_gpus"))
    assert result.allocations[0].bill is None
    assert "cost-not-fitted" not in codes
    assert split(CLOCKED.drop("num_gpus"), gpus=64)[0].allocations[0].bill.gpu_hours == pytest.approx(hours(1e23))
