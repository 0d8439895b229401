"""`settle`: from the rows that files hold to those of which points are chosen, in the order of the steps.

Gaps are filled first, since a condition may name what stands on other rows. Runs are then told apart, and rows put in
order, before rows of other splits are passed over.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.data.filters import columns_in, keep_where
from scaling_cli.data.runs.aside import aside_columns
from scaling_cli.data.runs.canonical import role_values
from scaling_cli.data.runs.columns import IGNORE
from scaling_cli.data.runs.formulas import with_formulas
from scaling_cli.data.runs.load_options import LoadOptions, takes_ends
from scaling_cli.data.runs.rows import gaps
from scaling_cli.data.runs.rows.carried import without_carried
from scaling_cli.data.runs.rows.evaluations import averaged
from scaling_cli.data.runs.rows.log_rows import Gathered, LogRows
from scaling_cli.data.runs.rows.row_order import with_likely_step, with_order
from scaling_cli.data.runs.rows.runs_without_names import infer_runs
from scaling_cli.data.runs.rows.several_runs import separate_runs
from scaling_cli.data.runs.rows.split_files import one_split_of_files
from scaling_cli.data.runs.rows.splits import one_split
from scaling_cli.data.runs.rows.statistics import without_statistics
from scaling_cli.data.runs.rows.total_tokens import refuse_evaluated_tokens, with_total_tokens
from scaling_cli.record import replace


def settle(gathered: Gathered, options: LoadOptions) -> LogRows:
    """The rows with a loss to choose from, of known runs in a known order.

    Raises:
        UsageError: A column of the condition or of the evaluation does not exist, or is used for something else.
        DataError: The tokens are probably those of an evaluation.
    """
    every = _filled(gathered, options)
    rows = averaged(_kept(every, gathered, options), options.evaluation)
    rows = _with_aside(rows, gathered, options)
    rows = _with_runs(rows, gathered)
    refuse_evaluated_tokens(rows, options.mapping)
    rows = with_total_tokens(rows, options.mapping)
    rows = _ordered(rows, options)
    rows = without_carried(rows) if gathered.is_small else rows
    rows = replace(rows, around=_around(rows, every, gathered, options))
    rows = _with_likely_runs(_of_one_split(rows, options), gathered)
    return rows.saying(*gaps.restarted_steps(rows)) if gathered.is_small else rows


def _filled(gathered: Gathered, options: LoadOptions) -> LogRows:
    """The rows with values that other rows of their runs hold; a large log would have to be held in memory for it."""
    rows = gathered.rows
    if not gathered.is_small:
        return rows
    rows = gaps.with_run_settings(gaps.with_steps(rows), options.where)
    if not rows.plan.formulas:
        return rows
    rows = gaps.with_inputs(rows)
    rows = replace(rows, frame=with_formulas(rows.frame, rows.schema, rows.plan.formulas))
    return rows.saying(*gaps.changing_factors(rows))


def _kept(rows: LogRows, gathered: Gathered, options: LoadOptions) -> LogRows:
    """The rows that satisfy the condition, without those of statistics."""
    if options.where is not None:
        rows = gaps.with_named(rows, options.where) if gathered.is_small else rows
        values = role_values(rows.schema, rows.plan)
        frame, unjudged = keep_where(rows.frame, options.where, rows.schema, values)
        rows = replace(rows, frame=frame, unjudged=unjudged)
    return without_statistics(rows, options.where) if gathered.is_small else rows


def _with_aside(rows: LogRows, gathered: Gathered, options: LoadOptions) -> LogRows:
    """The rows with columns to read beside the points; a large log must not be held in memory for them."""
    if not gathered.is_small and not takes_ends(rows.plan, options.checkpoints):
        return rows
    beside = aside_columns(rows.schema, rows.plan, is_small=gathered.is_small)
    return replace(rows, plan=replace(rows.plan, keep=rows.plan.keep | beside))


def _with_runs(rows: LogRows, gathered: Gathered) -> LogRows:
    """The rows with a name of its own for every run that files and columns tell apart."""
    rows = one_split_of_files(rows, gathered.file_names, has_file=gathered.may_reuse_names)
    if gathered.may_reuse_names:
        from scaling_cli.data.runs.rows.reused_names import separate_reused_names

        rows = separate_reused_names(rows, gathered.file_names, gathered.lacking)
    return separate_runs(rows, is_small=gathered.is_small)


def _ordered(rows: LogRows, options: LoadOptions) -> LogRows:
    """The rows with what orders them as their step, unless the user said that there are no steps."""
    if options.mapping.get("step") == IGNORE:
        return rows
    return with_order(rows, takes_all=not options.takes_ends, keeps_runs="run_id" in options.mapping)


def _around(rows: LogRows, every: LogRows, gathered: Gathered, options: LoadOptions) -> pl.LazyFrame:
    """The rows with those that a condition drops, which say more of runs that are still named as in the file."""
    is_plain = rows.plan.chosen == gathered.rows.plan.chosen and not rows.plan.has_reused_names
    return every.frame if is_plain and columns_in(options.where) else rows.frame


def _of_one_split(rows: LogRows, options: LoadOptions) -> LogRows:
    """The rows of one split; of these, each run may have one, so that they need no order."""
    kept = one_split(rows, columns_in(options.where))
    others = tuple(found for found in kept.caveats if found.code != "unordered-rows")
    if kept is rows or len(others) == len(kept.caveats):
        return kept
    return _ordered(replace(kept, caveats=others), options)


def _with_likely_runs(rows: LogRows, gathered: Gathered) -> LogRows:
    """The rows with runs that only their params tell apart, if nothing names the runs."""
    if not gathered.lacks_runs or "run_id" in rows.plan.chosen:
        return rows
    inferred = infer_runs(with_likely_step(rows))
    return inferred if "run_id" in inferred.plan.chosen else replace(rows, caveats=inferred.caveats)
