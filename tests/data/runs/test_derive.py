"""One of compute, params and tokens from the other two, and checks of a compute column against 6 * params * tokens."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.derive import (
    complete,
    derivable,
    expression,
    fill_compute,
    lacks_columns,
    mismatch,
    recounted,
)
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import flops_rule


@pytest.mark.parametrize(
    ("roles", "role", "formula"),
    [
        (("params", "tokens"), "compute", "6*params*tokens"),
        (("compute", "params"), "tokens", "compute/(6*params)"),
        (("compute", "tokens"), "params", "compute/(6*tokens)"),
        (("params", "tokens", "compute", "epochs"), "unique_tokens", "tokens/epochs"),
    ],
)
def test_the_missing_role_has_a_formula(roles, role, formula):
    assert derivable(roles) == {role: formula}


@pytest.mark.parametrize("roles", [(), ("params",), ("loss", "tokens"), ("params", "tokens", "compute")])
def test_nothing_is_derived_if_no_role_or_two_are_missing(roles):
    assert derivable(roles) == {}


def test_of_refused_roles_only_compute_is_derived():
    assert list(derivable(("params", "tokens"), ignored=["compute"])) == ["compute"]
    assert derivable(("params", "compute"), ignored=["tokens"]) == {}


@pytest.mark.parametrize(
    ("role", "value"), [("compute", 6.0 * 3 * 5), ("tokens", 900 / (6 * 3)), ("params", 900 / (6 * 5))]
)
def test_each_role_is_computed_from_the_other_two(role, value):
    points = pl.DataFrame({"params": [3.0], "tokens": [5.0], "compute": [900.0]}).drop(role)
    assert complete(points, role)[role].to_list() == pytest.approx([value])


def test_unique_tokens_are_tokens_over_epochs():
    points = pl.DataFrame({"tokens": [8.0], "epochs": [2.0]})
    assert points.select(expression("unique_tokens"))["unique_tokens"].to_list() == [4.0]


def test_compute_is_counted_by_the_rule_and_stays_unknown_where_an_amount_is():
    points = pl.DataFrame({"params": [2.0, None, 4.0], "tokens": [3.0, 3.0, None], "compute": [1.0, 1.0, 1.0]})
    counted = recounted(points, flops_rule("8 * params * tokens"), ())
    assert counted["compute"].to_list() == [48.0, None, None]


@pytest.mark.parametrize(
    ("columns", "derived", "lacking"),
    [
        ({"params": [2.0], "tokens": [3.0]}, (), "width"),
        ({"params": [2.0], "tokens": [3.0], "width": ["wide"]}, (), "width"),
        ({"params": [2.0], "tokens": [3.0], "width": [4.0]}, ("tokens",), "tokens"),
        ({"tokens": [3.0], "width": [4.0]}, (), "params"),
    ],
)
def test_a_rule_names_the_columns_that_it_lacks(columns, derived, lacking):
    rule = flops_rule("6 * params * tokens + width * tokens")
    with pytest.raises(UsageError, match=f"needs columns of numbers for {lacking}\\."):
        recounted(pl.DataFrame(columns), rule, derived)
    assert "params, tokens" in lacks_columns(rule, ["params", "tokens"]).message


def test_a_rule_that_gives_a_run_no_flops_is_refused():
    with pytest.raises(DataError, match="a number of FLOPs above 0"):
        recounted(pl.DataFrame({"params": [1.0], "tokens": [2.0]}), flops_rule("6 * (params - 1) * tokens"), ())


def test_only_empty_compute_is_filled_and_counted():
    points = pl.DataFrame({
        "params": [2.0, 2.0, None, 2.0],
        "tokens": [3.0, 3.0, 3.0, None],
        "compute": [30.0, None, None, None],
    })  # fmt: skip
    filled, (found,) = fill_compute(points)
    assert filled["compute"].to_list() == [30.0, 36.0, None, None]
    assert found.code == "partial-compute"
    assert found.message.startswith("1 of 4 points")
    assert fill_compute(points.head(1))[1] == ()


def ratios(*values, sizes=None):
    """Points with these ratios of compute to 6 * params * tokens."""
    params = pl.Series("params", sizes or [1e8] * len(values), dtype=pl.Float64)
    return pl.DataFrame({"params": params, "tokens": [1e9] * len(values)}).with_columns(
        compute=6 * pl.col("params") * pl.col("tokens") * pl.Series(values)
    )


@pytest.mark.parametrize(
    ("values", "is_far"),
    [((0.81, 1.0), False), ((0.79, 1.0), True), ((1.0, 1.59), False), ((1.0, 1.61), True), ((0.5, 2.0), True)],
)
def test_ratios_of_compute_from_0_8_to_1_6_are_usual(values, is_far):
    assert [found.code for found in mismatch(ratios(*values))] == (["compute-mismatch"] if is_far else [])


def test_a_mismatch_says_the_lowest_and_the_highest_ratio():
    (found,) = mismatch(ratios(2.0, 3.0, 2.5))
    assert "2 to 3 times" in found.message


def test_points_without_an_amount_have_no_ratio():
    points = ratios(5.0).with_columns(tokens=pl.lit(None, pl.Float64))
    assert mismatch(points) == ()


SIZES = [1e7, 1e8, 1e9, 1e10]


@pytest.mark.parametrize(
    ("values", "sizes", "drifts"),
    [
        ((1.0, 1.05, 1.1, 1.16), SIZES, True),
        ((1.16, 1.1, 1.05, 1.0), SIZES, True),
        ((1.0, 1.05, 1.1, 1.14), SIZES, False),  # within 15 %
        ((1.0, 1.1, 1.2), SIZES[:3], False),  # three sizes may agree by chance
        ((1.0, 1.16, 1.1, 1.05), SIZES, False),  # not in the order of sizes
        ((1.0, 1.1, 1.05, 1.16), SIZES, False),  # a rank correlation of exactly 0.8
    ],
)
def test_a_ratio_drifts_if_it_changes_in_the_order_of_at_least_four_sizes(values, sizes, drifts):
    codes = [found.code for found in mismatch(ratios(*values, sizes=sizes))]
    assert codes == (["compute-drift"] if drifts else [])


def test_a_drift_names_the_smallest_and_the_largest_model():
    (found,) = mismatch(ratios(1.2, 1.0, 1.1, 1.3, sizes=[1e9, 1e7, 1e8, 1e10]))
    assert found.code == "compute-drift"
    assert found.message.index("1e7") < found.message.index("1e10")
