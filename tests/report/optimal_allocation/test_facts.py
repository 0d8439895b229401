"""What is said above and below the tables of an allocation, for results made by hand."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report.optimal_allocation.view import details, facts, records
from scaling_cli.results.allocation import Agreement, Bill, Drift, Envelope, Repetition, Searched
from scaling_cli.results.fit import Estimate, IntervalMethod
from scaling_cli.results.report import Report
from tests.report.optimal_allocation.test_rows import allocation, result


def report(*results):
    return Report(command="optimal-allocation", inputs=(), columns={}, options={}, results=results)


def told(**changes):
    made = result(allocation(), **changes)
    return dict(facts(report(made), made))


def test_what_was_done_is_said_in_order():
    made = result(
        allocation(), group={"data": "web"}, held={"bits": 4.0, "sparsity": 0.5}, cost="cost: GPU-hours of the runs",
        interval=IntervalMethod("wild", 0.95, 4000, "run"),
    )  # fmt: skip
    assert facts(report(made), made) == [
        ("group", "web"),
        ("law", "chinchilla: E + A / params^alpha + B / tokens^beta"),
        ("data", "40 runs, 40 points"),
        ("held", "bits = 4, sparsity = 0.5"),
        ("interval", "95 %, wild bootstrap over runs, 4,000 replicates, each optimised separately"),
        ("cost", "GPU-hours of the runs"),
    ]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (IntervalMethod("none", 0.95, 0, None), "none"),
        (IntervalMethod("draws", 0.9, 0, None), "none"),
        (IntervalMethod("draws", 0.9, 100, None), "90 %, drawn parameters, 100 replicates, each optimised separately"),
    ],
)
def test_an_interval_is_named_by_its_method_and_unit(how, said):
    assert told(interval=how)["interval"] == said


def test_checks_say_how_well_each_approach_worked():
    found = told(
        envelope=Envelope(12, 30, 0.1, 0.25), drift=Drift(-0.0312, 0.0123),
        agreement=(Agreement(1e22, 1.234, True), Agreement(1e23, 2.0, False), Agreement(1e24, 1.0, None)),
    )  # fmt: skip
    assert found["envelope"] == "30 hull points of 12 curves, 10 % at the grid's edge, 25 % on unfinished schedules"
    assert found["drift"] == (
        "centres of the grids of sizes move -0.031 decades relative to the minima, per decade of compute (p = 0.012)"
    )
    made = result(allocation(), agreement=(Agreement(1e22, 1.234, True), Agreement(1e23, 2.0, False),
                                           Agreement(1e24, 1.0, None)))  # fmt: skip
    assert [value for label, value in facts(report(made), made) if label == "agreement"] == [
        "best params differ by 1.23x at 1e22, intervals overlap",
        "best params differ by 2x at 1e23, intervals do not overlap",
        "best params differ by 1x at 1e24",
    ]
    assert "(p" not in told(drift=Drift(0.0, None))["drift"]


def test_details_are_the_ranges_and_how_compute_is_counted():
    made = result(allocation(), ranges={"loss": (2.0, 3.0), "params": (1e8, 1e9), "compute": (1e18, 1e20)})
    assert details(made) == [
        ("range", "params 100M to 1B, compute 1e18 to 1e20 FLOPs"), ("compute", "training FLOPs = 6ND")]  # fmt: skip
    assert details(replace(made, ranges={}, flops_rule="")) == []


def test_records_have_every_number_at_full_precision():
    searched = {"bits": Searched(Estimate(4.0, 3.0, 5.0), (2.0, 16.0), {}, None)}
    made = result(allocation(searched=searched, limit="max-params", target_loss=2.1), allocation(compute=None))
    header, first, second = records(report(made))
    row, other = dict(zip(header, first, strict=True)), dict(zip(header, second, strict=True))
    assert (row["approach"], row["compute"], row["target_loss"]) == ("parametric", 6e21, 2.1)
    assert (row["params"], row["params_low"], row["params_high"]) == (1e10, 9e9, 1.1e10)
    assert (row["tokens"], row["tokens_per_param_low"], row["loss_high"]) == (1e11, 8.0, 2.15)
    assert (row["params_within_0.05_low"], row["params_within_0.10_high"]) == (6e9, 2e10)
    assert (row["limit"], row["bits"], row["bits_low"], row["bits_high"]) == ("max-params", 4.0, 3.0, 5.0)
    assert (other["compute"], other["limit"], other["bits"], other["bits_high"]) == (None, None, None, None)
    assert not {"pools", "compute_low", "price", "epochs"} & set(header)
    asked = result(
        allocation(compute_interval=(5e21, None), inference_compute=1e21, saving=0.2, bill=Bill(1e3, 2.0, None),
                   repetition=Repetition(1e10, 3.5, None, 1e9), followed={"teacher": Estimate(2.5, 2.4, 2.6)}),
        allocation(),
    )  # fmt: skip
    header, first, second = records(report(asked))
    row, other = dict(zip(header, first, strict=True)), dict(zip(header, second, strict=True))
    assert (row["compute_low"], row["inference_compute"], row["saving"], row["epochs"]) == (5e21, 1e21, 0.2, 3.5)
    assert (row["flops_per_unique_token"], row["gpu_hours"], row["days"]) == (1e9, 1e3, 2.0)
    assert (row["teacher"], row["teacher_high"], other["teacher"], other["days"]) == (2.5, 2.6, None, None)
    assert not {"price", "compute_high"} & set(header)  # no row has one
    bare = result(allocation(params_within_waste=None))
    header, row = records(report(bare))
    assert dict(zip(header, row, strict=True))["params_within_0.05_low"] is None
