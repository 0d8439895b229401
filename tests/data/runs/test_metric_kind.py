"""What the fitted column holds, if not a loss in nats per token."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs import metric_kind
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


def kinds(losses, name="value", unit="nats", **columns):
    """The caveats about a metric, whose points may lack amounts."""
    points = pl.DataFrame({"loss": losses} | columns).with_columns(pl.col("loss").cast(pl.Float64))
    return {each.code: each.message for each in metric_kind.doubts(points, {"loss": name}, unit)}


@pytest.mark.parametrize(
    ("losses", "code", "words"),
    [
        ([0.5, 0.7, 1.0], "not-a-loss", "no value above 1"),
        ([0.5, 0.7, 1.01], None, ""),
        ([0.5, 0.7], None, ""),  # two values say little
        ([0.0, 2.0, 3.0], None, ""),
        ([-0.1, 2.0, 3.0], "not-a-loss", "values below 0"),
        ([10.0, 13.8, 20.0], None, ""),
        ([10.0, 13.9, 20.5], "large-loss", ""),
        ([14.0, 15.0, 16.0], "not-a-loss", "only large whole numbers"),
        ([14.0, 15.0, 16.5], "large-loss", ""),
        ([2.0, 13.0, 90.0], None, ""),  # whole, but not large
        ([0.5, 1e6, 2e6], "large-loss", ""),
        ([0.5, 1.01e6, 2e6], "not-a-loss", "above any perplexity"),
    ],
)
def test_values_are_judged_from_three_on_at_the_limits_of_losses(losses, code, words):
    found = kinds(losses)
    assert list(found) == ([code] if code else [])
    assert words in "".join(found.values())


@pytest.mark.parametrize(("highest", "is_share"), [(100.0, True), (100.1, False)])
def test_large_values_up_to_100_may_be_percentages(highest, is_share):
    assert ("percentages" in kinds([14.5, 15.0, highest])["large-loss"]) == is_share


def test_the_unit_of_a_metric_silences_the_doubt_and_perplexity_says_that_its_log_is_fitted():
    assert kinds([0.5, 0.7, 0.9], unit="accuracy") == {}
    assert list(kinds([2.0, 2.5, 3.0], unit="perplexity")) == ["perplexity-log"]


GROWING = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


@pytest.mark.parametrize(
    ("role", "inputs", "losses", "grows"),
    [
        ("compute", GROWING, GROWING, True),
        ("params", GROWING, GROWING, True),
        ("width", GROWING, GROWING, False),
        ("tokens", GROWING[:7], GROWING[:7], False),  # seven sizes are too few
        ("tokens", [*GROWING[:7], 7.0], GROWING, False),
        ("tokens", GROWING, GROWING[::-1], False),
        ("tokens", GROWING, [1.0, 2.0, 3.0, 8.0, 7.0, 6.0, 5.0, 4.0], True),  # a rank correlation of 0.52
        ("tokens", GROWING, [1.0, 2.0, 4.0, 6.0, 7.0, 8.0, 5.0, 3.0], False),  # and one of 0.5
        ("tokens", GROWING, [2.0] * 8, False),
    ],
)
def test_a_metric_grows_if_its_ranks_follow_one_input_over_eight_sizes(role, inputs, losses, grows):
    assert ("metric-grows" in kinds(losses, "x", "other", **{role: inputs})) == grows


def test_growth_is_judged_by_the_first_amount_that_varies():
    found = kinds(GROWING, "x", "other", compute=GROWING[::-1], tokens=GROWING)
    assert "metric-grows" not in found
    assert "metric-grows" in kinds(GROWING, "x", "other", compute=[1.0] * 8, tokens=GROWING)


def test_outcomes_are_only_zeros_and_ones_and_both():
    assert list(kinds([0.0, 1.0, 1.0], unit="other")) == ["single-outcomes"]
    assert "single-outcomes" not in kinds([1.0, 1.0, 1.0], unit="other")
    assert "single-outcomes" not in kinds([0.0, 1.0, 0.5], unit="other")
    assert "single-outcomes" not in kinds([0.0, 0.5, 0.5], unit="other")


@pytest.mark.parametrize(
    ("losses", "excluded", "is_refused"),
    [
        ([1.0, 1.0], {"non-positive loss": 1}, True),
        ([1.0, 0.5], {"non-positive loss": 1}, False),
        ([1.0, 1.0], {"no loss": 1}, False),
        ([], {"non-positive loss": 1}, False),
    ],
)
def test_successes_alone_are_refused_if_failures_were_left_out(losses, excluded, is_refused):
    series = pl.Series(losses, dtype=pl.Float64)
    if not is_refused:
        metric_kind.refuse_outcomes(series, excluded, "solved")
    else:
        with pytest.raises(DataError, match="solved holds only 0 and 1"):
            metric_kind.refuse_outcomes(series, excluded, "solved")
