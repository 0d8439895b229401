"""`scaling extrapolate` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from scaling_cli.caveats import Caveat
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.fitting.ask import Asking, alone, certain, side_by_side
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import SIX_ND
from scaling_cli.options.extrapolate import Extrapolate
from scaling_cli.points.choose import Choice, checkpoints_of, columns_of
from scaling_cli.points.group import groups_of
from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.points.mixture import own_inputs, without_own
from scaling_cli.points.table import PointTable
from scaling_cli.points.untrained import without_untrained
from scaling_cli.record import Record, replace
from scaling_cli.results.forecast import Extrapolation
from scaling_cli.results.report import Failure, Report
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.asked_targets import inputs_asked, inputs_saved, question
from scaling_cli.verbs.by_fits import by_fits, by_published, extrapolated_saved
from scaling_cli.verbs.common import (
    FILE,
    Given,
    SavedFile,
    add_failure,
    for_laws,
    is_published,
    knowing,
    labelled,
    report_of,
    require_compute,
    saved_or_runs,
    settings_of,
    unread,
)
from scaling_cli.verbs.several_losses import of_loss, said_once

if TYPE_CHECKING:
    from scaling_cli.analysis.forecast.evidence import ForecastData, Method
    from scaling_cli.analysis.forecast.question import ForecastQuestion
    from scaling_cli.analysis.forecast.suite import Suite
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs

AT_ONCE = 128  # files that are forecast together: a few seconds of work
GroupKey: TypeAlias = tuple[tuple[str, str], ...]  # a group as a key of dictionaries


def extrapolate(
    runs: Given | None,
    asked: Extrapolate,
    *,
    label: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
) -> Report[Extrapolation]:
    """Forecast the loss of larger runs, from runs, or from a saved or a published fit.

    Args:
        runs: Files or a table, as `fit` takes them; or one document that `scaling fit --json` wrote, or the answer of
            `fit`; None with a published fit, such as `law="chinchilla:besiroglu"`.
        asked: What to forecast and how, and which rows and columns to read.
        label: A name for all of these runs, as for `fit`.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: There is one group, and nothing can be forecast from it.
    """
    if is_published(runs, asked.law):
        return by_published(asked, on_progress)
    (report,) = _reports([(runs, label)], asked, on_progress)
    return report


def extrapolate_each(files: Sequence[str], asked: Extrapolate) -> list[Report[Extrapolation]]:
    """The report on each file by itself, as `extrapolate` with a label gives it; their fits are under way at once."""
    is_published(files, asked.law)  # which is refused beside files
    return _reports([([name], {FILE: name}) for name in files], asked, None)


def _reports(
    parts: Sequence[tuple[Given | None, Mapping[str, str] | None]], asked: Extrapolate, on_progress: Progress | None
) -> list[Report[Extrapolation]]:
    """The report on each of several sets of runs, each with its label."""
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.suite import suite_of

    suite = suite_of(asked)
    asked = asked.but(checkpoints=checkpoints_of(asked.law, asked.checkpoints))
    method = Method(asked, settings_of(asked, on_progress))
    empty: Report[Extrapolation] = Report("extrapolate", (), {}, asked.recorded(), ())
    with one_blas_thread():
        outcomes = alone(side_by_side([_answered(runs, asked, suite, method) for runs, _ in parts]))
    labels = [label for _, label in parts]
    return [labelled(partial(_sure, outcome), label, empty) for outcome, label in zip(outcomes, labels, strict=True)]


def _sure(outcome: Report[Extrapolation] | ScalingError) -> Report[Extrapolation]:
    return certain([outcome])[0]


def _answered(runs: Given | None, asked: Extrapolate, suite: Suite, method: Method) -> Asking[Report[Extrapolation]]:
    """Forecasts from runs or from a saved fit, whichever is given."""
    from scaling_cli.document.read import read_fits

    assert runs is not None
    given = saved_or_runs(runs)
    if isinstance(given, SavedFile):
        fits = read_fits(given.path, given.name)
        ask = question(asked, suite, inputs_saved(fits))
    else:
        asked.check_fitted()
        fits, ask = (), question(asked, suite, inputs_asked(asked.law, asked.x))
    rule = asked.flops_rule
    if rule != SIX_ND and (isinstance(given, SavedFile) or any("compute" not in target.at for target in ask.targets)):
        raise UsageError(
            f"--flops-rule {rule!r} counts the compute of runs, not that of a saved fit or of targets.",
            hint="Give runs instead of a saved fit, and targets as --at compute=1e24.",
        )
    if isinstance(given, SavedFile):
        return extrapolated_saved(given, fits, asked, ask, method)
    losses: list[_Loss] = []
    failures: list[Failure] = []
    for name in suite.losses if len(suite.losses) > 1 else (None,):
        try:
            losses.append(_loaded(given, asked, name, suite, method))
        except DataError as error:
            if name is None or len(failures) + 1 == len(suite.losses):
                raise
            failures.append(Failure({"loss": name}, error.message, error.hint))
    if losses[0].choice.law.levels:
        return _by_levels(losses, asked)
    return (yield from _extrapolated(losses, asked, suite, failures))


class _Loss(Record):
    """One loss with its runs, and how they are to be forecast; `label` names it where there are several."""

    name: str
    table: RunTable
    choice: Choice
    ask: ForecastQuestion
    method: Method
    label: dict[str, str]

    def groups(self, by: tuple[str, ...]) -> list[tuple[dict[str, str], PointTable]]:
        """Each group, without the label, and its points."""
        return list(groups_of(self.table, by))


def _loaded(runs: Runs, asked: Extrapolate, name: str | None, suite: Suite, method: Method) -> _Loss:
    """The runs with one column as the loss."""
    from scaling_cli.analysis.forecast.downstream import refuse_other_scale

    only = suite.losses[0] if suite.losses and name is None else name
    if only is not None and "loss" not in asked.map:
        asked = asked.but(loss=(only,))
    ask = question(asked, suite, inputs_asked(asked.law, asked.x))
    method = replace(method, asked=asked)
    own = own_inputs(asked.map, asked.law)
    keep, maybe = columns_of(asked.law, asked.x, own)
    reading = asked.but(map=without_own(asked.map, own))
    further = (*(task.metric for task in suite.tasks), *((asked.weight,) if asked.weight else ()))
    table = load_runs(runs, reading, keep=(*keep, *further), maybe=maybe, positive_loss=asked.space == "log")
    with knowing(table.caveats, unread(table)):
        for task in suite.tasks:
            if task.chance:
                refuse_other_scale(task, PointTable(table.frame).numbers(task.metric, own=True))
        choice = method.choose(table, ask)
        require_compute(choice, asked.flops_rule)
        table = table.needing((*choice.inputs.values(), *table.own((asked.weight,) if asked.weight else ())))
        table = without_untrained(table, [choice])
    label = {"loss": name} if name is not None else {}
    if not choice.law.levels:
        ask = ask.of_groups([group for group, _ in groups_of(table, asked.by)])
    return _Loss(table.columns["loss"], table, choice, ask, method, label)


def _extrapolated(
    losses: Sequence[_Loss], asked: Extrapolate, suite: Suite, unusable: Sequence[Failure]
) -> Asking[Report[Extrapolation]]:
    """Forecasts from runs, group by group; `unusable` are losses whose column cannot be used."""
    from scaling_cli.analysis.forecast.answer import extrapolate_suite

    first = losses[0].table
    results: list[Extrapolation] = []
    caveats: list[Caveat] = []
    failures = [*unread(first), *unusable]
    by_group = yield from _by_group(losses, asked, caveats, failures)
    works = [extrapolate_suite(parts, suite, dict(key)) for key, parts in by_group.items()]
    outcomes = yield from side_by_side(works)
    for (key, parts), made in zip(by_group.items(), outcomes, strict=True):
        if isinstance(made, ScalingError):
            _add(dict(key), made, failures, caveats)
            continue
        for (name, _, _), (result, doubts) in zip(parts, made, strict=True):
            results += with_sentences("extrapolate", [result], {"loss": name})
            caveats += doubts
    caveats = said_once(caveats, len(losses))
    said = {each.code for each in caveats}
    if {"mid-schedule", "mid-schedule-points"} <= said:  # which say the same; the first may know the schedule
        less = "mid-schedule-points" if "lr" in first.columns else "mid-schedule"
        caveats = [each for each in caveats if each.code != less]
    table = replace(first, columns={**first.columns, "loss": ", ".join(loss.name for loss in losses)})
    return report_of("extrapolate", table, asked, results, caveats, failures)


def _by_group(
    losses: Sequence[_Loss], asked: Extrapolate, caveats: list[Caveat], failures: list[Failure]
) -> Asking[dict[GroupKey, list[tuple[str, ForecastData, ForecastQuestion]]]]:
    """The losses of each group, by name, each with its forecaster; what cannot be fitted goes to the `failures`."""
    from scaling_cli.analysis.forecast.question import unmatched

    by_group: dict[GroupKey, list[tuple[str, ForecastData, ForecastQuestion]]] = {}
    for loss in losses:
        known = [
            *for_laws(loss.table.caveats, [loss.choice.law]),
            *input_doubts(loss.table, tuple(loss.choice.inputs.values()), asked.by, asked.best_over),
        ]
        caveats += [of_loss(each, loss.label) for each in known]
        groups = loss.groups(asked.by)
        wanted = [(group, points) for group, points in groups if loss.ask.concerns(group)]
        works = [_evidence(loss, group, points) for group, points in wanted]
        outcomes = yield from side_by_side(works)
        for (group, _), outcome in zip(wanted, outcomes, strict=True):
            if isinstance(outcome, ScalingError):
                _add({**loss.label, **group}, outcome, failures, caveats)
                continue
            data, doubts = outcome
            caveats += doubts
            by_group.setdefault(tuple(group.items()), []).append((loss.name, data, loss.ask))
        caveats += [of_loss(each, loss.label) for each in unmatched(loss.ask, [group for group, _ in groups])]
    return by_group


def _by_levels(losses: Sequence[_Loss], asked: Extrapolate) -> Report[Extrapolation]:
    """Forecasts from one fit of several groups, whose law has parameters for each level of a column.

    Raises:
        UsageError: There are several losses.
    """
    from scaling_cli.analysis.forecast.evidence import plain_fit
    from scaling_cli.document.levels import by_level, saved_from

    loss, table = losses[0], losses[0].table
    if len(loss.ask.suite.losses) > 1:
        raise UsageError(
            "Several losses cannot be forecast by a law with parameters for each level of a column.",
            hint="Forecast one loss at a time.",
        )
    fits: list[SavedFit] = []
    doubts = input_doubts(table, tuple(loss.choice.inputs.values()), asked.by, asked.best_over)
    caveats = [*for_laws(table.caveats, [loss.choice.law]), *doubts]
    for group, points in loss.groups(asked.by):
        with one_blas_thread(), knowing(caveats):
            result, found = plain_fit(points, group, loss.choice, loss.method)
        fits += [replace(each, column=table.columns["loss"]) for each in by_level(saved_from(result))]
        caveats += found
    report = by_fits(fits, asked, loss.ask, loss.method, None)
    runs, count = table.frame["run_id"].n_unique(), len(table.frame)
    results = [replace(each, runs=runs, points=count) for each in report.results]  # all groups are fitted together
    return report_of("extrapolate", table, asked, results, [*caveats, *report.caveats], unread(table))


def _evidence(loss: _Loss, group: dict[str, str], points: PointTable) -> Asking[tuple[ForecastData, list[Caveat]]]:
    """One group of one loss, its forecaster fitted, and caveats."""
    from scaling_cli.analysis.forecast.evidence import evidence_from

    named, has_names = {**loss.label, **group}, "run_id" in loss.table.columns
    return evidence_from(points, named, loss.choice, loss.ask, loss.method, drawn_as=group, has_names=has_names)


def _add(group: dict[str, str], error: ScalingError, failures: list[Failure], caveats: list[Caveat]) -> None:
    """Add a group that failed to the failures, as `add_failure` does, with the caveats known so far."""
    try:
        with knowing(caveats):
            raise error
    except ScalingError:
        add_failure(group, error, failures, caveats)
