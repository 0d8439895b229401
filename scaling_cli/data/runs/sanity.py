"""Checks of readable points: copies, repeated data, training losses, runs and schedules that had not ended.

The checks give caveats; none changes a point.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import different
from scaling_cli.data.names import in_sql, listing, normalise
from scaling_cli.data.runs import amounts, metric_kind
from scaling_cli.data.runs.aliases import (
    CALLS,
    is_named_evaluation,
    is_of_unsaid_data,
    is_training_loss,
    may_be_evaluation,
)
from scaling_cli.data.runs.select import LOWEST, PEAK
from scaling_cli.data.runs.table import label_of
from scaling_cli.record import replace

STATES = ("state", "status", "run_state", "run_status")  # names of columns, such as W&B's
STATE = "__state"  # column with the state of the run of each point, such as "crashed"
UNFINISHED = ("crashed", "failed", "killed", "running", "preempted", "preempting", "error", "cancelled", "oom")

COARSE = 0.9  # different losses a different point; of fewer, some are equal by chance
RISE = 2.0  # times the lowest loss: in no law does loss rise so far with more tokens
FEW_EPOCHS = 4.0  # Muennighoff et al. 2023, arXiv:2305.16264: up to this, repeated data are almost as good as new data


OF_GROUPS = frozenset({"large-loss", "tiny-unit"})  # caveats that a single group may deserve
MOST_GROUPS = 100  # that are looked at one by one


def state_column(names: Sequence[str]) -> str | None:
    """The column that says how runs ended, such as W&B's `state`, or None."""
    return next((name for name in names if normalise(name) in STATES), None)


def doubts(
    points: pl.DataFrame,
    columns: Mapping[str, str],
    others: Sequence[str],
    *,
    named_loss: bool,
    loss_unit: str,
    computed: Collection[str] = (),
) -> tuple[Caveat, ...]:
    """Every caveat about finished points; `columns` has the column or formula behind each role.

    `others` are the columns that were not read, `named_loss` says that the user chose the loss, and `loss_unit` is its
    unit. `computed` are the columns that are formulas.
    """
    return (
        *metric_kind.doubts(points, columns, loss_unit, computed),
        *(_training(columns, others) if not named_loss else ()),
        *amounts.doubts(points, columns),
        *_copies(points),
        *_repeated_data(points),
    )


def schedules(points: pl.DataFrame) -> tuple[Caveat, ...]:
    """The caveat about runs that end with a high learning rate; `points` are last rows, with `PEAK` and `LOWEST`.

    A rate that never changes within a run is a setting, such as the peak, and not a schedule.
    """
    if PEAK not in points.columns:
        return ()
    known = points.drop_nulls(["lr", PEAK])
    if not (known[PEAK] > known[LOWEST]).any():
        return ()
    high = known.filter(pl.col("lr") > pl.col(PEAK) / 2).height
    return (caveat("undecayed-lr", runs=f"{high:,}", total=f"{points.height:,}"),) if high else ()


def without_calls(
    points: pl.DataFrame, column: str | None, asked: Collection[str], *, is_named: bool
) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points without steps that were read from `column`, if that counts log calls and an amount is known.

    If none is known, or steps are `asked` for, as by a law of steps, they stay, with a caveat unless the user has named
    the column (`is_named`).
    """
    if column != CALLS:
        return points, ()
    amounts = ("params", "tokens", "compute")
    if "step" not in asked and any(role in points.columns and not points[role].is_null().all() for role in amounts):
        return points.drop("step"), ()
    return points, () if is_named else (caveat("log-calls", column=column),)


def unfinished(points: pl.DataFrame, column: str | None) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points without `STATE`, which was read from `column`, and the caveat about runs that did not finish."""
    if column is None:
        return points, ()
    states, points = points[STATE], points.drop(STATE)
    if states.dtype != pl.String:
        return points, ()
    ended = states.filter(states.str.to_lowercase().is_in(UNFINISHED).fill_null(value=False))
    if ended.is_empty():
        return points, ()
    names = ended.unique().sort().to_list()
    condition = _in_quotes(" AND ".join(f"{in_sql(column)} <> '{name}'" for name in names))
    facts = {"count": f"{ended.len():,}", "total": f"{points.height:,}", "column": column}
    found = caveat("unfinished-runs", None, **facts, states=" or ".join(names), condition=condition)
    return points, (found,)


def condition_on(column: str, sign: str, value: str, *, is_text: bool = True) -> str:
    """The condition that compares a column with a text or a number, in quotes as a shell needs them after --where."""
    value = f"'{value}'" if is_text else value
    return _in_quotes(f"{in_sql(column)} {sign} {value}")


def quoted_condition(column: str, sign: str, other: str) -> str:
    """The condition that compares two columns, in quotes as a shell needs them after --where."""
    return _in_quotes(f"{in_sql(column)} {sign} {in_sql(other)}")


def _in_quotes(condition: str) -> str:
    return shlex.quote(condition) if '"' in condition else f'"{condition}"'


def of_groups(
    points: pl.DataFrame,
    columns: Mapping[str, str],
    by: Sequence[str],
    loss_unit: str,
    known: Sequence[Caveat],
    computed: Collection[str] = (),
) -> Iterator[Caveat]:
    """Caveats about groups whose unit is another than that of the other groups; `known` are those about all points."""
    codes = OF_GROUPS - {each.code for each in known}
    labels = [label_of(points, name) for name in by]
    if not by or not codes or points.select(pl.struct(labels).n_unique()).item() > MOST_GROUPS:
        return
    for part in points.partition_by(labels):
        group = dict(zip(by, map(str, part.select(labels).row(0)), strict=True))
        for doubt in (*metric_kind.doubts(part, columns, loss_unit, computed), *amounts.tiny(part, columns)):
            if doubt.code in codes:
                yield replace(doubt, group=group)


def _training(columns: Mapping[str, str], others: Sequence[str]) -> Iterator[Caveat]:
    is_unsaid = is_of_unsaid_data(columns["loss"])
    beside = [name for name in others if is_named_evaluation(name)] if is_unsaid else []
    of_steps = is_unsaid and any(set(normalise(name).split("_")) >= {"grad", "norm"} for name in others)
    if beside or of_steps or is_training_loss(columns["loss"]):
        likely = beside or [name for name in others if may_be_evaluation(name)]
        what = "an evaluation loss" if len(likely) == 1 else "evaluation losses"
        found = f"{listing(likely)} may be {what}" if likely else "no evaluation loss was found beside it"
        yield caveat("training-loss", column=columns["loss"], verb="is probably" if is_unsaid else "is", others=found)


def _copies(points: pl.DataFrame) -> Iterator[Caveat]:
    """Points that agree in every number: copies within a run, or one run that was logged under two names."""
    roles = [name for name in points.columns if name in ("params", "tokens", "compute", "step", "loss")]
    others = [name for name in points.columns if name not in roles and name != "run_id"]
    if len(roles) < 2:
        numbers = [name for name in others if points[name].dtype.is_numeric()]
        if not numbers or _is_coarse(points, numbers):
            return
        roles, others = [*roles, *numbers], [name for name in others if name not in numbers]
    if different(points["loss"]) == points.height:
        return
    if copies := points.height - _different(points.select(roles + others)):
        within = points.height - _different(points.select("run_id", *roles, *others))
        counted = (
            "a run" if not within else "a point of its run" if within == copies else "a run, or a point of its run"
        )
        yield caveat("repeated-points", rows=f"{copies:,}", roles=", ".join(roles), counted=counted)


def _different(rows: pl.DataFrame) -> int:
    """The number of different rows; rows whose hashes all differ are quickly counted."""
    return rows.height if rows.hash_rows().n_unique() == rows.height else rows.n_unique()


def _is_coarse(points: pl.DataFrame, inputs: list[str]) -> bool:
    """Whether losses take so few values, as accuracies of few questions do, that points may agree by chance."""
    return points["loss"].n_unique() < COARSE * points.select("loss", *inputs).n_unique()


def _repeated_data(points: pl.DataFrame) -> Iterator[Caveat]:
    epochs = _epochs(points)
    if epochs is None:
        return
    repeated = points.filter(epochs > FEW_EPOCHS)
    if repeated.is_empty():
        return
    yield caveat(
        "repeated-data",
        points=f"{repeated.height:,}",
        total=f"{points.height:,}",
        few=FEW_EPOCHS,
        epochs=float(epochs.max()),  # type: ignore[arg-type]
    )
    risen = repeated.filter(pl.col("loss") > RISE * float(points["loss"].min())).height  # type: ignore[arg-type]
    if risen:
        yield caveat("late-rise", points=f"{risen:,}", times=RISE)


def _epochs(points: pl.DataFrame) -> pl.Series | None:
    if {"tokens", "unique_tokens"} <= set(points.columns):
        return points["tokens"] / points["unique_tokens"]
    return None
