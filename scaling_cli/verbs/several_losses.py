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
from scaling_cli.verbs.common import LOSS, merged


def one_report(reports: Sequence[Report[FitResult]], options: Mapping[str, object]) -> Report[FitResult]:
    """The reports of all losses as one; each result has its differences from that of the first loss in its group."""
    first: dict[Hashable, FitResult] = {}
    results = []
    for report in reports:
        for result in report.results:
            group = tuple(sorted((key, value) for key, value in result.group.items() if key != LOSS))
            reference = first.setdefault(group, result)
            results.append(result if reference is result else _beside(reference, result))
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


def _beside(reference: FitResult, result: FitResult) -> FitResult:
    """The result with its differences from that of the first loss, and as a function of that loss."""
    if reference.law != result.law:
        return result
    before, after = _values(reference), _values(result)
    if not _share_draws(reference, result):
        before, after = ({name: each[:1] for name, each in values.items()} for values in (before, after))
    differences = {name: after[name] - before[name] for name in after if name in before}
    unknown = [name for name in differences if _is_unknown(name, reference, result)]
    return replace(
        result,
        differences=_estimates(differences, reference, result, unknown),
        loss_to_loss=_estimates(_loss_to_loss(result.law, before, after), reference, result, unknown),
    )


def _loss_to_loss(law: str, before: Mapping[str, Array], after: Mapping[str, Array]) -> dict[str, Array]:
    """The parameters of L1 = E1 + K (L0 - E0)^kappa, as in Brandfonbrener et al. 2024, arXiv:2411.12925, eq. 1.

    If L0 = a0 x^b0 + c0 and L1 = a1 x^b1 + c1 with the same x, then E0 = c0, E1 = c1, kappa = b1 / b0 and
    K = a1 a0^-kappa. The floors are those of each loss along x, which losses alone hardly determine.
    """
    if law not in ("power", "power-constant"):
        return {}
    with np.errstate(all="ignore"):
        kappa = after["b"] / before["b"]
        found = {"K": np.exp(np.log(after["a"]) - kappa * np.log(before["a"])), "kappa": kappa}
    return {"E1": after["c"], "E0": before["c"], **found} if law == "power-constant" else found


def _estimates(
    values: Mapping[str, Array], reference: FitResult, result: FitResult, unknown: Sequence[str]
) -> dict[str, Estimate]:
    """Each quantity `(1 + replicates,)` with its interval over the draws, if both losses have the same draws."""
    are_shared = _share_draws(reference, result)
    level, found = result.interval.level, {}
    for name, drawn in values.items():
        first, drawn = float(drawn[0]), drawn[1:][np.isfinite(drawn[1:])]
        if not np.isfinite(first):
            continue
        if not are_shared or name in unknown or not len(drawn):
            found[name] = Estimate(first)
            continue
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], method="weibull")
        found[name] = Estimate(first, min(float(low), first), max(float(high), first))
    return found


def _is_unknown(name: str, *results: FitResult) -> bool:
    """Whether a fit has no interval for a parameter, because the data do not determine it."""
    return any(name in result.parameters and result.parameters[name].low is None for result in results)


def _values(result: FitResult) -> dict[str, Array]:
    """The estimate and the draws of each parameter and each quantity of the law.

    They are `(1 + replicates,)`, or `(1,)` without draws.
    """
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
