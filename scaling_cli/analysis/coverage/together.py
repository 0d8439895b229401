"""The answers about a group of sampling logs that need other groups: budgets, comparisons, mixes and exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from scaling_cli.analysis.coverage import combined, laws
from scaling_cli.analysis.coverage.budget import Buyer, purchases
from scaling_cli.analysis.coverage.crossing import Side
from scaling_cli.analysis.coverage.curve import (
    STOPPED,
    Sampled,
)
from scaling_cli.analysis.coverage.exchange import Trade, exchanges, exchanges_against
from scaling_cli.analysis.coverage.opponents import Named, curves_cross, opponent
from scaling_cli.analysis.coverage.paired import compare
from scaling_cli.analysis.coverage.question import prices_of, questions_of, resampling_of
from scaling_cli.analysis.coverage.rivals import mixes, winners
from scaling_cli.caveats import Caveat
from scaling_cli.coverage.counts import Indices
from scaling_cli.errors import UsageError
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.options.inference_coverage import InferenceCoverage
from scaling_cli.points.samples import SampleGroup
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import (
    Comparison,
    CoverageResult,
    CurveCrossing,
    Mix,
    Purchase,
)
from scaling_cli.results.exchange import Exchange


class Group(Record):
    """One group ready to be analysed."""

    samples: SampleGroup
    data: Sampled

    @property
    def name(self) -> str:
        """The group as one name, as in tables."""
        return self.samples.name

    @property
    def label(self) -> dict[str, str] | None:
        """Its values by column, None for the whole log."""
        return self.samples.label


def with_other_groups(
    kept: Sequence[tuple[Group, laws.FittedLaws]], results: list[CoverageResult], ask: InferenceCoverage
) -> tuple[list[CoverageResult], list[Caveat]]:
    """The results completed by what needs other groups: budgets, comparisons and mixes."""
    groups = [group for group, _ in kept]
    buyers = {group.name: _buyer(group, fitted, ask) for group, fitted in kept}
    caveats: list[Caveat] = []
    rows: dict[str, list[Purchase]] = {}
    for group in groups:
        rows[group.name], more_caveats = purchases(buyers[group.name], questions_of(ask), group.label)
        caveats += more_caveats
    rows = winners(list(buyers.values()), rows, resampling_of(ask, group_hash({})))
    finished = []
    for group, result in zip(groups, results, strict=True):
        k = np.array([row.k for row in result.coverage], dtype=np.int64)
        finished.append(
            replace(
                result,
                budgets=tuple(rows[group.name]),
                comparisons=_comparisons(group, groups, k, ask),
                mixes=_mixes(group, groups, buyers, ask),
                exchange=_exchanges(group, groups, buyers[group.name], k, ask),
                crossings=_crossings(group, groups, ask),
            )
        )
    return finished, caveats


def _buyer(group: Group, fitted: laws.FittedLaws, ask: InferenceCoverage) -> Buyer:
    longest = group.data.longest
    return Buyer(
        name=group.name,
        data=group.data,
        problems=group.samples.problems,
        costs=prices_of(ask).costs(group.name),
        level=ask.level,
        forecast=cache(lambda k: combined.combined_at(fitted, k, longest, force=ask.force)),
        furthest=int(combined.LARGEST_REACH * longest),
    )


def named(groups: Sequence[Group]) -> list[Named]:
    """The groups by the names that options give them."""
    return [Named(group.name, group.samples.values) for group in groups]


def _sides(group: Group, groups: Sequence[Group], ask: InferenceCoverage) -> tuple[Side, Side] | None:
    """The group and the one that it is compared with; None where there is none."""
    if ask.compare is None:
        return None
    found = opponent(Named(group.name, group.samples.values), named(groups), ask.compare)
    if found is None:
        return None
    other = next(side for side in groups if side.name == found.name)
    _require_fixed(group, other)
    left, right = (Side(side.name, side.data.counts, side.samples.problems) for side in (group, other))
    return left, right


def _exchanges(
    group: Group, groups: Sequence[Group], buyer: Buyer, k: Indices, ask: InferenceCoverage
) -> tuple[Exchange, ...]:
    if ask.train_exchange is None or ask.pretrain_tokens is None or ask.inference_tokens is None:
        return ()
    trade = Trade(ask.train_exchange, ask.inference_tokens / ask.pretrain_tokens)
    if ask.compare is None:
        return tuple(exchanges(buyer, k, trade))
    sides = _sides(group, groups, ask)
    if sides is None:
        return ()
    shared = resampling_of(ask, group_hash({}))
    return tuple(exchanges_against(*sides, k, trade, level=ask.level, resampling=shared))


def _crossings(group: Group, groups: Sequence[Group], ask: InferenceCoverage) -> tuple[CurveCrossing, ...]:
    sides = _sides(group, groups, ask)
    if sides is None:
        return ()
    found = curves_cross(*sides, level=ask.level, resampling=resampling_of(ask, group_hash({})))
    return () if found is None else (found,)


def _require_fixed(*groups: Group) -> None:
    """Refuse to pair problems whose sampling stopped at a success, since rates of single problems are then biased."""
    for group in groups:
        if group.data.design == STOPPED:
            raise UsageError(
                f"Sampling of {group.name} stopped at successes, so its problems cannot be paired with those of "
                "another group.",
                hint="Compare or mix groups with a fixed number of attempts per problem.",
            )


def _comparisons(group: Group, groups: Sequence[Group], k: Indices, ask: InferenceCoverage) -> tuple[Comparison, ...]:
    sides = _sides(group, groups, ask)
    if sides is None:
        return ()
    if ask.train_exchange is not None and not sides[0].shares_problems(sides[1]):
        return ()  # the exchange compares the groups without pairs
    shared = resampling_of(ask, group_hash({}))
    return tuple(compare(*sides, k, level=ask.level, band=ask.band, resampling=shared))


def _mixes(group: Group, groups: Sequence[Group], buyers: dict[str, Buyer], ask: InferenceCoverage) -> tuple[Mix, ...]:
    if ask.mix is None or group.name == ask.mix:
        return ()
    _require_fixed(group, next(other for other in groups if other.name == ask.mix))
    return tuple(mixes(buyers[group.name], buyers[ask.mix], questions_of(ask).budgets))
