"""Grids of equal cases: the fast suite runs a sample of them, `python -m pytest -m thorough` all others."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest


def one_of_each(
    cases: Iterable[tuple[Any, ...]],
    *,
    name: Callable[..., str],
    kind: Callable[..., Hashable],
    is_long: Callable[..., bool] = lambda *case: False,
) -> list:
    """The cases of a grid as parameters of a test: one case of each kind is fast, all others are `thorough`.

    Args:
        cases: The arguments of each case.
        name: The id of a case. Its checksum is what chooses among cases of a kind, so that new cases change few others.
        kind: What the cases have in common of which one suffices in the fast suite.
        is_long: Whether a case takes so long that another of its kind is better.
    """
    named = {name(*case): case for case in cases}
    fast: dict[Hashable, str] = {}
    for label in sorted(named, key=lambda label: (is_long(*named[label]), _drawn(label))):
        fast.setdefault(kind(*named[label]), label)
    return _marked(named, set(fast.values()))


def one_in(every: int, cases: Iterable[Any], *, name: Callable[[Any], str] = str, salt: str = "") -> list:
    """The cases of a test of one argument: a random one in `every` is fast; `salt` draws others for another test."""
    named = {name(case): (case,) for case in cases}
    return _marked(named, set(sorted(named, key=lambda label: _drawn(salt + label))[::every]))


def _drawn(label: str) -> int:
    return zlib.crc32(label.encode())


def _marked(named: dict[str, tuple[Any, ...]], fast: set[str]) -> list:
    return [
        pytest.param(*case, id=label, marks=[] if label in fast else [pytest.mark.thorough])
        for label, case in named.items()
    ]
