"""The hash and the rows of each input file."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from scaling_cli.data.files import digest
from scaling_cli.data.files.digest import Digest, content_hash, digest_file, digest_of
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.data.files.sources import BackgroundHashes
from scaling_cli.data.files.stamps import stamp_of


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 1),
        (b"a", 1),
        (b"a\n", 1),
        (b"a\nb", 2),
        (b"a\nb\n", 2),
        (b"\n\n", 2),
        (b'a\n"b"\n', None),
        (b'a\nb"', None),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 100])
def test_the_lines_of_a_file_are_counted_unless_it_has_quotes(tmp_path, monkeypatch, content, lines, block):
    monkeypatch.setattr(digest, "BLOCK", block)
    (tmp_path / "x").write_bytes(content)
    wanted = Digest(hashlib.sha256(content).hexdigest(), lines)
    assert digest_of(content) == wanted
    assert digest_file(str(tmp_path / "x")) == wanted
    assert content_hash(str(tmp_path / "x")) == wanted.sha256


def rows(tmp_path, total, **contents):
    """The rows of each file, by the name of the file."""
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    inputs = open_inputs([str(tmp_path / name) for name in contents])
    sources = BackgroundHashes(inputs).sources(inputs, total)
    assert [source.sha256 for source in sources] == [content_hash(source.path) for source in sources]
    return {source.path.rsplit("/", 1)[1]: source.rows for source in sources}


PLAIN, LARGE = "x,y\n1,2\n3,4\n", "x,y\n" + "1,2\n" * 20_000


def test_the_rows_of_one_file_are_the_total_if_it_is_known(tmp_path):
    assert rows(tmp_path, 7, a=PLAIN) == {"a": 7}
    assert rows(tmp_path, None, a=PLAIN) == {"a": 2}


@pytest.mark.parametrize("total", [20_002, None, 5])
def test_the_rows_of_several_files_are_their_lines_or_are_counted(tmp_path, total):
    assert rows(tmp_path, total, a=PLAIN, b=LARGE) == {"a": 2, "b": 20_000}


def test_lines_that_are_not_rows_are_not_counted_as_such(tmp_path):
    quoted = 'x,y\n"1\n2",3\n'
    packed = gzip.compress(PLAIN.encode())
    assert rows(tmp_path, 6, a=quoted, b=packed, c='{"x": 1}\n{"x": 2}\n{"x": 3}\n') == {"a": 1, "b": 2, "c": 3}
    assert rows(tmp_path, 5, b=packed, c='{"x": 1}\n{"x": 2}\n{"x": 3}\n') == {"b": 2, "c": 3}
    assert rows(tmp_path, 4, a=PLAIN, b=packed) == {"a": 2, "b": 2}


def test_a_file_without_rows_has_none(tmp_path):
    assert rows(tmp_path, None, a=PLAIN, b="x,y\n") == {"a": 2, "b": 0}


def test_the_stamp_changes_with_the_file(tmp_path):
    path = tmp_path / "x"
    assert stamp_of(str(path)) is None
    path.write_text("a")
    before = stamp_of(str(path))
    assert stamp_of(str(path)) == before
    path.write_text("ab")
    assert stamp_of(str(path)) != before
