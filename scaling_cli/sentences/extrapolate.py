"""What a forecast says: the loss to expect, and how far such forecasts erred on the runs that there are."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.numbers.format import MISSING, amount, asked, brief, escape, figure, percent
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Extrapolation, Inverse, Prediction, SuiteForecast, Then

MOST_TARGETS = 3
ERROR_DIGITS = 2


def sentence(result: Extrapolation, subject: str) -> str:
    """The forecasts, then their track record."""
    wanted = subject if subject != "Loss" else "a loss"
    if result.suite is not None:
        return _suite(result, result.suite)
    rows = result.predictions[:MOST_TARGETS]
    if len(result.predictions) > MOST_TARGETS and "step" in rows[0].at:
        rows = result.predictions[-1:]  # of the rest of a run, its end is what matters
    parts = [_forecast(row, wanted) + _metric(result.then, row) for row in rows]
    parts += [_reached(row, wanted) for row in result.inverse[: MOST_TARGETS - len(parts)]]
    left = len(result.predictions) + len(result.inverse) - len(parts)
    more = f" ({left:,} more below)" if left else ""
    record = _record(result)
    said = "; ".join(parts) + more + (f"; {record}" if record and parts else record)
    return said[:1].upper() + said[1:] + "." if said else ""


def _suite(result: Extrapolation, suite: SuiteForecast) -> str:
    """All losses, tasks and averages at the first target."""
    first = suite.rows[0].at
    names = dict.fromkeys(row.name for row in suite.rows)
    rows = [next(row for row in suite.rows if row.name == name) for name in names]
    said = [
        f"{escape(row.name)} {'cannot be forecast' if row.value.estimate is None else brief(row.value)}" for row in rows
    ]
    places = len([row for row in suite.rows if row.name == rows[0].name])
    more = f" ({places - 1:,} more {'target' if places == 2 else 'targets'} below)" if places > 1 else ""
    record = _record(result)
    track = f"; {escape(rows[0].name)}: {record}" if record and len(names) > 1 else ""
    return f"At {place(first)} expect {', '.join(said)}{more}{track}."


def _forecast(row: Prediction, wanted: str) -> str:
    if row.loss.estimate is None:
        return f"at {place(row.at)} no {wanted.removeprefix('a ')} can be forecast"
    whole = Estimate(row.loss.estimate, row.prediction.low, row.prediction.high)
    known = whole if whole.low is not None else row.loss
    return f"at {place(row.at)} expect {wanted} of {brief(known)}"


def _metric(then: Then | None, row: Prediction) -> str:
    """The task metric that follows from a forecast loss, where one was asked for."""
    found = then.at(row.at) if then is not None else None
    if then is None or found is None:
        return ""
    name = escape(then.metric)
    return f", but no {name}" if found.metric.estimate is None else f" and {name} of {brief(found.metric)}"


def place(at: Mapping[str, float]) -> str:
    """`70B params and 1.4T tokens`, or `1e24 FLOPs (92B params, 1.8T tokens)`: what was asked comes first."""
    if {"compute", *SURFACE} <= at.keys():
        split = [_amount(role, at[role]) for role in SURFACE]
        asked = next(iter(at)) == "compute"
        return f"{_amount('compute', at['compute'])} ({', '.join(split)})" if asked else " and ".join(split)
    shown = [_amount(role, number) for role, number in at.items()]
    return " and ".join(shown) if len(shown) < MOST_TARGETS else ", ".join(shown)


def _amount(role: str, number: float) -> str:
    if role == "compute":
        return f"{amount(role, number)} FLOPs"
    return (
        f"{amount(role, number)} {role}" if role in ("params", "tokens") else f"{escape(role)} {amount(role, number)}"
    )


def _reached(row: Inverse, wanted: str) -> str:
    name = wanted.removeprefix("a ")
    if row.compute.estimate is None:
        return f"a {name} of {asked(row.target_loss)} is not reached"
    low, high = (MISSING if end is None else amount(row.scale, end) for end in (row.compute.low, row.compute.high))
    interval = "" if low == high == MISSING else f" [{low}, {high}]"
    unit = " FLOPs" if row.scale == "compute" else f" {escape(row.scale)}"
    return f"a {name} of {asked(row.target_loss)} takes {amount(row.scale, row.compute.estimate)}{unit}{interval}"


def _record(result: Extrapolation) -> str:
    """The error of the furthest test on the runs that there are."""
    if result.score is not None:
        return f"against the losses observed there, the error is {percent(result.score.mape, ERROR_DIGITS)} on average"
    if result.track:
        furthest = max(result.track, key=lambda record: record.reach)
        return (
            f"tested on your own runs, {figure(furthest.reach, ERROR_DIGITS)} times beyond those used, such forecasts "
            f"erred by {percent(furthest.rmse_log, ERROR_DIGITS)}"
        )
    return ""
