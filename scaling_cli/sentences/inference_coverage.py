"""What coverage says: the share of problems solved at one attempt and at many, and the furthest forecast."""

from __future__ import annotations

import re

from scaling_cli.numbers.format import brief, figure, percent
from scaling_cli.results.coverage import CoverageResult, Forecast
from scaling_cli.results.fit import Estimate

COMBINED = "combined"  # the law of the forecasts that span those of all laws
UNITS = 20.0  # of the last digit between the ends of an interval: shares near 100 % need them
NUMBER = re.compile(r"[\d.]+(?:e-?\d+)?")


def sentence(result: CoverageResult, subject: str) -> str:
    """Coverage at the first and the last k with an estimate, then the forecast and its record."""
    known = [row for row in result.coverage if row.estimate is not None] or list(result.coverage)
    ends = list(dict.fromkeys(known[:1] + known[-1:]))
    parts = [_solved(row.k, _share(row.estimate, row.low, row.high), is_first=i == 0) for i, row in enumerate(ends)]
    said = " and ".join(parts) or "No coverage could be estimated"
    return f"{said}{_forecast(result)}."


def _solved(k: int, share: str, *, is_first: bool) -> str:
    attempts = "One attempt" if k == 1 else f"{k:,} attempts"
    verb = "solves" if k == 1 else "solve"
    return f"{attempts} {verb} {share}{' of problems' if is_first else ''}"


def _share(estimate: float | None, low: float | None, high: float | None) -> str:
    if estimate is None:
        return f"between {percent(low)} and {percent(high)}"
    hundredth = Estimate(*(None if share is None else 100 * share for share in (estimate, low, high)))
    return NUMBER.sub(r"\g<0> %", brief(hundredth, UNITS))


def _forecast(result: CoverageResult) -> str:
    rows: list[Forecast] = [row for row in result.forecast if row.law == COMBINED and row.estimate is not None]
    if not rows:
        return ""
    row = rows[-1]
    record = next((scored for scored in result.backtest if scored.law == COMBINED), None)
    missed = ""
    if record is not None and record.mean_absolute_error is not None:
        points = figure(100 * record.mean_absolute_error, 2)
        missed = f" (on this log such forecasts missed by {points} points)"
    return f"; expect {_share(row.estimate, row.low, row.high)} at {row.k:,} attempts{missed}"
