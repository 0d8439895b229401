"""What columns beside the loss say about its unit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError

PARAMS = np.geomspace(1e8, 3e9, 6)


def table(**more):
    params, tokens = np.repeat(PARAMS, 3), np.tile([2e9, 8e9, 3.2e10], 6)
    loss = 1.8 + 480 / params**0.34 + 2000 / tokens**0.37
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss, **more})


def said(frame, **options):
    report = scaling.fit(frame, law="chinchilla", interval="none", **options)
    return [found.message for found in report.caveats if found.code == "loss-unit"]


@pytest.mark.parametrize(
    ("column", "value", "unit"),
    [
        ("loss_unit", "bits", "bits"), ("unit", "Bits per byte", "bits-per-byte"),
        ("loss_units", "BPB", "bits-per-byte"), ("loss_unit", "bpc", "bits"),
        ("loss_unit", "perplexity", "perplexity"), ("loss_unit", "nats", None), ("loss_unit", "nats/token", None),
        ("loss_unit", None, None), ("params_unit", "M", None),
    ],
)  # fmt: skip
def test_a_column_that_names_another_unit_than_nats_is_believed(column, value, unit):
    messages = said(table().with_columns(pl.lit(value, pl.String).alias(column)))
    if unit is None:
        assert not messages
        return
    (message,) = messages
    assert message.startswith(f"As {column} says, loss holds {unit},")
    assert f"give --loss-unit {unit}." in message
    assert not said(table().with_columns(pl.lit(value).alias(column)), loss_unit="other")


@pytest.mark.parametrize("name", ["ppl", "valid_ppl", "perplexity"])
def test_losses_of_which_two_to_their_power_is_the_perplexity_are_in_bits(name):
    bits = table(**{name: table()["loss"].exp().round(2)}).with_columns(loss=(pl.col("loss") / np.log(2)).round(3))
    (message,) = said(bits)
    assert message.startswith(f"By the values of {name}, loss holds bits,")
    assert not said(bits, loss_unit="bits")


@pytest.mark.parametrize("change", [1.0, 0.8, 1.3])
def test_perplexities_of_losses_in_nats_or_of_other_data_say_nothing(change):
    assert not said(table(ppl=(table()["loss"] * change).exp()))


def test_perplexities_that_are_text_or_missing_or_few_say_nothing():
    nothing = table(ppl=[None] * 18, val_ppl=["n/a"] * 18, test_ppl=[float("nan")] * 18)
    assert not said(nothing)
    few = [2.0 ** table()["loss"][0], 2.0 ** table()["loss"][1], *[None] * 16]
    assert not said(table(ppl=few))


def test_perplexities_do_not_count_as_what_runs_differ_in():
    """They follow from the loss, so they would explain all that is left of it."""
    noisy = table().with_columns(loss=pl.col("loss") * np.exp(0.05 * np.random.default_rng(0).standard_normal(18)))
    frames = noisy, noisy.with_columns(ppl=pl.col("loss").exp())
    codes = [[found.code for found in scaling.fit(frame, interval="none").caveats] for frame in frames]
    assert codes[0] == codes[1]


def test_bits_and_bits_per_byte_are_two_units():
    mixed = table(loss_unit=["bits"] * 9 + ["bits per byte"] * 9)
    with pytest.raises(DataError, match="in bits and bits-per-byte, as column loss_unit says") as refused:
        scaling.fit(mixed, interval="none")
    assert "--by loss_unit" in refused.value.hint


def test_only_groups_in_another_unit_than_nats_are_named():
    group = ["a"] * 9 + ["b"] * 9
    units = {"both": ["bits"] * 18, "one": ["nats"] * 9 + ["bits"] * 9, "two": ["bits"] * 9 + ["bpb"] * 9}
    found = {}
    for name, values in units.items():
        report = scaling.fit(table(group=group, loss_unit=values), by="group", law="power", x="params", interval="none")
        doubts = [each for each in report.caveats if each.code == "loss-unit"]
        found[name] = [((each.group or {}).get("group"), each.message.partition("holds ")[2][:13]) for each in doubts]
    assert found["both"] == [(None, "bits, not a l")]
    assert found["one"] == [("b", "bits, not a l")]
    assert found["two"] == [("a", "bits, not a l"), ("b", "bits-per-byte")]
