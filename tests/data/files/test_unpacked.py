"""Compressed files that would fill the memory are refused before they are read."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import polars as pl
import pytest

from scaling_cli.data.files import unpacked
from scaling_cli.data.files.unpacked import check_unpacked
from scaling_cli.data.samples.evaluation_files import read_evaluation_file
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.reading import Reading
from tests import ROOT
from tests.cli.running import run

TABLE = b"run,params,tokens,loss\n" + b"".join(b"r%d,%de6,1e9,%f\n" % (i, i + 1, 3 - 0.1 * i) for i in range(12))
REFUSED = "when it is unpacked"


def zstd(*blocks: bytes | tuple[bytes, int]) -> bytes:
    """A zstandard frame: bytes as they are, and a byte with how often it is repeated."""
    out = [b"\x28\xb5\x2f\xfd\x00\x58"]
    for place, block in enumerate(blocks):
        is_last = place == len(blocks) - 1
        data, size, kind = (block, len(block), 0) if isinstance(block, bytes) else (block[0], block[1], 1)
        out += [struct.pack("<I", size << 3 | kind << 1 | is_last)[:3], data]
    return b"".join(out)


def parquet(rows: int) -> bytes:
    file = io.BytesIO()
    pl.select(loss=pl.repeat(3.0, rows), params=pl.repeat(1e6, rows)).write_parquet(file)
    return file.getvalue()


SHRUNK = {  # functions, since their bytes take a second to make
    "zeros": lambda: gzip.compress(TABLE + b"\0" * 2**27),
    "two members": lambda: gzip.compress(TABLE) + gzip.compress(b"\n" * 2**27),
    "zstd": lambda: zstd(TABLE, *[(b"\n", 2**17)] * 2**10),
    "zstd with a frame to skip": lambda: (
        zstd(TABLE) + struct.pack("<II", 0x184D2A50, 3) + b"abc" + zstd(*[(b"1", 2**17)] * 2**10)
    ),
    "parquet": lambda: parquet(6_000_000),
}


@pytest.mark.parametrize("name", SHRUNK)
def test_a_file_that_shrank_more_than_a_thousand_times_is_refused(tmp_path, name):
    path = tmp_path / "log"
    path.write_bytes(SHRUNK[name]())
    with pytest.raises(DataError, match=REFUSED) as refused:
        check_unpacked(str(path))
    assert "--max-expand" in refused.value.hint
    check_unpacked(str(path), most=2e8)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_an_honest_file_passes_and_a_smaller_limit_refuses_it(tmp_path, pack, monkeypatch):
    path = tmp_path / "log.csv"
    path.write_bytes(pack(TABLE))
    check_unpacked(str(path))
    check_unpacked(str(path), most=2**17)
    with pytest.raises(DataError, match=REFUSED):
        check_unpacked(str(path), most=100)


def test_a_line_without_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "LONGEST_LINE", 2**20)
    monkeypatch.setattr(unpacked, "HARMLESS", 2**10)
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(TABLE + bytes(range(256)).replace(b"\n", b"") * 2**13))
    with pytest.raises(DataError, match="a line of more than"):
        check_unpacked(str(path))


def test_an_archive_of_an_evaluation_is_measured_before_it_is_read(tmp_path):
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("summaries.json", b" " * 2**27)
    with pytest.raises(DataError, match=REFUSED):
        read_evaluation_file(str(path))


@pytest.mark.parametrize(
    ("text", "size"), [("20GB", 2e10), ("1.5 GiB", 1.5 * 2**30), ("300k", 3e5), ("1e9", 1e9), (5e8, 5e8)]
)
def test_sizes_are_read_with_their_units(text, size):
    assert Reading(max_expand=text).max_expand == size


@pytest.mark.parametrize("text", ["-1", "0", "many", "4 parsecs", "nan", "1e999"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="--max-expand"):
        Reading(max_expand=text)


def test_every_command_that_reads_files_has_the_option(tmp_path):
    path = tmp_path / "runs.csv.gz"
    path.write_bytes(gzip.compress((ROOT / "sample_data" / "isoflop_runs.csv").read_bytes()))
    for command in ("columns", "fit", "inference-coverage"):
        ran = run(command, path, "--max-expand", "1kB")
        assert ran.returncode == 3
        assert REFUSED in ran.stderr
