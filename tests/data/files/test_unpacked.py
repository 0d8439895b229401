"""Compressed files that would fill the memory are refused before they are read."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

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


def gzipped(head: bytes, byte: bytes, times: int = 2**27) -> bytes:
    """A gzip file of `head` and then a byte, repeated by the million: they are packed once, which spares seconds."""
    million, packer = byte * 2**23, zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    millions = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    check = zlib.crc32(head)
    for _ in range(times // len(million)):
        check = zlib.crc32(million, check)
    size = len(head) + times
    start = b"\x1f\x8b\x08" + bytes(7)
    return start + first + millions * (times // len(million)) + packer.flush() + struct.pack("<II", check, size)


def parquet(rows: int) -> bytes:
    file = io.BytesIO()
    pl.select(loss=pl.repeat(3.0, rows), params=pl.repeat(1e6, rows)).write_parquet(file)
    return file.getvalue()


SHRUNK = {  # functions, since their bytes take a second to make
    "zeros": lambda: gzipped(TABLE, b"\0"),
    "two members": lambda: gzip.compress(TABLE) + gzipped(b"", b"\n"),
    "zstd": lambda: zstd(TABLE, *[(b"\n", 2**17)] * 2**10),
    "zstd with a frame to skip": lambda: (
        zstd(TABLE) + struct.pack("<II", 0x184D2A50, 3) + b"abc" + zstd(*[(b"1", 2**17)] * 2**10)
    ),
    "parquet": lambda: parquet(6_000_000),
}


def test_bombs_are_files_of_gzip():
    assert gzip.decompress(gzipped(TABLE, b"1", 2**24)) == TABLE + b"1" * 2**24


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


@pytest.mark.parametrize(
    ("unpacked_size", "packed", "most", "is_refused"),
    [
        (2**26, 1, None, False),  # whatever it was packed to
        (2**26 + 1, 1, None, True),
        (1e8, 1e5, None, False),  # a thousand times
        (1e8 + 1, 1e5, None, True),
        (4e9, 1e9, None, False),
        (4e9 + 1, 1e9, None, True),
        (100, 1, 100, False),
        (101, 1, 100, True),
        (1e12, 1, 1e12, False),
    ],
)
def test_the_limit_is_a_thousand_times_the_file_between_64_mib_and_4_gb(unpacked_size, packed, most, is_refused):
    if is_refused:
        with pytest.raises(DataError, match=REFUSED):
            unpacked.check_size("a", unpacked_size, int(packed), most)
    else:
        unpacked.check_size("a", unpacked_size, int(packed), most)


def checked(tmp_path, content, most):
    path = tmp_path / "packed"
    path.write_bytes(content)
    try:
        check_unpacked(str(path), most)
    except DataError as error:
        return error.message
    return None


@pytest.mark.parametrize("members", [1, 2, 3])
@pytest.mark.parametrize("padding", [b"", b"\0" * 5])
def test_every_member_of_a_gzip_file_is_measured_to_the_byte(tmp_path, members, padding):
    content = (gzip.compress(b"ab\n" * 1000) + padding) * members
    assert checked(tmp_path, content, 3000 * members) is None
    assert REFUSED in checked(tmp_path, content, 3000 * members - 1)


def test_what_follows_a_gzip_file_and_is_none_does_not_count(tmp_path):
    assert checked(tmp_path, gzip.compress(b"ab\n" * 1000) + b"no gzip" * 1000, 3000) is None


def test_small_blocks_measure_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "BLOCK", 7)
    content = gzip.compress(b"ab\n" * 1000) * 2
    assert checked(tmp_path, content, 6000) is None
    assert REFUSED in checked(tmp_path, content, 5999)


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        (b"a" * 100 + b"\n" + b"b" * 100 + b"\n", False),
        (b"a" * 120 + b"\n", True),  # its end lies in another block than its 101st byte
        (b"\n" + b"a" * 101, True),
        (b"a" * 60 + b"\n" + b"a" * 60, False),
    ],
)
@pytest.mark.parametrize("block", [1, 10])
def test_the_longest_line_is_measured_over_blocks(tmp_path, monkeypatch, text, is_refused, block):
    for name, value in (("LONGEST_LINE", 100), ("HARMLESS", 1), ("BLOCK", block), ("MOST", 1e9), ("TIMES", 1e6)):
        monkeypatch.setattr(unpacked, name, value)
    found = checked(tmp_path, gzip.compress(text), None)
    assert (found is not None and "a line of more than 100 bytes" in found) == is_refused
    if is_refused:
        assert checked(tmp_path, gzip.compress(text), 300) is None


def frame(*, single=False, size=0, dictionary=0, checksum=False, blocks=((0, b"abc"),)):
    """A zstandard frame with a header of any form (RFC 8878, section 3.1.1.1)."""
    sizes = (1 if single else 0, 2, 4, 8)
    out = [b"\x28\xb5\x2f\xfd", bytes([size << 6 | single << 5 | checksum << 2 | dictionary])]
    out += [b"" if single else b"\x58", b"\xff" * (0, 1, 2, 4)[dictionary], b"\xff" * sizes[size]]
    for place, (kind, data) in enumerate(blocks):
        count = len(data) if kind != 1 else 77
        out += [(count << 3 | kind << 1 | (place == len(blocks) - 1)).to_bytes(3, "little"), data]
    return b"".join([*out, b"\xff" * 4 if checksum else b""])


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("size", [0, 1, 2, 3])
@pytest.mark.parametrize("dictionary", [0, 1, 2, 3])
@pytest.mark.parametrize("checksum", [False, True])
def test_the_header_of_a_frame_has_any_of_its_forms(single, size, dictionary, checksum):
    content = frame(single=single, size=size, dictionary=dictionary, checksum=checksum) * 2
    assert unpacked._zstd_size(io.BytesIO(content)) == 6


def test_blocks_count_what_they_can_hold():
    raw, repeated, packed = (0, b"abcde"), (1, b"x"), (2, b"??")
    assert unpacked._zstd_size(io.BytesIO(frame(blocks=(raw, repeated, packed, raw)))) == 5 + 77 + 2**17 + 5


@pytest.mark.parametrize(
    ("number", "counts"), [(0x184D2A50, True), (0x184D2A5F, True), (0x184D2A4F, False), (0x184D2A60, False)]
)
def test_frames_without_data_are_passed_over_and_damage_ends_the_count(number, counts):
    skipped = struct.pack("<II", number, 3) + b"abc"
    assert unpacked._zstd_size(io.BytesIO(frame() + skipped + frame())) == (6 if counts else 3)
    assert unpacked._zstd_size(io.BytesIO(frame() + b"\x28\xb5")) == 3


def test_zstandard_and_parquet_are_measured_against_the_limit(tmp_path):
    assert checked(tmp_path, frame(), 3) is None
    assert REFUSED in checked(tmp_path, frame(), 2)
    table = parquet(10)  # two columns of ten values of eight bytes
    assert checked(tmp_path, table, 160) is None
    assert REFUSED in checked(tmp_path, table, 159)


def test_a_file_that_is_not_compressed_has_no_limit(tmp_path):
    assert checked(tmp_path, TABLE, 1) is None


def test_a_gzip_file_that_cannot_exceed_the_limit_is_not_inflated(tmp_path):
    damaged = b"\x1f\x8b" + b"?" * 98  # 100 bytes can become 103,200
    assert checked(tmp_path, damaged, 103_200) is None
    with pytest.raises(zlib.error):
        checked(tmp_path, damaged, 103_199)
