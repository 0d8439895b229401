"""How large a compressed file becomes, found out before it is read into memory.

Logs shrink to a tenth or a hundredth. A file that shrinks to less than a thousandth holds hardly anything, and one that
was made to fill the memory shrinks further. gzip is inflated and thrown away, which gives the exact size; its format
cannot shrink anything by more than `DEFLATE`, so small files need no look. A zstandard file says in the headers of its
blocks how much each can hold (RFC 8878, section 3.1.1). Parquet says how many rows it has.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from scaling_cli.data.files.format import GZIP, PARQUET, ZSTD
from scaling_cli.errors import DataError

MOST = 4e9  # bytes
TIMES = 1000  # the packed size
HARMLESS = 2**26  # bytes that any file may have when unpacked
LONGEST_LINE = 2**28  # bytes
DEFLATE = 1032  # times that gzip can shrink: 258 bytes become two bits
BLOCK = 2**20
WIDTH = 8  # bytes of one value
ZSTD_BLOCK = 2**17  # bytes that a block holds at most
RAW, RLE, PACKED = 0, 1, 2  # kinds of blocks
SKIPPABLE = range(0x184D2A50, 0x184D2A60)  # frames without data


def check_unpacked(path: str, most: float | None = None) -> None:
    """Refuse a compressed file that is too large when it is unpacked; `most` is a limit in bytes that users chose.

    Raises:
        DataError: It is, or it has a line that is.
        OSError, zlib.error: It cannot be read.
    """
    with open(path, "rb") as file:
        start = file.read(4)
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        if start.startswith(GZIP) and size * DEFLATE > min(HARMLESS, most or HARMLESS):
            _check_gzip(path, file, size, most)
        elif start == ZSTD:
            check_size(path, _zstd_size(file), size, most)
        elif start == PARQUET:
            _check_parquet(path, size, most)


def check_size(path: str, unpacked: float, packed: int, most: float | None) -> None:
    """Refuse `packed` bytes that become more than the limit.

    Raises:
        DataError: They do.
    """
    if unpacked > _limit(packed, most):
        raise _too_large(path, packed, most)


def _limit(packed: int, most: float | None) -> float:
    return most if most is not None else max(HARMLESS, min(MOST, TIMES * packed))


def _too_large(path: str, packed: int, most: float | None) -> DataError:
    return DataError(
        f"{path} has {packed:,} bytes, but more than {_limit(packed, most):,.0f} when it is unpacked.",
        hint="If that is right, allow it with --max-expand, such as --max-expand 20GB; else write the file again.",
    )


def _check_gzip(path: str, file: BinaryIO, packed: int, most: float | None) -> None:
    """Inflate a file block by block, and stop where it is too large or one of its lines is."""
    limit, total, line = _limit(packed, most), 0, 0
    longest = max(LONGEST_LINE, most or 0)
    for block in _inflated(file):
        total += len(block)
        end = block.rfind(b"\n")
        line = line + len(block) if end < 0 else len(block) - end - 1
        if total > limit:
            raise _too_large(path, packed, most)
        if line > longest:
            raise DataError(
                f"{path} has a line of more than {longest:,.0f} bytes when it is unpacked.",
                hint="Check the program that wrote it; --max-expand 20GB allows longer lines.",
            )


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    """The content of all members of a gzip file, a block at a time."""
    rest = b""
    while rest := rest or file.read(BLOCK):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not inflate.eof and (rest := rest or file.read(BLOCK)):
            yield inflate.decompress(rest, BLOCK)
            rest = inflate.unconsumed_tail
        rest = (inflate.unused_data or file.read(BLOCK)).lstrip(b"\0")  # padding may follow a member
        if rest and not rest.startswith(GZIP):
            return


def _zstd_size(file: BinaryIO) -> int:
    """The most bytes that the frames of a zstandard file can hold; what comes after damage does not count."""
    total = 0
    while len(magic := file.read(4)) == 4:
        number = struct.unpack("<I", magic)[0]
        if number in SKIPPABLE:
            file.seek(_number(file.read(4)), os.SEEK_CUR)
        elif magic == ZSTD:
            total += _frame_size(file)
        else:
            return total
    return total


def _frame_size(file: BinaryIO) -> int:
    descriptor = _number(file.read(1))
    is_single, has_checksum = bool(descriptor & 0x20), bool(descriptor & 0x04)
    sizes = (1 if is_single else 0, 2, 4, 8)
    file.read((0 if is_single else 1) + (0, 1, 2, 4)[descriptor & 3] + sizes[descriptor >> 6])
    total = 0
    while len(header := file.read(3)) == 3:
        block = _number(header)
        kind, size = (block >> 1) & 3, block >> 3
        total += ZSTD_BLOCK if kind == PACKED else size
        file.seek(1 if kind == RLE else size, os.SEEK_CUR)
        if block & 1:
            break
    file.read(4 if has_checksum else 0)
    return total


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _check_parquet(path: str, packed: int, most: float | None) -> None:
    """Refuse rows that are too many for the file: polars unpacks a whole group of rows at once.

    Parquet that is merely large is read a group at a time, so there is no limit of `MOST` here.
    """
    import polars as pl

    rows = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    values = rows.select(pl.len()).collect().item() * len(rows.collect_schema())
    if WIDTH * values > (most if most is not None else max(HARMLESS, TIMES * packed)):
        raise _too_large(path, packed, most)
