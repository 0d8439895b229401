"""Budgets as FLOPs, money and time."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.analysis.hardware import flops_of, hardware
from scaling_cli.errors import UsageError
from scaling_cli.options.hardware import BUDGETS, spent

H100 = 989.4e12


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1e6usd", ("usd", 1e6)), ("2.5M usd", ("usd", 2.5e6)), ("$1e6", ("usd", 1e6)), ("1000 dollars", ("usd", 1e3)),
        ("8gpu*30days", ("gpu-hours", 8 * 720)), ("100 GPUs * 12h", ("gpu-hours", 1200)),
        ("1k gpu*2 weeks", ("gpu-hours", 336_000)), ("5000 gpu-hours", ("gpu-hours", 5000)), ("1e24", None),
        ("8gpus", None), ("30days", None),
    ],
)  # fmt: skip
def test_money_and_time_are_recognised(text, wanted):
    found = spent(text)
    assert found == wanted if wanted is None else (found[0], found[1]) == (wanted[0], pytest.approx(wanted[1]))


def test_money_and_time_are_the_flops_that_they_pay_for():
    machines = hardware(None, "h100", 0.4, 2.0)
    assert flops_of("1e6usd", machines) == pytest.approx(5e5 * 3600 * H100 * 0.4)
    assert flops_of("8gpu*30days", machines) == pytest.approx(8 * 720 * 3600 * H100 * 0.4)
    assert flops_of(1e24, None) == 1e24


def test_what_is_missing_is_named():
    with pytest.raises(UsageError, match="the speed of the GPUs is not given"):
        flops_of("1e6usd", None)
    with pytest.raises(UsageError, match="price of a GPU-hour"):
        flops_of("1e6usd", hardware(None, "h100", 0.4, None))


@pytest.mark.parametrize("text", ["8gpu", "8gpu*30", "-1", "0", "1e6eur", "usd", "$x", "-5usd", "0gpu*3days"])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(UsageError) as caught:
        BUDGETS.read(text, "--budget")
    assert caught.value.hint == "Give FLOPs above 0, such as 1e24, or 1e6usd or 8gpu*30days."
    with pytest.raises(UsageError, match="too large") as caught:
        BUDGETS.read("1e70", "--budget")
    assert "1e+60" in caught.value.hint


def test_a_budget_in_dollars_gives_the_split_of_its_flops():
    bought = {"peak_flops": "h100", "mfu": 0.4, "price_per_gpu_hour": 2}
    by_money = scaling.optimal_allocation(law="chinchilla:besiroglu", budget="1e6usd", **bought).results[0]
    (row,) = by_money.allocations
    by_flops = scaling.optimal_allocation(law="chinchilla:besiroglu", budget=row.compute).results[0]
    assert row.compute == pytest.approx(5e5 * 3600 * H100 * 0.4)
    assert row.bill.price == pytest.approx(1e6)
    assert row.params == by_flops.allocations[0].params


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$ 5", ("usd", 5.0)), ("5k USD", ("usd", 5e3)), ("1e3dollar", ("usd", 1e3)), ("2gpu*1h", ("gpu-hours", 2.0)),
        ("2gpu*1d", ("gpu-hours", 48.0)), ("1gpu*1week", ("gpu-hours", 168.0)), ("1gpu*2months", ("gpu-hours", 1461.0)),
        ("1,000 gpu hours", ("gpu-hours", 1e3)), ("3GPUh", ("gpu-hours", 3.0)), ("2k gpu_h", None),
    ],
)  # fmt: skip
def test_every_unit_of_money_and_time(text, wanted):
    assert spent(text) == (wanted or spent(text.replace("2k ", "2k")))


def test_budgets_are_listed_with_commas_or_one_by_one():
    assert BUDGETS.read("1e20, 1e6usd,", "--budget") == (1e20, "1e6usd")
    assert BUDGETS.read([1e20, "8gpu*30days"], "--budget") == (1e20, "8gpu*30days")
