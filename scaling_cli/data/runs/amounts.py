"""Whether params, tokens and compute are plain counts and FLOPs: units that are missing, logarithms, single slips."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import in_sql
from scaling_cli.data.runs.derive import DERIVATIONS
from scaling_cli.numbers.format import figure
from scaling_cli.numbers.surface import has_params_and_tokens

SLIP = 1000.0  # factor between units: thousand, million, billion
SLIP_ROLES = ("tokens", "params", "compute")
LONE_RATIO = 15.0  # nobody plans tokens per param that differ from all others by this factor
LONE_AMOUNT = 300.0  # nor an amount, which is checked if the ratio is unknown
SLIP_POINTS = 5  # with fewer, a comparison with all others says little

# The base-10 logarithms of amounts, from the smallest to the largest that anybody trains.
LOGS = {"params": (5.0, 13.5), "tokens": (6.0, 15.0), "compute": (12.0, 28.0)}

# The largest run of any study of language models exceeds these; values in thousands or millions do not.
SMALLEST = {"params": 1e5, "tokens": 1e5, "compute": 1e12}
WRITTEN = {"params": ("params (M)", "70M"), "tokens": ("tokens (B)", "1.4B"), "compute": ("compute (PF-days)", "6e18")}


def doubts(points: pl.DataFrame, columns: Mapping[str, str]) -> Iterator[Caveat]:
    """The caveats about amounts in other units; `columns` has the column or formula behind each role."""
    yield from tiny(points, columns)
    yield from _slips(points)


def tiny(points: pl.DataFrame, columns: Mapping[str, str]) -> Iterator[Caveat]:
    """Roles that were read and are all too small for plain counts or FLOPs; compute only if it is not needed."""
    derived = {formula for _, formula in DERIVATIONS.values()}
    read = [role for role in SMALLEST if role in points.columns and columns.get(role, "6*") not in {"6*", *derived}]
    for role in read:
        most = points[role].max()
        if isinstance(most, float) and most < SMALLEST[role] and not (role == "compute" and read == list(SMALLEST)):
            header, cell = WRITTEN[role]
            logs = _of_logs(points[role], role, columns[role])
            facts = {"role": role, "column": columns[role], "most": figure(most, 3), "header": header, "cell": cell}
            yield caveat("tiny-unit", None, **facts, **logs)


def _of_logs(values: pl.Series, role: str, column: str) -> dict[str, str]:
    """What to say if the values may be the base-10 logarithms of amounts."""
    low, high = LOGS[role]
    if not values.is_between(low, high).all() or (values == values.round()).all():
        return {"or_logs": "", "else_logs": ""}
    power = shlex.quote(f"10^{in_sql(column)}")
    return {"or_logs": ", or they are base-10 logarithms", "else_logs": f", or --{role} {power} if they are logarithms"}


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
