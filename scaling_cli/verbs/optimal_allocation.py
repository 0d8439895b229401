"""`scaling optimal-allocation` as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.parts import table_of_parts
from scaling_cli.document.published import published_fit
from scaling_cli.errors import DataError, ScalingError
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, SIX_ND
from scaling_cli.numbers.format import figure
from scaling_cli.options.fit import Share
from scaling_cli.options.fitting import INTERVAL, Held, Objective, Prior, Weights
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.options.reading import Reading
from scaling_cli.points.group import groups_of
from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.record import replace
from scaling_cli.results.allocation import AllocationResult
from scaling_cli.results.report import Report
from scaling_cli.verbs.common import (
    Given,
    SavedFile,
    add_failure,
    guess_doubts,
    is_published,
    knowing,
    refuse_with_published,
    report_of,
    saved_or_runs,
    settings_of,
    unread,
)
from scaling_cli.verbs.fitted_first import fitted_first
from scaling_cli.verbs.splits_by_fits import splits_by_fits, splits_saved, splits_together

if TYPE_CHECKING:
    from scaling_cli.data.runs.table import RunTable
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs

OTHER_UNIT = 1e3  # compute that differs from 6 * params * tokens by such a factor is in another unit


@fitted_first("optimal-allocation")
def optimal_allocation(
    runs: Given | None, asked: OptimalAllocation, *, on_progress: Progress | None = None
) -> Report[AllocationResult]:
    """Split compute between params and tokens, with intervals, from runs, or from a saved or a published fit.

    Args:
        runs: Files or a table, as `fit` takes them; or one document that `scaling fit --json` wrote, or the answer of
            `fit`; None with a published fit, such as `law="chinchilla:besiroglu"`.
        asked: What to spend and how to fit, and which rows and columns to read.
        on_progress: Called with the number of chunks done and the number of all chunks.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: The data do not allow an answer that can be trusted; the hint names the runs to add.
    """
    from scaling_cli.analysis.allocation.question import check_question

    if is_published(runs, asked.law):
        refuse_with_published(
            asked.law, asked.but(flops_rule=SIX_ND), (Share, Held, Objective, Weights, Prior, Reading), INTERVAL
        )
        fit = published_fit(asked.law, level=asked.level, seed=asked.seed)
        report = splits_by_fits([fit], asked.but(law="auto"), None)
        return replace(report, options=asked.recorded(), caveats=(*report.caveats, *guess_doubts(asked.law)))
    assert runs is not None
    if asked.law != "auto" and not asked.share:
        check_question(asked)
    given = saved_or_runs(runs)
    if isinstance(given, SavedFile):
        return splits_saved(given, asked)
    if asked.share:
        return splits_together(given, asked, on_progress)
    check_question(asked)
    table, curves = _loaded(given, asked)
    return _from_runs(table, curves, asked, on_progress)


def _loaded(runs: Runs, asked: OptimalAllocation) -> tuple[RunTable, RunTable | None]:
    """The points to fit, and the rows of training curves, where an approach needs them."""
    from scaling_cli.analysis.allocation.question import law_of, mixture_of, needs_curves, own_columns, rule_of
    from scaling_cli.analysis.allocation.surface import require_no_column
    from scaling_cli.analysis.recipe import column_names
    from scaling_cli.points.mixture import MIXTURE, check_mixture

    law = law_of(asked)
    rule = rule_of(asked, law)
    keep = tuple(name for name in rule.extras if not law.parts or name not in law.inputs)
    needed = ("params", "tokens", "compute", *(name for name in law.inputs if name in ROLES))
    weights = (asked.weight,) if asked.weight else ()
    own = own_columns(asked)
    reading = asked.but(map={role: column for role, column in asked.map.items() if role not in own and role != MIXTURE})
    reading = reading.but(flops_rule=SIX_ND) if law.parts else reading
    maybe = column_names() if asked.recipe else ()
    table = load_runs(runs, reading, keep=(*keep, *own.values(), *mixture_of(asked), *weights), maybe=maybe)
    with knowing(table.caveats, unread(table)):
        require_no_column(law, {*table.others, *table.columns, *table.columns.values()})
        _check_unit(table)
        table = table_of_parts(table, own, law.parts, rule) if law.parts else table
        if mixture_of(asked):
            check_mixture(table.frame, mixture_of(asked))
        table = table.needing(tuple(dict.fromkeys((*needed, *table.own((*own.values(), *keep, *weights))))))
    if not needs_curves(asked):
        return table, None
    curves = load_runs(runs, reading.but(checkpoints="all", sample_at=None), keep=keep)
    return table, curves.needing(("params", "tokens", "compute", *keep))


def _check_unit(table: RunTable) -> None:
    """Refuse compute that is not counted in FLOPs: curves of equal compute would have no optimum among the params."""
    if not {"params", "tokens", "compute"} <= set(table.frame.columns):
        return
    known = table.frame.select("params", "tokens", "compute").drop_nulls()
    ratio = (known["compute"] / (FLOPS_A_PARAM_AND_TOKEN * known["params"] * known["tokens"])).median()
    if isinstance(ratio, float) and ratio > 0 and not 1 / OTHER_UNIT < ratio < OTHER_UNIT:
        column = table.columns.get("compute", "compute")
        raise DataError(
            f"Column {column!r} is {figure(ratio, 3)} times 6*params*tokens, so it is not in FLOPs, or params or "
            "tokens are in another unit.",
            hint="Give the unit in the header, such as 'compute (PF-days)', or use 6*params*tokens: --compute none.",
        )


def _from_runs(
    table: RunTable, curves: RunTable | None, asked: OptimalAllocation, on_progress: Progress | None
) -> Report[AllocationResult]:
    """Splits from runs, group by group."""
    from scaling_cli.analysis.allocation.answer import allocate
    from scaling_cli.analysis.allocation.evidence import evidence_from
    from scaling_cli.analysis.allocation.question import law_of, plan_of
    from scaling_cli.analysis.allocation.recipes import with_recipes
    from scaling_cli.analysis.recipe import rules_of

    settings = settings_of(asked, on_progress)
    lines = {} if curves is None else {tuple(group.values()): points for group, points in groups_of(curves, asked.by)}
    doubts = input_doubts(table, law_of(asked).inputs, asked.by, asked.best_over)
    results, caveats, failures = [], [*table.caveats, *doubts], unread(table)
    for group, points in groups_of(table, asked.by):
        try:
            evidence, shapes = evidence_from(points, group, asked, lines.get(tuple(group.values())))
            plan, doubts_of_cost = plan_of(asked, law_of(asked), evidence.largest, shapes, evidence.cost)
            with one_blas_thread(), knowing(caveats):
                result, found = allocate(evidence, plan, settings, with_gap=asked.explain_gap)
        except ScalingError as error:
            add_failure(group, error, failures, caveats)
            continue
        rules = rules_of(points, points.numbers("compute")) if asked.recipe else []
        results.append(with_recipes(result, asked, rules))
        caveats += [*found, *doubts_of_cost]
    return report_of("optimal-allocation", table, asked, results, caveats, failures)
