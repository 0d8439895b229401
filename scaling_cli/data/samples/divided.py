"""Columns in which attempts at one problem differ, whatever the columns are called.

A log may number its problems from 0 in each of several subsets, or hold several settings or models, in a column of any
name. What the rows show decides. A column divides the attempts if its parts of a problem have about equally many rows,
as a design has and a property of single attempts has not. If the parts succeed at different rates, they are unlike.
They are then other problems if problems of one part differ and the rates of the parts have nothing in common, and other
settings if a problem that is hard in one part is hard in the others, too.

Attempts that are numbered anew, in each part or whenever a job was started, are no copies of one another if their
outcomes differ as often as those of any two attempts at the problem.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, label
from scaling_cli.data.samples.columns import MODELS, SETTINGS, named
from scaling_cli.data.samples.dependent import refuse_dependent
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.data.samples.outcomes import outcome
from scaling_cli.record import Record, replace

HEAD = 10_000  # rows that show which columns have few values
MOST_VALUES, LONGEST = 200, 100  # of a column that divides attempts; longer text is that of an attempt
MOST_ROWS = 500_000  # of more rows, those of some problems are looked at
SPREAD = 0.3  # largest variance of the rows of a part over their mean, which is 1 if each attempt is in a random part
FEWEST_ROWS = 1.6  # of a part, on average: two, of which some are missing
COMPLETE = 0.5  # share of the numbers of attempts that must occur several times
CHANCE = 1e-6  # p-value below which the parts of problems succeed at different rates
FEWEST, FEWEST_RELATED = 3, 10  # problems with several parts; to judge whether their rates are related
RELATED = 1.645  # standard errors, so that parts without relation are taken for settings in 5 % of logs
FEWEST_REPEATED = 10  # numbers of attempts that occur several times
ALIKE = 0.5  # below this share of the differences between any two attempts, those of one number are copies
ALL_COUNT = "all rows count, since outcomes under one number differ as much as those of any attempts"
PROBLEM, ATTEMPT, SUCCESS = "__problem", "__attempt", "__success"
PART = "part "  # prefix of the columns that may divide the attempts


class Divided(Record):
    """The log, with the columns that were found to name parts of problems as tasks, and caveats about them."""

    log: SamplingLog
    caveats: list[Caveat] = []


def divided(log: SamplingLog, *, in_order: bool) -> Divided:
    """Divide the problems of a log with one row per attempt, and drop numbers of attempts that begin anew.

    Args:
        in_order: Whether the rows of each problem are in the order of attempts, though these have no numbers.

    Raises:
        DataError: Outcomes depend on those before them.
    """
    candidates = _candidates(log)
    has_numbers = log.columns.get("attempt") is not None
    if log.columns.get("problem") is None or not (candidates or has_numbers or in_order):
        return Divided(log)
    rows = _sample(log, candidates, has_numbers=has_numbers)
    tasks: list[str] = []
    settings: list[str] = []
    for name in map(PART.__add__, candidates):
        key = [PROBLEM, *tasks, *settings]  # so that another column with the same parts has nothing to add
        parts = _parts(rows, key, name)
        if _are_unlike(parts, key):
            (tasks if _are_unlike(parts, [name]) and not _are_related(parts, key, name) else settings).append(name)
    named = [name.removeprefix(PART) for name in tasks]
    caveats = [caveat("pooled-tasks", column=name, by=log.by_also(name)) for name in named]
    for column in settings:
        name, values = column.removeprefix(PART), str(rows[column].n_unique())
        caveats.append(caveat("pooled-settings", column=name, values=values, by=log.by_also(name)))
    log = replace(log, tasks=(*log.tasks, *named))
    key = [PROBLEM, *tasks]
    if has_numbers and "attempt" not in log.options.mapping and _begin_anew(rows, key):
        log = replace(log, columns=log.columns | {"attempt": None})
        # Each file or job numbers its attempts, or nothing says why the numbers begin anew.
        if all(rows.n_unique([*key, ATTEMPT, PART + name]) < rows.height for name in candidates):
            repeated = rows.height - rows.n_unique([*key, ATTEMPT])
            caveats.append(caveat("repeated-attempts", count=f"{repeated:,}", done=ALL_COUNT))
    elif (has_numbers or in_order) and log.options.design == "auto":
        _refuse_dependent(rows, [*key, *settings], has_numbers=has_numbers)
    return Divided(log, caveats)


def _refuse_dependent(rows: pl.DataFrame, key: list[str], *, has_numbers: bool) -> None:
    """Refuse outcomes that depend on those before them, where attempts are in a known order."""
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in key]
    ordered = rows.with_columns(pl.concat_str(texts, separator="/").alias(PROBLEM))
    if has_numbers:
        ordered = ordered.with_columns(pl.col(ATTEMPT).cast(pl.Int64, strict=False))
        if ordered[ATTEMPT].has_nulls():
            return
        ordered = ordered.sort(ATTEMPT, maintain_order=True).unique(
            [PROBLEM, ATTEMPT], keep="last", maintain_order=True
        )
    refuse_dependent(ordered, PROBLEM, SUCCESS)


def _candidates(log: SamplingLog) -> list[str]:
    """The columns without a role that have few values, none of which is a long text."""
    roles = {role: column for role, column in {**log.columns, **log.options.mapping}.items() if role != "cluster"}
    known = {*log.options.by, *log.tasks, *roles.values()}
    known |= set(named(log.schema.names(), (*MODELS, *SETTINGS)))
    names = [
        name
        for name, kind in log.schema.items()
        if name not in known and (is_text(kind) or kind.is_numeric() or kind == pl.Boolean)
    ]
    if not names:
        return []
    head = log.rows.select(pl.col(name).cast(pl.String) for name in names).head(HEAD).collect(engine="streaming")
    return [
        name
        for name in names
        if head[name].n_unique() <= MOST_VALUES and (head[name].str.len_bytes().max() or 0) <= LONGEST  # type: ignore[operator]
    ]


def _sample(log: SamplingLog, candidates: list[str], *, has_numbers: bool) -> pl.DataFrame:
    """The attempts with their problem (in its group), success, number and candidates; of a large log, some problems."""
    rows, key = log.rows, log.column("problem")
    total = rows.select(pl.len()).collect(engine="streaming").item()
    if total > MOST_ROWS:
        rows = rows.filter(pl.col(key).hash(0) % (total // MOST_ROWS + 1) == 0)
    names = [*log.options.by, *log.tasks, key]
    texts = [label(name, log.schema[name]).fill_null("") for name in dict.fromkeys(names)]
    success = outcome(log.column("correct"), log.schema, success=log.options.success) >= log.success_at
    taken = [pl.concat_str(texts, separator="/").alias(PROBLEM), success.alias(SUCCESS)]
    taken += [label(name, log.schema[name]).alias(PART + name) for name in candidates]
    if has_numbers:
        number = str(log.columns["attempt"])
        taken.append(label(number, log.schema[number]).alias(ATTEMPT))
    return rows.filter(pl.col(key).is_not_null()).select(taken).collect(engine="streaming")


def _parts(rows: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """The outcomes `n` and successes `c` of each part of the problems that have several; none if sizes are random."""
    counts = [pl.len().alias("rows"), pl.col(SUCCESS).count().alias("n"), pl.col(SUCCESS).sum().alias("c")]
    parts = rows.group_by(*key, name).agg(counts)
    shared = parts.filter(pl.len().over(key) > 1)
    sizes = shared.group_by(key).agg(mean=pl.col("rows").mean(), spread=pl.col("rows").var() / pl.col("rows").mean())
    mean, spread = sizes.select(pl.col("mean").mean(), pl.col("spread").mean()).row(0)
    is_design = sizes.height >= FEWEST and mean > FEWEST_ROWS and spread < SPREAD
    return shared.filter(pl.col("n") > 0) if is_design else shared.clear()


def _are_unlike(parts: pl.DataFrame, key: list[str]) -> bool:
    """Whether parts of one key succeed at different rates, by the sum of Pearson's statistics of all keys."""
    from scipy.special import chdtrc

    whole = {name: pl.col(name).cast(pl.Float64).sum().over(key) for name in ("n", "c")}
    n, c = pl.col("n"), pl.col("c")
    known = parts.select(n, c, size=pl.len().over(key), all_n=whole["n"], all_c=whole["c"])
    known = known.filter((pl.col("all_c") > 0) & (pl.col("all_c") < pl.col("all_n")))
    rate = pl.col("all_c") / pl.col("all_n")
    # Given the successes of a key, the mean of this sum is the number of its parts less one.
    pearson = (c - n * rate) ** 2 / (n * rate * (1 - rate)) * (1 - 1 / pl.col("all_n"))
    total, freedom = known.select(pearson.sum(), freedom=(1 - 1 / pl.col("size")).sum()).row(0)
    return bool(freedom and chdtrc(freedom, total) < CHANCE)


def _are_related(parts: pl.DataFrame, key: list[str], name: str) -> bool:
    """Whether a problem that is hard in one part is hard in the others; too few problems count as related."""
    rate = pl.col("c") / pl.col("n")
    excess = (rate - rate.mean().over(name)).alias("excess")
    sums = [(pl.col("excess") ** power).sum().alias(f"sum{power}") for power in (1, 2, 4)]
    problems = parts.select(*key, excess).group_by(key).agg(sums)
    # Products of different parts of a problem: their sum, and its variance if the sign of each product were chance.
    products = pl.col("sum1") ** 2 - pl.col("sum2")
    variance = 2 * (pl.col("sum2") ** 2 - pl.col("sum4"))
    total, spread = problems.select(products.sum(), variance=variance.sum().sqrt()).row(0)
    return problems.height < FEWEST_RELATED or bool(total > RELATED * spread)


def _begin_anew(rows: pl.DataFrame, key: list[str]) -> bool:
    """Whether most problems have most numbers of attempts several times, with outcomes that differ as by chance."""
    known = rows.drop_nulls([ATTEMPT, SUCCESS])
    differs = pl.col(SUCCESS).first() != pl.col(SUCCESS).last()
    pairs = known.group_by(*key, ATTEMPT, maintain_order=True).agg(times=pl.len(), differs=differs)
    n, c = pl.len(), pl.col(SUCCESS).sum()
    chances = known.group_by(key).agg(chance=2 * c * (n - c) / (n * (n - 1)))
    repeated = pairs.filter(pl.col("times").max().over(key) > 1).join(chances, on=key, nulls_equal=True)
    twice = repeated.filter(pl.col("times") > 1)
    if twice.height < FEWEST_REPEATED or 2 * repeated.select(key).n_unique() < chances.height:
        return False
    observed, expected = twice.select(pl.col("differs").sum(), pl.col("chance").sum()).row(0)
    return bool(twice.height >= COMPLETE * repeated.height and 0 < expected * ALIKE <= observed)
