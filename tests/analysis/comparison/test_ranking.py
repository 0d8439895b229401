"""Many groups: letters, the exponent they share, and the pairs that decide both."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.stats import f

import scaling_cli as scaling
from scaling_cli.analysis.comparison.ranking import letters_of, ranking
from scaling_cli.record import replace
from scaling_cli.results.comparison import DIFFERENT, Margin
from scaling_cli.results.fit import Estimate
from tests.analysis.comparison.many_simulations import DESIGNS, mistakes
from tests.analysis.comparison.simulations import binomial_bounds
from tests.analysis.comparison.test_many import normal
from tests.analysis.comparison.test_multiplier import curves_of, power


@pytest.mark.parametrize("seed", range(20))
def test_two_groups_have_a_letter_in_common_exactly_if_they_do_not_differ(seed):
    generator = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(7), 2))
    apart = [pair for pair in pairs if generator.random() < 0.4]
    sets = letters_of(7, apart)
    for pair in pairs:
        assert any(set(pair) <= held for held in sets) == (pair not in apart)
    assert not any(one < other for one in sets for other in sets)


def groups(exponents, runs=12, noise=0.002, seed=0, column="recipe"):
    generator = np.random.default_rng(seed)
    rows = [
        {column: f"g{i}", "compute": x, "loss": (1.2 + 0.1 * i + 1.5 * (x / 1e20) ** b)}
        for i, b in enumerate(exponents)
        for x in np.geomspace(1e18, 1e22, runs)
    ]
    losses = pl.Series(np.exp(noise * generator.standard_normal(len(rows))))
    return pl.DataFrame(rows).with_columns(pl.col("loss") * losses)


def test_the_answer_names_the_groups_that_share_an_exponent_and_those_that_do_not():
    frame = groups([-0.15] * 5 + [-0.25])
    (result,) = scaling.compare_exponents(frame, by="recipe", replicates=199).results
    assert len(result.comparisons) == 15
    assert result.ranking[0].name == "g5"
    assert result.ranking[0].letters == "a"
    assert {row.letters for row in result.ranking[1:]} == {"b"}
    (shared,) = result.sharing
    assert shared.exponent["b"].low < -0.15 < shared.exponent["b"].high
    assert result.sentence.startswith("5 of 6 groups are consistent with one exponent, -0.15")
    assert "g5 (-0.2" in result.sentence


def test_groups_that_all_share_an_exponent_have_the_p_value_of_the_test_of_all():
    (result,) = scaling.compare_exponents(groups([-0.15] * 3, seed=2), by="recipe", replicates=99).results
    (shared,) = result.sharing
    assert shared.groups == tuple(row.name for row in result.ranking)
    assert shared.p_value == result.tests["same_exponent"].p_value


def test_a_clear_difference_among_many_pairs_is_found_with_the_default_replicates():
    frame = groups([-0.12, *np.linspace(-0.15, -0.2, 8)], runs=10)
    report = scaling.compare_exponents(frame, by="recipe")
    assert len(report.results[0].comparisons) == 36
    assert any(pair.verdict == "different" for pair in report.results[0].comparisons)
    assert "coarse-p-values" not in {caveat.code for caveat in report.caveats}


def test_losses_of_different_evaluations_are_not_compared_unless_asked_for():
    frame = groups([-0.15, -0.2], column="modality")
    (result,) = scaling.compare_exponents(frame, by="modality", replicates=99).results
    assert result.incomparable == "modality"
    (pair,) = result.comparisons
    assert not pair.compute_multiplier
    assert pair.crossover is None
    assert "needs" not in result.sentence
    (same,) = scaling.compare_exponents(frame, by="modality", replicates=99, same_metric=True).results
    assert same.comparisons[0].compute_multiplier


@pytest.mark.parametrize(("loss", "unit", "is_shown"), [("loss", "nats", False), ("bits_per_byte", "nats", True),
                                                        ("loss", "bits-per-byte", True)])  # fmt: skip
def test_tokenizers_can_be_compared_by_losses_per_byte(loss, unit, is_shown):
    frame = groups([-0.15, -0.2], column="tokenizer").rename({"loss": loss})
    options = {"by": "tokenizer", "replicates": 99, "loss": loss, "loss_unit": unit}
    (result,) = scaling.compare_exponents(frame, **options).results
    assert bool(result.comparisons[0].compute_multiplier) is is_shown


def test_a_difference_is_said_as_what_it_does_to_the_multiplier():
    (result,) = scaling.compare_exponents(groups([-0.15, -0.2]), by="recipe", replicates=99).results
    assert (
        "With 1,000 times the compute of g1, this difference alone changes the compute multiplier by"
        in result.comparisons[0].sentence
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_one_of_many_pairs_is_rarely_called_different_by_mistake(name):
    found = mistakes(DESIGNS[name], 300)
    _, high = binomial_bounds(300, level=1 - 0.05 / len(DESIGNS))
    assert found.pairs <= high
    assert found.letters <= high


def made(values, *, curves=None, error=0.004):
    """Groups whose profiles are parabolas, in which the objective is that of a normal estimate."""
    groups = [
        SimpleNamespace(name=f"g{i}", parameters={"b": Estimate(-value), "c": Estimate(1.0)})
        for i, value in enumerate(values)
    ]
    return SimpleNamespace(
        groups=groups, exponents=("b",), margin=Margin("compute", 1e20, 1e24, 1.5), curves=curves, level=0.9,
        profiles=[{"b": normal(-value, error)} for value in values],
        members=[SimpleNamespace(freedom=10 + i) for i in range(len(values))],
    )  # fmt: skip


def different(*pairs):
    every = [SimpleNamespace(left=f"g{i}", right=f"g{j}", verdict=DIFFERENT) for i, j in pairs]
    return [*every, SimpleNamespace(left="g0", right="g1", verdict="inconclusive")]


def test_groups_are_ordered_by_the_size_of_their_exponent_with_letters_in_that_order():
    data = made([0.15, 0.10, 0.20, 0.16])
    rows, sharing = ranking(data, different((1, 2), (1, 3), (1, 0)), np.ones(4), None)
    assert [(row.name, row.letters) for row in rows] == [("g2", "a"), ("g3", "a"), ("g0", "a"), ("g1", "b")]
    assert [row.exponent["b"].estimate for row in rows] == [-0.20, -0.16, -0.15, -0.10]
    assert all((row.multiplier, row.against) == (None, None) for row in rows)
    assert [shared.groups for shared in sharing] == [("g2", "g3", "g0")]
    overlapping, _ = ranking(data, different((1, 2)), np.ones(4), None)
    assert [row.letters for row in overlapping] == ["a", "ab", "ab", "b"]
    alone, none = ranking(data, different((1, 2)), np.ones(4), "g3")
    assert {row.letters for row in alone} == {""}
    assert none == ()
    assert {row.against for row in alone} == {"g3"}


def test_the_exponent_that_groups_share_is_their_mean_weighted_by_precision():
    data, scales = made([0.15, 0.10, 0.16]), np.array([1.0, 3.0, 2.0])
    (shared,) = ranking(data, [], scales, None)[1]
    values, weights = -np.array([0.15, 0.10, 0.16]), 1 / (0.004 * scales) ** 2
    mean = np.average(values, weights=weights)
    freedom = 10 + 11 + 12
    reach = np.sqrt(f.ppf(0.9, 1, freedom) / weights.sum())
    found = shared.exponent["b"]
    assert (found.estimate, found.low, found.high) == pytest.approx((mean, mean - reach, mean + reach), abs=3e-4)
    rise = (weights * (values - mean) ** 2).sum()
    assert shared.p_value == pytest.approx(f.sf(rise / 2, 2, freedom), rel=0.02)


def test_the_test_of_all_groups_decides_whether_all_share_one_exponent():
    data = made([0.15, 0.10, 0.20, 0.16])
    (of_all,) = ranking(data, [], np.ones(4), None, 0.25)[1]
    assert of_all.p_value == 0.25
    (of_some,) = ranking(data, different((1, 2), (1, 3), (1, 0)), np.ones(4), None, 0.25)[1]
    assert of_some.p_value != 0.25


def test_multipliers_are_against_the_group_of_the_lowest_loss_where_the_data_end():
    results = [power({"a": a, "b": -0.06}, (1e18, 1e20)) for a in (30.0, 27.0, 28.0)]
    data = made([0.06, 0.06, 0.06], curves=curves_of(results))
    rows, _ = ranking(data, [], np.ones(3), None)
    assert {row.against for row in rows} == {"g1"}
    found = {row.name: row.multiplier for row in rows}
    assert found["g1"] is None
    assert found["g0"].estimate == pytest.approx((30 / 27) ** (1 / 0.06), rel=1e-6)
    crossing = [power({"a": a, "b": b}, (1e18, 1e20)) for a, b in ((30.0, -0.07), (20.0, -0.06))]
    for start, best in ((1e16, "g1"), (1e22, "g0")):  # the curves cross at 4e17
        placed = replace(data.margin, start=start)
        turned = SimpleNamespace(**{**vars(made([0.07, 0.06], curves=curves_of(crossing))), "margin": placed})
        rows, _ = ranking(turned, [], np.ones(2), None)
        assert {row.against for row in rows} == {best}
        ratio = 30.0 / 20.0 * start**-0.01  # of the losses where the data end
        wanted = ratio ** (1 / 0.07) if best == "g1" else ratio ** (-1 / 0.06)
        (needed,) = (row.multiplier.estimate for row in rows if row.multiplier is not None)
        assert needed == pytest.approx(wanted, rel=1e-6)
    against, _ = ranking(data, [], np.ones(3), "g2")
    assert {row.name: row.multiplier and row.multiplier.estimate for row in against} == {
        "g0": pytest.approx((30 / 28) ** (1 / 0.06), rel=1e-6),
        "g1": pytest.approx((27 / 28) ** (1 / 0.06), rel=1e-6),
        "g2": None,
    }
