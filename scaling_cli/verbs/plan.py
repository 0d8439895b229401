"""`scaling plan` as a function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.flops import SIX_ND
from scaling_cli.numbers.format import group_label
from scaling_cli.options.fitting import Along, Law
from scaling_cli.options.plan import Plan
from scaling_cli.options.reading import Reading
from scaling_cli.options.work import Work
from scaling_cli.results.plan import PlanResult
from scaling_cli.results.report import Report, Source
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.common import (
    Given,
    SavedFile,
    add_failure,
    guess_doubts,
    is_published,
    knowing,
    merged,
    refuse_refitting,
    refuse_with_attempts,
    refuse_with_published,
    report_of,
    saved_or_runs,
    settings_of,
    unread,
)
from scaling_cli.verbs.fitted_first import fitted_first

if TYPE_CHECKING:
    from scaling_cli.data.samples.load import SampleTable
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs, SavedFile


OF_ATTEMPTS = ("goal", "budget", "level", "by", "where")  # the options that plans of attempts obey


@fitted_first("plan")
def plan(runs: Given | None, asked: Plan, *, on_progress: Progress | None = None) -> Report[PlanResult]:
    """Choose the runs to train next, and say how narrow the intervals of the goals are expected to become.

    Args:
        runs: Files or a table, as `fit` takes them; or one document that `scaling fit --json` wrote, or the answer of
            `fit`; None to plan from a published fit, such as `law="chinchilla:besiroglu"`.
        asked: Goals, budget and limits, and which rows and columns to read.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together, or no plan is within the limits.
        DataError: The files cannot be read.
        FitError: The law cannot be fitted to the runs that there are.
    """
    from scaling_cli.analysis.plan.question import goals_of
    from scaling_cli.fitting.threads import one_blas_thread

    asked.check_asked()
    with one_blas_thread():
        if is_published(runs, asked.law):
            return _from_published(asked)
        assert runs is not None
        given = saved_or_runs(runs)
        is_coverage = any(goal.what == "coverage" for goal in goals_of(asked))
        if isinstance(given, SavedFile):
            if is_coverage:
                raise UsageError(
                    f"{given.name} is a saved fit, and goals of coverage need attempts.",
                    hint="Give a log of repeated attempts, as for inference-coverage.",
                )
            return _from_saved(given, asked)
        return _from_samples(given, asked) if is_coverage else _from_runs(given, asked, on_progress)


def _from_published(asked: Plan) -> Report[PlanResult]:
    from scaling_cli.analysis.plan.arms import published_arm
    from scaling_cli.analysis.plan.question import answered

    refuse_with_published(asked.law, asked, (Along, Reading))
    result, caveats = answered([published_arm(asked)], asked, "published", {})
    said = with_sentences("plan", [result], {})
    return Report("plan", (), {}, asked.recorded(), said, merged([*caveats, *guess_doubts(asked.law)]))


def _from_saved(file: SavedFile, asked: Plan) -> Report[PlanResult]:
    """A plan from each fit of a saved document, or from two of them together."""
    from scaling_cli.analysis.plan.arms import saved_arm
    from scaling_cli.analysis.plan.given_designs import require_known_groups
    from scaling_cli.analysis.plan.question import answered, compares
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_failures, read_fits

    refuse_refitting(file, asked, (Law, Along, Reading))
    fits = read_fits(file.path, file.name)
    arms = [saved_arm(fit, asked) for fit in fits]
    results, caveats = [], []
    if compares(asked):
        result, found = answered(arms, asked, "saved", {})
        results, caveats = [result], [*found]
    else:
        require_known_groups(asked, [fit.group for fit in fits])
        for fit, arm in zip(fits, arms, strict=True):
            result, found = answered([arm], asked, "saved", fit.group, sharing=len(fits))
            results.append(result)
            caveats += found
    source = Source(file.name, content_hash(str(file.path)), len(fits))
    said, failures = with_sentences("plan", results, {}), read_failures(file.path, file.name)
    return Report("plan", (source,), {}, asked.recorded(), said, merged(caveats), failures)


def _from_samples(logs: Runs, asked: Plan) -> Report[PlanResult]:
    """Further attempts at problems, for each group of a log of repeated sampling."""
    from scaling_cli.analysis.plan.attempts import attempts_plan
    from scaling_cli.analysis.plan.question import goals_of
    from scaling_cli.points.samples import sample_groups

    refuse_with_attempts(asked, (*OF_ATTEMPTS, *Work.options))
    if not isinstance(asked.budget, float):
        raise UsageError("A goal of coverage needs a number of attempts.", hint="Write it like --budget 20000.")
    table = _read_samples(logs, asked)
    results, caveats, failures = [], [*table.caveats], unread(table)
    groups, goals = sample_groups(table, asked.by), goals_of(asked)
    for group in groups:
        try:
            results.append(
                attempts_plan(
                    group.counts, group.problems, goals, asked.budget, asked.level, group.values, sharing=len(groups)
                )
            )
        except ScalingError as error:
            add_failure(group.values, error, failures, caveats)
    said = with_sentences("plan", results, {})
    return Report("plan", table.sources, table.columns, asked.recorded(), said, merged(caveats), tuple(failures))


def _read_samples(logs: Runs, asked: Plan) -> SampleTable:
    """A log of repeated sampling, as `scaling inference-coverage` reads it without options for columns.

    Raises:
        ScalingError: It cannot be read so; the hint names no option that `scaling plan` does not have.
    """
    from scaling_cli.data.samples.load import load_samples
    from scaling_cli.options.inference_coverage import InferenceCoverage, Samples

    try:
        return load_samples(logs, InferenceCoverage(by=asked.by, **({"where": asked.where} if asked.where else {})))
    except (DataError, UsageError) as error:
        lacking = {Samples.options[name].flag for name in Samples.options.keys() - Plan.options.keys()}
        if lacking.isdisjoint(re.findall(r"--[a-z-]+", error.hint)):
            raise
        hint = "Give a table with the columns problem, n (its attempts) and c (the correct ones among them)."
        raise error.hinting(hint) from None


def _from_runs(runs: Runs, asked: Plan, on_progress: Progress | None) -> Report[PlanResult]:
    """A plan for each group of runs, or one for two groups that are compared."""
    from scaling_cli.analysis.plan.arms import fitted_arm, require_plannable_name
    from scaling_cli.analysis.plan.given_designs import require_known_groups
    from scaling_cli.analysis.plan.question import answered, compares, goals_of, require_two_groups
    from scaling_cli.analysis.recipe import column_names
    from scaling_cli.data.runs.load import load_runs
    from scaling_cli.points.choose import choose, columns_of
    from scaling_cli.points.group import groups_of
    from scaling_cli.points.input_doubts import input_doubts

    if asked.flops_rule != SIX_ND:
        raise UsageError(
            f"--flops-rule {asked.flops_rule!r} cannot be used here: plans count compute as 6 * params * tokens.",
            hint="Leave it out, and give --budget in FLOPs of 6 * params * tokens.",
        )
    require_plannable_name(asked.law)
    keep, maybe = columns_of(asked.law, asked.x)
    table = load_runs(runs, asked, keep=keep, maybe=(*maybe, *(column_names() if asked.recipe else ())))
    with knowing(table.caveats, unread(table)):
        choice = choose(table.frame, asked.law, asked.x, by=asked.by)
        table = table.needing(tuple(choice.inputs.values()))
    settings = settings_of(asked, on_progress)
    caveats = [*table.caveats, *input_doubts(table, tuple(choice.inputs.values()), asked.by, asked.best_over)]
    results, failures, groups = [], unread(table), []
    parts = list(groups_of(table, asked.by))
    if compares(asked):
        require_two_groups(goals_of(asked), len(parts))
    else:
        require_known_groups(asked, [group for group, _ in parts])
    for group, points in parts:
        try:
            arm, found = fitted_arm(points, group, choice, settings, asked)
        except ScalingError as error:
            if compares(asked):  # needs all groups, so that the error of one ends it
                error, group = error.naming(group_label(group)), {}
            add_failure(group, error, failures, caveats)
            continue
        groups.append((group, arm))
        caveats += found
    if compares(asked):
        result, doubts = answered([arm for _, arm in groups], asked, "runs", {})
        results, caveats = [result], [*caveats, *doubts]
        groups = []
    for group, arm in groups:
        try:
            result, doubts = answered([arm], asked, "runs", group, sharing=len(groups))
        except ScalingError as error:
            add_failure(group, error, failures, caveats)
            continue
        results.append(result)
        caveats += doubts
    return report_of("plan", table, asked, results, caveats, failures)
