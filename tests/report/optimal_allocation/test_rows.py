"""The tables and the figure of allocations, for results made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scaling_cli.numbers.format import rounded
from scaling_cli.record import replace
from scaling_cli.report.optimal_allocation.panels import allocation_panels
from scaling_cli.report.optimal_allocation.rows import allocation_sheet, counted, isoflop_sheet, pools_sheet, sections
from scaling_cli.results.allocation import (
    Allocation,
    AllocationResult,
    Bill,
    Cutoff,
    Estimator,
    Gap,
    IsoFlop,
    PoolChoice,
    Profile,
    Repetition,
    Searched,
)
from scaling_cli.results.fit import Curve, Estimate, IntervalMethod


def allocation(**changes: Any) -> Allocation:
    made = Allocation(
        "parametric", 6e21, Estimate(1e10, 9e9, 1.1e10), Estimate(1e11, 9e10, 1.1e11), Estimate(10.0, 8.0, 12.0),
        Estimate(2.1, 2.05, 2.15), {"0.05": (6e9, 1.6e10), "0.10": (5e9, 2e10)},
    )  # fmt: skip
    return replace(made, **changes)


def result(*allocations: Allocation, **changes: Any) -> AllocationResult:
    made = AllocationResult(
        {}, 40, 40, "chinchilla", "E + A / params^alpha + B / tokens^beta", "6ND",
        {"parametric": {"params": Estimate(0.5, 0.45, 0.55), "tokens": Estimate(0.5, 0.45, 0.55)}},
        allocations or (allocation(),), IntervalMethod("wild", 0.95, 100, "run"),
    )  # fmt: skip
    return replace(made, **changes)


def row_of(**changes: Any) -> dict[str, str]:
    """One allocation as a row, by the names of its columns."""
    sheet = allocation_sheet([allocation(**changes)])
    return dict(zip((column.name for column in sheet.columns), sheet.rows[0], strict=True))


def titles(result):
    return [section.title.partition(":")[0].partition(",")[0] for section in sections(result)]


def test_a_split_is_shown_with_its_intervals_and_nothing_that_was_not_asked():
    assert row_of() == {
        "compute": "6e21",
        "params": "10B [9B, 11B]",
        "tokens": "100B [90B, 110B]",
        "tokens/param": "10.00 [8.00, 12.00]",
        "loss": "2.100 [2.050, 2.150]",
        "params within 5 % waste": "6B to 16B",
        "within 10 %": "5B to 20B",
    }


@pytest.mark.parametrize(
    ("changes", "column", "cell"),
    [
        ({"target_loss": 2.1}, "target loss", "2.1"),
        ({"compute_interval": (5e21, None)}, "compute", "6e21 [5e21, -]"),
        ({"compute_interval": (None, None)}, "compute", "6e21"),
        ({"inference_compute": 1.5e21}, "for inference", "25 %"),
        ({"saving": 0.125}, "saves", "12.5 %"),
        ({"repetition": Repetition(1e10, 4.25, 3e10, 5e12)}, "epochs", "4.25"),
        ({"repetition": Repetition(1e10, 4.25, 3e10, 5e12)}, "FLOPs per unique token", "5e12"),
        ({"limit": "max-params"}, "decided by", "max-params"),
        ({"bill": Bill(12_000.0, 2.5, 24_000.0)}, "GPU-hours", "12K"),
        ({"bill": Bill(12_000.0, 2.5, 24_000.0)}, "days", "2.5"),
        ({"bill": Bill(12_000.0, 2.5, 24_000.0)}, "price", "24K"),
        ({"followed": {"lr": Estimate(0.001, 0.0008, 0.0012)}}, "lr", "0.001000 [0.000800, 0.001200]"),
        ({"followed": {"recurrent": Estimate(2e8, 1e8, 3e8)}}, "recurrent", "200M [100M, 300M]"),
        ({"followed": {"width": Estimate(1e4)}}, "width", "10K"),
    ],
)
def test_what_was_asked_has_a_column(changes, column, cell):
    assert row_of(**changes)[column] == cell


def test_a_target_loss_is_not_repeated_as_the_loss():
    assert "loss" not in row_of(target_loss=2.1)


@pytest.mark.parametrize(
    ("bill", "missing"), [(Bill(5.0, None, 3.0), "days"), (Bill(5.0, 2.0, None), "price"), (None, "GPU-hours")]
)
def test_a_bill_shows_what_is_known(bill, missing):
    assert missing not in row_of(bill=bill)


def searched(value, end=None):
    return {"loops": Searched(value, (1.0, 8.0), {"0.05": (2.5, 5.0), "0.10": (2.0, 6.0)}, end)}


@pytest.mark.parametrize(
    ("value", "end", "cell"),
    [
        (Estimate(4.0, 3.0, 5.0), None, None),
        (Estimate(8.0, 8.0, 8.0), "highest", "8 (highest)"),
        (Estimate(8.0, None, None), "highest", "8 (highest)"),
        (Estimate(8.0, 7.0, 8.0), "highest", None),
        (Estimate(4.0, 4.0, 4.0), None, None),
    ],
)
def test_a_searched_value_at_an_end_says_so_where_no_replicate_differs(value, end, cell):
    found = row_of(searched=searched(value, end))
    assert found["loops"] == (rounded(value).whole if cell is None else cell)
    assert found["loops within 5 % waste"] == "2.5 to 5"


def test_a_row_without_a_search_is_empty_beside_one_with():
    sheet = allocation_sheet([allocation(), allocation(searched=searched(Estimate(4.0)))])
    place = [column.name for column in sheet.columns].index("loops")
    assert [row[place] for row in sheet.rows] == ["", "4.000"]


def test_waste_is_shown_for_all_rows_or_none():
    assert "within 10 %" not in row_of(params_within_waste=None)
    sheet = allocation_sheet([allocation(), allocation(params_within_waste=None)])
    assert sheet.rows[1][-1] == "-"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Estimate(None), "-"),
        (Estimate(2e9), "2B"),
        (Estimate(2e9, 1e9, 3e9), "2B [1B, 3B]"),
        (Estimate(2e9, None, 3e9), "2B [-, 3B]"),
        (Estimate(2e9, 1e9, None), "2B [1B, -]"),
    ],
)
def test_counts_have_intervals_as_far_as_they_are_known(value, shown):
    assert counted(value) == shown


ISOFLOP = IsoFlop(
    1e20, 9, 8, Estimate(1e9, 9e8, 1.1e9), Estimate(1.6e10), Estimate(2.5), 3, 4, 0.05, 0.12, 1.02e9, -0.013,
    observed=((5e8, 1e9, 2e9), (2.6, 2.5, 2.6)), curve=Curve((5e8, 2e9), (2.6, 2.6)),
)  # fmt: skip
UNKNOWN = dict.fromkeys(("curvature", "centre_offset", "parabola_params", "parabola_bias"))
REFUSED = replace(
    ISOFLOP, compute=1e21, refused="has its minimum at an end", params=Estimate(None), loss=Estimate(None), **UNKNOWN
)


def test_budgets_are_shown_with_their_checks_and_refused_ones_with_the_reason():
    sheet = isoflop_sheet([ISOFLOP, REFUSED])
    names = [column.name for column in sheet.columns]
    good, bad = (dict(zip(names, row, strict=True)) for row in sheet.rows)
    assert good == {
        "compute": "1e20", "runs": "9", "best params": "1B [900M, 1.1B]", "loss": "2.5", "sizes": "3 | 4",
        "centre": "+0.12", "bend": "0.05", "vertex": "1.02B", "bias": "-1.3 %", "refused": "",
    }  # fmt: skip
    assert bad["refused"] == "has its minimum at an end"
    assert {bad[name] for name in ("best params", "loss", "sizes", "centre", "bend", "vertex", "bias")} == {"-"}
    assert "refused" not in [column.name for column in isoflop_sheet([ISOFLOP]).columns]


def test_each_check_has_a_table_where_there_is_something_to_show():
    assert titles(result()) == ["parametric"]
    profiles = (Profile("exact", 0.5, 0.5, 4, 0.0),)
    whole = result(
        isoflops=(ISOFLOP,), profile="exact", profiles=profiles,
        estimators=(Estimator("huber", 0.001, 0.51, (1.1e10,)),), gap=(Gap("all params", (1e8, 1e10), 0.5),),
    )  # fmt: skip
    assert titles(whole) == [
        "parametric", "IsoFLOP minima", "Exponents of these curves with each profile",
        "This law fitted with other objectives", "Kaplan or Chinchilla",
    ]  # fmt: skip
    assert [section.is_detail for section in sections(whole)] == [False, False, True, False, False]
    (objectives,) = [section for section in sections(whole) if "objectives" in section.title]
    assert objectives.sheet.rows == (("huber (delta 0.001)", "0.51", "11B"),)
    assert objectives.sheet.columns[-1].name == "params at 6e21"
    (gap,) = [section for section in sections(whole) if section.title.startswith("Kaplan")]
    assert gap.sheet.rows == (("all params", "100M to 10B", "0.5"),)


@pytest.mark.parametrize(("exponent", "is_shown"), [(0.55, False), (0.59, False), (0.61, True), (0.39, True)])
def test_cutoffs_are_shown_where_they_move_the_exponent_far(exponent, is_shown):
    found = result(cutoffs=(Cutoff(1e9, 30, "parametric", exponent, 0.02),))
    assert ("Without the points with the fewest tokens" in titles(found)) is is_shown


def test_cutoffs_of_several_approaches_are_always_shown():
    exponents = {name: {"params": Estimate(0.5), "tokens": Estimate(0.5)} for name in ("parametric", "envelope")}
    found = result(exponents=exponents, cutoffs=(Cutoff(1e9, 3000, "envelope", 0.5, None),))
    assert sections(found)[-1].sheet.rows == (("envelope", "1B", "3,000", "0.5", "-"),)


def test_approaches_have_tables_of_their_own_with_their_exponents():
    found = result(allocation(), allocation(approach="isoflop"), allocation(compute=6e22))
    first, second = sections(found)
    assert first.title.startswith("parametric: params ~ compute^0.500 [0.450, 0.550], tokens ~ compute^0.500")
    assert (len(first.sheet.rows), second.title, len(second.sheet.rows)) == (2, "isoflop", 1)


def test_pools_list_the_best_choice_first_with_what_others_lose():
    choices = (
        PoolChoice(("web", "code"), 1e8, 2.0, Estimate(0.21), Estimate(0.0), 0.9),
        PoolChoice(("web",), 5e7, 4.0, Estimate(0.23), Estimate(0.02), 0.1),
    )
    row = allocation(samples=2e8, pools=choices)
    assert pools_sheet([row]).rows == (
        ("200M", "web + code", "100M", "2", "0.2100", "", "90 %"),
        ("200M", "web", "50M", "4", "0.2300", "0.02000", "10 %"),
    )
    assert sections(result(row))[0].title == "Pools of data"


FRONTIER = Curve((6e20, 6e22), (1e9, 1e11), (9e8, 9e10), (2e9, 2e11))


def panels(**changes: Any):
    return [chart for row in allocation_panels(result(**changes), "loss") for chart in row]


def test_the_best_split_is_drawn_with_tokens_as_what_params_leave():
    best, waste = panels(frontiers={"parametric": FRONTIER}, ranges={"compute": (1e18, 3e21)})
    params, tokens = best.lines
    assert params.curve == FRONTIER
    assert tokens.curve.y == pytest.approx((1e11, 1e11))
    assert tokens.curve.low == pytest.approx((6e20 / 6 / 2e9, 6e22 / 6 / 2e11))
    assert tokens.curve.high == pytest.approx((6e20 / 6 / 9e8, 6e22 / 6 / 9e10))
    first, second = best.series
    assert (list(first.x), list(first.y), list(first.low), list(first.high)) == ([6e21], [1e10], [9e9], [1.1e10])
    assert (list(second.y), second.labels) == ([1e11], ("6e21 FLOPs",))
    assert [(rule.name, rule.value) for rule in best.rules] == [("largest run", 3e21)]
    assert best.band == "95 % interval"
    assert waste.title == "Cost of other sizes"


def test_another_rule_of_flops_draws_params_alone_and_other_approaches_are_dashed():
    both = {"parametric": FRONTIER, "isoflop": FRONTIER}
    best, _ = panels(frontiers=both, flops_rule="6 * params * tokens + params")
    assert [(line.name, line.is_dashed) for line in best.lines] == [("params", False), ("params, isoflop", True)]
    assert (len(best.series), best.rules) == (1, [])
    best, _ = panels(frontiers=both)
    assert [line.name for line in best.lines] == ["params", "tokens", "params, isoflop"]


def test_waste_is_zero_at_the_best_and_as_known_at_the_ends_of_each_range():
    (waste,) = panels()
    (line,) = waste.lines
    x, y = np.array(line.curve.x), np.array(line.curve.y)
    assert (x[0], x[-1]) == pytest.approx((0.5, 2.0))
    assert (y[0], y[-1]) == pytest.approx((10.0, 10.0))
    assert np.interp(np.log([0.6, 1.0, 1.6]), np.log(x), y) == pytest.approx([5.0, 0.0, 5.0], abs=0.2)
    assert line.name == "6e21 FLOPs"


def test_five_budgets_of_one_approach_show_their_waste():
    rows = [allocation(compute=10.0**power) for power in range(18, 25)]
    (waste,) = [
        chart for row in allocation_panels(result(*rows, allocation(approach="isoflop")), "loss") for chart in row
    ]
    assert [line.is_dashed for line in waste.lines] == [False, True, True, True, True]
    (only,) = panels(allocations=(allocation(params_within_waste=None), allocation(approach="isoflop")))
    assert len(only.lines) == 1
    assert panels(allocations=(allocation(compute=None),)) == []


def test_curves_are_drawn_for_budgets_that_are_used_with_their_minima_on_top():
    curves, *_ = panels(isoflops=(ISOFLOP, REFUSED), profile="exact", group={"data": "web"})
    runs, minimum = curves.series
    assert (list(runs.x), list(runs.y), list(runs.shade)) == ([5e8, 1e9, 2e9], [2.6, 2.5, 2.6], [1e20] * 3)
    assert (list(minimum.x), list(minimum.y), minimum.stands_out) == ([1e9], [2.5], True)
    assert [line.shade for line in curves.lines] == [1e20]
    assert curves.title.endswith("IsoFLOP curves, exact profile")
    assert "web: " in curves.title
    assert all("IsoFLOP" not in chart.title for chart in panels(isoflops=(REFUSED,), profile="exact"))
