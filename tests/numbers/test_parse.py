import pytest

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import is_computable, parse_number, parse_share


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("70B", 7e10),
        ("1.4T", 1.4e12),
        ("6e23", 6e23),
        ("160M", 1.6e8),
        ("124k", 1.24e5),
        (" 7 billion ", 7e9),
        ("1_000_000", 1e6),
        ("1,234,567.5", 1234567.5),
        ("-2.5", -2.5),
        (".5", 0.5),
        ("2.5e3K", 2.5e6),
        ("10PFdays", 8.64e20),
        ("2 PF-days", 1.728e20),
        ("1.5 petaflop/s-days", 1.296e20),
        ("1e21 FLOPs", 1e21),
        ("989TFLOPS", 9.89e14),
        ("1.3×10^9", 1.3e9),
        ("1.3 x 10^9", 1.3e9),
        ("2.1 * 10**20 FLOPs", 2.1e20),
        ("5·10^−3", 5e-3),
        ("~1.3B", 1.3e9),
        ("**3.21**", 3.21),
        ("19 047 777", 19047777.0),
        ("19\u202f047\u202f777", 19047777.0),
        ("1\u00a0234.5 M", 1.2345e9),
        ("19'047'777", 19047777.0),
        ("19’047’777", 19047777.0),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert parse_number(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "B",
        "1,5",
        "70X",
        "nan",
        "inf",
        "1e999",
        "1__0",
        "12,34",
        "seven",
        "1.2.3",
        "12 34",
        "1 2",
        "3*",
        "1.3x109",
        "1 000,000",
    ],
)
def test_text_that_is_no_number_is_refused_with_examples(text):
    with pytest.raises(UsageError) as caught:
        parse_number(text)
    assert "70B" in caught.value.hint


@pytest.mark.parametrize(("text", "share"), [("40%", 0.4), ("0.4", 0.4), (" 99.9 % ", 0.999), ("7 %", 0.07)])
def test_shares_may_be_percentages(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["%", "40%%", "many"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError):
        parse_share(text)


@pytest.mark.parametrize(
    ("suffix", "factor"),
    [("k", 1e3), ("thousand", 1e3), ("M", 1e6), ("million", 1e6), ("B", 1e9), ("bn", 1e9), ("G", 1e9),
     ("billion", 1e9), ("T", 1e12), ("trillion", 1e12)],
)  # fmt: skip
def test_every_suffix_has_its_factor(suffix, factor):
    assert parse_number(f"2.5{suffix}") == 2.5 * factor
    assert parse_number(f"2.5 {suffix}") == 2.5 * factor


@pytest.mark.parametrize(
    ("value", "is_fine"),
    [
        (0.0, True),
        (1e60, True),
        (1.1e60, False),
        (-1e60, True),
        (-1.1e60, False),
        (1e-60, True),
        (0.9e-60, False),
        (float("inf"), True),
    ],
)
def test_amounts_whose_products_stay_numbers_can_be_computed_with(value, is_fine):
    assert is_computable(value) == is_fine


def test_scaling_is_exact_and_signs_are_kept():
    assert parse_number("1.4T") == 1.4e12
    assert parse_number("+3e-2k") == 30.0
    assert parse_number("-5M") == -5e6
    assert parse_number("1e308") == 1e308
    assert parse_share("-3%") == -0.03
    assert parse_share("0.1%") == 0.001
