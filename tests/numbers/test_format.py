import math

import pytest

from scaling_cli.numbers.format import (
    amount,
    brief,
    count,
    escape,
    figure,
    flops,
    group_name,
    percent,
    rounded,
    signed_percent,
    with_and,
)
from scaling_cli.results.fit import Estimate


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((0.347811, 0.31712, 0.37309), "0.3478 [0.3171, 0.3731]"),
        ((482.006, 285.2, 743.9), "482 [285, 744]"),
        ((1.817218, 1.7694, 1.8712), "1.817 [1.769, 1.871]"),
        ((2143.4, 1042.1, 5810.2), "2143 [1042, 5810]"),
        ((0.001, -0.05, 0.05), "0.001 [-0.050, 0.050]"),
        ((-0.05003, -0.05101, -0.04898), "-0.05003 [-0.05101, -0.04898]"),
        ((1.9e7, 4.1e6, 8.8e7), "1.9e7 [4.1e6, 8.8e7]"),
        ((0.24e23, 0.08e23, 5.21e23), "2.4e22 [8e21, 5.2e23]"),
        ((9.6e6, 9.1e6, 1.02e7), "9.60e6 [9.10e6, 1.020e7]"),
        ((2.5e-9, 2.4e-9, 2.6e-9), "2.500e-9 [2.400e-9, 2.600e-9]"),
        ((5.0, 1e-6, 1e9), "5 [1e-6, 1e9]"),
        ((0.35, 0.35, 0.35), "0.350000 [0.350000, 0.350000]"),
        ((-0.0001, -0.5, 0.5), "0.00 [-0.50, 0.50]"),
        ((0.372, None, None), "0.3720 -"),
        ((-0.05, None, -0.01), "-0.0500 [-, -0.0100]"),
        ((None, None, None), "- -"),
        ((0.0, None, None), "0.000 -"),
    ],
)
def test_value_and_interval_share_their_last_digit(value, expected):
    shown = rounded(Estimate(*value))
    assert f"{shown.estimate} {shown.interval}" == expected


def test_rounding_never_moves_a_number_by_more_than_a_hundredth_of_its_interval():
    for power in range(-12, 13):
        value = Estimate(1.2345678 * 10.0**power, 1.1 * 10.0**power, 1.4 * 10.0**power)
        assert math.isclose(float(rounded(value).estimate), value.estimate, rel_tol=0.003)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (44e6, "44M"),
        (16.18e9, "16.2B"),
        (1.4e12, "1.4T"),
        (999_999_999, "1B"),
        (999.6, "1K"),
        (240, "240"),
        (3.2e15, "3.2e15"),
    ],
)
def test_counts_carry_suffixes(number, expected):
    assert count(number) == expected


def test_compute_is_scientific():
    assert [flops(5.76e23), flops(1e21), amount("compute", 1.018e18)] == ["5.76e23", "1e21", "1.02e18"]


def test_shares_read_as_percent():
    assert [percent(0.00512), percent(0.95, 4), percent(0.683, 4), percent(None)] == [
        "0.51 %",
        "95 %",
        "68.3 %",
        "-",
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (1234567.0, "1.235e6"), (0.25, "0.25"), (None, "-"), (1e-12, "1e-12"), (100.0, "100")],
)
def test_figures_have_no_trailing_zeros(number, expected):
    assert figure(number) == expected


def test_names_cannot_steer_the_terminal():
    assert escape("a\x1b[2J\n\x07\x9b\u202e\ud800é漢") == "a\\x1b[2J\\x0a\\x07\\x9b\\u202e\\ud800é漢"


def test_a_group_is_named_by_its_value_or_by_all_its_columns():
    names = [group_name({}), group_name({"o": "adam\t"}), group_name({"o": "adam", "d": "c4"})]
    assert names == ["", "adam\\x09", "o=adam, d=c4"]


def test_names_in_a_sentence_have_one_and():
    assert [with_and([]), with_and("a"), with_and("ab"), with_and(iter("abc"))] == ["", "a", "a and b", "a, b and c"]


def test_counts_have_three_digits():
    assert [count(number) for number in (1234, 16.234e9, 999.4e3)] == ["1.23K", "16.2B", "999K"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0123, "+1.2 %"), (-0.0123, "-1.2 %"), (0.00001, "0.0 %"), (None, "-"), (math.inf, "-"), (math.nan, "-")],
)
def test_signed_shares_read_as_percent(share, text):
    assert signed_percent(share) == text


def test_a_brief_number_has_no_more_digits_than_floats_hold():
    assert brief(Estimate(1.8240, 1.8156, 1.8318)) == "1.824 [1.816, 1.832]"
    exact = brief(Estimate(123.456789012345, 123.456789012344, 123.456789012346))
    assert max(len(part.strip("[], ").replace(".", "")) for part in exact.split()) <= 17
