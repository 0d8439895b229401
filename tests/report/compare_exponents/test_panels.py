"""The figure and the tables of comparisons, for results changed by hand."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.record import replace
from scaling_cli.report.compare_exponents.factor_rows import factor_records, factor_sections
from scaling_cli.report.compare_exponents.facts import _needs
from scaling_cli.report.compare_exponents.panels import compare_panels
from scaling_cli.results.comparison import FactorEffect, Moved, Ranked, Sharing
from scaling_cli.results.fit import Estimate


@pytest.fixture(scope="module")
def result():
    rows = [
        {"optimizer": name, "compute": x, "loss": a * x**-0.06 * (1 + 0.001 * (i % 3 - 1))}
        for name, a in (("adamw", 30.0), ("muon", 28.0))
        for i, x in enumerate([1e18, 3e18, 1e19, 3e19, 1e20, 3e20, 1e21, 3e21])
    ]
    options = {"by": "optimizer", "law": "power", "replicates": 100}
    return scaling.compare_exponents(pl.DataFrame(rows), **options).results[0]


def panels(result, **changes):
    return [chart for row in compare_panels(replace(result, **changes), []) for chart in row]


def test_multipliers_are_drawn_along_what_the_second_group_needs(result):
    (pair,) = result.comparisons
    chart = panels(result)[0]
    rows = [row for row in pair.compute_multiplier if row.estimate is not None]
    (series,), (line,) = chart.series, chart.lines
    assert (list(series.x), list(series.y)) == ([row.at for row in rows], [row.estimate for row in rows])
    assert line.curve.x == tuple(sorted(row.at for row in rows))
    inside = [row.at for row in rows if not row.is_extrapolated]
    assert [(rule.name, rule.value) for rule in chart.rules] == [("", 1.0), ("edge of the data", max(inside))]
    assert chart.x.label == f"compute (FLOPs) of {pair.right}"
    assert chart.band == "95 % interval"


def test_a_band_is_drawn_where_all_ends_are_known(result):
    (pair,) = result.comparisons
    whole = tuple(replace(row, low=0.5, high=2.0) for row in pair.compute_multiplier)
    some = (replace(whole[0], low=None), *whole[1:])
    for rows, is_band in ((whole, True), (some, False)):
        made = replace(pair, compute_multiplier=rows)
        curve = panels(result, comparisons=(made,))[0].lines[0].curve
        assert (curve.low is not None) is is_band
    alone = replace(pair, compute_multiplier=whole[:1])
    assert all("equal loss" not in chart.title for chart in panels(result, comparisons=(alone,)))


def test_at_most_four_pairs_are_drawn_with_their_names(result):
    (pair,) = result.comparisons
    many = tuple(replace(pair, left=f"g{i}", right="base" if i else "other") for i in range(6))
    chart = panels(result, comparisons=many)[0]
    assert [series.name for series in chart.series] == ["g0 over other", *(f"g{i} over base" for i in (1, 2, 3))]
    assert chart.x.label.endswith("of the second group")
    same = tuple(replace(pair, left=f"g{i}") for i in range(2))
    assert panels(result, comparisons=same)[0].x.label.endswith(f"of {pair.right}")


def moved(**changes):
    made = Moved(
        statistic=4.0, degrees_of_freedom=(1.0, 20.0), p_value=0.01, effect={"b": Estimate(0.02, 0.01, 0.03)},
        moves=True, margin={"b": 0.05}, detects={"b": 0.015}, contrast="muon - adamw", alike=(),
    )  # fmt: skip
    return replace(made, **changes)


def effect(name="optimizer", exponent=None, constant=None, floor=None):
    return FactorEffect(name, exponent, constant, floor, None, (), "")


def test_effects_are_drawn_one_under_another(result):
    factors = (effect("optimizer", moved()), effect("data"), effect("seed", moved(effect={"b": Estimate(None)})))
    (chart,) = [one for one in panels(result, factors=factors, comparisons=()) if "Effects" in one.title]
    assert chart.y.names == ("optimizer",)
    assert chart.x.label == "effect on exponent b"
    assert chart.rules[0].value == 0.0
    assert list(chart.series[0].x) == [0.02]
    none = [one for one in panels(result, factors=factors[1:], comparisons=()) if "Effects" in one.title]
    assert none == []


def cells(section):
    names = [column.name for column in section.sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in section.sheet.rows]


def test_factors_have_a_row_for_each_kind_and_each_further_parameter(result):
    two = moved(effect={"alpha": Estimate(0.02), "beta": Estimate(0.03)}, margin={"alpha": 0.05, "beta": 0.06},
                detects={"alpha": 0.015, "beta": 0.016}, moves=False)  # fmt: skip
    ratio = moved(effect={"a": Estimate(0.9012345)}, margin={"a": 1.05}, detects={"a": 1.0123456}, moves=None)
    made = replace(result, factors=(effect("optimizer", two, ratio, moved()), effect("data", moved())))
    exponents, others, groups = factor_sections(made)
    first, second, third = cells(exponents)
    assert (first["factor"], first["which"], first["answer"], first["p"]) == ("optimizer", "alpha", "no", "0.01")
    assert (second["factor"], second["which"], second["answer"]) == ("", "beta", "")
    assert (third["factor"], third["which"], third["answer"]) == ("data", "", "yes")
    assert [row["changes"] for row in cells(others)] == ["constant", "floor"]
    assert cells(others)[0]["answer"] == "open"
    assert cells(others)[0]["detects"] == "1.012"
    assert cells(others)[1]["detects"] == "0.015"
    assert groups.is_detail
    header, *rows = factor_records([made])
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["factor"], row["kind"], row["parameter"], row["moves"]) for row in found] == [
        ("optimizer", "exponent", "alpha", "no"), ("optimizer", "exponent", "beta", "no"),
        ("optimizer", "constant", "a", "open"), ("optimizer", "floor", "b", "yes"), ("data", "exponent", "b", "yes"),
    ]  # fmt: skip
    assert (found[3]["estimate"], found[3]["low"], found[3]["high"]) == (0.02, 0.01, 0.03)
    assert (found[1]["margin"], found[1]["detects"]) == (0.06, 0.016)


def test_exponents_are_drawn_from_end_to_end_or_at_the_estimate_where_an_end_is_not_known(result):
    one, two = result.groups
    (name,) = result.exponents
    two = replace(two, parameters={**two.parameters, name: Estimate(-0.06, None, None)})
    one = replace(one, parameters={**one.parameters, name: Estimate(-0.05, -0.055, -0.04)})
    charts = panels(result, groups=(one, two), ranking=())
    (forest,) = [chart for chart in charts if chart.title == "Exponents with 95 % intervals"]
    (series,) = forest.series
    assert (series.x, series.y) == ([-0.05, -0.06], [0, 1])
    assert (series.low, series.high) == ([-0.055, -0.06], [-0.04, -0.06])
    assert forest.y.names == (one.name, two.name)


RANKING = (
    Ranked("muon", "a", {"b": Estimate(-0.06)}, Estimate(0.5, 0.4, None), "adamw"),
    Ranked("adamw", "a", {"b": Estimate(-0.05)}, None, None),
)


def test_many_groups_have_their_multipliers_one_under_another_and_exponents_in_their_order(result):
    multipliers, exponents = panels(result, ranking=RANKING, comparisons=())
    assert multipliers.title == "At equal loss, times the other group"
    assert (multipliers.x.label, multipliers.y.names) == ("compute over adamw", ("muon",))
    (series,) = multipliers.series
    assert (series.x, series.y, series.low, series.high) == ([0.5], [0], [0.4], [0.5])
    assert [(rule.value, rule.is_level) for rule in multipliers.rules] == [(1.0, False)]
    assert exponents.y.names == ("muon", "adamw")
    pairs = panels(result, ranking=RANKING)
    assert [chart.title for chart in pairs].count("At equal loss, times the other group") == 1
    assert pairs[0].lines  # those of the pair, and not of the ranking
    unknown = (replace(RANKING[0], multiplier=Estimate(None)), RANKING[1])
    assert len(panels(result, ranking=unknown, comparisons=())) == 1


@pytest.mark.parametrize("p_value", [0.06, 0.05 - 1e-9])
def test_an_exponent_that_groups_share_is_a_rule_unless_it_is_rejected(result, p_value):
    few = Sharing(("muon",), {"b": Estimate(-0.07)}, 0.5)
    many = Sharing(("muon", "adamw"), {"b": Estimate(-0.055)}, p_value)
    forest = panels(result, sharing=(few, many))[-1]
    rules = [(rule.name, rule.value) for rule in forest.rules]
    assert rules == ([("common to 2 groups", -0.055)] if p_value > 0.05 else [])
    assert panels(result, sharing=(replace(many, exponent={"b": Estimate(None)}),))[-1].rules == []
    assert panels(result, sharing=())[-1].rules == []


def test_two_exponents_have_a_panel_each_and_groups_without_one_are_left_out(result):
    one, two = result.groups
    two = replace(two, parameters={**two.parameters, "beta": Estimate(0.3, 0.2, 0.4)})
    charts = [chart for chart in panels(result, groups=(one, two), exponents=("b", "beta", "gamma"))
              if chart.title.startswith("Exponents")]  # fmt: skip
    assert [chart.x.label for chart in charts] == ["exponent b", "exponent beta"]
    assert [chart.y.names for chart in charts] == [(one.name, two.name), (two.name,)]


def test_what_a_pair_needs_is_read_at_the_lowest_loss_within_the_data(result):
    (pair,) = result.comparisons
    row = pair.compute_multiplier[0]
    inside = [replace(row, loss=loss, estimate=2.0 * loss, is_extrapolated=False) for loss in (3.0, 2.5)]
    beyond = replace(row, loss=2.0, estimate=7.0, is_extrapolated=True)
    empty = replace(row, loss=2.2, estimate=None, is_extrapolated=False)

    def needs(*rows):
        return _needs(replace(pair, compute_multiplier=rows), result)

    assert needs(*inside, empty, beyond).startswith(f"At a loss of 2.5, {pair.left} needs 5 times the ")
    assert needs(beyond, empty) == needs() == ""
