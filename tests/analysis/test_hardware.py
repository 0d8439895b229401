"""Time and price of compute on GPUs whose peak and utilisation are stated."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.hardware import PEAKS, flops_of, hardware
from scaling_cli.errors import UsageError

PEAK = 1e15
HOUR = PEAK * 0.4 * 3600  # FLOPs of one GPU


def made(gpus=None, price=None, peak=PEAK, mfu=0.4):
    return hardware(gpus, peak, mfu, price)


def test_hours_days_and_price_of_runs():
    found = made(8, 2.5).bill(np.array([96 * HOUR, 96 * HOUR]))
    assert (found.gpu_hours, found.days, found.price) == pytest.approx((192.0, 1.0, 480.0))
    one = made().bill(12 * HOUR)
    assert (one.gpu_hours, one.days, one.price) == (pytest.approx(12.0), None, None)
    assert made(price=0.0).bill(HOUR).price == 0.0


def test_budgets_of_time_and_money_are_flops():
    priced = made(price=2.0)
    assert flops_of(1e20, None) == 1e20
    assert flops_of("10gpu-hours", priced) == pytest.approx(10 * HOUR)
    assert flops_of("10usd", priced) == pytest.approx(5 * HOUR)
    assert flops_of("10usd", priced, is_one=True) == pytest.approx(5 * HOUR)
    assert priced.equivalent(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    with pytest.raises(UsageError, match="needs the price of a GPU-hour"):
        flops_of("10usd", made())
    with pytest.raises(UsageError, match="speed of the GPUs is not given"):
        flops_of("10usd", None)


@pytest.mark.parametrize("name", PEAKS)
def test_a_gpu_by_name_has_its_dense_peak_and_a_sparse_one_is_a_caveat(name):
    dense, sparse = PEAKS[name]
    assert made(peak=name.upper()).peak_flops == dense
    assert sparse == pytest.approx(2 * dense, rel=2e-3)
    assert made(peak=dense).doubts() == []
    for factor, codes in ((1.0, ["sparse-peak"]), (1.009, ["sparse-peak"]), (0.991, ["sparse-peak"]), (1.03, [])):
        assert [each.code for each in made(peak=factor * sparse).doubts()] == codes


def test_peaks_are_those_of_the_data_sheets():
    assert {name: round(dense / 1e12) for name, (dense, _) in PEAKS.items()} == {
        "a100": 312, "h100": 989, "h100-pcie": 756, "h200": 989, "mi300x": 1307,
    }  # fmt: skip


@pytest.mark.parametrize(("mfu", "codes"), [(0.65, []), (0.66, ["high-mfu"])])
def test_a_utilisation_that_no_large_run_reached_is_a_caveat(mfu, codes):
    assert [each.code for each in made(mfu=mfu).doubts()] == codes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((None, None, 0.4, None), "without --peak-flops\\."),
        ((None, PEAK, None, None), "without --mfu\\."),
        ((8, None, None, None), "without --peak-flops and --mfu"),
        ((None, PEAK, 0.0, None), "--mfu is 0"),
        ((None, PEAK, 1.01, None), "--mfu is 1.01"),
        ((0, PEAK, 0.4, None), "--gpus is 0"),
        ((None, PEAK, 0.4, -0.1), "--price-per-gpu-hour is -0.1"),
        ((None, 0.0, 0.4, None), "--peak-flops is 0"),
        ((None, "fast", 0.4, None), "neither a number nor a known GPU"),
    ],
)
def test_what_is_no_hardware_is_refused(options, words):
    with pytest.raises(UsageError, match=words):
        hardware(*options)


def test_the_ends_of_what_is_allowed():
    assert hardware(None, None, None, None) is None
    assert hardware(1, "989e12", 1.0, 0.0).peak_flops == 989e12
