"""A joint fit of several groups as one fit for each group, with the parameters that hold there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from scaling_cli.document.saved_fit import SavedFit, SavedInterval
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.grouped import LEVEL, GroupedLaw
from scaling_cli.record import replace
from scaling_cli.results.fit import FitResult

INDEX = re.compile(r"\[[^\]]*\]")  # of a parameter that has a value for each level of a column


def by_level(saved: SavedFit) -> tuple[SavedFit, ...]:
    """The fit of each group of a joint fit; the fit itself, if it is not one.

    Levels of the columns that index its parameters are added to the group.
    """
    if "[" not in "".join(saved.parameters):
        return (saved,)
    law = find_law(saved.law, tuple(saved.inputs))
    if not law.levels:
        return (saved,)
    columns = {column.removeprefix(LEVEL): labels for column, labels in law.levels.items()}
    inner = law.inner.name if isinstance(law, GroupedLaw) else INDEX.sub("", saved.law)
    inputs = {name: column for name, column in saved.inputs.items() if name not in law.levels}
    alone = find_law(inner, tuple(inputs))
    return tuple(
        _at(saved, alone, dict(zip(columns, labels, strict=True)), inputs)
        for labels in itertools.product(*columns.values())
    )


def _at(saved: SavedFit, alone: Law, levels: Mapping[str, str], inputs: dict[str, str]) -> SavedFit:
    """The fit at one level of each column."""
    names = list(saved.parameters)
    sources = {name: _source(name, names, levels) for name in alone.names}
    draws = saved.draws
    if draws is not None:
        order = [names.index(source) for source in sources.values()]
        draws = tuple(tuple(row[place] for place in order) for row in draws)
    return replace(
        saved,
        law=alone.name,
        parameters={name: saved.parameters[source] for name, source in sources.items()},
        group={**saved.group, **levels},
        inputs=inputs,
        ranges=_ranges_at(saved.ranges, levels),
        draws=draws,
    )


def _ranges_at(ranges: Mapping[str, tuple[float, float]], levels: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """The ranges within these levels, where they are known, else those of all of them."""
    label = f"[{','.join(levels.values())}]"
    own = {name.removesuffix(label): ends for name, ends in ranges.items() if name.endswith(label)}
    return {name: ends for name, ends in ranges.items() if "[" not in name} | own


def _source(name: str, names: list[str], levels: Mapping[str, str]) -> str:
    """The parameter of the joint fit that is `name` at these levels."""
    indexed = (f"{name}[{label}]" for label in levels.values())
    return next((each for each in (name, *indexed) if each in names), name)


def saved_from(result: FitResult) -> SavedFit:
    """A fit in the form in which saved fits are read."""
    return SavedFit(
        law=result.law,
        parameters=dict(result.parameters),
        group=result.group,
        inputs=result.inputs,
        ranges=dict(result.ranges),
        noise=result.noise,
        draws=result.draws,
        interval=SavedInterval(result.interval.method),
        runs=result.runs,
    )
