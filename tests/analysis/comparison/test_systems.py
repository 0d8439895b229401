"""The verdict on simulated runs of published systems, whose truths are known (docs/compare-exponents.md lists them)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling


@pytest.fixture
def systems(shared_data):
    return shared_data / "seed_systems"


def compared(table, **options):
    (result,) = scaling.compare_exponents(table, **{"replicates": 199, **options}).results
    return result


def moved(result):
    return {effect.name: effect.exponent.moves for effect in result.factors}


@pytest.mark.slow
def test_modalities_with_different_exponents_are_ranked(systems):
    result = compared(systems / "henighan.csv", by="modality")
    truth = {"image8": 0.19, "image16": 0.16, "image32": 0.10, "vq16": 0.11, "vq32": 0.12, "text2image": 0.15,
             "video_vq": 0.14, "math": 0.17, "language": 0.048}  # fmt: skip
    wrong = [
        pair for pair in result.comparisons
        if pair.verdict == "equivalent" and abs(truth[pair.left] - truth[pair.right]) > pair.margin["b"]
    ]  # fmt: skip
    assert not wrong
    assert sum(pair.verdict == "different" for pair in result.comparisons) >= 10
    assert result.incomparable == "modality"
    assert result.ranking[-1].name == "language"


def test_five_translation_systems_share_an_exponent_and_back_translation_does_not(systems):
    result = compared(systems / "bansal.csv", by="variant", law="m3", x="train_pairs")
    (shared,) = (found for found in result.sharing if len(found.groups) > 1)
    assert len(shared.groups) == 5
    assert "back_translation" not in shared.groups
    assert shared.exponent["c"].low < -0.285 < shared.exponent["c"].high
    assert result.sentence.startswith("5 of 6 groups are consistent with one exponent")


def test_experts_change_the_constants_of_a_surface_only(systems):
    result = compared(systems / "moe_dense.csv", factors="arch", params="active_params")
    (effect,) = result.factors
    assert effect.exponent.moves is False
    assert effect.constant.moves is True


def test_architecture_does_not_move_the_exponent_and_the_mixture_does(systems):
    result = compared(systems / "shukor.csv", factors="architecture,mixture", law="power")
    assert moved(result)["architecture"] is False
    assert moved(result)["mixture"] is True
    low, high = result.factors[1].exponent.effect["b"].low, result.factors[1].exponent.effect["b"].high
    assert low < 0.003 < high


@pytest.mark.slow
def test_granularity_is_not_said_to_move_the_exponents(systems):
    result = compared(systems / "granularity.csv", covariate="log(granularity)", interval="sandwich")
    assert moved(result)["log(granularity)"] is not True


@pytest.mark.slow
def test_granularities_that_share_the_rest_have_one_exponent(systems):
    result = compared(systems / "granularity.csv", by="granularity", law="chinchilla", share="E,B,beta")
    assert result.shared == ("E", "B", "beta")
    assert all(pair.verdict in ("equivalent", "inconclusive") for pair in result.comparisons)
    assert sum(pair.verdict == "equivalent" for pair in result.comparisons) >= 9
    alphas = [pair.exponent_difference["alpha"] for pair in result.comparisons]
    assert max(alpha.high - alpha.low for alpha in alphas) < 0.005


def test_the_regime_moves_the_exponent_of_the_hard_task_only(systems):
    result = compared(systems / "lazy.csv", factors="task,regime", loss="test_mse", law="power")
    inner = next(effect for effect in result.factors if effect.name == "task:regime")
    assert inner.exponent.moves is True
    by = {next(iter(level.at.values())): level.exponent for level in inner.levels if level.factor == "regime"}
    assert by["hard"].moves is True
    assert by["easy"].moves is False
    assert by["hard"].effect["b"].low < 0.4 - 0.8 / 1.4 < by["hard"].effect["b"].high
    assert result.incomparable == "task"


@pytest.mark.slow
def test_only_the_data_move_the_exponent_of_three_crossed_factors(systems):
    result = compared(systems / "multifactor.csv", factors="optimizer,architecture,data")
    found = moved(result)
    assert found.pop("data") is True
    assert not any(found.values())
    sizes = {effect.name: effect for effect in result.factors}
    assert sizes["data"].exponent.effect["b"].low < 0.04 < sizes["data"].exponent.effect["b"].high
    for name, truth in (("optimizer", 0.95), ("architecture", 0.88)):
        assert sizes[name].constant.moves is True
        assert sizes[name].constant.effect["a"].low < truth < sizes[name].constant.effect["a"].high


def test_larger_patches_need_more_training_and_less_inference(systems):
    # A model of best size has params that grow as the root of compute; it reads one patch at a time.
    frame = pl.read_csv(systems / "blt.csv").with_columns(
        (2 * (pl.col("compute") / 120).sqrt() / pl.col("patch_size")).alias("inference_flops")
    )
    options = {"by": "tokenizer", "law": "power", "reference": "bpe"}
    options |= {"loss": "bits_per_byte", "loss_unit": "bits-per-byte"}
    training = compared(frame, **options)
    inference = compared(frame, **options, x="inference_flops")
    for result in (training, inference):
        assert result.incomparable is None  # bits per byte do not depend on the tokenizer
        for pair in result.comparisons:
            truth = {"blt_ps6": -0.0002, "blt_ps8": -0.0007}[pair.left]
            size = 1 if result is training else 2  # in inference FLOPs, of which training takes the square
            assert pair.verdict != "equivalent" or abs(size * truth) <= pair.margin["b"]
            assert pair.verdict != "different" or pair.left == "blt_ps8"
    for result, is_training in ((training, True), (inference, False)):
        place = result.margin.start  # where the data of all three end
        compute = place if is_training else 120 * (place * 4.4 / 2) ** 2
        loss = 6.2 * compute**-0.0475
        for name, k, b, patch in (("blt_ps6", 6.25, 0.0477, 6.0), ("blt_ps8", 6.45, 0.0482, 8.0)):
            more = (k / loss) ** (1 / b) / compute
            truth = more if is_training else np.sqrt(more) * 4.4 / patch
            (row,) = (row for row in result.ranking if row.name == name)
            assert row.multiplier.low < truth < row.multiplier.high
