"""`scaling fit` as a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.flops import flops_rule
from scaling_cli.laws import Law
from scaling_cli.numbers.format import with_and
from scaling_cli.options.fit import Fit
from scaling_cli.options.fitting import REPLICATED
from scaling_cli.points.choose import (
    Choice,
    candidates,
    check_law,
    checkpoints_of,
    choose,
    columns_of,
)
from scaling_cli.points.group import Groups, grouped_for, groups_of
from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.points.mixture import check_named, own_inputs, without_own
from scaling_cli.points.table import PointTable
from scaling_cli.points.untrained import without_untrained
from scaling_cli.points.weights import Weighting
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.common import (
    FILE,
    LOSS,
    for_laws,
    knowing,
    known_before,
    refused,
    report_of,
    settings_of,
    unread,
)
from scaling_cli.verbs.fit_work import Outcome, Work, outcomes_of

if TYPE_CHECKING:
    from scaling_cli.data.files.inputs import Opened
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs

OF_LOSSES = ("single-outcomes", "not-a-loss", "metric-grows", "loss-unit")  # caveats that outcomes need not have


def fit(
    runs: Runs, asked: Fit, *, label: Mapping[str, str] | None = None, on_progress: Progress | None = None
) -> Report[FitResult]:
    """Fit a law to runs, one fit per group.

    Args:
        runs: Files, folders or globs, or a table (polars, pandas, Arrow or a dict of columns) with one
            row per run or checkpoint.
        asked: How to fit, and which rows and columns to read.
        label: A name for all of these runs, such as `{"file": "a.csv"}`; it becomes part of each group, and an error
            becomes a failure in the report.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: There is only one group, and its data do not allow a fit that can be trusted.
    """
    if asked.steps_to:
        return _of_steps(runs, asked, label, on_progress)
    if len(asked.loss) > 1:
        return _several(runs, asked, label or {}, on_progress)
    return _reports([(runs, label)], asked, on_progress)[0]


def _of_steps(
    runs: Runs, asked: Fit, label: Mapping[str, str] | None, on_progress: Progress | None
) -> Report[FitResult]:
    """The report on the steps to given losses; under a label, errors become failures."""
    from scaling_cli.verbs.fit_steps import fit_steps

    try:
        return fit_steps(runs, asked, lambda table, own: _reports([(table, label)], own, on_progress)[0])
    except ScalingError as error:
        if label is None:
            raise
        return refused(Report("fit", (), {}, asked.recorded(), ()), label, error)


def _several(runs: Runs, asked: Fit, label: Mapping[str, str], on_progress: Progress | None) -> Report[FitResult]:
    """The report on several losses of the same runs.

    Raises:
        ScalingError: No loss could be fitted; the error is that of the first.
    """
    from scaling_cli.verbs.several_losses import one_report

    reports = [
        _reports([(runs, {**label, LOSS: name})], asked.but(loss=(name,)), on_progress)[0] for name in asked.loss
    ]
    if not (label or any(report.results for report in reports)):
        return _reports([(runs, label or None)], asked.but(loss=asked.loss[:1]), on_progress)[0]
    return one_report(reports, asked.recorded())


def fit_each(files: Sequence[str], asked: Fit) -> list[Report[FitResult]]:
    """The report on each file by itself, as `fit` with a label gives it; their fits are under way at once."""
    if asked.steps_to:
        return [_of_steps([name], asked, {FILE: name}, None) for name in files]
    if len(asked.loss) > 1:
        return [_several([name], asked, {FILE: name}, None) for name in files]
    from scaling_cli.data.files.each import open_each

    opened = open_each(files, asked.input_format, asked.max_expand)
    return _reports([(inputs, {FILE: name}) for name, inputs in zip(files, opened, strict=True)], asked, None)


class _Opened(Record):
    """Runs ready to be fitted.

    `inputs` are the columns that the laws need, and `bent` the quantities of each law that the FLOP rule takes away.
    """

    label: Mapping[str, str] | None
    table: RunTable
    inputs: tuple[str, ...]
    choices: tuple[Choice, ...]
    bent: dict[str, tuple[str, ...]]
    groups: Groups

    def works(self, asked: Fit, settings: Settings) -> list[Work]:
        """The fit of each group."""
        return [Work(points, group, self.choices, asked, settings) for group, points in self.groups]


def _reports(
    parts: Sequence[tuple[Runs | Opened, Mapping[str, str] | None]], asked: Fit, on_progress: Progress | None
) -> list[Report[FitResult]]:
    """The report on each of several sets of runs, each with its label."""
    check_law(asked.law)
    asked = asked.but(checkpoints=checkpoints_of(asked.law, asked.checkpoints))
    if asked.is_binomial:
        method = "profile" if asked.interval in REPLICATED else asked.interval
        asked = asked.but(space="linear", objective="binomial", weight=asked.trials or asked.weight, interval=method)
    settings = settings_of(asked, on_progress)
    with quiet_panics():  # once for all of them
        opened = [_opened(runs, asked, label) for runs, label in parts]
    usable = [each for each in opened if isinstance(each, _Opened)]
    outcomes = outcomes_of([work for each in usable for work in each.works(asked, settings)])
    return [each if isinstance(each, Report) else _report(each, outcomes, asked) for each in opened]


def _opened(runs: Runs | Opened, asked: Fit, label: Mapping[str, str] | None) -> _Opened | Report[FitResult]:
    """The runs, or under a label a report of the error that reading them ended with."""
    try:
        table, choices, bent = _prepared(runs, asked)
        inputs = _inputs(choices)
        if asked.share:
            from scaling_cli.points.share import shared

            points, choices = shared(table, choices, asked)
            groups: Groups = [(dict(label or {}), points)]
        else:
            groups = list(groups_of(table, asked.by, label))
    except ScalingError as error:
        if label is None:
            raise
        return refused(Report("fit", (), {}, asked.recorded(), ()), label, error)
    return _Opened(label, table, inputs, tuple(choices), bent, groups)


def _report(opened: _Opened, outcomes: Iterator[Outcome | ScalingError], asked: Fit) -> Report[FitResult]:
    """The report on one set of runs, whose groups have the next of the outcomes."""
    label, table, choices = opened.label, opened.table, opened.choices
    results: list[FitResult] = []
    suited = for_laws(table.caveats, (choice.law for choice in choices))
    known = [found for found in suited if not (asked.is_binomial and found.code in OF_LOSSES)]
    doubts = (*known, *input_doubts(table, opened.inputs, asked.by, asked.best_over))
    caveats: list[Caveat] = [replace(found, group={**(label or {}), **(found.group or {})} or None) for found in doubts]
    failures = unread(table)
    for (group, points), outcome in zip(opened.groups, outcomes, strict=False):
        if isinstance(outcome, ScalingError):
            if not group or (label is None and isinstance(outcome, UsageError)):
                with knowing(caveats, failures):
                    raise outcome
            failures.append(Failure(group, outcome.message, outcome.hint))
            caveats += known_before(outcome)
            continue
        result, found = outcome
        results.append(_left_out(_completed(result, choices, asked), points, choices, asked))
        caveats += found
        if names := opened.bent.get(result.law):
            rule, quantities = asked.flops_rule, with_and(names)
            caveats.append(caveat("rule-bends-split", dict(label) if label else None, rule=rule, quantities=quantities))
    return report_of("fit", table, asked, results, caveats, failures)


def _inputs(choices: Sequence[Choice]) -> tuple[str, ...]:
    """The columns that any of the laws needs."""
    return tuple(dict.fromkeys(column for choice in choices for column in choice.inputs.values()))


def _prepared(runs: Runs | Opened, asked: Fit) -> tuple[RunTable, list[Choice], dict[str, tuple[str, ...]]]:
    """The points, the laws to fit, and the quantities of each law that the FLOP rule takes away."""
    own = own_inputs(asked.map, asked.law)
    keep, maybe = columns_of(asked.law, asked.x, own)
    keep = (*keep, *((asked.leave_out,) if asked.leave_out else ()))
    weights = (asked.weight,) if asked.weight else ()
    reading = asked.but(map=without_own(asked.map, own))
    table = load_runs(runs, reading, keep=(*keep, *weights), maybe=maybe, positive_loss=asked.space == "log")
    with knowing(table.caveats, unread(table)):
        choices, bent = _chosen(table, asked, own)
        table = without_untrained(table.needing((*_inputs(choices), *table.own(weights))), choices)
        return table, choices, bent


def _chosen(table: RunTable, asked: Fit, own: Mapping[str, str]) -> tuple[list[Choice], dict[str, tuple[str, ...]]]:
    """The laws to fit to these runs, and the quantities of each law that the FLOP rule takes away."""
    if asked.law == "all":
        check_named(table.frame, asked.law, own)
        choices = candidates(table.frame, asked.x)
    elif asked.components is not None and asked.x is not None:
        from scaling_cli.points.components import components_formula

        formula, reason = components_formula(table.frame, asked.x.split(","), asked.components)
        choices = [replace(choose(table.frame, formula, None), reason=reason)]
    else:
        choices = [
            choose(
                table.frame, asked.law, asked.x,
                by=asked.by, start=asked.start, bound=asked.bound, own=own, others=table.others,
            )
        ]  # fmt: skip
    is_proportional = flops_rule(asked.flops_rule).rate is not None
    bent = {} if is_proportional else {choice.law.name: _powers(choice.law) for choice in choices}
    choices = [_without(bent.get(choice.law.name, ()), choice) for choice in choices]
    if asked.derive and not asked.share:
        from scaling_cli.laws.derive import with_derived

        choices = [replace(choice, law=with_derived(choice.law, asked.derive)) for choice in choices]
    if (asked.fix or asked.tie) and not asked.share:
        from scaling_cli.points.held import hold

        choices = [hold(choice, asked.fix, asked.tie, table.frame) for choice in choices]
    return choices, bent


def _completed(result: FitResult, choices: Sequence[Choice], asked: Fit) -> FitResult:
    """The result with the parameters that were held."""
    if not (asked.fix or asked.tie):
        return result
    from scaling_cli.fitting.complete import completed

    return completed(result, next(choice.law for choice in choices if choice.law.name == result.law))


def _left_out(result: FitResult, points: PointTable, choices: Sequence[Choice], asked: Fit) -> FitResult:
    """The result with its errors on groups that are left out one by one."""
    if asked.leave_out is None:
        return result
    from scaling_cli.fitting.checks.left_out import left_out

    choice = next(choice for choice in choices if choice.law.name == result.law)
    space = "binomial" if asked.is_binomial else asked.space
    grouped = grouped_for(points, result.group, choice, space, Weighting(asked.weight, asked.scale_weight, asked.prior))
    labels = points.labels(asked.leave_out)
    return replace(result, left_out=left_out(grouped.problem, labels, Objective(asked.objective, asked.delta)))


def _powers(law: Law) -> tuple[str, ...]:
    """The quantities of a law that hold only while compute is in proportion to params * tokens."""
    return tuple(quantity.name for quantity in law.derived if quantity.is_power_of_compute)


def _without(names: Sequence[str], choice: Choice) -> Choice:
    """The choice of a law without the quantities of these names."""
    if not names:
        return choice
    kept = tuple(quantity for quantity in choice.law.derived if quantity.name not in names)
    return replace(choice, law=replace(choice.law, derived=kept))
