"""Units in the names of columns."""

import pytest

from scaling_cli.numbers.units import (
    COMPUTE_SUFFIXES,
    COUNT_UNITS,
    PF_DAY,
    cell_units,
    compute_unit,
    metric_unit,
    split_count_unit,
)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("compute", 1.0),
        ("flops", 1.0),
        ("train_gflops", 1e9),
        ("gflop", 1e9),
        ("gigaflops", 1e9),
        ("compute_teraflops", 1e12),
        ("petaflops", 1e15),
        ("exaflops", 1e18),
        ("zettaflops", 1e21),
        ("compute_pf_days", PF_DAY),
    ],
)
def test_compute_has_the_unit_of_its_name(name, unit):
    assert compute_unit(name) == unit


def test_a_petaflop_day_is_a_day_of_a_petaflop_per_second():
    assert PF_DAY == 1e15 * 24 * 3600
    assert all(unit > 0 for unit in COMPUTE_SUFFIXES.values())


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("k", 1e3), ("m", 1e6), ("million", 1e6), ("millions", 1e6), ("b", 1e9), ("bn", 1e9), ("billion", 1e9),
     ("billions", 1e9), ("t", 1e12), ("trillion", 1e12), ("trillions", 1e12)],
)  # fmt: skip
def test_counts_have_the_unit_after_the_last_underscore(unit, factor):
    assert split_count_unit(f"tokens_{unit}") == ("tokens", factor)
    assert COUNT_UNITS[unit] == factor


@pytest.mark.parametrize("name", ["tokens", "m", "_m", "tokens_seen"])
def test_other_names_have_no_unit(name):
    assert split_count_unit(name) == (name, 1.0)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("val_ppl", "perplexity"),
        ("perplexity", "perplexity"),
        ("loss_bpb", "bits-per-byte"),
        ("bits_per_byte", "bits-per-byte"),
        ("bpc", "bits"),
        ("bpt", "bits"),
        ("bits_per_char_mean", "bits"),
        ("bits_per_character", "bits"),
        ("bits_per_token", "bits"),
        ("bits_per_word", "bits"),
        ("val_loss_bits", "bits"),
        ("loss_in_bits", "bits"),
        ("loss_4_bits", None),
        ("acc", "accuracy"),
        ("val_accuracy", "accuracy"),
        ("account", None),
        ("loss", None),
    ],
)
def test_metrics_are_named_by_whole_words(name, unit):
    assert metric_unit(name) == unit


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("flop", 1.0),
        ("flos", 1.0),
        ("gflops", 1e9),
        ("tflop", 1e12),
        ("tflops", 1e12),
        ("pflop", 1e15),
        ("pflops", 1e15),
        ("eflop", 1e18),
        ("eflops", 1e18),
        ("zflop", 1e21),
        ("zflops", 1e21),
        ("pf_day", PF_DAY),
        ("pfdays", PF_DAY),
        ("petaflop_s_days", PF_DAY),
        ("petaflops_days", PF_DAY),
    ],
)
def test_every_unit_of_compute_has_its_factor(unit, factor):
    assert COMPUTE_SUFFIXES[unit] == factor
    assert compute_unit(f"train_{unit}") == factor


@pytest.mark.parametrize(
    ("role", "scale", "units"),
    [
        ("compute", 1.0, COMPUTE_SUFFIXES),
        ("compute", 1e9, {}),
        ("loss", 1.0, {"%": 0.01, "nats": 1.0}),
        ("loss", 2.0, {"%": 0.01, "nats": 1.0}),
        ("lr", 1.0, {}),
    ],
)
def test_cells_may_have_units_where_their_column_has_none(role, scale, units):
    assert cell_units(role, scale) == units


def test_words_and_letters_of_counts_are_powers_of_a_thousand():
    powers = {"k": 3, "tho": 3, "m": 6, "b": 9, "t": 12, "tri": 12}
    for unit, factor in COUNT_UNITS.items():
        prefix = max((prefix for prefix in powers if unit.startswith(prefix)), key=len)
        assert factor == 10.0 ** powers[prefix]


def test_units_of_compute_are_those_of_their_prefix():
    powers = {"g": 9, "t": 12, "p": 15, "e": 18, "z": 21, "f": 0}
    for unit, factor in COMPUTE_SUFFIXES.items():
        assert factor == (PF_DAY if "day" in unit else 10.0 ** powers[unit[0]])
    assert PF_DAY == 1e15 * 24 * 60 * 60


def test_nouns_may_stand_in_cells_behind_the_numbers_of_their_role():
    assert cell_units("params", 1.0)["m_params"] == 1e6
    assert cell_units("tokens", 1.0)["tokens"] == 1.0
    assert cell_units("step", 1.0)["k_steps"] == 1e3
    assert cell_units("loss", 1.0)["nats"] == 1.0
    # A unit in the name of the column would count twice.
    assert cell_units("params", 1e6) == {}
