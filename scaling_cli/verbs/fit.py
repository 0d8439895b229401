"""`scaling fit` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.load import load_runs
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import flops_rule
from scaling_cli.laws import Law
from scaling_cli.options.fit import Fit
from scaling_cli.points.choose import (
    Choice,
    candidates,
    check_law,
    checkpoints_of,
    choose,
    columns_of,
)
from scaling_cli.points.group import grouped_for, groups_of
from scaling_cli.points.pooled import input_doubts
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.common import knowing, report_of, settings_of, unread

if TYPE_CHECKING:
    from scaling_cli.data.runs.table import RunTable
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs


def fit(
    runs: Runs, asked: Fit, *, label: Mapping[str, str] | None = None, on_progress: Progress | None = None
) -> Report[FitResult]:
    """Fit a law to runs, one fit per group.

    Args:
        runs: Files, folders or globs, or a table (polars, or Arrow) with one row per run or checkpoint.
        asked: How to fit, and which rows and columns to read.
        label: A name for all of these runs, such as `{"file": "a.csv"}`; it becomes part of each group, and an error
            becomes a failure in the report.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: There is one group, and no law fitted to it could be trusted.
    """
    check_law(asked.law)
    asked = asked.but(checkpoints=checkpoints_of(asked.law, asked.checkpoints))
    try:
        table, choices, bent = _prepared(runs, asked)
    except ScalingError as error:
        if label is None:
            raise
        return Report("fit", (), {}, asked.recorded(), (), failures=(Failure(dict(label), error.message, error.hint),))
    settings = settings_of(asked, on_progress)
    results: list[FitResult] = []
    doubts = (*table.caveats, *input_doubts(table, _inputs(choices), asked.by, asked.best_over))
    caveats: list[Caveat] = [replace(found, group={**(label or {}), **(found.group or {})} or None) for found in doubts]
    failures = unread(table)
    for group, points in groups_of(table, asked.by, label):
        weighting = Weighting(asked.weight, asked.scale_weight, asked.prior)
        try:
            grouped = [grouped_for(points, group, choice, asked.space, weighting) for choice in choices]
            with one_blas_thread(), knowing(caveats):
                result, found = fit_group(grouped[0], settings) if asked.law != "all" else _best(grouped, settings)
        except ScalingError as error:
            if not group or (label is None and isinstance(error, UsageError)):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(_completed(result, choices, asked))
        caveats += found
        if names := bent.get(result.law):
            rule, quantities = asked.flops_rule, " and ".join(names)
            caveats.append(caveat("rule-bends-split", dict(label) if label else None, rule=rule, quantities=quantities))
    return report_of("fit", table, asked, results, caveats, failures)


def _inputs(choices: Sequence[Choice]) -> tuple[str, ...]:
    """The columns that any of the laws needs."""
    return tuple(dict.fromkeys(column for choice in choices for column in choice.inputs.values()))


def _prepared(runs: Runs, asked: Fit) -> tuple[RunTable, list[Choice], dict[str, tuple[str, ...]]]:
    """The points, the laws to fit, and the quantities of each law that the FLOP rule takes away."""
    keep, maybe = columns_of(asked.law, asked.x)
    weights = (asked.weight,) if asked.weight else ()
    table = load_runs(runs, asked, keep=(*keep, *weights), maybe=maybe, positive_loss=asked.space == "log")
    if asked.law == "all":
        choices = candidates(table.frame, asked.x)
    else:
        choices = [
            choose(
                table.frame, asked.law, asked.x, by=asked.by, start=asked.start, bound=asked.bound, others=table.others
            )
        ]
    is_proportional = flops_rule(asked.flops_rule).rate is not None
    bent = {} if is_proportional else {choice.law.name: _powers(choice.law) for choice in choices}
    choices = [_without(bent.get(choice.law.name, ()), choice) for choice in choices]
    if asked.fix or asked.tie:
        from scaling_cli.points.held import hold

        choices = [hold(choice, asked.fix, asked.tie, table.frame) for choice in choices]
    return table.needing((*_inputs(choices), *table.own(weights))), choices, bent


def _best(grouped: Sequence[Grouped], settings: Settings) -> tuple[FitResult, list[Caveat]]:
    from scaling_cli.fitting.ranking import fit_best

    return fit_best(list(grouped), settings)


def _completed(result: FitResult, choices: Sequence[Choice], asked: Fit) -> FitResult:
    """The result with the parameters that were held."""
    if not (asked.fix or asked.tie):
        return result
    from scaling_cli.fitting.complete import completed

    return completed(result, next(choice.law for choice in choices if choice.law.name == result.law))


def _powers(law: Law) -> tuple[str, ...]:
    """The quantities of a law that hold only while compute is in proportion to params * tokens."""
    return tuple(quantity.name for quantity in law.derived if quantity.is_power_of_compute)


def _without(names: Sequence[str], choice: Choice) -> Choice:
    """The choice of a law without the quantities of these names."""
    if not names:
        return choice
    kept = tuple(quantity for quantity in choice.law.derived if quantity.name not in names)
    return replace(choice, law=replace(choice.law, derived=kept))
