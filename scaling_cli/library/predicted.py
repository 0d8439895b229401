"""Predictions of a fitted law at amounts that the caller gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from scaling_cli.analysis.forecast.describe import single_law_forecast
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Report


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
    columns = dict(zip(columns, np.broadcast_arrays(*columns.values()), strict=True))
    law = single_law_forecast(fit, fit.interval.level)
    bands = law.bands(columns, next(iter(columns.values())))
    rows = zip(bands.estimate, bands.confidence, bands.prediction, strict=True)
    made = [
        Predicted(math.exp(middle), *_ends(middle, half), *_ends(middle, whole if math.isfinite(half) else math.nan))
        for middle, half, whole in rows
    ]
    return made[0] if is_single else made


def _amounts(value: Any, name: str) -> Any:
    values = [value] if isinstance(value, str) or np.ndim(value) == 0 else list(value)
    numbers = np.array([parse_number(each) if isinstance(each, str) else float(each) for each in values], dtype=float)
    if not (numbers > 0).all():
        raise UsageError(f"predict(): {name} must be positive.", hint="Give amounts such as 70e9 or '70B'.")
    return numbers


def _ends(middle: float, half: float) -> tuple[float | None, float | None]:
    return (math.exp(middle - half), math.exp(middle + half)) if math.isfinite(half) else (None, None)
