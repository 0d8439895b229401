"""Read logs with one row per problem: counts, lists of outcomes, or one column per attempt."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, label, number, numbers_of_text, text
from scaling_cli.data.names import listing
from scaling_cli.data.runs.table import left_out
from scaling_cli.data.samples.attempts import TOTAL, TOTALS, count_attempts
from scaling_cli.data.samples.dependent import refuse_dependent
from scaling_cli.data.samples.log import Counted, SamplingLog, without_problem
from scaling_cli.data.samples.numbered import MatrixColumns, matrix_columns
from scaling_cli.data.samples.outcomes import are_outcomes, missing_outcomes, outcome, refuse_one_kind
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import percent
from scaling_cli.record import replace

# p-values below which columns are taken for those of different models; names without numbers are rarely those of
# attempts.
CHANCE, UNNUMBERED = 1e-6, 1e-3
FEW = 10  # problems, beyond which no problem has by chance as many attempts and successes as all others
MOST = 10**9 - 1  # attempts at a problem; numpy draws no hypergeometric numbers beyond it
MOST_CELLS = 1_000_000  # of a matrix whose outcomes are compared in their order
TOGETHER = 100  # columns of a matrix in one query, whose time and memory grow with their square


def read_counts(log: SamplingLog) -> Counted:
    """The counts that a table of counts holds; each problem once, even if several equal rows repeat it.

    Those of several parts of the attempts at a problem, such as seeds, add up.
    """
    n, c = _whole(log, "n"), _whole(log, "c")
    taken = [*log.groups(), log.problem(), n.alias("n"), c.alias("c")]
    if (column := log.columns.get("cluster")) is not None:
        taken.append(label(column, log.schema[column]).alias("cluster"))
    if (part := log.columns.get("part")) is not None:
        taken.append(label(part, log.schema[part]).alias("part"))
    everything = log.rows.select(taken).collect(engine="streaming")
    frame = everything.drop_nulls("problem")
    missing = frame.filter(pl.col("n").is_null() | pl.col("c").is_null()).height
    frame = frame.drop_nulls(["n", "c"])
    _check_counts(frame)
    names = [*log.options.by, "problem"]
    frame = frame.unique(maintain_order=True)
    if part is not None:
        others = pl.exclude(*names, "n", "c", "part").first()
        frame = frame.group_by(names, maintain_order=True).agg(pl.col("n", "c").sum(), others)
    _refuse_repeated(frame.select(names))
    excluded = {"no problem": everything["problem"].null_count()}
    frame, excluded[TOTAL] = _without_totals(frame, log.options.by)
    caveats = list(left_out({reason: count for reason, count in excluded.items() if count}, everything.height))
    caveats += [caveat("missing-outcomes", count=f"{missing:,}", done="left out")] if missing else []
    caveats += unattempted(frame.filter(pl.col("n") == 0).height, frame.height)
    return Counted(frame.with_columns(pl.col("n", "c").round().cast(pl.Int64)).sort(names), caveats)


def _without_totals(frame: pl.DataFrame, by: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """The counts without rows that hold the sums of all others of their group, and how many such rows there are."""
    group = list(by) or pl.lit(0)
    is_sum = [2 * pl.col(name) == pl.col(name).sum().over(group) for name in ("n", "c")]
    is_called_so = pl.col("problem").str.to_lowercase().is_in(TOTALS) & (pl.len().over(group) > 2)
    kept = frame.filter(~pl.all_horizontal(*is_sum) | ~(is_called_so | (pl.len().over(group) > FEW)))
    return kept, frame.height - kept.height


def count_lists(log: SamplingLog) -> Counted:
    """The counts of a log with one row per problem, which holds a list of outcomes in the order of attempts."""
    lists = log.rows.select(*log.groups(), log.problem(), pl.col(log.column("correct")).alias("correct"))
    is_empty = pl.col("problem").is_not_null() & (pl.col("correct").list.len() == 0)
    sizes = lists.select(lost=pl.col("problem").null_count(), total=pl.len(), empty=is_empty.sum())
    lost, total, empty = sizes.collect(engine="streaming").row(0)
    attempts = lists.drop_nulls("problem").explode("correct", empty_as_null=False)
    attempts = attempts.with_columns(attempt=pl.int_range(pl.len()).over([*log.options.by, "problem"]))
    columns = {role: role for role in ("problem", "correct", "attempt")}
    counted = count_attempts(replace(log, rows=attempts, schema=attempts.collect_schema(), columns=columns, tasks=()))
    return Counted(counted.frame, [*without_problem(lost, total), *unattempted(empty, total), *counted.caveats])


def unattempted(count: int, total: int) -> list[Caveat]:
    """A caveat on the problems of a log that have no attempt, if there are some."""
    return [caveat("unattempted-problems", count=f"{count:,}", total=f"{total:,}")] if count else []


def count_matrix(log: SamplingLog) -> Counted:
    """The counts of a log with one row per problem and one column per attempt, and perhaps a column of problems."""
    by = log.options.by
    names = [name for name in log.schema.names() if name not in (log.columns.get("problem"), *by, *log.tasks)]
    columns = matrix_columns(names)
    cells = columns.attempts
    everything = log.rows.select(*log.groups(), log.problem()).collect()
    known = solved = pl.repeat(0, everything.height, dtype=pl.Int64, eager=True)
    for part in parts_of(cells):
        values = [outcome(name, log.schema, success=log.options.success) for name in part]
        some = log.rows.select(
            known=pl.sum_horizontal(value.is_not_null().cast(pl.Int64) for value in values),
            solved=pl.sum_horizontal((value >= log.success_at).fill_null(False).cast(pl.Int64) for value in values),
        ).collect()
        known, solved = known + some["known"], solved + some["solved"]
    frame = everything.with_columns(n=known, c=solved).drop_nulls("problem")
    _refuse_repeated(frame.select(*by, "problem"))
    counts = frame.select(*by, "problem", "n", "c")
    missing = counts.height * len(cells) - int(counts["n"].sum())
    if log.options.on_missing == "fail":
        counts = counts.with_columns(n=pl.lit(len(cells), pl.Int64))
    caveats = list(without_problem(everything.height - frame.height, everything.height))
    if missing:
        refuse_one_kind(log, cells, counts.height * len(cells) - missing, int(counts["c"].sum()))
        caveats += missing_outcomes(log, cells, missing)
    elif not columns.are_named and log.options.input_format == "auto":
        _refuse_unlike(log, cells, solved, UNNUMBERED if columns.shared is None else CHANCE)
    if counts.height * len(cells) <= MOST_CELLS and log.options.design == "auto":
        judged = {name: outcome(name, log.schema, success=log.options.success) >= log.success_at for name in cells}
        rows = log.rows.select(**judged).collect().with_row_index("problem")
        refuse_dependent(rows.unpivot(cells, index="problem", value_name="success"), "problem", "success")
    return Counted(counts, [*caveats, *_uncounted(columns, log)])


def _refuse_unlike(log: SamplingLog, cells: Sequence[str], solved: pl.Series, chance: float) -> None:
    """Refuse columns that succeed at different rates, such as those of models or of problems (Cochran's Q test).

    Raises:
        UsageError: They do so more clearly than attempts would in a share `chance` of logs.
    """
    from scipy.special import chdtrc

    successes = {name: outcome(name, log.schema, success=log.options.success) >= log.success_at for name in cells}
    sums = [log.rows.select(successes[name].sum() for name in part).collect().row(0) for part in parts_of(cells)]
    wins = pl.Series([float(each) for part in sums for each in part])
    count, total = len(cells), float(wins.sum())
    spread = count * total - float((solved * solved).sum())
    statistic = (count - 1) * (count * float((wins * wins).sum()) - total**2) / spread if spread else 0.0
    if chdtrc(count - 1, statistic) < chance:
        least, most = wins.arg_min() or 0, wins.arg_max() or 0
        rates = [f"{cells[place]!r} ({percent(wins[place] / len(solved))})" for place in (most, least)]
        raise UsageError(
            f"The columns {' and '.join(rates)} differ in successes by more than chance, so they are no attempts at "
            "the same problems.",
            hint=f"If columns are models, give --correct {shlex.quote(cells[most])}; if they are problems, exchange "
            "rows and columns, or call them problem_0, problem_1 and so on; if they are attempts, add --input-format "
            "matrix.",
        )


def _uncounted(columns: MatrixColumns, log: SamplingLog) -> list[Caveat]:
    """A caveat that names the columns of a matrix that hold outcomes and are no attempts, if there are some."""
    outcomes = [are_outcomes(name, log.schema, log.options.success).all().alias(name) for name in columns.others]
    could_be = log.rows.select(outcomes).collect() if outcomes else pl.DataFrame()
    others = [name for name in could_be.columns if could_be[name].item()]
    if not others:
        return []
    why = f"Only the columns called {columns.shared}" if columns.shared else "Only the other columns"
    shown, count = listing([repr(name) for name in others]), len(others)
    return [caveat("uncounted-columns", columns=shown, count=count, why=why, attempts=f"{len(columns.attempts):,}")]


def parts_of(cells: Sequence[str]) -> Iterator[Sequence[str]]:
    """The columns of a matrix, as many at a time as one query can take."""
    return (cells[first : first + TOGETHER] for first in range(0, len(cells), TOGETHER))


def several_rows() -> UsageError:
    """The error for problems with several rows where one row must hold all that is known of a problem."""
    return UsageError(
        "Some problems have several rows of counts that differ.",
        hint="Give --by the column in which these rows differ, such as --by model or --by file. If the rows of a "
        "problem count different attempts of one kind, number them in a column called shard, and they are added up.",
    )


def _refuse_repeated(names: pl.DataFrame) -> None:
    if names.is_duplicated().any():
        raise several_rows()


def _check_counts(frame: pl.DataFrame) -> None:
    wrong = frame.filter((pl.col("c") < 0) | (pl.col("c") > pl.col("n")) | (pl.col("n") < 0))
    fractional = frame.filter((pl.col("n").round() != pl.col("n")) | (pl.col("c").round() != pl.col("c")))
    huge = frame.filter(pl.col("n") > MOST)
    faults = (
        (wrong, "which is impossible"),
        (fractional, "which are not whole numbers"),
        (huge, f"which is more than {MOST:,} attempts, the most that can be resampled"),
    )
    for rows, problem in faults:
        if not rows.is_empty():
            row = rows.row(0, named=True)
            raise DataError(
                f"Problem {row['problem']!r} has c = {row['c']:g} successes in n = {row['n']:g} attempts, {problem}.",
                hint="Choose the columns of attempts and successes with --n COL and --c COL.",
            )


def _whole(log: SamplingLog, role: str) -> pl.Expr:
    column = log.column(role)
    if role == "c":
        return outcome(column, log.schema, role)
    if is_text(log.schema[column]):
        return numbers_of_text(text(column)).fill_nan(None)
    return number(column, log.schema[column], f"--{role} COL").fill_nan(None)
