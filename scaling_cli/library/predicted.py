"""Predictions of a fitted law at amounts that the caller gives."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from scaling_cli.analysis.forecast.describe import single_law_forecast
from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import with_and
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
    """What the law of a fit gives at `at`: amounts by input, each a number, text or a sequence `(n,)`."""
    if len(report.results) != 1 or not isinstance(report.results[0], FitResult):
        raise UsageError(
            "predict() needs the fit of one group.",
            hint="Choose a group first, as in fits['adamw'].predict(...), or use scaling.extrapolate for forecasts.",
        )
    fit = report.results[0]
    names = {column: name for name, column in fit.inputs.items()} | {name: name for name in fit.inputs}
    if {names.get(name) for name in at} != set(fit.inputs):
        raise UsageError(
            f"predict() takes {', '.join(fit.inputs.values())}, not {', '.join(at) or 'nothing'}.",
            hint=f"Write predict({', '.join(f'{column}=...' for column in fit.inputs.values())}).",
        )
    is_single = all(isinstance(value, str) or np.ndim(value) == 0 for value in at.values())
    columns = {names[name]: _amounts(value, name) for name, value in at.items()}
    columns = _of_one_length(columns, fit.inputs)
    law = single_law_forecast(fit, fit.interval.level)
    bands = law.bands(columns, next(iter(columns.values())))
    rows = zip(bands.estimate, bands.confidence, bands.prediction, strict=True)
    made = [
        Predicted(math.exp(middle), *_ends(middle, half), *_ends(middle, whole if math.isfinite(half) else math.nan))
        for middle, half, whole in rows
    ]
    return made[0] if is_single else made


def _amounts(value: Any, name: str) -> Array:
    values = [value] if isinstance(value, str) or np.ndim(value) == 0 else list(value)
    return np.array([_amount(each, name) for each in values], dtype=float)


def _amount(value: Any, name: str) -> float:
    """One amount, as a number or as text; True is none, although Python counts it as 1."""
    hint = "Give amounts above 0, such as 70e9 or '70B', or a list of them."
    number = math.nan
    if isinstance(value, str):
        number = parse_number(value)
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
