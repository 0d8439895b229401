"""Several columns of tokens: those of one device beside the total of all, or of an evaluation beside those trained on.

The total is what a model was trained on. Tokens of an evaluation stand in its record, as in `results[].tokens` beside
`hyperparameters.tokens`, and nothing but their values shows that they do not count what a run was trained on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aliases import role_of, scale_of
from scaling_cli.data.runs.columns import Chosen
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import figure
from scaling_cli.record import replace

# What a share of all tokens is called: that of a device or of a batch.
SHARE = (
    r"(^|_)(per_(device|gpu|tpu|rank|worker|replica|node|core|step|batch|micro_?batch|update|iter|iteration)"
    r"|(local|device|rank|worker|micro_?batch|batch)(_num)?_tokens|tokens_(local|device|rank|worker|batch|micro_?batch))"
    r"(_|$)"
)
TOTAL = r"(^|_)(total|global|all|overall|world|consumed|seen)(_|$)"
DATA = r"(^|_)(dataset|data)_tokens(_|$)"  # what the tokens of a data set are called
FAR = 2.0  # times: a run that is under way, or went on, has tokens about as many as planned
WHOLE = 1e-3  # how far a ratio of two counts may be from a whole number of devices


def with_total_tokens(rows: LogRows, mapping: Mapping[str, str]) -> LogRows:
    """The rows with the total as tokens, if the chosen column holds those of one device, and a caveat about it."""
    if "tokens" not in rows.plan.chosen:
        return rows
    column = rows.plan.chosen["tokens"].column
    if "tokens" in mapping:
        is_share = column not in rows.plan.computed and re.search(SHARE, normalise(column))
        return rows.saying(caveat("tokens-share", column=column)) if is_share else rows
    for name in rows.schema.names():
        if name == column or not _is_total(name):
            continue
        chosen = rows.plan.chosen | {"tokens": Chosen(name, scale_of("tokens", name))}
        total = replace(rows, plan=replace(rows.plan, chosen=chosen))
        if devices := _devices(rows, total):
            facts = {"column": column, "total": name, "devices": devices}
            return total.saying(caveat("tokens-of-one-device", None, **facts))
    return rows


def refuse_evaluated_tokens(rows: LogRows, mapping: Mapping[str, str]) -> None:
    """Refuse tokens that do not count up within runs, if the settings of the runs have other tokens.

    Raises:
        DataError: It is not clear which of the two a run was trained on.
    """
    if "tokens" in mapping or "tokens" not in rows.plan.chosen:
        return
    column = rows.plan.chosen["tokens"].column
    for name in rows.schema.names() if column not in rows.plan.computed else ():
        is_tokens = (role_of(name) or ("", 0))[0] == "tokens" and _last(name) == _last(column)
        if name != column and is_tokens and _is_of_evaluation(rows, name):
            raise DataError(
                f"Columns {column!r} and {name!r} could both be tokens and differ by a factor above {FAR:g} in most "
                f"runs, and {column!r} does not grow within runs, so it may count the tokens of an evaluation.",
                hint=f"Choose one: --tokens {shlex.quote(name)} or --tokens {shlex.quote(column)}.",
            )


def _last(name: str) -> str:
    return normalise(re.split(r"[./]", name)[-1])


def _is_of_evaluation(rows: LogRows, setting: str) -> bool:
    """Whether the tokens do not count up within runs and are far from the `setting` of most runs."""
    kind = rows.schema[setting]
    if not (kind.is_numeric() or kind == pl.String):
        return False
    chosen = rows.plan.chosen | {"tokens": Chosen(setting, scale_of("tokens", setting))}
    other = replace(rows, plan=replace(rows.plan, chosen=chosen))
    tokens, planned = (each.value("tokens") * each.plan.chosen["tokens"].scale for each in (rows, other))
    run = rows.run if rows.plan.has_runs else pl.int_range(pl.len())
    known = rows.frame.select(run.alias("run"), tokens.alias("tokens"), planned.alias("planned")).drop_nulls()
    grows = (pl.col("tokens").diff().drop_nulls() >= 0).all() & (pl.col("tokens").n_unique() > 1)
    ratio = pl.col("tokens").max() / pl.col("planned").first()
    runs = known.group_by("run").agg(
        grows=grows, is_far=~ratio.is_between(1 / FAR, FAR), settings=pl.col("planned").n_unique(),
        planned=pl.col("planned").first(), low=pl.col("tokens").min(), high=pl.col("tokens").max(),
    ).collect(engine="streaming")  # fmt: skip
    if runs.is_empty() or runs["settings"].max() != 1 or runs["planned"].n_unique() < 2:
        return False
    is_same = runs["low"].min() == runs["high"].max()
    has_rows = not (runs["low"] == runs["high"]).all()
    return 2 * runs["is_far"].sum() > runs.height and (is_same or (has_rows and 2 * runs["grows"].sum() < runs.height))


def refuse_dataset_tokens(points: pl.DataFrame, plan: Plan, mapping: Mapping[str, str]) -> None:
    """Refuse the tokens of a data set that was repeated, unless the user said that they are those trained on.

    Raises:
        DataError: It is not clear whether they count one epoch or all.
    """
    column = plan.chosen["tokens"].column if "tokens" in plan.chosen else ""
    if "tokens" in mapping or not re.search(DATA, normalise(column)) or "epochs" not in points.columns:
        return
    if (points["epochs"] != 1).any():
        raise DataError(
            f"{column} may count the tokens of one epoch or of all, and runs have other than 1 epoch.",
            hint=f"Give --tokens 'tokens * epochs' if it counts one epoch, or --tokens {shlex.quote(column)} if all.",
        )


def _is_total(name: str) -> bool:
    place = role_of(name)
    is_count = (place is not None and place[0] == "tokens") or "tokens" in normalise(name).split("_")
    return is_count and re.search(TOTAL, normalise(name)) is not None and re.search(SHARE, normalise(name)) is None


def _devices(rows: LogRows, total: LogRows) -> str | None:
    """How many times larger the total is: a whole number in every row, as a number of devices is; None if it is not.

    A total that was planned, and not reached yet, is another number of times larger in each row.
    """
    kind = rows.schema[total.plan.chosen["tokens"].column]
    if not (kind.is_numeric() or kind == pl.String):
        return None
    values = [each.value("tokens") * each.plan.chosen["tokens"].scale for each in (rows, total)]
    ratio = (values[1] / values[0]).alias("ratio")
    usable = rows.frame.select(ratio).filter(pl.col("ratio").is_finite())
    is_whole = ((pl.col("ratio") / pl.col("ratio").round()) - 1).abs() < WHOLE
    found = usable.select(
        low=pl.col("ratio").min(), high=pl.col("ratio").max(), is_whole=is_whole.all(), count=pl.len()
    ).collect(engine="streaming")
    low, high, are_whole, count = found.row(0)
    if not count or not are_whole or low < 1 or high < 2:
        return None
    return figure(low, 4) if round(low) == round(high) else f"{figure(low, 4)} to {figure(high, 4)}"
