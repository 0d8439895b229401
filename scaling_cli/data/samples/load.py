"""`load_samples`: read sampling logs into one row of counts per problem.

Layouts: `attempts` (one row per attempt), `counts` (one row per problem, with n and c), `curve` (counts repeated for
each k), `list` (one row per problem, with a list of outcomes), `matrix` (one row per problem, with a column of 0 or 1
per attempt), and the files of `evaluation_files`. Attempts are counted in one streamed aggregation, so millions of rows
need little memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.cells import is_text, plain_columns, text
from scaling_cli.data.files.digest import content_hash
from scaling_cli.data.files.expand import InputFile, expand, run_names
from scaling_cli.data.files.inputs import BY_FILE, Inputs, UnreadFile, joined, none_readable, open_files
from scaling_cli.data.files.sources import BackgroundHashes, without_rows
from scaling_cli.data.filters import UNJUDGED, Computed, keep_where
from scaling_cli.data.names import unknown
from scaling_cli.data.paths_or_table import PathsOrTable, frame_of, paths_of
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN, explained, together
from scaling_cli.data.samples.attempts import count_attempts
from scaling_cli.data.samples.columns import check_named, check_roles, choose
from scaling_cli.data.samples.counts import count_lists, count_matrix, read_counts
from scaling_cli.data.samples.dependent import refuse_single
from scaling_cli.data.samples.divided import divided
from scaling_cli.data.samples.evaluation_files import is_evaluation_file, read_evaluation_file
from scaling_cli.data.samples.layout import detect_layout, listed, problem_of, upright
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.data.samples.multiples import multiple_of, one_row_each
from scaling_cli.data.samples.outcomes import no_outcome
from scaling_cli.data.samples.pooling import (
    files_differ,
    other_problems,
    pooled_settings,
    refuse_copied_files,
    refuse_documents,
    refuse_filters,
    refuse_models,
    similar_problems,
    tasks_of,
    with_files,
    without_group,
)
from scaling_cli.data.usable_files import read_usable
from scaling_cli.errors import DataError, UsageError
from scaling_cli.input_formats import SAMPLE_SUFFIXES
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Source

RESERVED = ("problem", "n", "c", "first", "cluster")  # columns of the table of counts, which no group may be called
MOST_FILES, MOST_ROWS = 100, 2_000_000  # up to which files are compared
DIVIDED = ("attempts", "list")  # layouts in which a column may divide the attempts at a problem
MOST_COLUMNS = 10_000  # the time that polars needs grows with their square
COUNTERS = {
    "attempts": count_attempts,
    "counts": read_counts,
    "curve": read_counts,
    "list": count_lists,
    "matrix": count_matrix,
}


class SampleTable(Record):
    """Counts of attempts and successes for each problem, and where they come from.

    `frame` has the columns of groups (text), `problem` (text), `n` attempts and `c` successes (integers). If they were
    asked for, it has `cluster`, `accepted` and `accepted_correct`. If attempts are numbered and n varies, it has
    `first`: the attempt with the first success, counted from 1, and 0 if there is none.
    `attempts` has one row per attempt, with `problem`, `success` and what a verifier needs: `score` or `answer`.
    """

    frame: pl.DataFrame
    layout: str
    columns: dict[str, str]
    sources: tuple[Source, ...]
    caveats: tuple[Caveat, ...]
    attempts: pl.LazyFrame | None = None
    unread: tuple[UnreadFile, ...] = ()
    rows: int | None = None


Reader: TypeAlias = Callable[[pl.LazyFrame, Samples], SampleTable]


def load_samples(logs: PathsOrTable, reading: Samples, counted: Reader | None = None) -> SampleTable:
    """Counts from files, or from a table in memory.

    Args:
        logs: Files, or a table with one row per attempt or per problem.
        reading: Which rows and columns to read, and what counts as a success.
        counted: Makes another table of the rows in place of counts.

    Raises:
        UsageError: A column does not exist, two fit a role equally well, or the rows mix models.
        DataError: A file cannot be read, or has no known layout.
    """
    check_roles(reading.mapping)
    counted, rows = counted or _load, frame_of(logs)
    if rows is None:
        with quiet_panics():
            return _load_files(paths_of(logs), reading, counted)
    try:
        with quiet_panics():
            return counted(_filtered(plain_columns(rows), reading.where, reading.mapping), reading)
    except THROWN as error:
        raise explained(error, "The table") from None


def _load_files(paths: Sequence[str], reading: Samples, counted: Reader) -> SampleTable:
    files = expand(paths, suffixes=SAMPLE_SUFFIXES)
    special = [file for file in files if Path(file.path).is_file() and is_evaluation_file(file.path)]
    plain = [file for file in files if file not in special]
    inputs = open_files(plain, most=reading.max_expand) if plain else None
    special, unread = _readable(special, reading.max_expand, is_alone=len(files) == 1)
    if inputs is None:
        return _load_special(special, unread, reading, counted)
    hashes = BackgroundHashes(inputs)

    def load(usable: Inputs) -> SampleTable:
        table = _of_files(special, usable, reading, counted)
        total = table.rows if reading.where is None and not special else None
        sources = (*_special_sources(special, reading.max_expand), *hashes.sources(usable, total))
        return replace(table, sources=sources, unread=(*unread, *usable.unread, *without_rows(sources)))

    return read_usable(inputs, load)


def _of_files(special: Sequence[InputFile], plain: Inputs | None, reading: Samples, counted: Reader) -> SampleTable:
    """The counts of all files, with a caveat where they differ, for which their rows are read again if they are few."""

    def rows(*, by_file: bool) -> pl.LazyFrame:
        frames = [*_evaluations(special, reading.max_expand, by_file=by_file)]
        if plain is not None:
            frames.append((plain.labelled_by_file() if by_file else plain).frame())
        return _filtered(joined(frames), reading.where, reading.mapping)

    named = (*reading.by, *reading.mapping.values())
    table = counted(rows(by_file=BY_FILE in named), reading)
    files = len(special) + (0 if plain is None else len(plain.files))
    is_few = 1 < files <= MOST_FILES and (table.rows or 0) <= MOST_ROWS
    if counted is not _load or not is_few or BY_FILE in (*named, *rows(by_file=False).collect_schema().names()):
        return table
    if table.layout in DIVIDED:
        table = _load(rows(by_file=True), reading)  # with the file as one more column that may divide the attempts
    counts = _load(rows(by_file=True), reading.but(by=(*reading.by, BY_FILE))).frame
    if table.layout in DIVIDED and all(each.code != "repeated-attempts" for each in table.caveats):
        refuse_copied_files(counts)
    return replace(table, caveats=with_files(table.caveats, files_differ(counts, reading.by)))


def _evaluations(files: Sequence[InputFile], most: float | None, *, by_file: bool) -> Iterator[pl.LazyFrame]:
    """The rows of files of evaluation tools, with the name of each as a column if `by_file`."""
    names = run_names([file.name for file in files])
    for file in files:
        rows = read_evaluation_file(file.path, most)
        is_labelled = by_file and BY_FILE not in rows.collect_schema()
        yield rows.with_columns(pl.lit(names[file.name]).alias(BY_FILE)) if is_labelled else rows


def _load_special(
    files: Sequence[InputFile], unread: Sequence[UnreadFile], reading: Samples, counted: Reader
) -> SampleTable:
    """The counts of files of evaluation tools, of which some may be unread."""
    if not files:
        raise none_readable(unread)
    try:
        with quiet_panics():
            table = _of_files(files, None, reading, counted)
    except THROWN as error:
        raise explained(error, together([file.name for file in files])) from None
    return replace(table, sources=_special_sources(files, reading.max_expand), unread=tuple(unread))


def _readable(
    files: Sequence[InputFile], most: float | None, *, is_alone: bool
) -> tuple[list[InputFile], list[UnreadFile]]:
    """The files that can be read, and the others; if there is only one file, its error is raised."""
    readable, unread = [], []
    for file in files:
        try:
            read_evaluation_file(file.path, most)
        except DataError as error:
            if is_alone:
                raise
            unread.append(UnreadFile(file.name, error.message, error.hint))
            continue
        readable.append(file)
    return readable, unread


def _special_sources(files: Sequence[InputFile], most: float | None) -> tuple[Source, ...]:
    frames = [read_evaluation_file(file.path, most) for file in files]
    rows = [int(frame.select(pl.len()).collect(engine="streaming").item()) for frame in frames]
    return tuple(Source(file.name, content_hash(file.path), count) for file, count in zip(files, rows, strict=True))


def _filtered(rows: pl.LazyFrame, where: str | None, mapping: Mapping[str, str]) -> pl.LazyFrame:
    """The rows for which the condition holds; a row for which it cannot be judged is left out."""
    if where is None:
        return rows
    schema = rows.collect_schema()
    roles = {role: Computed(pl.col(name), pl.lit(value=False)) for role, name in mapping.items() if name in schema}
    kept, unjudged = keep_where(rows, where, schema, roles)
    flags = [UNJUDGED + name for name in unjudged]
    return kept.filter(~pl.any_horizontal(*flags)).drop(flags) if flags else kept


def _load(rows: pl.LazyFrame, reading: Samples) -> SampleTable:
    schema = rows.collect_schema()
    if len(schema) > MOST_COLUMNS:
        raise DataError(
            f"The log has {len(schema):,} columns, but at most {MOST_COLUMNS:,} can be read.",
            hint="Write one row per attempt, counts with columns problem, n and c, or a matrix with numpy.save.",
        )
    check_named(schema.names(), reading)
    rows = upright(SamplingLog(rows, schema, reading))
    rows = listed(SamplingLog(rows, rows.collect_schema(), reading))
    schema = rows.collect_schema()
    for name in reading.by:
        if name not in schema:
            raise unknown("column", name, schema.names())
        if name in RESERVED:
            raise UsageError(
                f"--by cannot group by a column called {name!r}, which is also a column of the result.",
                hint="Rename the column in the input.",
            )
    reading = reading.but(problem=problem_of(SamplingLog(rows, schema, reading)))
    problem = choose(schema.names(), reading.mapping, "problem")
    if problem is not None and is_text(schema[problem]):
        rows = rows.filter(text(problem).ne_missing(problem))  # headers of parts of a log that were joined
    # A line that was cut short has no problem, and must not count as another model, filter or task.
    log = SamplingLog(rows if problem is None else rows.drop_nulls(problem), schema, reading)
    refuse_models(log)
    refuse_filters(log)
    tasks, caveats = tasks_of(log)
    log = replace(log, tasks=tasks)
    refuse_documents(log)
    layout, columns = detect_layout(log)
    if layout != "attempts":
        _refuse_of_attempts(reading)
    log = replace(log, columns=columns)
    if layout == "attempts" and (multiple := multiple_of(log)) is not None:
        rows = one_row_each(rows, log, multiple)
        log = replace(log, rows=one_row_each(log.rows, log, multiple), columns=columns | {"attempts": multiple})
    caveats += other_problems(log)
    caveats += pooled_settings(log)
    if layout in DIVIDED:
        log, more = _divided(log, layout)
        caveats += more
    counted = COUNTERS[layout](replace(log, rows=rows))
    frame = counted.frame.filter(pl.col("n") > 0)
    if frame.is_empty():
        raise no_outcome(log, columns)
    if reading.design == "auto":
        refuse_single(frame, reading.by)
    caveats += [*without_group(frame, reading.by, layout), *similar_problems(frame, reading.by)]
    used = {role: column for role, column in log.columns.items() if column is not None}
    return SampleTable(frame, layout, used, (), (*caveats, *counted.caveats), counted.attempts, rows=counted.rows)


def _refuse_of_attempts(reading: Samples) -> None:
    """Refuse columns of single attempts for rows that are not attempts, where nothing would read them."""
    for role in reading.mapping.keys() & {"score", "verified", "answer"}:
        raise UsageError(
            f"--{role} is read from single attempts, but each row of this log is a problem.",
            hint=f"Leave --{role} out, or give a log with one row per attempt.",
        )


def _divided(log: SamplingLog, layout: str) -> tuple[SamplingLog, list[Caveat]]:
    """The log with further columns of tasks, and without numbers of attempts that begin anew."""
    attempts = log
    if layout == "list":
        rows = log.rows.explode(log.column("correct"), empty_as_null=False)
        attempts = replace(log, rows=rows, schema=rows.collect_schema())
    found = divided(attempts, in_order=layout == "list")
    return replace(log, tasks=found.log.tasks, columns=found.log.columns), found.caveats
