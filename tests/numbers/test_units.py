"""Units in the names of columns."""

import pytest

from scaling_cli.numbers.units import COMPUTE_SUFFIXES, COUNT_UNITS, PF_DAY, compute_unit, split_count_unit


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
