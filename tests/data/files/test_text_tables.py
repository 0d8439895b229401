"""Tables that are written for people."""

from __future__ import annotations

import pytest

from scaling_cli.data.files.text_tables import TEXT_TABLE, read_table
from scaling_cli.errors import DataError


@pytest.fixture
def table(tmp_path):
    def read(text):
        """The rows of a text as lists of cells below their header; None if it is not such a table."""
        content = text if isinstance(text, bytes) else text.encode()
        if not TEXT_TABLE.recognises(content):
            return None
        (tmp_path / "table.txt").write_bytes(content)
        rows = read_table(str(tmp_path / "table.txt"), content)
        return [list(rows[0]), *(list(row.values()) for row in rows)]

    return read


WANTED = [["N", "loss"], ["1", "3.5"], ["2", "2.5"]]


@pytest.mark.parametrize(
    "text",
    [
        "| N | loss |\n|---|:---:|\n| 1 | 3.5 |\n| 2 | 2.5 |\n",
        "N | loss\n--- | ---\n1 | 3.5\n2 | 2.5\n",
        "# Runs\n\nSome words.\n\n| N | loss |\n|---|---|\n| 1 | 3.5 |\n| 2 | 2.5 |\n\nMore words | here\n",
        "N   loss\n1    3.5\n2    2.5\n",
        "\nN   loss\n\n1    3.5\n2    2.5\n",
        "# made by a script\nN,loss\n1,3.5\n2,2.5\n",
        "My runs\n\nN;loss\n1;3.5\n2;2.5\n",
        "// runs\nN\tloss\n1\t3.5\n2\t2.5\n",
        "sep=,\nN,loss\n1,3.5\n2,2.5\n",
        "a title,,\nN, loss\n1, 3.5\n2, 2.5\n",
        "N,loss\r1,3.5\r2,2.5\r",
        b"\xef\xbb\xbfN   loss\n1    3.5\n2    2.5\n",
    ],
)
def test_markdown_aligned_and_titled_tables_are_read(table, text):
    assert table(text) == WANTED


@pytest.mark.parametrize(
    "text",
    [
        "N,loss\n1,3.5\n2,2.5\n",  # plain CSV, which is read as such
        "N loss\n",
        "N loss\none two\n1 2\n",  # words below the header
        "1 2\n3 4\n",  # no names
        "N N\n1 2\n",  # names repeat
        "N loss\n1 2 3\n",
        "N\n1\n2\n",  # one column
        "<html> a\n1 2\n",
        "{a b\n1 2\n",
        "[a b\n1 2\n",
        "#a b\n1 2\n",
        "a title\nN,loss\n",  # no rows
        "a title\nN,2\n1,3\n",  # no names
        "a title\nN,loss\na,b\n",  # no numbers
        "one\ntwo\nthree\n",
        b"a b\n1\0 2\n",
    ],
)
def test_other_texts_are_not(table, text):
    assert table(text) is None


@pytest.mark.parametrize(("titles", "is_table"), [(20, True), (21, False)])
def test_at_most_twenty_lines_stand_above_a_table(table, titles, is_table):
    assert (table("a title\n" * titles + "N,loss\n1,3.5\n2,2.5\n") == WANTED) == is_table


def test_only_the_first_fifty_rows_are_judged(table):
    rows = "1 2\n" * 50
    assert table("a b\n" + rows + "1 2\n")[0] == ["a", "b"]
    with pytest.raises(DataError, match="has a line with 3 cells, but 2 columns: '1 2 3'"):
        table("a b\n" + rows + "1 2 3\n")
    assert table("a b\n" + "1 2\n" * 49 + "x y\n") is None
    assert table("a b\n" + rows + "x y\n")[-1] == ["x", "y"]


def test_a_bar_in_a_cell_of_markdown_is_escaped(table):
    assert table("| a | b |\n|---|---|\n| 1 | x\\|y |\n")[1] == ["1", "x\\|y"]


def test_columns_without_a_name_are_left_out(table):
    assert table("| a | |\n|---|---|\n| 1 | x |\n") == [["a"], ["1"]]


def test_a_head_that_is_cut_off_within_a_line_is_judged_by_its_whole_lines():
    row = b"1 2\n"
    head = (b"a b\n" + row * 30_000)[: 2**16 - 2] + b"1 "
    assert len(head) == 2**16
    assert TEXT_TABLE.recognises(head)
    assert not TEXT_TABLE.recognises(b"a b\n1 ")


def test_a_file_that_is_not_such_a_table_is_refused(tmp_path):
    (tmp_path / "x").write_text("one\ntwo\n")
    with pytest.raises(DataError, match="is not a table with equally many cells"):
        read_table(str(tmp_path / "x"), b"one\ntwo\n")
