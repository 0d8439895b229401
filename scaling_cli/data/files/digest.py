"""The hash and the number of lines of a file, from one look at all its bytes."""

from __future__ import annotations

import hashlib

from scaling_cli.record import Record

BLOCK = 2**20


class Digest(Record):
    """The SHA-256 of a file's bytes, in hexadecimal, and its number of lines.

    `lines` is None for a file with quotes, since a quoted cell may contain a line end.
    """

    sha256: str
    lines: int | None


def digest_of(content: bytes) -> Digest:
    """The digest of a file that was already read."""
    lines = None if b'"' in content else content.count(b"\n") + (not content.endswith(b"\n"))
    return Digest(hashlib.sha256(content).hexdigest(), lines)


def digest_file(path: str) -> Digest:
    """The digest of a file, read one block at a time."""
    hasher, lines, block = hashlib.sha256(), 0, b""
    is_plain = True
    with open(path, "rb") as file:
        while following := file.read(BLOCK):
            block = following
            hasher.update(block)
            is_plain = is_plain and b'"' not in block
            lines += block.count(b"\n") if is_plain else 0
    return Digest(hasher.hexdigest(), lines + (not block.endswith(b"\n")) if is_plain else None)


def content_hash(path: str) -> str:
    """The SHA-256 of a file in hexadecimal."""
    return digest_file(path).sha256
