"""The hash and the number of lines of a file, from one look at all its bytes."""

from __future__ import annotations

import hashlib
import os

from scaling_cli.data.files.companions import companions
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
    """The digest of a log and of what is read with it, read one block at a time."""
    hasher, lines, block = hashlib.sha256(), 0, b""
    is_plain = True
    with open(path, "rb") as file:
        while following := file.read(BLOCK):
            block = following
            hasher.update(block)
            is_plain = is_plain and b'"' not in block
            lines += block.count(b"\n") if is_plain else 0
    for part in companions(path):  # none for most logs, whose hash is that of the file alone
        hasher.update(os.path.relpath(part, os.path.dirname(path)).encode(errors="surrogateescape"))
        with open(part, "rb") as file:
            while following := file.read(BLOCK):
                hasher.update(following)
    return Digest(hasher.hexdigest(), lines + (not block.endswith(b"\n")) if is_plain else None)


def content_hash(path: str) -> str:
    """The SHA-256 of a log, and of what is read with it, in hexadecimal."""
    return digest_file(path).sha256
