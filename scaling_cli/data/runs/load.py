"""Training logs in, one table of points out: `load_runs`.

Files are scanned lazily, filtered, renamed to the canonical roles and reduced to points before anything
is collected.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.caveats import Caveat
from scaling_cli.data.files.expand import run_names
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.inputs import Evidence, Inputs, joined, open_inputs, without_culprits
from scaling_cli.data.files.source import Unread
from scaling_cli.data.filters import keep_where
from scaling_cli.data.given import Given, frame_of, paths_of, unreadable_table
from scaling_cli.data.runs import derive, sanity
from scaling_cli.data.runs.canonical import RUN_FILE, Plan, finished, make_plan, unreadable_cell
from scaling_cli.data.runs.checkpoints import read_checkpoints
from scaling_cli.data.runs.columns import IGNORE, state_column
from scaling_cli.data.runs.copies import told_of_copies
from scaling_cli.data.runs.namesakes import tell_apart
from scaling_cli.data.runs.points import Ask, choose_points, thins
from scaling_cli.data.runs.sanity import STATE
from scaling_cli.data.runs.table import RunTable, left_out, no_points
from scaling_cli.data.runs.unnamed import with_runs
from scaling_cli.flops import SIX_ND
from scaling_cli.flops import flops_rule as find_rule
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading
from scaling_cli.record import Record, replace

SMALL = 2**25  # bytes of input up to which repeated steps are looked for in every run, not only at its end


def load_runs(
    given: Given,
    reading: Reading,
    *,
    keep: Sequence[str] = (),
    maybe: Sequence[str] = (),
    positive_loss: bool = True,
) -> RunTable:
    """Points from files, folders, globs, lists of names and standard input, or from a table in memory.

    Args:
        given: Where the rows are.
        reading: Which rows and columns to read. The column `none` leaves a role out: without a `run_id`, every row is
            one run, even where rows of equal params go in even steps. Columns of `by` come back as text, and rows
            without one are left out.
        keep: Further columns; they come back as floats where all their cells are numbers, as text otherwise.
        maybe: Names that are kept likewise where they are columns.
        positive_loss: Leave out a loss that has no log.

    Raises:
        UsageError: A column or role that was named does not exist, or two columns tie for a role.
        DataError: No file can be read, or they have no loss, or no usable row.
    """
    rule = find_rule(reading.flops_rule)
    ask = Ask(
        mapping=reading.mapping,
        where=reading.where,
        by=reading.by,
        keep=tuple(dict.fromkeys((*keep, *rule.extras))),
        maybe=tuple(maybe),
        checkpoints=read_checkpoints(reading.checkpoints, reading.skip_tokens, reading.sample_at, reading.smooth),
        params_pattern=reading.params_from_name,
        loss_unit=reading.loss_unit,
        positive_loss=positive_loss,
        rule=rule,
    )
    rows = frame_of(given)
    if rows is None:
        return _load_files(open_inputs(paths_of(given), reading.input_format), ask)
    is_small = not isinstance(given, pl.LazyFrame) and rows.collect().estimated_size() <= SMALL
    try:
        plan = _plan(rows.collect_schema().names(), ask)
        return _load(_Rows(rows, plan, {}, is_small, is_open=_is_open(plan, ask)), ask)
    except (PolarsError, OSError) as error:
        raise unreadable_table(error) from None


class _Rows(Record):
    """All rows as one lazy table, the plan for its columns, and a short name for each file.

    `may_share` says that several files name their runs, so that names may clash; rows then have `FILE`. `is_open` says
    that neither a column nor a file tells which rows are one run.
    """

    frame: pl.LazyFrame
    plan: Plan
    file_names: Mapping[str, str]
    is_small: bool
    may_share: bool = False
    is_open: bool = False


def _load_files(inputs: Inputs, ask: Ask) -> RunTable:
    evidence = Evidence(inputs)
    while True:
        try:
            rows, inputs = _gather(inputs, ask)
            table = _load(rows, ask)
            is_whole = ask.where is None and not thins(rows.plan)
            sources = evidence.sources(inputs, table.total if is_whole else None)
            return replace(table, sources=sources, unread=inputs.unread, caveats=told_of_copies(table.caveats, sources))
        except PolarsError as error:
            inputs = without_culprits(inputs, error)


def _gather(inputs: Inputs, ask: Ask) -> tuple[_Rows, Inputs]:
    """The rows of all files that have a column for the loss, and the inputs without those that do not."""
    scans = [(files, kind, rows, rows.collect_schema().names()) for files, kind, rows in inputs.scans()]
    known: Counter[str] = Counter()
    for files, _, _, names in scans:
        known.update({name: len(files) for name in names if name != FILE})
    plan = _plan(list(known), ask, known)
    loss, run = plan.chosen["loss"].column, plan.chosen.get("run_id")
    bare = [file for files, _, _, names in scans if loss not in names for file in files]
    if bare:
        lacking = (Unread(file.name, f"{file.name} has no column {loss!r}.", "Leave it out.") for file in bare)
        return _gather(inputs.without(lacking), ask)
    parts, run_is_file = [], False
    for _, kind, rows, names in scans:
        is_run = len(inputs.files) > 1 or kind.one_run or ask.checkpoints.needs_runs
        if is_run and (run is None or run.column not in names):
            parts.append(rows.with_columns(pl.col(FILE).alias(RUN_FILE)))
            run_is_file = True
        else:
            parts.append(rows)
    may_share = run is not None and "step" in plan.chosen and known[run.column] > 1
    frame = joined(parts) if may_share else joined(parts).drop(FILE)
    is_small = sum(os.path.getsize(file.path) for file in inputs.files) <= SMALL
    by_name = run_names([file.name for file in inputs.files]) if run_is_file or may_share else {}
    by_path = {file.path: by_name[file.name] for file in inputs.files if by_name}
    is_open = len(inputs.files) == 1 and not any(kind.one_run for _, kind, _, _ in scans) and _is_open(plan, ask)
    return _Rows(frame, replace(plan, run_is_file=run_is_file), by_path, is_small, may_share, is_open), inputs


def _is_open(plan: Plan, ask: Ask) -> bool:
    """Whether no column names the run, though the user did not say that every row is one."""
    return "run_id" not in plan.chosen and ask.mapping.get("run_id") != IGNORE


def _plan(names: Sequence[str], ask: Ask, files: Mapping[str, int] | None = None) -> Plan:
    keep = (*ask.keep, *(name for name in ask.maybe if name in names))
    plan = make_plan(names, ask.mapping, ask.by, keep, ask.params_pattern, files)
    state = {STATE: column} if (column := state_column(names)) is not None else {}
    return replace(plan, keep=plan.keep | state, takes_log=ask.loss_unit == PERPLEXITY)


def _load(rows: _Rows, ask: Ask) -> RunTable:
    plan, frame = rows.plan, rows.frame
    flags: tuple[str, ...] = ()
    anew: tuple[Caveat, ...] = ()
    schema = pl.Schema({name: kind for name, kind in frame.collect_schema().items() if name not in (RUN_FILE, FILE)})
    if ask.where is not None:
        frame, flags = keep_where(frame, ask.where, schema)
    if rows.may_share:
        frame, plan, anew = tell_apart(frame, schema, plan, rows.file_names)
    if rows.is_open:
        plan, anew = with_runs(frame, schema, plan)
    chosen = choose_points(frame, schema, plan, ask, flags, count_repeats=rows.is_small)
    selection = chosen.selection
    odd = {reason: role for role in plan.measures if (reason := f"unreadable {role}") in selection.excluded}
    unreadable = {why: cell for why, role in odd.items() if (cell := unreadable_cell(frame, role, plan)) is not None}
    if selection.points.is_empty():
        ask.checkpoints.refuse_none(selection.excluded, selection.total)
        raise no_points(selection.excluded, selection.total, ask.where, unreadable)
    points, ended = sanity.unfinished(finished(selection.points, plan, rows.file_names), plan.keep.get(STATE))
    columns = plan.columns
    compute: tuple[Caveat, ...] = ()
    if ask.rule.name != SIX_ND:
        points = derive.recounted(points, ask.rule, plan.derived)
        columns |= {"compute": ask.rule.formula}
    elif all(role in plan.chosen for role in ("compute", "params", "tokens")):
        compute = derive.mismatch(points)
        points, filled = derive.fill_compute(points)
        compute += filled
        columns |= {"compute": f"{columns['compute']}, else {derive.DERIVATIONS['compute'][1]}"} if filled else {}
    caveats = (
        *left_out(selection.excluded, selection.total, unreadable),
        *anew,
        *ended,
        *chosen.caveats,
        *compute,
        *sanity.doubts(points, columns, named_loss="loss" in ask.mapping, loss_unit=ask.loss_unit),
    )
    taken = {*(chosen.column for chosen in plan.chosen.values()), *plan.by.values()}
    taken |= {column for name, column in plan.keep.items() if name != STATE}
    others = tuple(name for name in schema.names() if name not in taken)
    scales = {role: chosen.scale for role, chosen in plan.chosen.items() if chosen.scale != 1.0}
    return RunTable(points, (), columns, selection.excluded, selection.total, caveats, scales, (), others, unreadable)
