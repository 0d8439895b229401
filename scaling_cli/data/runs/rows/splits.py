"""Rows of several splits in one log, such as train and val: use those of one evaluation split, and say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data import cells
from scaling_cli.data.names import listing, normalise
from scaling_cli.data.runs.aliases import PREFIXES
from scaling_cli.data.runs.aside import unnamed
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.sanity import condition_on
from scaling_cli.record import replace

NAMES = (
    "mode",
    "split",
    "phase",
    "stage",
    "subset",
    "partition",
    "fold",
    "set",
    "type",
    "kind",
    "metric",
    "tag",
    "key",
    "variable",
    "series",
    "metric_name",
    "metricname",
    "metric_key",
)
HOLDERS = ("data", "dataset", "eval", "evaluation", "loss", "log", *PREFIXES)  # as in `data_split`
ENDINGS = ("name", "type")  # as in `split_name`
TRAIN, VAL, TEST = 2, 0, 1  # the order of preference
KINDS = {
    **dict.fromkeys(("train", "training", "trn", "tr", "fit"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "eval", "evaluation", "evaluate", "dev"), VAL),
    **dict.fromkeys(("heldout", "holdout"), VAL),
    **dict.fromkeys(("test", "testing", "tst"), TEST),
}
FLAG = "is"  # as in `is_val`
SPLITS = {TRAIN: "train", VAL: "validation", TEST: "test"}
YES, NO = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
FEW = 3  # evaluation rows of a run; fewer may come after the last training row of a log, too
MOST = 100  # different values; a column with more does not name splits


def one_split(rows: LogRows, settled: Sequence[str]) -> LogRows:
    """The rows of one evaluation split, if losses of several splits stand on different rows, and a caveat about it.

    `settled` are columns that the user chooses rows by.
    """
    used = {
        *rows.plan.by.values(),
        *unnamed(rows.plan.keep).values(),
        *(chosen.column for chosen in rows.plan.chosen.values()),
        *settled,
    }
    for column in rows.schema.names():
        if column in used or not names_splits(column) or not (cells.is_text(rows.schema[column]) or flag_of(column)):
            continue
        counts, spelling = _counts(rows, column)
        split = _best(counts)
        if split is None or _are_held_out_points(rows, column):
            continue
        found = _caveat(column, split, counts, spelling, is_text=cells.is_text(rows.schema[column]))
        rows = replace(rows, frame=rows.frame.filter(_splits(column) == split)).saying(found)
    return rows


def kind_of(value: str) -> int | None:
    """Whether a value, such as `val` or `test_c4`, stands for training, validation or test data; None if for none."""
    words = normalise(value).replace("held_out", "heldout").replace("hold_out", "holdout").split("_")
    return next((KINDS[word] for word in words if word in KINDS), None)


def names_splits(column: str) -> bool:
    """Whether a column is called like one that says which split a row belongs to."""
    words = normalise(column).split("_")
    while len(words) > 1 and words[0] in HOLDERS:
        words = words[1:]
    if len(words) > 1 and words[-1] in ENDINGS:
        words = words[:-1]
    return (len(words) == 1 and words[0] in NAMES) or flag_of(column) is not None


def flag_of(column: str) -> tuple[str, str] | None:
    """The splits that true and false stand for, if a column is called like `is_val` or `validation`; else None."""
    words = normalise(column).split("_")
    while len(words) > 2 and words[0] in HOLDERS:
        words = words[1:]
    if words[:-1] not in ([], [FLAG]) or words[-1] not in KINDS:
        return None
    kind = KINDS[words[-1]]
    return SPLITS[kind], SPLITS[VAL if kind == TRAIN else TRAIN]


def _splits(column: str) -> pl.Expr:
    """The split of each row in lower case."""
    if (flag := flag_of(column)) is None:
        return cells.text(column).str.to_lowercase()
    mark = cells.text(column).str.to_lowercase().str.strip_suffix(".0")
    return pl.when(mark.is_in(YES)).then(pl.lit(flag[0])).when(mark.is_in(NO)).then(pl.lit(flag[1]))


def _counts(rows: LogRows, column: str) -> tuple[dict[str, int], dict[str, str]]:
    """How many rows with a loss each value in lower case has, and how it is written; empty if there are too many."""
    loss = rows.plan.chosen["loss"].column
    filled = (cells.text(loss) if cells.is_text(rows.schema[loss]) else pl.col(loss)).is_not_null()
    both = _splits(column).fill_null("").alias("split"), cells.text(column).fill_null("").alias("value")
    values = rows.frame.filter(filled).group_by(both).len().sort("len", "value").collect(engine="streaming")
    if values.height > MOST:
        return {}, {}
    counts: Counter[str] = Counter()
    for split, _, count in values.iter_rows():
        counts[split] += count
    return dict(counts), dict(values.select("split", "value").iter_rows())


def _are_held_out_points(rows: LogRows, column: str) -> bool:
    """Whether the splits are parts of one curve: in every run, evaluation rows lie beyond all training rows.

    That is how the points of a curve are set aside for a test of forecasts, and all their losses are of one kind.
    """
    role = next((role for role in ("step", "tokens", "compute") if role in rows.plan.chosen), None)
    place = pl.int_range(pl.len()).cast(pl.Float64) if role is None else rows.value(role)
    labels = [cells.label(name, rows.schema[name]).fill_null("") for name in rows.plan.by.values()]
    run = rows.run if rows.plan.has_runs else pl.concat_str([pl.lit(""), *labels], separator="/").alias("run_id")
    kinds = _splits(column).map_batches(_kinds, return_dtype=pl.Int64, is_elementwise=True)
    ends = (
        rows.frame.select(run, kinds.alias("kind"), place.alias("place"))
        .drop_nulls()
        .group_by("run_id", pl.col("kind") == TRAIN)
        .agg(pl.col("place").min().alias("low"), pl.col("place").max().alias("high"), pl.len().alias("rows"))
        .collect(engine="streaming")
    )
    both = ends.filter(pl.col("kind")).join(ends.filter(~pl.col("kind")), on="run_id", suffix=" evaluation")
    is_beyond = (both["low evaluation"] > both["high"]) & (both["rows evaluation"] >= FEW)
    return not both.is_empty() and bool(is_beyond.all())


def _kinds(values: pl.Series) -> pl.Series:
    known = {value: kind_of(value) for value in values.unique().drop_nulls()}
    return values.replace_strict(known, default=None, return_dtype=pl.Int64)


def _best(counts: Mapping[str, int]) -> str | None:
    """The split to use: of the best kind that is there, the one with the most rows; None if there is no choice."""
    kinds = {value: kind for value in counts if (kind := kind_of(value)) is not None}
    if len(kinds) < 2 or all(kind == TRAIN for kind in kinds.values()):
        return None
    return min(kinds, key=lambda value: (kinds[value], -counts[value], value))


def _caveat(
    column: str, split: str, counts: Mapping[str, int], spelling: Mapping[str, str], *, is_text: bool
) -> Caveat:
    others = sorted(value for value in counts if value not in ("", split))
    return caveat(
        "several-splits",
        column=column,
        split=split,
        count=f"{counts[split]:,}",
        total=f"{sum(counts.values()):,}",
        others=listing(others),
        same=condition_on(column, "=", spelling[split], is_text=is_text),
        other=condition_on(column, "=", spelling[others[0]], is_text=is_text),
    )
