"""Grids of equal cases: the fast suite runs a sample of them, `python -m pytest -m thorough` all others."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
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


def mark_rest(items: Sequence[pytest.Item]) -> None:
    """Mark as `thorough` what `@pytest.mark.sample` leaves out of the cases of each test that has this mark.

    `sample(n)` keeps a random one in `n`. `sample` keeps so many that each value of each list of parameters occurs.
    """
    cases: dict[tuple[object, str], list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and "sample" in item.keywords and "thorough" not in item.keywords:
            cases[item.parent, item.originalname].append(item)
    for found in cases.values():
        found.sort(key=lambda item: _drawn(item.name))
        mark = found[0].get_closest_marker("sample")
        (every,) = mark.args if mark and mark.args else (None,)
        kept = found[::every] if every else _with_each_value(found)
        for item in found:
            if item not in kept:
                item.add_marker("thorough")


def _with_each_value(cases: Sequence[pytest.Function]) -> list[pytest.Function]:
    """Few cases in which each value of each list of parameters occurs."""
    values = {case: _values(case) for case in cases}
    left, kept = set().union(*values.values()), []
    while left:
        kept.append(max(cases, key=lambda case: len(values[case] & left)))
        left -= values[kept[-1]]
    return kept


def _values(case: pytest.Function) -> set[Hashable]:
    """What a case takes of each list of parameters."""
    lists = [mark.args[0] for mark in case.iter_markers("parametrize")]
    names = [tuple(each.replace(",", " ").split() if isinstance(each, str) else each) for each in lists]
    return {(each, tuple(id(case.callspec.params[name]) for name in each)) for each in names}


def _drawn(label: str) -> int:
    return zlib.crc32(label.encode())


def _marked(named: dict[str, tuple[Any, ...]], fast: set[str]) -> list:
    return [
        pytest.param(*case, id=label, marks=[] if label in fast else [pytest.mark.thorough])
        for label, case in named.items()
    ]
