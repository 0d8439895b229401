"""Checks of readable points: wrong units, metrics other than losses, copies, schedules that had not ended.

The checks give caveats; none changes a point.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import different
from scaling_cli.data.names import listing, normalise
from scaling_cli.data.runs import metric_kind
from scaling_cli.data.runs.aliases import CALLS, is_training_loss, may_be_evaluation
from scaling_cli.data.runs.select import LOWEST, PEAK
from scaling_cli.data.runs.table import label_of
from scaling_cli.numbers.format import figure
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import replace

STATES = ("state", "status", "run_state", "run_status")  # names of columns, such as W&B's
STATE = "__state"  # column with the state of the run of each point, such as "crashed"
UNFINISHED = ("crashed", "failed", "killed", "running", "preempted", "preempting", "error", "cancelled", "oom")

SLIP = 1000.0  # factor between units: thousand, million, billion
SLIP_ROLES = ("tokens", "params", "compute")
LONE_RATIO = 15.0  # nobody plans tokens per param that differ from all others by this factor
LONE_AMOUNT = 300.0  # nor an amount, which is checked if the ratio is unknown
SLIP_POINTS = 5  # with fewer, a comparison with all others says little

# The largest run of any study of language models exceeds these; values in thousands or millions do not.
SMALLEST = {"params": 1e5, "tokens": 1e5, "compute": 1e12}
WRITTEN = {"params": ("params (M)", "70M"), "tokens": ("tokens (B)", "1.4B"), "compute": ("compute (PF-days)", "6e18")}

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
        *_tiny(points, columns),
        *_slips(points),
        *_copies(points),
        *_repeated_data(points),
    )


def schedules(points: pl.DataFrame) -> tuple[Caveat, ...]:
    """The caveat about runs that end with a high learning rate; `points` are last rows, with `PEAK` and `LOWEST`.

    A rate that never changes within a run is a setting, such as the peak, and not a schedule.
    """
    if PEAK not in points.columns:
        return ()
    known = points.drop_nulls(["lr", PEAK]).filter(pl.col(PEAK) > 0)
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
    condition = _in_quotes(" AND ".join(f"{_named(column)} <> '{name}'" for name in names))
    facts = {"count": f"{ended.len():,}", "total": f"{points.height:,}", "column": column}
    found = caveat("unfinished-runs", None, **facts, states=" or ".join(names), condition=condition)
    return points, (found,)


def condition_on(column: str, sign: str, value: str, *, is_text: bool = True) -> str:
    """The condition that compares a column with a text or a number, in quotes as a shell needs them after --where."""
    value = f"'{value}'" if is_text else value
    return _in_quotes(f"{_named(column)} {sign} {value}")


def quoted_condition(column: str, sign: str, other: str) -> str:
    """The condition that compares two columns, in quotes as a shell needs them after --where."""
    return _in_quotes(f"{_named(column)} {sign} {_named(other)}")


def _named(column: str) -> str:
    return column if column.isidentifier() else f'"{column}"'


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
        for doubt in (*metric_kind.doubts(part, columns, loss_unit, computed), *_tiny(part, columns)):
            if doubt.code in codes:
                yield replace(doubt, group=group)


def _training(columns: Mapping[str, str], others: Sequence[str]) -> Iterator[Caveat]:
    if is_training_loss(columns["loss"]):
        likely = [name for name in others if may_be_evaluation(name)]
        what = "an evaluation loss" if len(likely) == 1 else "evaluation losses"
        found = f"{listing(likely)} may be {what}" if likely else "no evaluation loss was found beside it"
        yield caveat("training-loss", column=columns["loss"], others=found)


def _tiny(points: pl.DataFrame, columns: Mapping[str, str]) -> Iterator[Caveat]:
    """Roles whose values are all too small for plain counts or FLOPs; compute only if params or tokens are missing."""
    is_derivable = has_params_and_tokens(points.columns)
    for role, least in SMALLEST.items():
        if role not in points.columns or role not in columns or (role == "compute" and is_derivable):
            continue
        most = points[role].max()
        if isinstance(most, float) and most < least:
            header, cell = WRITTEN[role]
            yield caveat("tiny-unit", role=role, column=columns[role], most=figure(most, 3), header=header, cell=cell)


def _slips(points: pl.DataFrame) -> Iterator[Caveat]:
    """Runs with an amount that is probably wrong: one in another unit, or else one too small for a language model."""
    if points.height < SLIP_POINTS:
        return
    yield from list(_in_other_units(points)) or _tiny_values(points)


def _tiny_values(points: pl.DataFrame) -> Iterator[Caveat]:
    """The only run whose largest params or tokens are too small for any language model."""
    for role in ("params", "tokens"):
        if role not in points.columns or not (points[role] < SMALLEST[role]).any():  # grouping takes time
            continue
        runs = points.group_by("run_id", maintain_order=True).agg(pl.col(role).max()).drop_nulls()
        tiny = runs.filter(pl.col(role) < SMALLEST[role])
        if tiny.height == 1 < SLIP_POINTS <= runs.height:
            run, value = tiny.row(0)
            yield caveat("tiny-value", role=role, run=str(run), value=value, least=f"{SMALLEST[role]:g}")


def _in_other_units(points: pl.DataFrame) -> Iterator[Caveat]:
    """Runs with an amount far from all others that a factor of a thousand would bring among them."""
    if has_params_and_tokens(points.columns):
        ratio = points["tokens"] / points["params"]
        for place, factor in _lone(ratio, LONE_RATIO):
            yield _slip(points, place, _farther_role(points, place), "tokens per param", factor)
        return
    for role in SLIP_ROLES:
        if role in points.columns:
            for place, factor in _lone(points[role], LONE_AMOUNT):
                yield _slip(points, place, role, role, factor)
            return


def _slip(points: pl.DataFrame, place: int, role: str, quantity: str, factor: float) -> Caveat:
    """The caveat about one amount whose `quantity` is farther from that of all other runs than `factor`."""
    run, value = points["run_id"][place], points[role][place]
    return caveat("unit-slip", role=role, run=run, value=value, quantity=quantity, factor=factor)


def _lone(values: pl.Series, limit: float) -> Iterator[tuple[int, float]]:
    """The largest and the smallest value, each if it is far from all others, with its index and the factor."""
    known = values.drop_nulls() if values.null_count() else values
    if len(known) < SLIP_POINTS or known.dtype != pl.Float64:
        return
    ends = np.partition(known.to_numpy(), (0, 1, -2, -1))
    top, next_top, bottom, next_bottom = (float(ends[place]) for place in (-1, -2, 0, 1))
    if top > limit * next_top and bottom <= top / SLIP <= next_top:
        place = values.arg_max()
        assert place is not None
        yield place, top / next_top
    if bottom * limit < next_bottom and next_bottom <= bottom * SLIP <= top:
        place = values.arg_min()
        assert place is not None
        yield place, next_bottom / bottom


def _farther_role(points: pl.DataFrame, place: int) -> str:
    """Which of tokens and params is farther from its median, in logs, at a point with an unusual ratio."""
    distance = {}
    for role in ("tokens", "params"):
        logs = points[role].log()
        distance[role] = abs(logs[place] - float(logs.median()))  # type: ignore[arg-type]
    return max(distance, key=lambda role: distance[role])


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
