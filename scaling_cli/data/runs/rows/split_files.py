"""Files of one run on different data, such as `train.csv` beside `val.csv`: use the evaluation files, and say so.

Names show the pairs: they are equal but for words of splits, which may stand in folders, too. The rows must not
contradict them: both files have the same runs or the same params, and steps that overlap. Otherwise, the files may be
tables of different runs, or parts of a curve that are set aside for a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data import cells
from scaling_cli.data.files.expand import EVENTS
from scaling_cli.data.files.format import FILE
from scaling_cli.data.runs.canonical import RUN_FILE
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.rows.splits import KINDS
from scaling_cli.record import Record, replace

WORD = rf"(?<![^\W_])({'|'.join(sorted(KINDS, key=len, reverse=True))}|held[-_ ]out|hold[-_ ]out)(?![^\W_])"
ROLES = ("step", "params", "tokens", "compute", "loss")


class _Split(Record):
    """A file whose name has words of splits: the name without them, and the words."""

    path: str
    rest: str
    words: tuple[str, ...]


class _Content(Record):
    """The runs or groups in a file, as the first name, the last and their number, and the range of each role."""

    runs: tuple[object, ...]
    ranges: dict[str, tuple[float, float]]


def one_split_of_files(rows: LogRows, names: Mapping[str, str], *, has_file: bool) -> LogRows:
    """The rows with the losses of one split of each run, and a caveat that counts the other files.

    `names` has a short name for each path, and `has_file` says that rows have the column `FILE`, since they name runs.
    """
    splits = _splits(names)
    likely = _likely(splits)
    if not likely or not (has_file or rows.plan.run_is_file):
        return rows
    file = pl.col(FILE if has_file else RUN_FILE)
    contents = _contents(rows, file, [*likely, *likely.values()])
    pairs = {
        other: kept
        for other, kept in likely.items()
        if other in contents
        and kept in contents
        and _are_one(contents[other], contents[kept], are_named="run_id" in rows.plan.chosen)
    }
    if not pairs:
        return rows
    words = {split.path: {*split.words} for split in splits}
    passed_over = set().union(*(words[other] - words[kept] for other, kept in pairs.items()))
    lone = [path for path in words if path not in (*likely, *likely.values()) and words[path] & passed_over]
    other, kept = min(pairs.items())
    facts = {"count": f"{len(pairs) + len(lone):,}", "total": f"{len(names):,}"}
    found = caveat("split-files", None, **facts, other=names[other], kept=names[kept])
    givers = {path: kept for path, kept in pairs.items() if contents[path].ranges.keys() - contents[kept].ranges.keys()}
    gone = [path for path in (*pairs, *lone) if path not in givers]
    left = replace(rows, frame=rows.frame.filter(~file.is_in(gone).fill_null(value=False)))
    return (_without_loss(left, file, givers) if givers else left).saying(found)


def _without_loss(rows: LogRows, file: pl.Expr, givers: Mapping[str, str]) -> LogRows:
    """The rows, with those of some files as rows of other files that have no loss, but amounts that these lack."""
    loss = rows.plan.chosen["loss"].column
    is_giver = file.is_in(list(givers)).fill_null(value=False)
    frame = rows.frame.with_columns(pl.when(~is_giver).then(loss).alias(loss))
    if rows.plan.run_is_file:
        frame = frame.with_columns(pl.col(RUN_FILE).replace(dict(givers)))
    return replace(rows, frame=frame)


def _splits(names: Mapping[str, str]) -> list[_Split]:
    """The files with words of splits in their paths; names of TensorBoard's files hold only times and hosts."""
    found = []
    for path in names:
        plain = (os.path.dirname(path) if EVENTS in os.path.basename(path) else path).casefold()
        if words := tuple(re.findall(WORD, plain)):
            found.append(_Split(path, re.sub(WORD, "\0", plain), words))
    return found


def _likely(splits: Sequence[_Split]) -> dict[str, str]:
    """The files to leave out by their names, each with the evaluation file from which it differs only in its split."""
    groups: dict[str, list[_Split]] = {}
    for split in splits:
        groups.setdefault(split.rest, []).append(split)
    found: dict[str, str] = {}
    for group in groups.values():
        places = [
            place for place, words in enumerate(zip(*(one.words for one in group), strict=True)) if len({*words}) > 1
        ]
        if places:
            kinds = {one.path: KINDS[re.sub(r"[-_ ]", "", one.words[places[-1]])] for one in group}
            best = min(kinds, key=lambda path: (kinds[path], path))
            found |= {path: best for path in kinds if kinds[path] != kinds[best]}
    return found


def _contents(rows: LogRows, file: pl.Expr, paths: Sequence[str]) -> dict[str, _Content]:
    """What the rows of each file hold."""
    roles = [role for role in ROLES if role in rows.plan.chosen]
    groups = [cells.label(column, rows.schema[column]).fill_null("") for column in rows.plan.by.values()]
    run = rows.run if "run_id" in rows.plan.chosen else pl.concat_str([pl.lit(""), *groups])
    found = (
        rows.frame.filter(file.is_in(list(paths)))
        .select(file.alias("file"), run.alias("run"), *(rows.value(role).alias(role) for role in roles))
        .group_by("file")
        .agg(
            pl.struct(pl.col("run").min(), pl.col("run").max().alias("last"), pl.col("run").n_unique().alias("count")),
            *(pl.struct(pl.col(role).min(), pl.col(role).max().alias("most")).alias(role) for role in roles),
        )
        .collect(engine="streaming")
    )
    return {
        row["file"]: _Content(
            tuple(row["run"].values()),
            {role: tuple(row[role].values()) for role in roles if row[role]["most"] is not None},
        )
        for row in found.iter_rows(named=True)
    }


def _are_one(one: _Content, other: _Content, *, are_named: bool) -> bool:
    """Whether two files can hold the same runs."""
    are_tables = not are_named and any(
        content.ranges["params"][0] < content.ranges["params"][1]
        for content in (one, other)
        if "params" in content.ranges
    )
    if are_tables or one.runs != other.runs or not all("loss" in content.ranges for content in (one, other)):
        return False
    shared = one.ranges.keys() & other.ranges.keys()
    if "params" in shared and one.ranges["params"] != other.ranges["params"]:
        return False
    order = next((role for role in ("step", "tokens", "compute") if role in shared), None)
    if order is None:
        return True
    (low, high), (start, end) = one.ranges[order], other.ranges[order]
    return low <= end and start <= high
