"""`scaling compare-exponents` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.ask import alone, side_by_side
from scaling_cli.fitting.complete import completed
from scaling_cli.fitting.fit import fit_asking
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.numbers.format import group_label
from scaling_cli.options.compare_exponents import CompareExponents
from scaling_cli.points.choose import Choice, choose, columns_of
from scaling_cli.points.group import grouped_for, groups_of, matched
from scaling_cli.points.held import compared, hold
from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.points.mixture import own_inputs, without_own
from scaling_cli.points.pairing import PAIR_COLUMN
from scaling_cli.points.untrained import without_untrained
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace
from scaling_cli.results.comparison import ComparisonResult
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.common import knowing, known_before, report_of, require_compute, settings_of, unread
from scaling_cli.verbs.compared_groups import (
    check_share,
    factors_of,
    fits_together,
    groups_by,
    obstacle,
    unlike_effects,
)

if TYPE_CHECKING:
    from scaling_cli.analysis.comparison.question import ComparisonQuestion
    from scaling_cli.caveats import Caveat
    from scaling_cli.fitting.fit import Settings
    from scaling_cli.fitting.problem import Problem
    from scaling_cli.jobs import Progress
    from scaling_cli.points.group import Groups
    from scaling_cli.results.fit import FitResult
    from scaling_cli.verbs.common import Runs


POINTLESS = ("few-runs", "short-range")  # caveats about exponents, where these are held


def compare_exponents(
    runs: Runs, asked: CompareExponents, *, on_progress: Progress | None = None
) -> Report[ComparisonResult]:
    """Compare the exponents of groups of runs: does a factor change the exponent, or only the constant?

    Args:
        runs: Files or a table, as `fit` takes them.
        asked: What to compare and how, and which rows and columns to read.
        on_progress: Called with the number of tests done and the number of all tests.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: Fewer than two groups can be fitted.
    """
    from scaling_cli.analysis.comparison.pinned import is_pinned
    from scaling_cli.analysis.comparison.question import check_reference

    by = groups_by(asked)
    settings = settings_of(asked)
    own = own_inputs(asked.map, asked.law)
    keep, maybe = columns_of(asked.law, asked.x, own)
    reading = asked.but(by=by, map=without_own(asked.map, own))
    weights = (asked.weight,) if asked.weight else ()
    table, column = _load_pairable(runs, reading, keep=(*keep, *weights), maybe=maybe)
    with knowing(table.caveats, unread(table)):
        choice = _chosen(table, asked, by)
        table = without_untrained(table.needing((*choice.inputs.values(), *table.own(weights))), [choice])
        groups, is_paired = matched(list(groups_of(table, by)), choice, column, must=asked.pair not in (None, "none"))
        if len(groups) < 2:
            raise FitError(
                f"There is only one group, {group_label(groups[0][0])}, but a comparison needs two.",
                hint="Group by a column that takes several values in these runs, or check what --where leaves out.",
            )
        check_reference(asked.reference, [group_label(group) for group, _ in groups])
        if asked.factors or asked.covariate:
            factors_of(asked, [group for group, _ in groups])
    if is_pinned(choice.law):  # intervals come from the noise of all groups
        settings = replace(settings, interval="none")
    question = _question(asked, choice, is_paired=is_paired, on_progress=on_progress)
    if not asked.same_metric:
        unlike = unlike_effects(table, asked)
        question = replace(question, incomparable=obstacle(table, by, asked.loss_unit), unlike=unlike)
    doubts = input_doubts(table, tuple(choice.inputs.values()), by, asked.best_over)
    failures, caveats = unread(table), [*table.caveats, *doubts]
    with one_blas_thread(), knowing(caveats, failures):
        fitted, found, failed = _own_fits(groups, choice, asked, settings, question)
        caveats += found
        failures += failed
        if len(fitted) < 2:
            raise _too_few(len(fitted), len(groups), failures[-1])
        problems, results = [problem for problem, _ in fitted], [one for _, one in fitted]
        result, found, joint = _compared(groups, (problems, results), by, choice, asked, settings, question)
        if joint is not None and result.shared:  # the groups' own fits are not what is reported
            caveats = [*table.caveats, *doubts, *joint]
    return report_of("compare-exponents", table, asked, (result,), [*caveats, *found], failures)


def _chosen(table: RunTable, asked: CompareExponents, by: Sequence[str]) -> Choice:
    """The law to fit to each group of these runs."""
    own = own_inputs(asked.map, asked.law)
    choice = choose(
        table.frame, asked.law, asked.x, by=by, start=asked.start, bound=asked.bound, own=own, others=table.others
    )
    choice = hold(choice, asked.fix, asked.tie, table.frame)
    check_share(asked, choice.law)
    choice = compared(choice, asked.exponent, asked.share)
    require_compute(choice, asked.flops_rule)
    return choice


def _compared(
    groups: Groups,
    fitted: tuple[list[Problem], list[FitResult]],
    by: Sequence[str],
    choice: Choice,
    asked: CompareExponents,
    settings: Settings,
    question: ComparisonQuestion,
) -> tuple[ComparisonResult, list[Caveat], list[Caveat] | None]:
    """The comparison with its caveats, and those of the groups' fit together where they share parameters."""
    # scipy's special functions take a tenth of a second to import, which other verbs need not wait for.
    from scaling_cli.analysis.comparison.answer import compare
    from scaling_cli.analysis.comparison.factors.comparison import compare_factors
    from scaling_cli.analysis.comparison.pinned import compare_pinned, is_pinned

    problems, results = fitted
    if is_pinned(choice.law):
        return *compare_pinned(problems, results, question), None
    if asked.factors or asked.covariate:
        factors = factors_of(asked, [one.group for one in results])
        return *compare_factors(problems, results, factors, question), None
    sizes = {tuple(one.group.values()) for one in results}
    own = [(group, points) for group, points in groups if tuple(group.values()) in sizes]
    joint = fits_together(own, results, by, choice, asked, settings) if asked.share else None
    result, found = compare(problems, results, question, () if joint is None else joint[0])
    return result, found, None if joint is None else joint[1]


def _own_fits(
    groups: Groups, choice: Choice, asked: CompareExponents, settings: Settings, question: ComparisonQuestion
) -> tuple[list[tuple[Problem, FitResult]], list[Caveat], list[Failure]]:
    """The problem and the fit of each group by itself, with caveats and the groups that cannot be fitted."""
    from scaling_cli.analysis.comparison.pinned import is_pinned
    from scaling_cli.analysis.comparison.question import check_law

    fitted, caveats, failures = [], [], []
    weighting = Weighting(asked.weight, asked.scale_weight, "none")
    grouped = [
        replace(grouped_for(points, group, choice, asked.space, weighting), drawn_as={} if question.is_paired else None)
        for group, points in groups
    ]
    if not is_pinned(choice.law):
        check_law(grouped[0].problem, question)
    outcomes = alone(side_by_side([fit_asking(one, settings) for one in grouped]))
    for each, outcome in zip(grouped, outcomes, strict=True):
        if isinstance(outcome, FitError):
            failures.append(Failure(each.group, outcome.message, outcome.hint))
            caveats += known_before(outcome)
            continue
        if isinstance(outcome, ScalingError):
            raise outcome
        result, found = outcome
        fitted.append((each.problem, completed(result, choice.law)))
        caveats += [one for one in found if one.code not in POINTLESS] if is_pinned(choice.law) else found
    return fitted, caveats, failures


def _question(
    asked: CompareExponents, choice: Choice, *, is_paired: bool, on_progress: Progress | None
) -> ComparisonQuestion:
    """What is asked of the groups, once it is known how their runs match."""
    from scaling_cli.analysis.comparison.question import ComparisonQuestion

    return ComparisonQuestion(
        level=asked.level,
        replicates=asked.replicates,
        seed=asked.seed,
        reference=asked.reference,
        shared=asked.share,
        shared_floor=asked.shared_floor,
        margin=asked.margin,
        to=_reach(asked.to, choice),
        is_paired=is_paired,
        has_replicates=asked.replicates != CompareExponents.options["replicates"].default,
        is_exact=asked.interval == "t",
        is_tuned=asked.objective == "huber" and asked.delta is None,
        workers=asked.workers,
        on_progress=on_progress,
    )


def _too_few(fitted: int, groups: int, failure: Failure) -> FitError:
    lead = f"{fitted} of {groups:,} groups could" if fitted else f"None of {groups:,} groups could"
    return FitError(
        f"{lead} be fitted, but a comparison needs two. The last that failed is {group_label(failure.group)}: "
        f"{failure.error}",
        hint=failure.hint,
    )


def _load_pairable(
    runs: Runs, asked: CompareExponents, *, keep: tuple[str, ...], maybe: tuple[str, ...]
) -> tuple[RunTable, str | None]:
    """The runs with the column that matches them across groups, and its name where there is one."""
    if asked.pair is None:
        try:
            return load_runs(runs, asked, keep=(*keep, PAIR_COLUMN), maybe=maybe), PAIR_COLUMN
        except UsageError:
            # Most logs have no seeds. If something else is wrong, the next line says so.
            return load_runs(runs, asked, keep=keep, maybe=maybe), None
    if asked.pair == "none":
        return load_runs(runs, asked, keep=keep, maybe=maybe), None
    return load_runs(runs, asked, keep=(*keep, asked.pair), maybe=maybe), asked.pair


def _reach(to: Mapping[str, float] | None, choice: Choice) -> float | None:
    """The value of `--to`, which must be one of the law's input."""
    if not to:
        return None
    from scaling_cli.flops import scale_name

    role = scale_name(choice.inputs)
    if set(to) != {role}:
        raise UsageError(
            f"--to gives {', '.join(to)}, but the input of the law is {role}.", hint=f"Write --to {role}=1e25."
        )
    return float(to[role])
