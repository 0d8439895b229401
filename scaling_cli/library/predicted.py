"""Predictions of a fitted law at amounts that the caller gives."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scaling_cli.analysis.forecast.describe import single_law_forecast
from scaling_cli.analysis.forecast.predictions import LARGEST_LOG, no_loss
from scaling_cli.arrays import Array
from scaling_cli.data.paths_or_table import refuse_other_order
from scaling_cli.document.levels import by_level, saved_from
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import is_called, with_and
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Report

LONGEST = 60  # characters of a wrong amount in a message


class Predicted(Record):
    """A predicted loss.

    Attributes:
        estimate: By the fitted parameters.
        low: Lower end of the interval of the mean loss there; None without replicates.
        high: Upper end.
        new_low: Lower end of the interval of one new run, which also includes noise; None without replicates.
        new_high: Upper end.
    """

    estimate: float
    low: float | None
    high: float | None
    new_low: float | None
    new_high: float | None


def predict(report: Report[Any], at: Mapping[str, Any]) -> Predicted | list[Predicted]:
    """What the law of a fit gives at `at`: amounts by input, each a number, text or a sequence `(n,)`.

    A fit of several groups together also needs the name of a group.
    """
    if len(report.results) != 1 or not isinstance(report.results[0], FitResult):
        raise UsageError(
            "predict() needs the fit of one group.",
            hint="Choose a group first, as in fits['adamw'].predict(...), or use scaling.extrapolate for forecasts.",
        )
    result = report.results[0]
    fit, amounts = _asked(result, at)
    refuse_other_order(amounts)
    is_single = all(isinstance(value, str) or np.ndim(value) == 0 for value in amounts.values())
    names = {column: name for name, column in fit.inputs.items()}
    columns = {names.get(name, name): _amounts(value, name) for name, value in amounts.items()}
    columns = _of_one_length(columns, fit.inputs)
    bands = single_law_forecast(fit, result.interval.level).bands(columns, next(iter(columns.values())))
    _refuse_no_loss(bands.estimate, {fit.inputs[role]: values for role, values in columns.items()})
    rows = zip(bands.estimate, bands.confidence, bands.prediction, strict=True)
    made = [
        Predicted(math.exp(middle), *_ends(middle, half), *_ends(middle, whole if math.isfinite(half) else math.nan))
        for middle, half, whole in rows
    ]
    return made[0] if is_single else made


def _asked(result: FitResult, at: Mapping[str, Any]) -> tuple[SavedFit, dict[str, Any]]:
    """The fit of the group that `at` names, which is the only one unless several were fitted together, and the amounts.

    Raises:
        UsageError: An input or the group is missing or unknown.
    """
    fits = by_level(saved_from(result))
    levels = [column for column in fits[0].group if column not in result.group]
    fit = _at_levels(fits, {column: at[column] for column in levels if column in at})
    amounts = {name: value for name, value in at.items() if name not in levels}
    names = {column: name for name, column in fit.inputs.items()} | {name: name for name in fit.inputs}
    if sorted(names.get(name, "") for name in amounts) != sorted(fit.inputs) or not set(levels) <= set(at):
        written = [f"{column}=..." for column in fit.inputs.values()] + [
            f"{name}={fit.group[name]!r}" for name in levels
        ]
        raise UsageError(
            f"predict() takes {', '.join([*fit.inputs.values(), *levels])}, not {', '.join(at) or 'nothing'}.",
            hint=f"Write predict({', '.join(written)}).",
        )
    return fit, amounts


def _at_levels(fits: Sequence[SavedFit], levels: Mapping[str, Any]) -> SavedFit:
    """The part of a joint fit that holds for the group that `levels` names, the first where it names none.

    Raises:
        UsageError: No group has this name.
    """
    for column, name in levels.items():
        labels = list(dict.fromkeys(fit.group[column] for fit in fits))
        fits = [fit for fit in fits if is_called(fit.group[column], name)]
        if not fits:
            raise UsageError(f"predict(): no {column} is called {name!r}.", hint=f"Give one of {', '.join(labels)}.")
    return fits[0]


def _refuse_no_loss(log_loss: Array, amounts: Mapping[str, Array]) -> None:
    """Refuse amounts `(n,)` by column at which the law gives no number that a loss could be.

    Raises:
        FitError: The logarithm of the loss is not a number somewhere, or its size is too large.
    """
    wrong = np.flatnonzero(~(np.abs(log_loss) < LARGEST_LOG))  # also NaN
    if len(wrong):
        raise no_loss({column: float(values[wrong[0]]) for column, values in amounts.items()})


def _amounts(value: Any, name: str) -> Array:
    values = [value] if isinstance(value, str) or np.ndim(value) == 0 else list(value)
    return np.array([_amount(each, name) for each in values], dtype=float)


def _amount(value: Any, name: str) -> float:
    """One amount, as a number or as text; True is none, although Python counts it as 1."""
    hint = "Give amounts above 0, such as 70e9 or '70B', or a list of them."
    number = math.nan
    if isinstance(value, str):
        try:
            number = parse_number(value)
        except UsageError as error:
            raise UsageError(f"predict(): {name}: {error.message}", hint=error.hint) from None
    elif not isinstance(value, bool | np.bool_):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            number = float(value)
    if not 0 < number < math.inf:
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST else f"of type {type(value).__name__}"
        raise UsageError(f"predict(): {name} is {shown}, which is not an amount.", hint=hint)
    return number


def _of_one_length(columns: dict[str, Array], names: Mapping[str, str]) -> dict[str, Array]:
    """The columns, of which one amount stands for as many as the others have.

    Raises:
        UsageError: They have different lengths.
    """
    lengths = {names[role]: len(values) for role, values in columns.items()}
    if len(set(lengths.values()) - {1}) > 1:
        counted = [f"{length:,} of {name}" for name, length in lengths.items()]
        raise UsageError(
            f"predict() got different numbers of amounts: {with_and(counted)}.",
            hint="Give equally many of each, or a single one.",
        )
    return dict(zip(columns, np.broadcast_arrays(*columns.values()), strict=True))


def _ends(middle: float, half: float) -> tuple[float | None, float | None]:
    return (math.exp(middle - half), math.exp(middle + half)) if math.isfinite(half) else (None, None)
