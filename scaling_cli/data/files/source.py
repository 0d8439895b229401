"""Where rows came from: an input file and the hash of its content, so that a result names its
evidence."""

from __future__ import annotations

import hashlib

from scaling_cli.record import Record

BLOCK = 2**20


class Unread(Record):
    """A file that could not be read while others could, with what is wrong and what to try."""

    path: str
    error: str
    hint: str


class Digest(Record):
    """What one look at all bytes of a file tells: their SHA-256 in hexadecimal, and the lines they make.

    `lines` is None where a line end may stand inside a quoted cell, or where bytes are packed.
    """

    sha256: str
    lines: int | None


def digest_of(content: bytes) -> Digest:
    """The digest of a file that was read already."""
    return Digest(hashlib.sha256(content).hexdigest(), _lines(content))


def digest_file(path: str) -> Digest:
    """The digest of a file, read a block at a time."""
    hasher, lines, block = hashlib.sha256(), 0, b""
    is_plain = True
    with open(path, "rb") as file:
        while following := file.read(BLOCK):
            block = following
            hasher.update(block)
            is_plain = is_plain and b'"' not in block
            lines += block.count(b"\n") if is_plain else 0
    return Digest(hasher.hexdigest(), lines + (not block.endswith(b"\n")) if is_plain else None)


def _lines(content: bytes) -> int | None:
    return None if b'"' in content else content.count(b"\n") + (not content.endswith(b"\n"))


def content_hash(path: str) -> str:
    """The SHA-256 of a file in hexadecimal."""
    return digest_file(path).sha256
