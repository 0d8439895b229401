"""The tables and facts of comparisons of few and of many groups, from results made by hand."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report.compare_exponents.facts import details, facts, margin_words, sentences
from scaling_cli.report.compare_exponents.rows import open_interval, sections
from scaling_cli.results.comparison import Crossover, Margin, Multiplier, Ranked
from scaling_cli.results.fit import Estimate
from tests.factories import report
from tests.report.compare_exponents.test_view import compared, group, result

RANKING = (
    Ranked("steep", "a", {"b": Estimate(-0.07, -0.08, -0.06)}, Estimate(0.5, 0.4, 0.6), "flat"),
    Ranked("flat", "ab", {"b": Estimate(-0.05, -0.06, -0.04)}, None, None),
)
GROUPS = (group("steep", -0.07, Estimate(0.0)), group("flat", -0.05, Estimate(0.1)))


def titles(made):
    return [([column.name for column in section.sheet.columns][:2], section.is_detail) for section in sections(made)]


def test_many_groups_are_ranked_with_letters_and_multipliers():
    made = result(ranking=RANKING, groups=GROUPS, comparisons=())
    ranking, groups = sections(made)
    assert [column.name for column in ranking.sheet.columns] == ["group", "b", "letters", "compute over flat"]
    assert ranking.sheet.rows == (
        ("steep", "-0.0700 [-0.0800, -0.0600]", "a", "0.500 [0.400, 0.600]"),
        ("flat", "-0.0500 [-0.0600, -0.0400]", "ab", ""),
    )
    assert len(groups.sheet.rows) == 2
    unknown = replace(made, groups=(GROUPS[0], replace(GROUPS[1], is_identified=False)))
    sheet = sections(unknown)[0].sheet
    assert sheet.columns[-1].name == "identified"
    assert [row[-1] for row in sheet.rows] == ["yes", "no"]


def test_more_than_three_pairs_are_details_behind_the_ranking():
    pair = compared("steep", "flat", "inconclusive", {"b": Estimate(0.01, -0.01, 0.03)})
    for count, tables in ((4, [("group", False), ("group", True), ("left - right", True)]),
                          (3, [("left - right", False), ("group", False)])):  # fmt: skip
        made = result(ranking=RANKING, groups=GROUPS, comparisons=(pair,) * count)
        found = [(names[0], is_detail) for names, is_detail in titles(made)]
        assert found[: len(tables)] == tables
    bare = result(comparisons=(replace(pair, compute_multiplier=()),) * 2)
    assert len(sections(bare)) == 2
    assert len(sections(result(comparisons=(pair,) * 2))) == 3


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({}, "law", "power-constant: a * x^b + c, x = compute"),
        ({"inputs": {"x": "x"}}, "law", "power-constant: a * x^b + c"),
        ({}, "data", "3 groups, 72 runs, 72 points; the same inputs and seeds in every group, resampled together"),
        ({"is_paired": False}, "data", "3 groups, 72 runs, 72 points"),
        ({"incomparable": "tokenizer"}, "multipliers", "none, because losses of different values of tokenizer"),
    ],
)
def test_facts_say_what_was_compared(changes, key, said):
    found = dict(facts(report(result(**changes), command="compare-exponents")))
    assert found[key].startswith(said)
    assert ("multipliers" in found) is ("incomparable" in changes)
    if key != "multipliers":
        assert found[key] == said


def test_the_margin_is_one_of_exponents_or_of_multipliers():
    assert margin_words(result(margin=Margin("compute", None, 1e26, None, 0.02))) == (
        "exponents within 0.02 are equivalent"
    )
    assert margin_words(result()) == (
        "equivalent if the compute multiplier changes by less than 1.25x from 8.64e22 to 1e26"
    )


def test_details_say_why_what_is_shared_and_the_tests():
    found = dict(details(result(shared=("E", "alpha"), floor="shared")))
    assert found["why"].startswith("8 different values")
    assert (found["floor"], found["shared"]) == ("one for all groups", "E, alpha")
    assert found["all groups"] == (
        "same curve p = 0.001, same exponent p = 0.86 (restricted wild cluster bootstrap, 1,000 replicates)"
    )
    bare = dict(details(result(tests={}, reason=None)))
    assert "all groups" not in bare
    assert "why" not in bare
    exact = result().tests
    plain = {name: replace(test, replicates=None, method="F") for name, test in exact.items()}
    assert dict(details(result(tests=plain)))["all groups"].endswith("same exponent p = 0.86 (F test)")


def multiplier(estimate=2.0, *, is_extrapolated=False):
    return Multiplier(2.81, estimate, 1.5, 2.5, 1e19, is_extrapolated)


def said(*rows, pairs=2, **changes):
    pair = compared("steep", "flat", "inconclusive", {"b": Estimate(0.01, -0.01, 0.03)}, compute_multiplier=rows)
    pair = replace(pair, **changes)
    lines = sentences(report(result(comparisons=(pair,) * pairs), command="compare-exponents"))
    return [line.removeprefix(pair.sentence).strip() for line in lines]


@pytest.mark.parametrize(
    ("times", "words"),
    [(2.0, "2"), (1e-3, "0.001"), (0.99e-3, "9.9e-4"), (9_990.0, "9,990"), (1.0e4, "1e4"), (2.5e6, "2.5e6")],
)
def test_each_of_two_pairs_has_the_multiplier_furthest_inside_the_data(times, words):
    rows = (multiplier(7.0), multiplier(times), multiplier(None), multiplier(9.0, is_extrapolated=True))
    found = said(*rows, crossover=None)
    expected = f"At a loss of 2.81, steep needs {words} times the compute of flat. Their laws do not cross."
    assert [line.replace(",", "") for line in found] == [expected.replace(",", "")] * 2
    assert (
        said(multiplier(None), multiplier(9.0, is_extrapolated=True), crossover=None)
        == ["Their laws do not cross."] * 2
    )
    assert said(crossover=None) == ["", ""]


def test_one_pair_says_only_where_its_laws_cross_and_four_say_nothing():
    crossing = Crossover(4e22, 1e22, None, "inside")
    (one,) = said(multiplier(), pairs=1, crossover=crossing, crossover_probability=0.25)
    assert one == ("Their laws cross at compute 4e22 [1e22, -], inside the data (25 % of replicates cross below 1e26).")
    assert said(multiplier(), pairs=4) == []
    assert len(said(multiplier(), pairs=3)) == 3
    for place, words in (("above", "beyond the data"), ("below", "before the data")):
        (one,) = said(pairs=1, crossover=Crossover(4e22, None, None, place), crossover_probability=None)
        assert one == f"Their laws cross at compute 4e22, {words}."


def test_an_end_without_a_limit_is_infinite():
    assert open_interval(Estimate(0.0123, 0.01, 0.0149)) == "[0.01000, 0.01490]"
    assert open_interval(Estimate(0.0123, None, 0.01234)) == "(-inf, 0.0123)"
    assert open_interval(Estimate(0.0123, 0.01234, None)) == "(0.0123, inf)"
