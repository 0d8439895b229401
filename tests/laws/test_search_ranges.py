"""Where each law is searched: an approved list of the bounds and starts of every coordinate, for one design.

Bounds decide which answers are possible, and starts which of several minima is found, mostly without an error where
they are wrong. So each change of them is to be read. `UPDATE_GOLDEN=1 pytest tests/laws/test_search_ranges.py` writes
the list.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from scaling_cli.laws import LAWS, Law
from scaling_cli.laws.law import Scene
from tests.laws.designs import draw_design

LIST = Path(__file__).parent / "search_ranges.txt"
LOWEST, HIGHEST = 2.0, 8.0


def numbers(values) -> str:
    return " ".join(f"{value:.5g}" for value in np.ravel(values))


def starts(values: np.ndarray) -> str:
    """All starts if they are few; otherwise the first and the last, how many and their mean."""
    if len(values) <= 12:
        return numbers(values)
    return f"{numbers(values[:1])} ... {numbers(values[-1:])}: {len(values)} of mean {numbers(values.mean())}"


def lines(law: Law) -> list[str]:
    """One line for the law, and one for each coordinate; starts of laws that choose them jointly as mean and spread."""
    columns = draw_design(law, np.random.default_rng(5), 40)
    inputs, _, _ = law.centre(law.prepare(columns))
    scene = Scene(inputs, LOWEST, HIGHEST)
    low, high = law.bounds(scene)
    axes, nodes = law.axes(scene), law.nodes(scene)
    head = f"{law.name}: polishes {law.polished}, escapes {law.escapes}"
    head += "" if law.is_ranked else ", not tried by all"
    head += ", for predictions" if law.is_predictive else ""
    found = [head]
    for place, name in enumerate(law.names):
        line = f"  {name}: {low[place]:.5g} to {high[place]:.5g}"
        if name in axes:
            line += f", from {starts(axes[name])}"
        if nodes is not None:
            column = nodes[:, place]
            line += f", {len(column)} starts of mean {column.mean():.5g} and spread {column.std():.5g}"
        found.append(line)
    return found


def approved() -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for line in LIST.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            current = parts.setdefault(line.partition(":")[0], [])
        current.append(line)
    return parts


def test_the_list_has_every_law():
    if "UPDATE_GOLDEN" in os.environ:
        LIST.write_text("".join(f"{line}\n" for law in LAWS for line in lines(law)), "utf-8")
    assert list(approved()) == [law.name for law in LAWS]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_bounds_and_starts_are_as_approved(law):
    assert lines(law) == approved()[law.name]
