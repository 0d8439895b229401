"""The layout of a sampling log: what one row stands for, and which columns the layout needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.cells import is_text, text
from scaling_cli.data.names import listing, normalise
from scaling_cli.data.samples.columns import CURVE_COLUMNS, NUMBERED, PARTS, choose, is_pass_rate, named
from scaling_cli.data.samples.counts import parts_of, several_rows
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.data.samples.numbered import MatrixColumns, matrix_columns
from scaling_cli.data.samples.outcomes import are_outcomes
from scaling_cli.errors import DataError

TEXTS = ("question", "prompt", "problem_text", "instruction")  # which each attempt at a problem repeats
FEWEST, MOST = 10, 0.9  # problems, and the share of them that have equally many rows, for a text to name them
SAMPLE = 1000  # cells that show whether a column numbers attempts
FIRST_ROW = {"0", "1", "0_0", "1_0", "true", "false"}  # names of columns, if a file of outcomes has no header
INDEX = ("", "index", "unnamed_0")  # the column names that pandas gives to an index

Columns = dict[str, str | None]


def detect_layout(log: SamplingLog) -> tuple[str, Columns]:
    """The layout of the log, and the column of each role that it needs.

    Raises:
        UsageError: Problems have several rows of counts.
        DataError: The rows have no known layout, or not the one that the options name.
    """
    options, names = log.options, log.schema.names()
    problem = choose(names, options.mapping, "problem")
    return (
        _list_layout(log, problem)
        or _matrix_layout(log, problem)
        or _counts_layout(log, problem)
        or _attempts_layout(log, problem)
    )


def upright(log: SamplingLog) -> pl.LazyFrame:
    """The rows; if there is one per attempt with a column of outcomes for each problem, one for each of both.

    Such columns are called problem_0, problem_1 and the like, or have one name and different numbers beside a column
    such as `seed` that numbers the rows.
    """
    names, options = log.schema.names(), log.options
    if options.input_format not in ("auto", "attempts") or options.mapping.keys() & {"problem", "correct", "n", "c"}:
        return log.rows
    columns = matrix_columns([name for name in names if name not in options.by])
    if choose(names, {}, "problem") is not None or "correct" in names:
        return log.rows
    are_problems = columns.are_problems or (columns.are_numbered and _are_attempts(log))
    if not are_problems or not _has_only_outcomes(log, columns.attempts):
        return log.rows
    kept = [name for name in names if name not in columns.attempts]
    texts = [pl.col(name).cast(pl.String) for name in columns.attempts]
    return log.rows.with_columns(texts).unpivot(
        columns.attempts, index=kept, variable_name="problem", value_name="correct"
    )


def _are_attempts(log: SamplingLog) -> bool:
    """Whether a column numbers the rows of each group by its name and its values, as `seed` does, so rows are attempts.

    A column called `sample` may number problems, which some call samples.
    """
    others = [name for name in log.schema.names() if name not in log.options.by and "sample" not in normalise(name)]
    attempt = choose(others, log.options.mapping, "attempt")
    return attempt is not None and not _has_repeats(log.rows, [*log.options.by, attempt])


def listed(log: SamplingLog) -> pl.LazyFrame:
    """The rows, with lists of outcomes in place of text such as `[True, False]`, as CSV has them, and of arrays."""
    name = choose(log.schema.names(), log.options.mapping, "correct")
    if name is None or log.options.input_format not in ("auto", "list"):
        return log.rows
    if isinstance(log.schema[name], pl.Array):
        return log.rows.with_columns(pl.col(name).arr.to_list())
    if not is_text(log.schema[name]):
        return log.rows
    cells = log.rows.select(text(name)).head(SAMPLE).collect(engine="streaming").to_series().drop_nulls()
    if cells.is_empty() or not cells.str.contains(r"^\[.*\]$").all():
        return log.rows
    return log.rows.with_columns(pl.col(name).cast(pl.String).str.extract_all(r"[^\s,\[\]'\"]+"))


def problem_of(log: SamplingLog) -> str | None:
    """The column of problems that the options name; or that of their texts, where the column `id` names each row."""
    names, mapping = log.schema.names(), log.options.mapping
    chosen = choose(names, mapping, "problem")
    outcomes = choose(names, mapping, "correct")
    texts = [name for name in named(names, TEXTS) if name != chosen and is_text(log.schema[name])]
    if "problem" in mapping or chosen is None or normalise(chosen) not in ("id", "i") or not texts or outcomes is None:
        return mapping.get("problem")
    counts = log.rows.select(pl.len().alias("rows"), pl.col(chosen).n_unique()).collect(engine="streaming").row(0)
    if counts[0] != counts[1] or isinstance(log.schema[outcomes], pl.List):
        return None
    for name in texts:
        rows = sorted(log.rows.group_by(name).len("rows").collect(engine="streaming")["rows"])
        usual = rows[len(rows) // 2]
        if len(rows) >= FEWEST and rows.count(usual) > MOST * len(rows) and usual > 1:
            return name
    return None


def _list_layout(log: SamplingLog, problem: str | None) -> tuple[str, Columns] | None:
    if log.options.input_format not in ("auto", "list"):
        return None
    outcomes = choose(log.schema.names(), log.options.mapping, "correct")
    if outcomes is None or not isinstance(log.schema[outcomes], pl.List):
        return None
    return "list", {"problem": problem, "correct": outcomes}


def _matrix_layout(log: SamplingLog, problem: str | None) -> tuple[str, Columns] | None:
    options, names = log.options, log.schema.names()
    if options.input_format not in ("auto", "matrix") or {"correct", "n", "c"} & options.mapping.keys():
        return None
    index = next((name for name in names if normalise(name) in INDEX), None)
    named_by = index if problem is None else problem
    cells = [name for name in names if name not in (named_by, *options.by, *log.tasks)]
    folded = [normalise(name) for name in cells]
    if len(set(folded)) < len(cells) and set(folded) <= FIRST_ROW:
        raise DataError(
            "The first line, which should hold the names of columns, holds outcomes.",
            hint="Write a line of names above it, such as attempt_0,attempt_1,attempt_2.",
        )
    if options.input_format == "matrix" or _is_matrix(log, problem, matrix_columns(cells)):
        return "matrix", {"problem": named_by}
    return None


def _is_matrix(log: SamplingLog, problem: str | None, columns: MatrixColumns) -> bool:
    """Whether there are columns of attempts, which hold only outcomes; without a word for attempts, so do others."""
    attempts = columns.attempts
    if len(attempts) < 2 or not _may_be_matrix(log, problem, are_named=columns.are_named):
        return False
    return _has_only_outcomes(log, attempts if columns.are_named else [*attempts, *columns.others])


def _may_be_matrix(log: SamplingLog, problem: str | None, *, are_named: bool) -> bool:
    """Whether each problem has one row, and no column is known as outcomes, unless a word says which are attempts."""
    if problem is None:
        return True
    names, mapping = log.schema.names(), log.options.mapping
    has_outcomes = not are_named and choose(names, mapping, "correct") is not None
    has_counts = choose(names, mapping, "n") is not None and _successes(names, mapping) is not None
    return not has_outcomes and not has_counts and not _has_repeats(log.rows, [*log.options.by, problem])


def _has_only_outcomes(log: SamplingLog, cells: Sequence[str]) -> bool:
    """Whether these columns hold nothing but 0, 1, words for them, and nulls."""
    return all(
        log.rows.select(pl.all_horizontal(are_outcomes(name, log.schema, log.options.success) for name in part).all())
        .collect(engine="streaming")
        .item()
        for part in parts_of(cells)
    )


def _counts_layout(log: SamplingLog, problem: str | None) -> tuple[str, Columns] | None:
    options, names = log.options, log.schema.names()
    if options.input_format not in ("auto", "counts", "curve"):
        return None
    n, c = choose(names, options.mapping, "n"), _successes(names, options.mapping)
    if n is None or c is None or n == c:
        return None
    part = next((name for name in named(names, PARTS) if name not in (problem, n, c, *options.by)), None)
    layout = _counts_or_curve(log, problem, part)
    columns: Columns = {"problem": problem, "n": n, "c": c, "cluster": options.mapping.get("cluster"), "part": part}
    return None if layout is None else (layout, columns)


def _counts_or_curve(log: SamplingLog, problem: str | None, part: str | None) -> str | None:
    """`counts` for one row per problem, or per problem and part of its attempts; `curve` for one per problem and k.

    None if rows are attempts.
    """
    options, names = log.options, log.schema.names()
    of_k = named(names, CURVE_COLUMNS)
    if problem is None and of_k and options.input_format == "auto":
        raise DataError(
            f"The rows have different values of {of_k[0]!r}, but no column names their problem.",
            hint="Give counts for each problem, and name its column with --problem COL; the coverage of all problems "
            "at each k alone does not say how their difficulty varies.",
        )
    if problem is None or not _has_repeats(log.rows, [*options.by, *log.tasks, problem]):
        return "counts"
    if of_k and options.input_format in ("auto", "curve"):
        return "curve"
    if part is not None and not _has_repeats(log.rows, [*options.by, *log.tasks, problem, part]):
        return "counts"
    if options.input_format == "counts" or "c" in options.mapping or choose(names, options.mapping, "correct") is None:
        raise several_rows()
    return None


def _successes(names: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    return choose(names, {role: column for role, column in mapping.items() if role != "correct"}, "c")


def _has_repeats(rows: pl.LazyFrame, key: Sequence[str]) -> bool:
    """Whether several rows agree in these columns."""
    counts = rows.select(pl.struct(list(dict.fromkeys(key))).n_unique().alias("keys"), pl.len().alias("rows"))
    keys, total = counts.collect(engine="streaming").row(0)
    return bool(keys < total)


def _attempts_layout(log: SamplingLog, problem: str | None) -> tuple[str, Columns]:
    options, names = log.options, log.schema.names()
    if options.input_format not in ("auto", "attempts"):
        raise _no_layout(log, f"do not have the layout {options.input_format}")
    correct = choose(names, options.mapping, "correct")
    if correct is None:
        correct = options.mapping.get("score")
    if problem is None or correct is None:
        missing = "problem" if problem is None else "correct"
        raise _no_layout(log, f"have no column that could be identified as {missing!r}")
    others = [name for name in names if name != problem and name not in options.by]
    mapping = {role: column for role, column in options.mapping.items() if column in others}
    attempt = choose(others, mapping, "attempt")
    if attempt not in (None, correct, mapping.get("attempt")) and normalise(str(attempt)) in NUMBERED:
        attempt = attempt if _numbers_attempts(log, str(attempt), problem) else None
    columns: Columns = {"problem": problem, "correct": correct, "attempt": attempt}
    for role in ("score", "verified", "answer", "cluster"):
        if role in options.mapping:
            columns[role] = choose(names, options.mapping, role)
    return "attempts", columns


def _numbers_attempts(log: SamplingLog, column: str, problem: str) -> bool:
    """Whether the first cells of a column are whole numbers, and each problem has two of them or more on average."""
    key = pl.struct(list(dict.fromkeys((*log.options.by, *log.tasks, problem))))
    counts = log.rows.select(key.n_unique().alias("problems"), pl.struct(key, pl.col(column)).n_unique().alias("both"))
    problems, both = counts.collect(engine="streaming").row(0)
    if both < 2 * problems:
        return False
    if log.schema[column].is_integer():
        return True
    if not is_text(log.schema[column]):
        return False
    cells = log.rows.select(text(column)).head(SAMPLE).collect(engine="streaming").to_series().drop_nulls()
    return not cells.is_empty() and cells.str.strip_chars().cast(pl.Int64, strict=False).null_count() == 0


def _no_layout(log: SamplingLog, why: str) -> DataError:
    names = log.schema.names()
    rates = [name for name in names if is_pass_rate(name)]
    if rates:
        raise DataError(
            f"The rows {why}; {rates[0]!r} looks like a share that is averaged over attempts or problems.",
            hint="Give the outcome of each attempt, or for each problem its number of attempts n and of successes c.",
        )
    scores = [name for name in names if normalise(name).startswith("score_")]
    example = f"--correct {scores[0]}" if scores else "--problem COL --correct COL, or --n COL --c COL"
    columns = f"the columns are {listing(names)}" if names else "there are no columns"
    matrix = matrix_columns([name for name in names if name not in log.options.by])
    if "problem" in why and matrix.shared is not None and _has_only_outcomes(log, matrix.attempts):
        first, last = matrix.attempts[0], matrix.attempts[-1]
        raise DataError(
            f"The rows {why}; {columns}.",
            hint=f"If the columns {first} to {last} are attempts, and each row is a problem, add --input-format "
            "matrix; if they are problems, and each row is an attempt, call them problem_0, problem_1 and so on.",
        )
    by_file = "" if "problem" not in why else " If each file is a problem, give --problem file."
    return DataError(f"The rows {why}; {columns}.", hint=f"Choose columns: {example}.{by_file}")
