"""Units of forecasts and of the runs that score them."""

from __future__ import annotations

import math

import pytest

from scaling_cli.analysis.score_units import in_unit_of_runs, unit_of
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction
from scaling_cli.errors import DataError
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band

BITS = 1 / math.log(2)


def forecast(column="loss", loss_unit=None):
    one = SavedPrediction(at={"params": 1e9}, loss=Estimate(2.0, 1.9, None), prediction=Band(1.8, 2.2))
    return SavedForecast("old/f.json", {}, 0.95, (one,), frozenset(), None, column, loss_unit)


@pytest.mark.parametrize(
    ("column", "loss_unit", "unit"),
    [
        ("loss", None, None),
        ("loss", "nats", None),
        ("loss", "bits", "bits"),
        ("Loss (bits)", None, "bits"),
        ("loss_bits", "other", "other"),
        ("loss_bits*0.693", None, None),
        ("ln(ppl)", "perplexity", "nats"),
        ("ppl", "nats", "perplexity"),
        ("val/bpb", None, "bits-per-byte"),
        ("eval_bpc", None, "bits per character or word"),
        (None, None, None),
    ],
)
def test_the_unit_is_what_the_option_or_else_the_name_says(column, loss_unit, unit):
    assert unit_of(column, loss_unit) == unit


@pytest.mark.parametrize(
    ("made", "column", "loss_unit", "factor"),
    [
        (forecast(), "loss_bits", "nats", BITS),
        (forecast(), "loss", "bits", BITS),
        (forecast(None), "bits_per_token", "nats", BITS),
        (forecast("loss_bits"), "loss", "nats", 1 / BITS),
        (forecast("loss", "bits"), "val_loss", "nats", 1 / BITS),
        (forecast("loss", "bits"), "ln(ppl)", "perplexity", 1 / BITS),
    ],
)
def test_bits_and_nats_are_converted_with_a_caveat(made, column, loss_unit, factor):
    found, (said,) = in_unit_of_runs(made, column, loss_unit)
    (one,) = found.predictions
    assert [one.loss.estimate, one.loss.low] == pytest.approx([2.0 * factor, 1.9 * factor])
    assert (one.loss.high, one.at) == (None, {"params": 1e9})
    assert [one.prediction.low, one.prediction.high] == pytest.approx([1.8 * factor, 2.2 * factor])
    assert f"multiplied by {factor:.4f}" in said.message


@pytest.mark.parametrize(
    ("made", "column", "loss_unit"),
    [
        (forecast(), "loss", "nats"),
        (forecast(), "val_loss", "nats"),
        (forecast("loss", "bits"), "loss", "nats"),
        (forecast("loss", "bits"), "loss_bits", "nats"),
        (forecast("loss", "bits"), "eval_loss", "bits"),
        (forecast("ln(ppl)", "perplexity"), "loss", "nats"),
        (forecast("bpb"), "loss", "bits-per-byte"),
        (forecast("bpb"), "loss*0.36", "nats"),
        (forecast("acc"), "acc", "nats"),
        (forecast("reward", "other"), "return", "nats"),
    ],
)
def test_forecasts_in_the_unit_of_the_runs_stay_as_they_are(made, column, loss_unit):
    assert in_unit_of_runs(made, column, loss_unit) == (made, [])


@pytest.mark.parametrize(
    ("made", "column", "loss_unit", "remedy"),
    [
        (forecast(), "ppl", "nats", "Give --loss-unit perplexity"),
        (forecast(), "bpb", "nats", "--map 'loss=bpb*FACTOR'"),
        (forecast(), "bpc", "nats", "convert bpc"),
        (forecast("bpb"), "loss", "nats", "give --loss-unit bits-per-byte if loss is in it"),
        (forecast("ppl"), "loss", "nats", "Choose the runs' column of perplexity with --loss COL"),
        (forecast(), "acc", "accuracy", "column in nats with --loss COL"),
    ],
)
def test_another_metric_is_refused(made, column, loss_unit, remedy):
    with pytest.raises(DataError, match=r"f\.json forecasts a loss in") as found:
        in_unit_of_runs(made, column, loss_unit)
    assert remedy in found.value.hint
