"""Many groups: letters, the exponent they share, and the pairs that decide both."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.comparison.ranking import letters_of
from tests.analysis.comparison.many_simulations import DESIGNS, mistakes
from tests.analysis.comparison.simulations import binomial_bounds


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
        "With 1,000 times the compute, this difference alone changes the compute multiplier by"
        in result.comparisons[0].sentence
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_one_of_many_pairs_is_rarely_called_different_by_mistake(name):
    found = mistakes(DESIGNS[name], 300)
    _, high = binomial_bounds(300, level=1 - 0.05 / len(DESIGNS))
    assert found.pairs <= high
    assert found.letters <= high
