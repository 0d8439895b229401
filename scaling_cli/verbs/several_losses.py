"""Fits of several losses of the same runs as one report, with the differences of their parameters.

All losses draw the same runs in each replicate, or the same factors of their residuals, so the replicates of two losses
differ only by what the losses do: the interval of a difference is that of the differences of the draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate, FitResult
from scaling_cli.results.report import Report
from scaling_cli.verbs.common import merged

LOSS = "loss"  # the key of a group that is a column of the loss


def one_report(reports: Sequence[Report[FitResult]], options: Mapping[str, object]) -> Report[FitResult]:
    """The reports of all losses as one; each result has its differences from that of the first loss in its group."""
    first: dict[Hashable, FitResult] = {}
    results = []
    for report in reports:
        for result in report.results:
            group = tuple(sorted((key, value) for key, value in result.group.items() if key != LOSS))
            reference = first.setdefault(group, result)
            results.append(
                result if reference is result else replace(result, differences=_differences(reference, result))
            )
    caveats = said_once([each for report in reports for each in report.caveats], len(reports))
    named = [report for report in reports if report.columns]
    columns = {**named[0].columns, LOSS: ", ".join(report.columns[LOSS] for report in named)} if named else {}
    return Report(
        "fit", reports[0].inputs, columns, dict(options), tuple(results), merged(caveats),
        tuple(failure for report in reports for failure in report.failures),
    )  # fmt: skip


def said_once(caveats: Sequence[Caveat], losses: int) -> list[Caveat]:
    """The caveats, with what concerns each of several losses said once for all."""
    if losses == 1:
        return list(caveats)
    concerned: dict[Hashable, set[str]] = {}
    for each in caveats:
        concerned.setdefault(_key(_unlabelled(each)), set()).add((each.group or {}).get("loss", ""))
    return [common if len(concerned[_key(common := _unlabelled(each))]) == losses else each for each in caveats]


def _key(found: Caveat) -> Hashable:
    return found.code, found.message, tuple((found.group or {}).items())


def _unlabelled(found: Caveat) -> Caveat:
    group = {name: value for name, value in (found.group or {}).items() if name != "loss"}
    return replace(found, group=group or None)


def of_loss(found: Caveat, label: Mapping[str, str]) -> Caveat:
    """A caveat about the runs as those of one loss, where there are several."""
    return replace(found, group={**label, **(found.group or {})}) if label else found


def _differences(reference: FitResult, result: FitResult) -> dict[str, Estimate]:
    """By name, a parameter or quantity less that of the reference; no interval where draws are not the same."""
    if reference.law != result.law:
        return {}
    before, after = _values(reference), _values(result)
    are_shared = _share_draws(reference, result)
    level, found = result.interval.level, {}
    for name in (name for name in after if name in before):
        values = after[name] - before[name] if are_shared else after[name][:1] - before[name][:1]
        if np.isnan(values[0]):
            continue
        ends: tuple[float | None, float | None] = (None, None)
        if are_shared and not _is_unknown(name, reference, result):
            low, high = np.quantile(values[1:], [(1 - level) / 2, (1 + level) / 2], method="weibull")
            ends = (min(float(low), float(values[0])), max(float(high), float(values[0])))
        found[name] = Estimate(float(values[0]), *ends)
    return found


def _is_unknown(name: str, *results: FitResult) -> bool:
    """Whether a fit has no interval for a parameter, because the data do not determine it."""
    return any(name in result.parameters and result.parameters[name].low is None for result in results)


def _values(result: FitResult) -> dict[str, Array]:
    """The estimate and the draws `(1 + replicates,)` of each parameter and each quantity of the law."""
    rows = [[value.estimate for value in result.parameters.values()], *(result.draws or ())]
    values = dict(zip(result.parameters, np.array(rows, dtype=float).T, strict=True))
    law = find_law(result.law, tuple(result.inputs))
    with np.errstate(all="ignore"):
        derived = {each.name: np.asarray(each.compute(values), dtype=float) for each in law.derived}
    return {**values, **{name: each for name, each in derived.items() if name in result.derived}}


def _share_draws(one: FitResult, other: FitResult) -> bool:
    """Whether the replicates of two fits draw the same: from equal runs, none of them lost."""
    if not one.draws or not other.draws or one.observations is None or other.observations is None:
        return False
    are_whole = len(one.draws) == len(other.draws) and one.interval.failed == other.interval.failed == 0
    are_alike = one.interval.unit == other.interval.unit and one.interval.method == other.interval.method
    return are_whole and are_alike and one.observations.inputs == other.observations.inputs
