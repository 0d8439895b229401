"""`scaling extrapolate` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import SIX_ND
from scaling_cli.options.extrapolate import Extrapolate, Recipe
from scaling_cli.options.fitting import Held, Started
from scaling_cli.points.choose import checkpoints_of, columns_of
from scaling_cli.points.group import groups_of
from scaling_cli.points.pooled import input_doubts
from scaling_cli.record import replace
from scaling_cli.results.forecast import Extrapolation
from scaling_cli.results.report import Failure, Report, Source
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.common import (
    guess_doubts,
    is_published,
    knowing,
    labelled,
    merged,
    refuse_refitting,
    report_of,
    require_compute,
    saved_document,
    settings_of,
    unread,
)

if TYPE_CHECKING:
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.question import Ask
    from scaling_cli.caveats import Caveat
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.jobs import Progress
    from scaling_cli.points.choose import Choice
    from scaling_cli.verbs.common import Runs, SavedFile


def extrapolate(
    runs: Runs | None,
    asked: Extrapolate,
    *,
    label: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
) -> Report[Extrapolation]:
    """Forecast the loss of larger runs, from runs, or from a saved or a published fit.

    Args:
        runs: Files or a table, as `fit` takes them, or one document that `scaling fit --json` wrote; None with a
            published fit, such as `law="chinchilla:besiroglu"`.
        asked: What to forecast and how, and which rows and columns to read.
        label: A name for all of these runs, as for `fit`.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: There is one group, and nothing can be forecast from it.
    """
    from scaling_cli.analysis.forecast.evidence import Method

    if is_published(runs, asked.law):
        return _by_published(asked, on_progress)
    asked = asked.but(checkpoints=checkpoints_of(asked.law, asked.checkpoints))
    ask = _question(asked)
    method = Method(asked, settings_of(asked, on_progress))
    empty: Report[Extrapolation] = Report("extrapolate", (), {}, asked.recorded(), ())
    return labelled(lambda: _answered(runs, asked, ask, method), label, empty)


def _question(asked: Extrapolate) -> Ask:
    """What is asked, with all targets."""
    from scaling_cli.analysis.forecast.question import Ask
    from scaling_cli.analysis.forecast.targets import Target, parse_at

    wanted = [target for text in asked.at for target in parse_at(text)]
    if asked.targets is not None:
        from scaling_cli.data.runs.targets import load_targets

        keep = (asked.x,) if asked.x else ()
        rows = load_targets(
            asked.targets, mapping=asked.mapping, by=asked.by, keep=keep, loss_unit=asked.loss_unit,
            most=asked.max_expand,
        )  # fmt: skip
        wanted += [Target(*row) for row in rows]
    return Ask(tuple(wanted), asked.target_loss, asked.backtest, asked.then, asked.then_law, asked.chance)


def _answered(runs: Runs | None, asked: Extrapolate, ask: Ask, method: Method) -> Report[Extrapolation]:
    """Forecasts from runs or from a saved fit, whichever is given."""
    assert runs is not None
    saved = saved_document(runs)
    rule = asked.flops_rule
    if rule != SIX_ND and (saved is not None or any("compute" not in target.at for target in ask.targets)):
        raise UsageError(
            f"--flops-rule {rule!r} counts the compute of runs, not that of a saved fit or of targets.",
            hint="Give runs instead of a saved fit, and targets as --at compute=1e24.",
        )
    if saved is not None:
        return _extrapolated_saved(saved, asked, ask, method)
    keep, maybe = columns_of(asked.law, asked.x)
    further = tuple(column for column in (ask.then, asked.weight) if column)
    table = load_runs(runs, asked, keep=(*keep, *further), maybe=maybe, positive_loss=asked.space == "log")
    return _extrapolated(table, asked, ask, method)


def _extrapolated(table: RunTable, asked: Extrapolate, ask: Ask, method: Method) -> Report[Extrapolation]:
    """Forecasts from runs, group by group."""
    from scaling_cli.analysis.forecast.answer import extrapolate as answer
    from scaling_cli.analysis.forecast.evidence import evidence_from
    from scaling_cli.analysis.forecast.question import unmatched

    choice = method.choose(table, ask)
    require_compute(choice, asked.flops_rule)
    table = table.needing((*choice.inputs.values(), *table.own((asked.weight,) if asked.weight else ())))
    doubts = input_doubts(table, tuple(choice.inputs.values()), asked.by, asked.best_over)
    if choice.law.levels:
        return _by_levels(table, choice, asked, ask, method, doubts)
    results, caveats, failures = [], [*table.caveats, *doubts], unread(table)
    groups = list(groups_of(table, asked.by))
    ask = ask.of_groups([group for group, _ in groups])
    for group, points in groups:
        if not ask.concerns(group):
            continue
        try:
            with one_blas_thread(), knowing(caveats):
                evidence, known = evidence_from(points, group, choice, ask, method)
                result, found = answer(evidence, ask)
        except ScalingError as error:
            if not group or isinstance(error, UsageError):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(result)
        caveats += [*known, *found]
    caveats += unmatched(ask, [group for group, _ in groups])
    said = {each.code for each in caveats}
    if {"mid-schedule", "mid-schedule-points"} <= said:  # which say the same; the first may know the schedule
        less = "mid-schedule-points" if "lr" in table.columns else "mid-schedule"
        caveats = [each for each in caveats if each.code != less]
    return report_of("extrapolate", table, asked, results, caveats, failures)


def _by_levels(
    table: RunTable, choice: Choice, asked: Extrapolate, ask: Ask, method: Method, doubts: Sequence[Caveat]
) -> Report[Extrapolation]:
    """Forecasts from one fit of several groups, whose law has parameters for each level of a column."""
    from scaling_cli.analysis.forecast.evidence import plain_fit
    from scaling_cli.document.levels import by_level, saved_from

    fits: list[SavedFit] = []
    caveats = [*table.caveats, *doubts]
    for group, points in groups_of(table, asked.by):
        with one_blas_thread(), knowing(caveats):
            result, found = plain_fit(points, group, choice, method)
        fits += by_level(saved_from(result))
        caveats += found
    report = _by_fits(fits, asked, ask, method, None)
    runs, count = table.frame["run_id"].n_unique(), len(table.frame)
    results = [replace(each, runs=runs, points=count) for each in report.results]  # all groups are fitted together
    return report_of("extrapolate", table, asked, results, [*caveats, *report.caveats], unread(table))


def _extrapolated_saved(file: SavedFile, asked: Extrapolate, ask: Ask, method: Method) -> Report[Extrapolation]:
    """Forecasts from a saved fit, for each of its groups."""
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_fits

    refuse_refitting(file, asked, (Held, Started, Recipe))
    method.check_saved(ask)
    fits = read_fits(file.path, file.name)
    return _by_fits(fits, asked, ask, method, Source(file.name, content_hash(str(file.path)), len(fits)))


def _by_published(asked: Extrapolate, on_progress: Progress | None) -> Report[Extrapolation]:
    """Forecasts of a published fit, which stands in place of runs."""
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.document.published import published_fit

    fit = published_fit(asked.law, level=asked.level, seed=asked.seed)
    alone = asked.but(law="auto")
    report = _by_fits([fit], alone, _question(alone), Method(alone, settings_of(alone, on_progress)), None)
    caveats = (*report.caveats, *guess_doubts(asked.law))
    return replace(report, options=asked.but(estimator="describe").recorded(), caveats=caveats)


def _by_fits(
    fits: Sequence[SavedFit], asked: Extrapolate, ask: Ask, method: Method, source: Source | None
) -> Report[Extrapolation]:
    """Forecasts of fits in place of runs."""
    from scaling_cli.analysis.forecast.answer import extrapolate as answer
    from scaling_cli.analysis.forecast.evidence import saved_evidence

    if ask.backtest or ask.then:
        method.check_saved(ask)
    ask = ask.of_groups([saved.group for saved in fits])
    results, caveats = [], []
    for saved in fits:
        if not ask.concerns(saved.group):
            continue
        evidence, doubts = saved_evidence(saved, method)
        result, found = answer(evidence, ask)
        results.append(result)
        caveats += [*doubts, *found]
    return Report(
        command="extrapolate",
        inputs=(source,) if source is not None else (),
        columns={},
        options=asked.but(estimator="describe").recorded(),
        results=with_sentences("extrapolate", results, {}),
        caveats=merged(caveats),
    )
