"""Where rows came from: an input file and the hash of its content, so that a result names its
evidence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """An input file: its path as given, the hash of its content, and its rows."""

    path: str
    sha256: str
    rows: int


def content_hash(path: str) -> str:
    """The SHA-256 of a file in hexadecimal, read a block at a time."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
