"""Reading files block by block, whether they are compressed or not."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from scaling_cli.data.files import format as formats
from scaling_cli.data.files.format import FILE, line_blocks, scan_rows, stored_head, stream, text_frame, unpacked_head


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("block", [1, 3, 4, 5, 100])
@pytest.mark.parametrize("text", [b"ab\ncd\n", b"ab\ncd", b"\n\nab", b"abcdefgh\ni\n", b""])
def test_blocks_are_whole_lines_and_together_the_text(tmp_path, monkeypatch, pack, block, text):
    monkeypatch.setattr(formats, "BLOCK", block)
    (tmp_path / "x").write_bytes(pack(text))
    blocks = list(line_blocks(str(tmp_path / "x")))
    assert b"".join(blocks) == text
    assert all(part.endswith(b"\n") for part in blocks[:-1])


def test_the_head_is_given_as_stored_and_unpacked(tmp_path):
    text = b"a,b\n" + b"1,2\n" * 30_000
    for pack in (bytes, gzip.compress):
        (tmp_path / "x").write_bytes(pack(text))
        raw = stored_head(str(tmp_path / "x"))
        head = unpacked_head(str(tmp_path / "x"), raw)
        assert head == text[:65536]
        assert raw == pack(text)[:65536]


def test_the_first_64_lines_of_zstandard_are_its_head(tmp_path):
    frame = pl.DataFrame({"a": range(100)})
    frame.lazy().sink_csv(tmp_path / "x.zst", compression="zstd", check_extension=False)
    raw = stored_head(str(tmp_path / "x.zst"))
    head = unpacked_head(str(tmp_path / "x.zst"), raw)
    assert raw.startswith(b"\x28\xb5\x2f\xfd")
    assert head.decode().split("\n") == ["a", *map(str, range(63))]
    assert b"".join(line_blocks(str(tmp_path / "x.zst"))).decode().split("\n") == ["a", *map(str, range(100)), ""]


def test_rows_become_text_with_every_column_of_any_row():
    frame = text_frame([{"a": "1"}, {"b": "\ud800", "a": None}])
    assert frame.to_dicts() == [{"a": "1", "b": None}, {"a": None, "b": "?"}]
    assert text_frame([]).shape == (0, 0)


def test_rows_of_several_files_have_the_name_of_theirs():
    frame = scan_rows(["x", "y"], lambda path: [{path: "1"}]).collect()
    assert frame.to_dicts() == [{"x": "1", FILE: "x", "y": None}, {"x": None, FILE: "y", "y": "1"}]


def test_a_stream_gives_the_columns_and_rows_that_are_asked_for():
    asked = []

    def tables():
        for part in ([1, 2], [3], [4, 5]):
            asked.append(part)
            yield pl.DataFrame({"a": [str(i) for i in part], "b": "x"})

    rows = stream(["a", "b"], tables)
    assert rows.collect()["a"].to_list() == ["1", "2", "3", "4", "5"]
    asked.clear()
    assert rows.select("b").head(3).collect().to_dict(as_series=False) == {"b": ["x"] * 3}
    assert asked == [[1, 2], [3]]  # no more than is needed
    assert rows.filter(pl.col("a") > "3").collect()["a"].to_list() == ["4", "5"]
