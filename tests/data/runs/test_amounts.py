import polars as pl
import pytest

from scaling_cli.data.runs import amounts
from scaling_cli.data.runs.amounts import _lone
from tests.data.loading import codes, lawful, load_runs


@pytest.mark.parametrize("factor", [1e3, 1e-3])
@pytest.mark.parametrize("role", ["params", "tokens"])
def test_an_amount_a_thousand_times_off_all_others_is_named(role, factor):
    place = pl.int_range(pl.len()) == 4
    frame = lawful().with_columns(pl.when(place).then(pl.col(role) * factor).otherwise(pl.col(role)).alias(role))
    (caveat,) = load_runs(frame).caveats
    assert caveat.code == "unit-slip"
    assert "row 5" in caveat.message


def test_a_large_model_at_the_end_of_a_ladder_is_not_a_unit_slip():
    frame = lawful()
    larger = pl.DataFrame({"params": [1e12], "tokens": [2e13], "loss": [1.85]})
    assert codes(pl.concat([frame, larger])) == []


SMALL = {"params": [44.1, 14.2e3], "tokens": [0.9, 293.0], "loss": [3.2, 2.3]}


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (SMALL, ["params", "tokens"]),
        (SMALL | {"params": [44.1, 14.2e6]}, ["tokens"]),
        ({"compute": [0.5, 2e4], "loss": [3.2, 2.3]}, ["compute"]),  # PF-days without a word
        ({"params (M)": [44.1, 14.2e3], "tokens (B)": [0.9, 293.0], "loss": [3.2, 2.3]}, []),
        ({"params": [1e3, 1e6], "tokens": [500.0, 1e9], "loss": [3.2, 2.3]}, []),  # a ladder may start small
        ({"step": [1.0, 2.0], "width": [64, 128], "loss": [3.2, 2.3]}, []),
    ],
)
def test_a_table_in_unmarked_units_is_recognised_by_its_largest_value(columns, roles):
    table = load_runs(pl.DataFrame(columns))
    messages = [caveat.message for caveat in table.caveats if caveat.code == "tiny-unit"]
    assert [message.split(",")[0] for message in messages] == roles


def test_a_unit_slip_quotes_the_quantity_whose_factor_it_gives():
    factor = pl.when(pl.int_range(pl.len()) == 4).then(1000.0).otherwise(1.0)
    (by_ratio,) = load_runs(lawful().with_columns(pl.col("tokens") * factor)).caveats
    assert "in tokens per param this run differs from all other runs by a factor of 1e3 or more" in by_ratio.message
    sizes = [1e7, 2e7, 4e7, 8e7, 6e10, 1.6e8, 3e7]
    (alone,) = load_runs(pl.DataFrame({"params": sizes, "loss": [4.0, 3.8, 3.6, 3.4, 3.3, 3.2, 3.7]})).caveats
    assert "in params this run differs from all other runs by a factor of 375 or more" in alone.message


def found(points):
    """The caveats about points of a metric of any unit, by code."""
    points = pl.DataFrame(points) if isinstance(points, dict) else points
    points = points.with_columns(pl.col(pl.Int64).cast(pl.Float64))
    if "run_id" not in points.columns:
        points = points.with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"))
    columns = {role: role for role in points.columns}
    return {each.code: each.message for each in amounts.doubts(points, columns)}


@pytest.mark.parametrize(("role", "least"), [("params", 1e5), ("tokens", 1e5), ("compute", 1e12)])
def test_the_largest_value_shows_whether_amounts_are_plain_counts(role, least):
    loss = {"loss": [3.0, 2.0]}
    assert "tiny-unit" in found({role: [1.0, 0.99 * least]} | loss)
    assert "tiny-unit" not in found({role: [1.0, least]} | loss)


def test_small_compute_is_only_named_where_it_is_not_derived():
    points = {"compute": [1.0, 2.0], "params": [1e6, 2e6], "tokens": [1e6, 2e6], "loss": [3.0, 2.0]}
    assert "tiny-unit" not in found(points)
    del points["tokens"]
    assert "compute" in found(points)["tiny-unit"]


@pytest.mark.parametrize(
    ("first", "is_slip"),
    [
        (1001.0, True),  # a thousandth of it is within the others
        (5000.0, True),
        (16_000.0, True),
        (900.0, False),  # a thousandth is below all others
        (20_001.0, False),  # and above all others
    ],
)
def test_a_ratio_is_a_slip_if_a_thousandth_of_it_lies_among_the_others(first, is_slip):
    ratios = [first, 1.0, 2.0, 10.0, 20.0]
    points = {"params": [1e8] * 5, "tokens": [1e8 * ratio for ratio in ratios], "loss": [5.0, 4.0, 3.5, 3.0, 2.0]}
    assert ("unit-slip" in found(points)) == is_slip
    below = points | {"tokens": [1e11 / ratio for ratio in ratios]}
    assert ("unit-slip" in found(below)) == is_slip


@pytest.mark.parametrize(("next_top", "is_slip"), [(66.0, True), (67.0, False)])
def test_a_ratio_is_alone_if_it_is_fifteen_times_the_next(next_top, is_slip):
    tokens = [1e8 * ratio for ratio in (1000.0, 1.0, 2.0, 3.0, next_top)]
    for values in (tokens, [1e19 / value for value in tokens]):
        points = {"params": [1e8] * 5, "tokens": values, "loss": [5.0, 4.0, 3.5, 3.0, 2.0]}
        assert ("unit-slip" in found(points)) == is_slip


@pytest.mark.parametrize(("next_top", "is_slip"), [(3.3e8, True), (3.4e8, False)])
def test_an_amount_is_alone_if_it_is_three_hundred_times_the_next(next_top, is_slip):
    for role in ("tokens", "params", "compute"):
        values = [1e11, 1e8, 2e8, 1.5e8, next_top]
        scale = 1e6 if role == "compute" else 1.0
        said = found({role: [scale * value for value in values], "loss": [5.0, 4.0, 3.5, 3.0, 2.0]})
        assert ("unit-slip" in said) == is_slip
        if is_slip:
            assert "r0" in said["unit-slip"]


def test_four_points_say_little_about_a_slip():
    points = pl.DataFrame({"params": [1e11, 1e8, 2e8, 1.5e8, 1.2e8], "loss": [5.0, 4.0, 3.5, 3.0, 2.0]})
    assert "unit-slip" in found(points)
    assert "unit-slip" not in found(points.head(4))
    lacking = points.with_columns(pl.when(pl.col("params") != 1.2e8).then("params").alias("params"))
    assert "unit-slip" not in found(lacking)


@pytest.mark.parametrize("role", ["params", "tokens"])
def test_a_slip_names_the_amount_that_is_farther_from_its_median(role):
    points = {
        "params": [1e8] * 6,
        "tokens": [2e9, 2.2e9, 1.8e9, 2e9, 2.1e9, 2e9],
        "loss": [3.0, 2.9, 2.8, 3.1, 2.7, 3.2],
    }
    points[role] = [points[role][0] * 1000, *points[role][1:]]
    assert found(points)["unit-slip"].startswith(f"{role} ") or f" {role} of " in found(points)["unit-slip"]


def test_the_factor_of_a_slip_is_that_to_the_nearest_of_the_others():
    values = pl.Series([2e3, 1.0, 2.0, 4.0, None, 8.0])
    assert list(_lone(values, 15.0)) == [(0, pytest.approx(250.0))]
    assert list(_lone(1e6 / values, 15.0)) == [(0, pytest.approx(250.0))]
    both = pl.Series([3e3, 1.0, 3e-3, 2.0, 1.5, 3.0])
    assert list(_lone(both, 15.0)) == [(0, pytest.approx(1000.0)), (2, pytest.approx(1 / 3e-3))]
    assert list(_lone(pl.Series([2000, 1, 2, 4, 8]), 15.0)) == []  # whole numbers are no amounts


@pytest.mark.parametrize("ratios", [(1920.0, 1.0, 2.0, 4.0, 128.0), (1.0, 15.0, 20.0, 1000.0, 1500.0)])
def test_exactly_fifteen_times_is_not_alone(ratios):
    points = {"params": [1.0] * 5, "tokens": list(ratios), "loss": [5.0, 4.0, 3.5, 3.0, 2.0]}
    assert "unit-slip" not in found(points)
    farther = ratios[0] * (1.01 if ratios[0] > 1 else 0.99)
    assert "unit-slip" in found(points | {"tokens": [farther, *ratios[1:]]})


def test_the_largest_value_is_shown_with_three_digits():
    message = found({"params": [1.0, 1.2345], "loss": [3.0, 2.0]})["tiny-unit"]
    assert "at most 1.23 in every row" in message


def test_amounts_that_may_be_logarithms_are_named_with_the_formula_that_turns_them_back():
    rows = pl.DataFrame(
        {"flops": [17.9, 19.2, 21.0, 22.5], "size": ["125M", "1B", "7B", "30B"], "loss": [4.0, 3.0, 2.5, 2.0]}
    )
    (caveat,) = load_runs(rows).caveats
    assert caveat.code == "tiny-unit"
    assert "compute, read from flops, is at most 22.5" in caveat.message
    assert caveat.message.endswith(", or --compute '10^flops' if they are logarithms.")
    table = load_runs(rows, mapping={"compute": "10^flops"})
    assert table.caveats == ()
    assert table.frame["compute"].to_list() == pytest.approx([10**17.9, 10**19.2, 1e21, 10**22.5])
    (caveat,) = load_runs(rows.rename({"flops": "FLOPs (total)"})).caveats
    assert """--compute '10^"FLOPs (total)"'""" in caveat.message


@pytest.mark.parametrize("values", [[15.0, 18.0, 20.0], [0.2, 18.5, 20.5], [15.5, 18.5, 31.5]])
def test_whole_numbers_and_amounts_beyond_any_run_are_not_taken_for_logarithms(values):
    message = found({"compute": values, "loss": [4.0, 3.0, 2.0]})["tiny-unit"]
    assert "logarithms" not in message
    assert message.endswith("or in the cells, as in 6e18.")


def test_a_unit_that_is_missing_is_that_of_the_column_and_not_of_what_is_derived_from_it():
    rows = pl.DataFrame({"params": [1e8, 1e9, 7e9], "compute": [0.02, 3.5, 800.0], "loss": [4.0, 3.0, 2.0]})
    messages = [caveat.message for caveat in load_runs(rows).caveats if caveat.code == "tiny-unit"]
    assert [message.split(",")[0] for message in messages] == ["compute"]


@pytest.mark.parametrize(
    ("tokens", "is_named"), [((10.0, 20.0), True), ((10.0, 99_999.0), True), ((10.0, 1e5), False), ((10.0, 2e8), False)]
)
@pytest.mark.parametrize("role", ["params", "tokens"])
def test_the_largest_amount_of_a_run_shows_whether_it_is_too_small_for_a_language_model(role, tokens, is_named):
    runs = {"run_id": [f"r{i // 2}" for i in range(10)], role: [*tokens, *4 * (1e8, 2e8)], "loss": [3.0] * 10}
    said = found(runs)
    assert ("tiny-value" in said) is is_named
    if is_named:
        assert "r0" in said["tiny-value"]
    assert "tiny-value" not in found(runs | {role: [*tokens, *tokens, *3 * (1e8, 2e8)]})  # more than one run
