"""What the fitted column holds, if not a loss in nats per token."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

SIZES = [1e7 * 2**i for i in range(10)]
FALLING = [1.8 + 400 / size**0.34 for size in SIZES]
GENERATOR = np.random.default_rng(0)


def loaded(values, name="loss", **options):
    frame = pl.DataFrame({"params": SIZES, "tokens": [20 * size for size in SIZES], name: values})
    return load_runs(frame, loss=name, **options)


def messages(*args, **options):
    return {caveat.code: caveat.message for caveat in loaded(*args, **options).caveats}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("win_percent", "a percentage"),
        ("gsm8k/exact_match", "an accuracy"),
        ("mean_reward", "a reward"),
        ("bleu", "a score"),
        ("imagenet_error", "an error rate"),
        ("steps_to_target", "a number of steps"),
        ("critical_batch", "a number of tokens or samples"),
        ("train_seconds", "a time"),
    ],
)
def test_a_name_says_what_a_column_holds(name, kind):
    message = messages(FALLING, name)["not-a-loss"]
    assert kind in message
    unit = message.partition("--loss-unit ")[2].rstrip(".")
    assert "not-a-loss" not in messages(FALLING, name, loss_unit=unit)


@pytest.mark.parametrize(("name", "unit"), [("val_bpc", "bits"), ("bits_per_token", "bits"), ("val/ppl", "perplexity")])
def test_a_name_gives_its_unit(name, unit):
    assert f"--loss-unit {unit}" in messages(FALLING, name)["loss-unit"]


@pytest.mark.parametrize("name", ["loss", "val_loss", "eval/nll", "loss_c4", "error_loss", "score_nll"])
def test_a_loss_has_no_caveat(name):
    assert messages(FALLING, name) == {}


def test_values_below_one_are_no_losses_unless_they_are_called_so():
    shares = [loss / 10 for loss in FALLING]
    assert "no value above 0." in messages(shares, "value")["not-a-loss"]
    assert messages(shares) == {}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([round(1e5 / loss) for loss in FALLING[::-1]], "only large whole numbers"),
        ([1e7 * loss for loss in FALLING], "above any perplexity"),
    ],
)
def test_values_say_that_they_are_no_losses(values, words):
    assert words in messages(values)["not-a-loss"]


def test_values_below_zero_are_no_losses():
    assert "values below 0" in messages([loss - 3 for loss in FALLING], positive_loss=False)["not-a-loss"]


@pytest.mark.parametrize(("scale", "has_percentages"), [(15.0, True), (1500.0, False)])
def test_large_values_are_perplexities_or_percentages(scale, has_percentages):
    message = messages([scale * (1 + 1 / loss) for loss in FALLING[::-1]])["large-loss"]
    assert ("percentages" in message) == has_percentages


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_outcomes_of_single_attempts_are_not_fitted_on_logs(share):
    outcomes = [float(draw) for draw in GENERATOR.random(10) < share]
    assert set(outcomes) == {0.0, 1.0}
    for name in ("loss", "solved"):
        with pytest.raises(DataError, match="holds only 0 and 1"):
            loaded(outcomes, name)
        assert "single-outcomes" in messages(outcomes, name, positive_loss=False)


def test_rates_that_include_zero_and_one_are_not_outcomes():
    assert "single-outcomes" not in messages(np.linspace(0, 1, 10).tolist(), positive_loss=False)
