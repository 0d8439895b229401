"""`load_runs`: read training logs into one table of points.

Files are scanned lazily, filtered, renamed to the canonical roles and reduced to points before rows are held in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.formats import as_asked
from scaling_cli.data.files.inputs import BY_FILE, Inputs, Opened, column_counts, joined, open_inputs
from scaling_cli.data.files.sources import BackgroundHashes, without_rows
from scaling_cli.data.paths_or_table import PathsOrTable, frame_of, paths_of
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN, explained
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.data.runs.canonical import RUN_FILE, unreadable_cells
from scaling_cli.data.runs.checkpoints import read_checkpoints
from scaling_cli.data.runs.columns import IGNORE
from scaling_cli.data.runs.copied_files import with_copied_files
from scaling_cli.data.runs.finish import finish
from scaling_cli.data.runs.formulas import Formula, formulas_in, scan_with_formulas, with_formulas
from scaling_cli.data.runs.lacking import lacking, refuse_without_loss
from scaling_cli.data.runs.load_options import LoadOptions, skips_other_losses
from scaling_cli.data.runs.plan import Plan, make_plan
from scaling_cli.data.runs.points import choose_points
from scaling_cli.data.runs.rows.log_rows import Gathered, LogRows
from scaling_cli.data.runs.rows.planned_steps import PLANNED, planned_column
from scaling_cli.data.runs.rows.same_role import one_column_each, with_one_column_each
from scaling_cli.data.runs.rows.settle import settle
from scaling_cli.data.runs.sanity import STATE, state_column
from scaling_cli.data.runs.settings_beside import with_settings
from scaling_cli.data.runs.table import RunTable, left_out, no_points
from scaling_cli.data.usable_files import read_usable
from scaling_cli.errors import ScalingError
from scaling_cli.flops import flops_rule as find_rule
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading
from scaling_cli.record import replace

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
        with as_asked(reading.input_format):
            return _load_files(open_inputs(paths_of(given), reading.input_format, reading.max_expand), options)
    is_small = not isinstance(given, pl.LazyFrame) and rows.collect().estimated_size() <= SMALL
    try:
        with quiet_panics():
            rows = one_column_each(plain_columns(rows), options)
            schema = rows.collect_schema()
            formulas = formulas_in(schema.names(), options.mapping)
            rows = with_formulas(rows, schema, formulas)
            plan = _plan(rows.collect_schema().names(), options, formulas)
            gathered = Gathered(_log_rows(rows, plan), {}, is_small, lacks_runs=_lacks_runs(plan, options))
            return _load(gathered, options)
    except THROWN as error:
        raise explained(error, "The table") from None


def _load_files(inputs: Inputs, options: LoadOptions) -> RunTable:
    hashes = BackgroundHashes(inputs)

    def load(usable: Inputs) -> RunTable:
        gathered = _gather(usable.labelled_by_file() if BY_FILE in options.by else usable.labelled_by_folder(), options)
        table = _load(gathered, options)
        is_passed_over = any(found.code == "several-splits" for found in table.caveats)
        is_whole = options.where is None and not skips_other_losses(gathered.rows.plan) and not is_passed_over
        sources = hashes.sources(usable, table.total if is_whole else None)
        caveats = with_copied_files(table.caveats, sources)
        return replace(table, sources=sources, unread=(*usable.unread, *without_rows(sources)), caveats=caveats)

    return read_usable(inputs, load)


def _gather(inputs: Inputs, options: LoadOptions) -> Gathered:
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
    every = joined(parts) if may_reuse_names else joined(parts).drop(FILE)
    return Gathered(
        rows=_log_rows(every, replace(plan, run_is_file=run_is_file)),
        file_names=inputs.short_names() if run_is_file or may_reuse_names else {},
        is_small=size <= SMALL,
        is_tiny=size <= TINY,
        may_reuse_names=may_reuse_names,
        are_joined=len(inputs.files) > 1,
        lacking=lacking(scans, plan),
        lacks_runs=are_tables and not any(scan.kind.one_run for scan in scans) and _lacks_runs(plan, options),
        held=None if run_is_file or formulas else inputs.held,
    )


def _log_rows(frame: pl.LazyFrame, plan: Plan) -> LogRows:
    kinds = frame.collect_schema().items()
    return LogRows(frame, pl.Schema({name: kind for name, kind in kinds if name not in (RUN_FILE, FILE)}), plan)


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


def _load(gathered: Gathered, options: LoadOptions) -> RunTable:
    rows = settle(gathered, options)
    plan = rows.plan
    chosen = choose_points(rows, gathered, options)
    selection = chosen.selection
    examples = {**gathered.lacking, **unreadable_cells(rows.frame, plan, selection.excluded)}
    if selection.points.is_empty():
        options.checkpoints.refuse_none(selection.excluded, selection.total)
        raise no_points(selection.excluded, selection.total, options.where, examples)
    done = finish(
        selection, plan, options, rows.schema.names(),
        file_names=gathered.file_names, are_joined=gathered.are_joined,
    )  # fmt: skip
    return RunTable(
        frame=done.points,
        sources=(),
        columns=done.columns,
        excluded=selection.excluded,
        total=selection.total,
        caveats=(
            *left_out(selection.excluded, selection.total, examples, chosen.lost_groups),
            *rows.caveats, *chosen.caveats, *done.caveats,
        ),
        scales={role: chosen.scale for role, chosen in plan.chosen.items() if chosen.scale != 1.0},
        others=done.others,
        unreadable=examples,
        aside=done.aside,
        by=tuple(name for name in plan.by if name != "run_id"),
        lost=tuple(chosen.lost_groups),
    )  # fmt: skip
