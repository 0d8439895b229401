import pytest

from scaling_cli.data.numbers import parse_number
from scaling_cli.errors import UsageError


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
    ],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "B", "1,5", "70X", "nan", "inf", "1e999", "1__0", "12,34", "seven", "1.2.3"])
def test_text_that_is_no_number_is_refused_with_examples(text):
    with pytest.raises(UsageError) as caught:
        parse_number(text)
    assert "70B" in caught.value.hint
