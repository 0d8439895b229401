"""The cost of future runs by the recorded GPU-hours of the runs that there are."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.analysis.recorded_cost import Recorded, RecordedCost, machines_of, recorded
from scaling_cli.errors import UsageError
from scaling_cli.options.hardware import Hardware
from scaling_cli.points.table import PointTable

FLOPS = np.array([1e18, 2e18, 4e18, 8e18])


def cost(**changed):
    """10 GPU-hours at 1e20 FLOPs, growing as the square root, on 5 GPUs at 2 dollars."""
    told = {"gpus": 5, "price_per_gpu_hour": 2.0, "hours": 10.0, "centre": 1e20, "slope": 0.5, "note": ""}
    return RecordedCost(**(told | changed))


def runs(hours, compute=FLOPS, **changed):
    return Recorded(np.asarray(compute, float), np.asarray(hours, float), "GPU-hours", **changed)


def point_table(**columns):
    return PointTable(pl.DataFrame(columns))


def asked(**given):
    return Hardware(**given)


def fitted(hours, compute=FLOPS, **changed):
    machines, caveats = machines_of([runs(hours, compute)], asked(**changed), has_price=True)
    assert caveats == []
    return machines


class TestRecordedCost:
    def test_a_bill_adds_the_hours_of_the_runs(self):
        bill = cost().bill(np.array([1e20, 4e20]))
        assert (bill.gpu_hours, bill.days, bill.price) == pytest.approx((30, 30 / 5 / 24, 60))

    def test_without_gpus_and_price_there_are_hours_only(self):
        bill = cost(gpus=None, price_per_gpu_hour=None).bill(np.array([1e20]))
        assert (bill.gpu_hours, bill.days, bill.price) == (pytest.approx(10), None, None)

    def test_many_runs_are_paid_at_the_price_of_a_middling_one(self):
        assert cost().flops("gpu-hours", 30) == pytest.approx(3e20)

    def test_one_run_is_paid_at_its_own_price(self):
        assert cost().flops_of_one("gpu-hours", 30) == pytest.approx(9e20)

    def test_an_equivalent_run_costs_as_much_at_the_price_of_a_middling_one(self):
        assert cost().equivalent(np.array([1e20, 4e20])) == pytest.approx([1e20, 2e20])

    def test_nothing_is_doubtful(self):
        assert cost().doubts() == []


class TestRecorded:
    def test_hours_come_before_seconds(self):
        points = point_table(gpu_hours=[1, 2], seconds=[3600, 3600], gpus=[8, 8])
        found = recorded(points, FLOPS[:2], None)
        assert (found.hours.tolist(), found.columns, found.lacks_gpus) == ([1, 2], "GPU-hours", False)

    def test_seconds_count_once_per_gpu(self):
        found = recorded(point_table(seconds=[3600, 7200], gpus=[8, 4]), FLOPS[:2], 100)
        assert (found.hours.tolist(), found.columns, found.lacks_gpus) == ([8, 8], "seconds and GPUs", False)

    def test_the_gpus_of_the_option_hold_for_every_run(self):
        found = recorded(point_table(seconds=[3600, 7200]), FLOPS[:2], 3)
        assert (found.hours.tolist(), found.lacks_gpus) == ([3, 6], False)

    def test_seconds_alone_lack_the_gpus(self):
        found = recorded(point_table(seconds=[3600, 7200]), FLOPS[:2], None)
        assert (found.hours.tolist(), found.lacks_gpus) == ([], True)

    def test_runs_without_a_cost_or_compute_are_left_out(self):
        found = recorded(point_table(gpu_hours=[1.0, 0.0, np.nan, 4.0]), np.array([1e18, 1e18, 1e18, np.nan]), None)
        assert (found.compute.tolist(), found.hours.tolist()) == ([1e18], [1])

    def test_no_column_is_no_cost(self):
        assert recorded(point_table(loss=[2.0]), FLOPS[:1], 8) is None


class TestMachinesOf:
    def test_the_hours_are_a_line_in_the_logs(self):
        machines = fitted([1, 2, 4, 8], gpus=4, price_per_gpu_hour=3.0)
        assert (machines.slope, machines.centre, machines.hours) == pytest.approx((1, 8**0.5 * 1e18, 8**0.5))
        assert (machines.gpus, machines.price_per_gpu_hour) == (4, 3.0)
        assert "compute^1, fitted to the GPU-hours of 4 runs" in machines.note

    def test_the_groups_are_fitted_together(self):
        both = [runs([1, 2], FLOPS[:2]), None, runs([4, 8], FLOPS[2:])]
        assert machines_of(both, asked(), has_price=True)[0].slope == pytest.approx(1)

    def test_the_scatter_has_two_degrees_of_freedom_fewer_than_runs(self):
        machines = fitted(np.exp(0.1 * np.array([1, -1, -1, 1])) * [1, 2, 4, 8])
        assert machines.note.endswith("off by 15 %")  # exp(√(4 × 0.01 / 2)) - 1

    def test_described_gpus_come_first(self):
        machines, _ = machines_of([runs([1, 2, 4, 8])], asked(gpus=1, peak_flops=1e15, mfu=0.4), has_price=True)
        assert not isinstance(machines, RecordedCost)

    def test_no_record_and_no_description_is_no_cost(self):
        assert machines_of([None], asked(), has_price=False) == (None, [])

    @pytest.mark.parametrize(
        ("hours", "compute", "told"),
        [
            ([1, 2, 4], FLOPS[:3], "recorded for 3 runs, and 4 are needed"),
            ([1, 1, 2, 2], [1e18, 1e18, 1.9e18, 1.9e18], "about equal compute"),
            ([1, 1.4, 1.9, 2.7], FLOPS, r"compute\^0.47"),
            ([1, 3, 9, 27], FLOPS, r"compute\^1.58"),
            ([1, 20, 1, 20], FLOPS, "differ by a factor of"),
        ],
    )
    def test_a_doubtful_cost_is_refused_where_a_budget_needs_it(self, hours, compute, told):
        with pytest.raises(UsageError, match=told):
            machines_of([runs(hours, compute)], asked(), has_price=True)

    @pytest.mark.parametrize(
        ("hours", "compute"),
        [
            ([1, 1, 2, 2], [1e18, 1e18, 2e18, 2e18]),
            (FLOPS**0.51, FLOPS),
            (FLOPS**1.49, FLOPS),
        ],
    )
    def test_a_cost_just_inside_the_limits_is_used(self, hours, compute):
        assert isinstance(fitted(hours, compute), RecordedCost)

    def test_a_doubtful_cost_is_a_caveat_where_nothing_needs_it(self):
        machines, caveats = machines_of([runs([1, 2, 4], FLOPS[:3])], asked(), has_price=False)
        assert (machines, [each.code for each in caveats]) == (None, ["cost-not-fitted"])

    @pytest.mark.parametrize("described", [{"gpus": 8}, {"price_per_gpu_hour": 2.0}])
    def test_it_is_refused_where_an_option_needs_it(self, described):
        with pytest.raises(UsageError, match="4 are needed"):
            machines_of([runs([1, 2, 4], FLOPS[:3])], asked(**described), has_price=False)

    def test_a_clock_alone_is_passed_over(self):
        assert machines_of([runs([], [], lacks_gpus=True)], asked(), has_price=False) == (None, [])

    def test_a_clock_alone_is_refused_where_a_budget_needs_it(self):
        with pytest.raises(UsageError, match="no number of GPUs"):
            machines_of([runs([], [], lacks_gpus=True)], asked(), has_price=True)

    def test_one_group_with_gpus_is_enough_to_say_why(self):
        found = [runs([], [], lacks_gpus=True), runs([1, 2], FLOPS[:2])]
        _, caveats = machines_of(found, asked(), has_price=False)
        assert len(caveats) == 1
