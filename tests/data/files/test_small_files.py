"""Thousands of small CSV files are read as polars reads each."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from scaling_cli.data.files import small_files
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.small_files import are_many_and_small, scan_csv, scan_joined


@pytest.fixture
def write(tmp_path):
    def files(*texts):
        paths = []
        for place, text in enumerate(texts):
            path = tmp_path / f"{place:03}.csv"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(str(path))
        return paths

    return files


PLAIN = "a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("count", "size", "joins"), [(64, 10, False), (65, 10, True), (65, 2**20, False), (65, 2**20 - 1, True)]
)
def test_more_than_64_files_below_a_megabyte_are_joined(write, monkeypatch, count, size, joins):
    paths = write(*[PLAIN] * count)
    monkeypatch.setattr(small_files.os.path, "getsize", lambda path: size)
    assert are_many_and_small(paths) == joins


@pytest.mark.parametrize(
    "odd",
    [
        "a,b\n",  # no rows
        "a,b\n1,2",  # no end of the last line
        "\n\r\na,b\n1,2\n",
        b"\xef\xbb\xbfa,b\n1,2\n",
        'a,b\n"1\n2",3\n',  # a cell with a line end
        gzip.compress(PLAIN.encode(), mtime=0),
        "a,b\n1,2\n\n3,4\n",  # an empty line
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_joined_files_give_the_rows_of_each(write, odd, place):
    texts = [PLAIN, PLAIN.replace("1", "5"), PLAIN]
    texts[place] = odd
    paths = write(*texts)
    each = pl.concat([scan_csv([path], ",").collect() for path in paths])
    joined = scan_joined(paths, ",").collect()
    assert joined.sort(FILE, maintain_order=True).equals(each)
    assert set(joined[FILE]) <= set(paths)


@pytest.mark.parametrize("batch", [1, 8, 16])
def test_batches_of_any_size_give_all_rows_in_order(write, monkeypatch, batch):
    monkeypatch.setattr(small_files, "BATCH", batch)
    paths = write(*[PLAIN.replace("1", str(10 + i)) for i in range(5)])
    frame = scan_joined(paths, ",").collect()
    assert frame["a"].to_list() == [cell for i in range(5) for cell in (str(10 + i), "3")]
    assert frame[FILE].to_list() == [path for path in paths for _ in range(2)]
