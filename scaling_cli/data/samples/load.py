"""Sampling logs in, one row of counts a problem out: `load_samples`.

Layouts: `attempts` (a row each), `counts` (a row a problem with n and c), `curve` (counts repeated for each k), `list`
(a row a problem with a list of outcomes), `matrix` (a row a problem, a column of 0 or 1 an attempt), and the files of
`sample_files`. Attempts are counted in one streamed aggregation, so millions of rows need little memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.caveats import Caveat
from scaling_cli.data.files.expand import InputFile, expand
from scaling_cli.data.files.inputs import Evidence, joined, none_readable, open_files, without_culprits
from scaling_cli.data.files.source import Unread, content_hash
from scaling_cli.data.filters import DOUBT, keep_where
from scaling_cli.data.given import Given, frame_of, paths_of, unreadable_table
from scaling_cli.data.names import listing, normalise, unknown
from scaling_cli.data.samples.columns import CURVE_COLUMNS, check_roles, choose, named
from scaling_cli.data.samples.files import is_special, read_special
from scaling_cli.data.samples.outcomes import Ask, attempts_to_counts, counts_table, lists_to_counts, matrix_to_counts
from scaling_cli.data.samples.pooling import other_problems, refuse_filters, refuse_models, tasks_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Source

RESERVED = ("problem", "n", "c", "first", "cluster")  # columns of counts, which a group must not hide
INDEX = ("", "index", "unnamed_0")  # what pandas writes over the names of rows


class SampleTable(Record):
    """Counts of each problem, and how they came about.

    `frame` has the group columns (text), `problem` (text), `n` and `c` (whole numbers), where they were asked for
    `cluster`, `accepted` and `accepted_correct`, and where attempts are numbered and n varies `first`: the attempt of
    the first success, from 1, 0 without one.
    `attempts` still has every attempt, with `problem`, `success` and what a verifier needs: `score` or `answer`.
    """

    frame: pl.DataFrame
    layout: str
    columns: dict[str, str]
    sources: tuple[Source, ...]
    caveats: tuple[Caveat, ...]
    attempts: pl.LazyFrame | None = None
    unread: tuple[Unread, ...] = ()
    rows: int | None = None


def load_samples(logs: Given, reading: Samples) -> SampleTable:
    """Counts from files or from a table in memory.

    Args:
        logs: Files, or a table with one row per attempt or problem.
        reading: Which rows and columns to read, and what counts as a success.

    Raises:
        UsageError: A column does not exist or ties, or the rows mix models.
        DataError: A file cannot be read, or is of no known layout.
    """
    check_roles(reading.mapping)
    ask = Ask(reading.input_format, reading.mapping, reading.by, reading.threshold, reading.on_missing)
    where = reading.where
    rows = frame_of(logs)
    if rows is None:
        return _load_files(paths_of(logs), where, ask)
    try:
        return _load(_kept(rows, where), ask)
    except (PolarsError, OSError) as error:
        raise unreadable_table(error) from None


def _load_files(given: Sequence[str], where: str | None, ask: Ask) -> SampleTable:
    files = expand(given)
    special = [file for file in files if Path(file.path).is_file() and is_special(file.path)]
    plain = [file for file in files if file not in special]
    inputs = open_files(plain) if plain else None
    special, unread = _readable(special, alone=len(files) == 1)
    if not special and inputs is None:
        raise none_readable(unread)
    evidence = Evidence(inputs) if inputs else None  # hashes while polars reads
    while True:
        frames = [read_special(file.path) for file in special] + ([inputs.frame()] if inputs else [])
        try:
            table = _load(_kept(joined(frames), where), ask)
        except PolarsError as error:
            if inputs is None:
                raise _unreadable(special[0].name, error) from None
            inputs = without_culprits(inputs, error)
            continue
        sources = _special_sources(special) + (
            evidence.sources(inputs, table.rows if where is None and not special else None)
            if inputs and evidence
            else ()
        )
        return replace(table, sources=sources, unread=(*unread, *(inputs.unread if inputs else ())))


def _readable(files: Sequence[InputFile], *, alone: bool) -> tuple[list[InputFile], list[Unread]]:
    """The files that their reader takes, and the others; the error of one that is alone is everyone's."""
    good, bad = [], []
    for file in files:
        try:
            read_special(file.path)
        except DataError as error:
            if alone:
                raise
            bad.append(Unread(file.name, error.message, error.hint))
            continue
        good.append(file)
    return good, bad


def _unreadable(path: str, error: PolarsError) -> DataError:
    reason = str(error).splitlines()[0]
    return DataError(f"{path} cannot be read: {reason}", hint="Check that the file is whole, or write it again.")


def _special_sources(files: Sequence[InputFile]) -> tuple[Source, ...]:
    rows = [int(read_special(file.path).select(pl.len()).collect(engine="streaming").item()) for file in files]
    return tuple(Source(file.name, content_hash(file.path), count) for file, count in zip(files, rows, strict=True))


def _kept(rows: pl.LazyFrame, where: str | None) -> pl.LazyFrame:
    """The rows for which the condition holds; one that cannot be judged is left out."""
    if where is None:
        return rows
    kept, doubts = keep_where(rows, where, rows.collect_schema())
    flags = [DOUBT + name for name in doubts]
    return kept.filter(~pl.any_horizontal(*flags)).drop(flags) if flags else kept


def _load(rows: pl.LazyFrame, ask: Ask) -> SampleTable:
    schema = rows.collect_schema()
    for name in ask.by:
        if name not in schema:
            raise unknown("column", name, schema.names())
        if name in RESERVED:
            raise UsageError(f"Groups cannot be made by a column named {name!r}.", hint="Give it another name.")
    problem = choose(schema.names(), ask.mapping, "problem")
    whole = rows if problem is None else rows.drop_nulls(problem)  # a line cut short is of no model
    refuse_models(whole, schema, ask)
    refuse_filters(whole, schema, ask)
    tasks, caveats = tasks_of(whole, schema, ask)
    layout, columns = _detect(whole, schema, ask, tasks)
    caveats += other_problems(whole, schema, ask, columns, tasks)
    counted = _COUNTERS[layout](rows, schema, ask, columns, tasks)
    frame = counted.frame.filter(pl.col("n") > 0)
    if frame.is_empty():
        raise DataError("No attempt has an outcome.", hint="Check the column, with --correct COL, and --where.")
    used = {role: column for role, column in columns.items() if column is not None}
    return SampleTable(frame, layout, used, (), (*caveats, *counted.caveats), counted.attempts, rows=counted.rows)


def _detect(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, tasks: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """The layout, and the column of each role it needs."""
    names = schema.names()
    outcomes = choose(names, ask.mapping, "correct") if ask.layout in ("auto", "list") else None
    if outcomes is not None and isinstance(schema[outcomes], pl.List) and ask.layout in ("auto", "list"):
        return "list", {"problem": choose(names, ask.mapping, "problem"), "correct": outcomes}
    problem = choose(names, ask.mapping, "problem")
    if ask.layout in ("auto", "matrix") and not {"correct", "n", "c"} & ask.mapping.keys():
        index = next((name for name in names if normalise(name) in INDEX), None)
        named_by = index if problem is None else problem
        cells = [name for name in names if name not in (named_by, *ask.by, *tasks)]
        if ask.layout == "matrix" or (_may_be_matrix(rows, names, ask, problem) and _is_matrix(rows, cells)):
            return "matrix", {"problem": named_by}
    if ask.layout in ("auto", "counts", "curve"):
        n, c = choose(names, ask.mapping, "n"), _successes(names, ask.mapping)
        if n is not None and c is not None and n != c:
            found = _counts_layout(rows, names, ask, [*ask.by, *tasks], problem)
            if found is not None:
                return found, {"problem": problem, "n": n, "c": c, "cluster": ask.mapping.get("cluster")}
    if ask.layout not in ("auto", "attempts"):
        raise _no_layout(names, f"are not of layout {ask.layout}")
    return "attempts", _attempt_columns(names, schema, ask, problem)


def _successes(names: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    return choose(names, {role: column for role, column in mapping.items() if role != "correct"}, "c")


def _counts_layout(
    rows: pl.LazyFrame, names: Sequence[str], ask: Ask, groups: Sequence[str], problem: str | None
) -> str | None:
    """`counts` where each problem has one row, `curve` where it has one a k; None where rows are attempts."""
    if problem is None:
        return "counts"
    if not _repeats(rows, [*groups, problem]):
        return "counts"
    curve = named(names, CURVE_COLUMNS)
    if curve and ask.layout in ("auto", "curve"):
        return "curve"
    if ask.layout == "counts" or "c" in ask.mapping or choose(names, ask.mapping, "correct") is None:
        raise UsageError(
            f"Problems occur in several rows of counts, such as those of the column {problem!r}.",
            hint="Name the columns that tell the rows apart with --by.",
        )
    return None


def _repeats(rows: pl.LazyFrame, key: Sequence[str]) -> bool:
    found = rows.select(pl.struct(list(dict.fromkeys(key))).n_unique().alias("keys"), pl.len().alias("rows"))
    keys, total = found.collect(engine="streaming").row(0)
    return bool(keys < total)


def _may_be_matrix(rows: pl.LazyFrame, names: Sequence[str], ask: Ask, problem: str | None) -> bool:
    """Whether the columns beside that of the problem can be attempts: none means another thing, and none repeats."""
    if problem is None:
        return True
    has_outcomes = choose(names, ask.mapping, "correct") is not None
    has_counts = choose(names, ask.mapping, "n") is not None and _successes(names, ask.mapping) is not None
    return not has_outcomes and not has_counts and not _repeats(rows, [*ask.by, problem])


def _is_matrix(rows: pl.LazyFrame, cells: Sequence[str]) -> bool:
    if len(cells) < 2:
        return False
    is_outcome = [
        pl.col(name).is_null() | pl.col(name).cast(pl.Float64, strict=False).is_in([0.0, 1.0]).fill_null(value=False)
        for name in cells
    ]
    inside = rows.select(pl.all_horizontal(is_outcome).all()).collect(engine="streaming")
    return bool(inside.item())


def _attempt_columns(names: Sequence[str], schema: pl.Schema, ask: Ask, problem: str | None) -> dict[str, str | None]:
    correct = choose(names, ask.mapping, "correct")
    if correct is None:
        correct = ask.mapping.get("score")
    if problem is None or correct is None:
        missing = "problem" if problem is None else "correct"
        raise _no_layout(names, f"have no column for {missing}")
    columns: dict[str, str | None] = {"problem": problem, "correct": correct, "attempt": _attempt(names, ask, problem)}
    for role in ("score", "verified", "answer", "cluster"):
        if role in ask.mapping:
            columns[role] = choose(names, ask.mapping, role)
    return columns


def _attempt(names: Sequence[str], ask: Ask, problem: str) -> str | None:
    left = [name for name in names if name != problem and name not in ask.by]
    return choose(left, {role: each for role, each in ask.mapping.items() if each in left}, "attempt")


def _no_layout(names: Sequence[str], why: str) -> DataError:
    scores = [name for name in names if normalise(name).startswith("score_")]
    example = f"--correct {scores[0]}" if scores else "--problem COL --correct COL, or --n COL --c COL"
    columns = f"their columns are {listing(names)}" if names else "they are empty"
    return DataError(f"The rows {why}; {columns}.", hint=f"Name columns: {example}.")


_COUNTERS = {
    "attempts": attempts_to_counts,
    "counts": counts_table,
    "curve": counts_table,
    "list": lists_to_counts,
    "matrix": matrix_to_counts,
}
