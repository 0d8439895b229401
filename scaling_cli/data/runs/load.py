"""`load_runs`: read training logs into one table of points.

Files are scanned lazily, filtered, renamed to the canonical roles and reduced to points before rows are held in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.held import Held
from scaling_cli.data.files.inputs import BY_FILE, Inputs, Opened, column_counts, joined, open_inputs, read_usable
from scaling_cli.data.files.sources import BackgroundHashes, without_rows
from scaling_cli.data.filters import columns_in, keep_where
from scaling_cli.data.paths_or_table import PathsOrTable, frame_of, paths_of
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN, explained
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.data.runs.aside import aside_columns
from scaling_cli.data.runs.canonical import RUN_FILE, role_values, unreadable_cells
from scaling_cli.data.runs.checkpoints import read_checkpoints
from scaling_cli.data.runs.columns import IGNORE
from scaling_cli.data.runs.copied_files import with_copied_files
from scaling_cli.data.runs.finish import finish
from scaling_cli.data.runs.formulas import Formula, formulas_in, scan_with_formulas, with_formulas
from scaling_cli.data.runs.lacking import lacking, refuse_without_loss
from scaling_cli.data.runs.plan import Plan, make_plan
from scaling_cli.data.runs.points import LoadOptions, choose_points, skips_other_losses, takes_ends
from scaling_cli.data.runs.rows import gaps
from scaling_cli.data.runs.rows.evaluations import averaged
from scaling_cli.data.runs.rows.planned_steps import PLANNED, planned_column
from scaling_cli.data.runs.rows.row_order import with_likely_step, with_order
from scaling_cli.data.runs.rows.runs_without_names import infer_runs
from scaling_cli.data.runs.rows.same_role import one_column_each, with_one_column_each
from scaling_cli.data.runs.rows.several_runs import separate_runs
from scaling_cli.data.runs.rows.split_files import one_split_of_files
from scaling_cli.data.runs.rows.splits import one_split
from scaling_cli.data.runs.rows.statistics import without_statistics
from scaling_cli.data.runs.rows.total_tokens import with_total_tokens
from scaling_cli.data.runs.sanity import STATE, state_column
from scaling_cli.data.runs.settings_beside import with_settings
from scaling_cli.data.runs.table import RunTable, left_out, no_points
from scaling_cli.errors import ScalingError
from scaling_cli.flops import flops_rule as find_rule
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading
from scaling_cli.record import Record, replace

TINY = 2**20  # bytes of input; up to this, polars streams no faster than it reads the whole
MOST_FILES = 40  # whose names become a column, since they may differ in more than their runs
SMALL = 2**25  # bytes of input; up to this, repeated steps are counted over whole runs, not only at their ends


def load_runs(
    given: PathsOrTable | Opened,
    reading: Reading,
    *,
    keep: Sequence[str] = (),
    maybe: Sequence[str] = (),
    positive_loss: bool = True,
) -> RunTable:
    """Points from files, folders, globs, lists of paths and standard input, or from a table in memory.

    Args:
        given: Where the rows are, or what `open_each` made of a file.
        reading: Which rows and columns to read. The column `none` leaves a role out; for `run_id`, every row then is
            one run, even if rows of equal params have evenly spaced steps. Columns of `by` come back as text, and rows
            without a group are left out.
        keep: Further columns, returned as floats if all their cells are numbers, and as text otherwise.
        maybe: Names of columns to keep in the same way, if they exist.
        positive_loss: Leave out rows whose loss is not above zero, and so has no logarithm.

    Raises:
        UsageError: A column or role does not exist, or two columns fit a role equally well.
        DataError: No file can be read, no column is a loss, or no row is usable.
    """
    rule = find_rule(reading.flops_rule)
    options = LoadOptions(
        mapping=reading.mapping,
        where=reading.where,
        by=reading.by,
        best_over=reading.best_over,
        keep=tuple(dict.fromkeys((*keep, *rule.extras))),
        maybe=tuple(maybe),
        checkpoints=read_checkpoints(reading.checkpoints, reading.skip_tokens, reading.sample_at, reading.smooth),
        params_pattern=reading.params_from_name,
        loss_unit=reading.loss_unit,
        positive_loss=positive_loss,
        rule=rule,
        keep_diverged=reading.keep_diverged,
        evaluation=reading.evaluation,
    )
    if isinstance(given, ScalingError):
        raise given
    if isinstance(given, Inputs):
        return _load_files(given, options)
    rows = frame_of(given)
    if rows is None:
        return _load_files(open_inputs(paths_of(given), reading.input_format, reading.max_expand), options)
    is_small = not isinstance(given, pl.LazyFrame) and rows.collect().estimated_size() <= SMALL
    try:
        with quiet_panics():
            rows = one_column_each(plain_columns(rows), options)
            schema = rows.collect_schema()
            formulas = formulas_in(schema.names(), options.mapping)
            rows = with_formulas(rows, schema, formulas)
            plan = _plan(rows.collect_schema().names(), options, formulas)
            return _load(_Rows(rows, plan, {}, is_small, lacks_runs=_lacks_runs(plan, options)), options)
    except THROWN as error:
        raise explained(error, "The table") from None


class _Rows(Record):
    """All rows as one lazy table, the plan for its columns, and a short name for each file.

    `may_reuse_names` says that several files name their runs, perhaps different ones with the same name; rows then have
    `FILE`. `lacks_runs` says that neither a column nor a file shows which rows form a run, and `are_joined` that the
    rows come from several files. `lacking` has the reason for rows without a role, and which files lack its column.
    `held` are the same rows, if they were read with those of other files.
    """

    frame: pl.LazyFrame
    plan: Plan
    file_names: Mapping[str, str]
    is_small: bool
    is_tiny: bool = False
    may_reuse_names: bool = False
    lacks_runs: bool = False
    are_joined: bool = False
    lacking: Mapping[str, str] = {}
    held: Held | None = None


def _load_files(inputs: Inputs, options: LoadOptions) -> RunTable:
    hashes = BackgroundHashes(inputs)

    def load(usable: Inputs) -> RunTable:
        rows = _gather(usable.labelled_by_file() if BY_FILE in options.by else usable, options)
        table = _load(rows, options)
        is_passed_over = any(found.code == "several-splits" for found in table.caveats)
        is_whole = options.where is None and not skips_other_losses(rows.plan) and not is_passed_over
        sources = hashes.sources(usable, table.total if is_whole else None)
        caveats = with_copied_files(table.caveats, sources)
        return replace(table, sources=sources, unread=(*usable.unread, *without_rows(sources)), caveats=caveats)

    return read_usable(inputs, load)


def _gather(inputs: Inputs, options: LoadOptions) -> _Rows:
    """The rows of all files.

    Raises:
        UnusableFilesError: Some files lack the column of the loss.
    """
    size = sum(os.path.getsize(file.path) for file in inputs.files)
    scans = with_one_column_each(with_settings(list(inputs.scans())), options, is_small=size <= SMALL)
    counts = column_counts(scans)
    if formulas := formulas_in(list(counts), options.mapping, counts):
        scans = [scan_with_formulas(scan, formulas) for scan in scans]
        counts = column_counts(scans)
    find = partial(_plan, list(counts), options, formulas, counts)
    plan = find() if inputs.held is None else inputs.held.remembered(options, find)
    refuse_without_loss(scans, plan.chosen["loss"].column)
    run, parts, run_is_file = plan.chosen.get("run_id"), [], False
    are_tables = len(inputs.files) == 1 or plan.by.get(BY_FILE) == BY_FILE or options.mapping.get("run_id") == IGNORE
    for scan in scans:
        is_run = not are_tables or scan.kind.one_run or options.checkpoints.needs_runs
        if is_run and (run is None or run.column not in scan.columns):
            parts.append(scan.rows.with_columns(pl.col(FILE).alias(RUN_FILE)))
            run_is_file = True
        else:
            parts.append(scan.rows)
    are_runs = run is None and not are_tables and "step" in plan.chosen
    if not are_runs and BY_FILE not in counts and 1 < len(inputs.files) <= MOST_FILES:
        file = pl.col(FILE).replace_strict(inputs.short_names(), return_dtype=pl.String).alias(BY_FILE)
        parts = [part.with_columns(file) for part in parts]
    may_reuse_names = run is not None and "step" in plan.chosen and counts[run.column] > 1
    return _Rows(
        frame=joined(parts) if may_reuse_names else joined(parts).drop(FILE),
        plan=replace(plan, run_is_file=run_is_file),
        file_names=inputs.short_names() if run_is_file or may_reuse_names else {},
        is_small=size <= SMALL,
        is_tiny=size <= TINY,
        may_reuse_names=may_reuse_names,
        are_joined=len(inputs.files) > 1,
        lacking=lacking(scans, plan),
        lacks_runs=are_tables and not any(scan.kind.one_run for scan in scans) and _lacks_runs(plan, options),
        held=None if run_is_file or formulas else inputs.held,
    )


def _lacks_runs(plan: Plan, options: LoadOptions) -> bool:
    """Whether no column names the run, and the user did not say either that every row is a run."""
    return "run_id" not in plan.chosen and options.mapping.get("run_id") != IGNORE


def _plan(
    names: Sequence[str],
    options: LoadOptions,
    formulas: Sequence[Formula] = (),
    files: Mapping[str, int] | None = None,
) -> Plan:
    absent = [name for name in options.rule.extras if name not in names and name not in ROLES]
    if absent:
        raise derive.lacks_columns(options.rule, absent)
    # A swept role is kept by itself; another swept column must be.
    swept = tuple(name for name in options.best_over if name in names or name not in ROLES)
    keep = (*options.keep, *swept, *(name for name in options.maybe if name in names))
    plan = make_plan(names, options.mapping, options.by, keep, options.params_pattern, files, formulas)
    state = {STATE: column} if (column := state_column(names)) is not None else {}
    planned = {PLANNED: column} if "step" in plan.chosen and (column := planned_column(names)) is not None else {}
    return replace(plan, keep=plan.keep | state | planned, takes_log=options.loss_unit == PERPLEXITY)


def _with_aside(plan: Plan, schema: pl.Schema, options: LoadOptions, *, is_small: bool) -> Plan:
    """The plan with the columns to read beside the points; a large log must not be held in memory for them."""
    if not is_small and not takes_ends(plan, options.checkpoints):
        return plan
    return replace(plan, keep=plan.keep | aside_columns(schema, plan, is_small=is_small))


def _load(rows: _Rows, options: LoadOptions) -> RunTable:
    plan, frame = rows.plan, rows.frame
    unjudged: tuple[str, ...] = ()
    run_caveats: tuple[Caveat, ...] = ()
    step_caveats: tuple[Caveat, ...] = ()
    statistics: tuple[Caveat, ...] = ()
    schema = pl.Schema({name: kind for name, kind in frame.collect_schema().items() if name not in (RUN_FILE, FILE)})
    if rows.is_small:
        frame, step_caveats = gaps.with_steps(frame, schema, plan)
        frame = gaps.with_run_settings(frame, schema, plan, options.where)
        if plan.formulas:
            frame = with_formulas(gaps.with_inputs(frame, schema, plan), schema, plan.formulas)
            step_caveats = (*step_caveats, *gaps.changing_factors(frame, schema, plan))
    every = frame
    if options.where is not None:
        frame = gaps.with_named(frame, schema, plan, options.where) if rows.is_small else frame
        frame, unjudged = keep_where(frame, options.where, schema, role_values(schema, plan))
    if rows.is_small:
        frame, statistics = without_statistics(frame, schema, plan, options.where)
    frame, schema, evaluation_caveats = averaged(frame, schema, plan, options.evaluation)
    plan = _with_aside(plan, schema, options, is_small=rows.is_small)
    frame, file_caveats = one_split_of_files(frame, schema, plan, rows.file_names, has_file=rows.may_reuse_names)
    if rows.may_reuse_names:
        from scaling_cli.data.runs.rows.reused_names import separate_reused_names

        frame, plan, run_caveats = separate_reused_names(frame, schema, plan, rows.file_names, rows.lacking)
    frame, plan = separate_runs(frame, schema, plan, is_small=rows.is_small)
    plan, token_caveats = with_total_tokens(frame, schema, plan, options.mapping)
    frame, schema, plan, order_caveats = _with_order(frame, schema, plan, options)
    settled = columns_in(options.where)
    is_plain = plan.chosen == rows.plan.chosen and not plan.has_reused_names
    around = every if is_plain and settled else frame  # what the condition drops says more of the same runs
    frame, split_caveats = one_split(frame, schema, plan, settled)
    if split_caveats and order_caveats:  # the rows of one split may be one for each run
        frame, schema, plan, order_caveats = _with_order(frame, schema, plan, options)
    step_caveats = (*step_caveats, *(gaps.restarted_steps(frame, schema, plan) if rows.is_small else ()))
    if rows.lacks_runs and "run_id" not in plan.chosen:
        tried = with_likely_step(frame, schema, plan)
        inferred, run_caveats = infer_runs(tried.frame, tried.schema, tried.plan)
        if "run_id" in inferred.chosen:
            frame, schema, plan = tried.frame, tried.schema, inferred
    chosen = choose_points(
        frame, schema, plan, options, unjudged,
        around=around, count_repeats=rows.is_small, is_tiny=rows.is_tiny, run_names=rows.file_names,
        held=rows.held if frame is rows.frame else None,
    )  # fmt: skip
    selection = chosen.selection
    examples = {**rows.lacking, **unreadable_cells(frame, plan, selection.excluded)}
    if selection.points.is_empty():
        options.checkpoints.refuse_none(selection.excluded, selection.total)
        raise no_points(selection.excluded, selection.total, options.where, examples)
    done = finish(selection, plan, options, schema.names(), file_names=rows.file_names, are_joined=rows.are_joined)
    caveats = (
        *left_out(selection.excluded, selection.total, examples),
        *statistics, *step_caveats, *file_caveats, *split_caveats, *token_caveats, *evaluation_caveats, *run_caveats,
        *order_caveats, *chosen.caveats, *done.caveats,
    )  # fmt: skip
    scales = {role: chosen.scale for role, chosen in plan.chosen.items() if chosen.scale != 1.0}
    return RunTable(
        done.points, (), done.columns, selection.excluded, selection.total, caveats, scales, (), done.others, examples,
        done.aside,
    )  # fmt: skip


def _with_order(
    frame: pl.LazyFrame, schema: pl.Schema, plan: Plan, options: LoadOptions
) -> tuple[pl.LazyFrame, pl.Schema, Plan, tuple[Caveat, ...]]:
    """The rows with what orders them as their step, unless the user said that there are no steps."""
    if options.mapping.get("step") == IGNORE:
        return frame, schema, plan, ()
    found = with_order(frame, schema, plan, takes_all=not options.takes_ends, keeps_runs="run_id" in options.mapping)
    return found.frame, found.schema, found.plan, found.caveats
