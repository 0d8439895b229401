"""The decimal sign of a file."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.files.decimals import decimal_sign, with_points
from scaling_cli.errors import DataError


def sign(*cells, separator=";", words=()):
    """The sign of a file with a column of these cells, and one of words."""
    rows = [f"{cell}{separator}{word}" for cell, word in zip(cells, [*words, *["x"] * len(cells)], strict=False)]
    return decimal_sign("a.csv", f"n{separator}w\n{chr(10).join(rows)}\n".encode(), separator)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["3,45"], ","),
        (["3.45"], "."),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["12"], "."),
        ([",5"], ","),
        (["1,500", "3,45"], ","),
        (["1,500"], ","),  # where semicolons separate the cells
        (["1.500"], "."),
        (["1,500", "20000"], ","),  # other numbers are long, so it separates no thousands
        (["1,500", "2.500"], None),
        (["1,500e3"], ","),  # a power shows that these are decimals
        (["1,500 M"], ","),
        (["0,500"], ","),  # no thousands begin with 0
        (["1234,567"], ","),
        (["1,500", "500"], None),
    ],
)
def test_cells_show_the_sign(cells, found):
    if found is None:
        with pytest.raises(DataError, match=r"does not show whether '1,500' in column 'n' is 1500 or 1.500"):
            sign(*cells)
    else:
        assert sign(*cells) == found


@pytest.mark.parametrize(("cells", "found"), [(["1,500"], "."), (["1,500", "500"], "."), (["3,45"], ",")])
def test_with_another_separator_a_comma_before_three_digits_separates_thousands(cells, found):
    assert sign(*cells, separator="|") == found


def test_one_column_may_decide_for_another():
    # Short numbers beside "1,500" show thousands; long ones beside "1.500" show decimals.
    text = "a;b\n1,500;1.500\n500;20000\n"
    assert decimal_sign("a.csv", text.encode(), ";") == "."
    assert decimal_sign("a.csv", b"a;b\n1,500;1.500\n20000;500\n", ";") == ","
    with pytest.raises(DataError, match="does not show"):
        decimal_sign("a.csv", b"a;b\n1,500;1.500\n500;500\n", ";")


def test_both_signs_as_decimals_are_refused_with_an_example_of_each():
    with pytest.raises(DataError, match=r"'3,45' in column 'a' and '3.45' in column 'b'"):
        decimal_sign("a.csv", b"a;b\n3,45;3.45\n", ";")


@pytest.mark.parametrize(
    ("words", "is_refused"), [(("3.45", "x"), False), (("3.45", "2.5"), True), (("3.45", "na"), True)]
)
def test_words_that_look_like_numbers_do_not_count(words, is_refused):
    if is_refused:
        with pytest.raises(DataError, match="decimal commas and decimal points"):
            sign("3,45", "2,5", words=words)
    else:
        assert sign("3,45", "2,5", words=words) == ","


def test_a_cell_that_is_cut_off_at_the_end_of_the_head_shows_nothing():
    rows = b"a;b\n" + b"1,500;x\n20000;x\n" * 4096
    assert decimal_sign("a.csv", rows + b"9.5", ";") == ","
    with pytest.raises(DataError):
        decimal_sign("a.csv", b"a;b\n1,5;x\n9.5", ";")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("3,45", "3.45"), ("1.234.567", "1234567"), ("1.234,5", "1234.5"), ("-,5", "-.5"), ("1,5e3", "1.5e3"),
        ("1.234,5 M", "1234.5 M"), ("12", "12"), ("a,5", "a,5"), ("1.5", "1.5"), ("v1.234.567.8", "v1.234.567.8"),
    ],
)  # fmt: skip
def test_numbers_with_commas_are_written_with_points(cell, written):
    assert pl.DataFrame({"x": [cell]}).select(with_points(pl.col("x"))).item() == written
