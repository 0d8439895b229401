import itertools
import math

import pytest

from scaling_cli.numbers.format import (
    amount,
    asked,
    brief,
    count,
    decimal,
    escape,
    figure,
    flops,
    group_name,
    number_of,
    percent,
    rounded,
    signed,
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
        ((5e-324, None, None), "4.9e-324 -"),
        ((1e-310, 1e-310, 1e-310), "1e-310 [1e-310, 1e-310]"),
        ((-1e-305, -2e-305, 1e-320), "-1e-305 [-2e-305, 1e-320]"),
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


def test_one_of_several_losses_is_named_before_its_group():
    assert group_name({"loss": "code_loss"}) == "code_loss"
    assert group_name({"loss": "code_loss", "opt": "adam"}) == "code_loss of adam"
    assert group_name({"loss": "code_loss", "opt": "adam", "data": "c4"}) == "code_loss of opt=adam, data=c4"


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


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (999_999.0, 4, "999999"),
        (1e6, 4, "1e6"),
        (-1e6, 4, "-1e6"),
        (0.001, 4, "0.001"),
        (0.00099, 4, "9.9e-4"),
        (123.456, 4, "123.5"),
        (123.456, 3, "123"),
        (0.012345, 4, "0.01235"),
        (9.9996, 4, "10"),
        (-0.5, 1, "-0.5"),
        (1234.0, 2, "1234"),  # whole digits are never dropped
        (math.inf, 4, "-"),
        (math.nan, 4, "-"),
    ],
)
def test_a_figure_has_its_significant_digits(number, digits, text):
    assert figure(number, digits) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999.4, "999"),
        (999.5, "1K"),
        (999.4e3, "999K"),
        (999.5e3, "1M"),
        (999.5e6, "1B"),
        (999.5e9, "1T"),
        (999.4e12, "999T"),
        (999.5e12, "1e15"),
        (0.5, "0.5"),
    ],
)
def test_a_count_belongs_to_the_suffix_to_which_it_rounds(number, text):
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (1.25, 1, "+1.2"),
        (-1.25, 1, "-1.2"),
        (0.04, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (-0.06, 1, "-0.1"),
        (None, 1, "-"),
        (math.nan, 1, "-"),
    ],
)
def test_a_difference_has_a_sign_unless_it_rounds_to_zero(number, decimals, text):
    assert signed(number, decimals) == text


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [(1.25, 3, "1.250"), (-0.0004, 3, "0.000"), (-0.0006, 3, "-0.001"), (None, 2, "-"), (math.inf, 2, "-")],
)
def test_a_decimal_has_as_many_as_asked(number, decimals, text):
    assert decimal(number, decimals) == text


def test_missing_numbers_are_marked():
    assert [flops(0.0), flops(-0.0)] == ["0", "0"]
    assert [flops(None), flops(math.inf), percent(math.nan), signed_percent(-0.5, 0)] == ["-", "-", "-", "-50 %"]


@pytest.mark.parametrize(
    ("role", "text"),
    [("params", "1.2B"), ("tokens", "1.2B"), ("unique_tokens", "1.2B"), ("compute", "1.2e9"), ("step", "1.2e9")],
)
def test_amounts_are_written_as_their_role_is(role, text):
    assert amount(role, 1.2e9) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1.0, 0.001, 1.0), "1.000 [0.001, 1.000]"),  # a factor of a thousand
        ((1.0, 0.00099, 1.0), "1 [9.9e-4, 1]"),
        ((1.0, -0.00099, 1.0), "1.00 [0.00, 1.00]"),
        ((999_999.0, 999_000.0, 999_999.9), "999999 [999000, 1000000]"),
        ((1e6, 9.9e5, 1e6), "1.0000e6 [9.900e5, 1.0000e6]"),
        ((0.001, 0.0009, 0.001), "0.001000 [0.000900, 0.001000]"),
        ((0.00099, 0.0009, 0.00099), "9.900e-4 [9.000e-4, 9.900e-4]"),
        ((2e7, 2e6, 2e7), "2.00e7 [2.0e6, 2.00e7]"),  # a factor of ten
        ((2e7, 1.9e6, 2e7), "2e7 [1.9e6, 2e7]"),
        ((2e7, 0.0, 3e7), "2e7 [0, 3e7]"),
        ((0.0, 0.0, 0.0), "0.00000 [0.00000, 0.00000]"),
        ((12345.678, None, None), "12346"),
        ((1.23456, None, None), "1.235"),
        ((100.0, 99.0, 101.0), "100.00 [99.00, 101.00]"),
        ((100.0, 99.99, 100.0001), "100.000 [99.990, 100.000]"),  # six digits at most
    ],
)
def test_the_interval_decides_the_digits(value, text):
    assert rounded(Estimate(*value)).whole == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((0.513899, 0.4712, 0.5587), "0.51 [0.47, 0.56]"),
        ((0.5139, 0.5127, 0.5151), "0.514 [0.513, 0.515]"),
        ((9.99, 9.0, 11.0), "10 [9, 11]"),
        ((9.99, 9.0, 9.99), "9.99 [9.00, 9.99]"),
        ((23.4, 10.0, 40.0), "23 [10, 40]"),
        ((23.44, 23.0, 24.0), "23.4 [23.0, 24.0]"),
        ((0.372, None, None), "0.372"),
        ((2.5e9, 2e9, 3e9), "2.5e9 [2e9, 3e9]"),
        ((5e-4, 4e-4, 6e-4), "5e-4 [4e-4, 6e-4]"),
        ((None, None, None), "-"),
        ((1.5, None, 2.0), "1.50 [-, 2.00]"),
        ((1.0, 0.0005, 1.0), "1 [5e-4, 1]"),
    ],
)
def test_a_brief_number_has_as_few_digits_as_tell_its_ends_apart(value, text):
    assert brief(Estimate(*value)) == text


def test_more_units_between_the_ends_take_more_digits():
    assert brief(Estimate(0.513899, 0.4712, 0.5587), 10) == "0.514 [0.471, 0.559]"
    assert brief(Estimate(23.44, 23.0, 24.0), 20) == "23.44 [23.00, 24.00]"


def test_control_characters_of_every_plane_are_written_out():
    assert escape("\x00\x7f\u2028\U000e0001") == "\\x00\\x7f\\u2028\\U000e0001"


@pytest.mark.parametrize(
    ("character", "written"),
    [("\xad", r"\xad"), ("\xff", "\xff"), ("\u0378", r"\u0378"), ("\uffff", r"\uffff"), ("\U00010000", "\U00010000"),
     ("\U0001000c", r"\U0001000c"), ("\x7f", r"\x7f")],
)  # fmt: skip
def test_what_does_not_print_has_as_many_digits_as_its_plane_takes(character, written):
    assert escape(f"a{character}b") == f"a{written}b"


def test_one_thing_is_named_in_the_singular():
    assert (number_of(1, "run"), number_of(2, "run"), number_of(1200, "point")) == ("1 run", "2 runs", "1,200 points")


EXTREMES = (5e-324, 1e-310, 3e-308, 1e-300, 1e-5, 0.0, -5e-324, -1.7e308, 1e300, 1.79e308)


@pytest.mark.parametrize("ends", list(itertools.combinations_with_replacement(sorted(EXTREMES), 3)), ids=str)
def test_numbers_at_the_edge_of_floats_have_words(ends):
    low, estimate, high = ends
    value = Estimate(estimate, low, high)
    assert rounded(value).estimate
    assert brief(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.99999, "0.99999"), (1.0, "1"), (0.8, "0.8"), (0.123456, "0.1235"), (99.99900000000001, "99.999"),
     (2.99996, "2.99996"), (0.0, "0"), (1e-9, "1e-9"), (None, "-"), (float("nan"), "-")],
)  # fmt: skip
def test_a_number_that_was_asked_about_is_not_shown_as_another_whole_one(number, text):
    assert asked(number) == text
