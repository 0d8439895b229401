"""What a score says: how far off the forecasts were, and how many runs lie inside their intervals."""

from __future__ import annotations

from scaling_cli.numbers.format import number_of, percent
from scaling_cli.results.score import ScoreResult


def sentence(result: ScoreResult, subject: str) -> str:
    """Errors and calibration."""
    count = len(result.scored)
    losses = len({row.loss for row in result.scored})
    runs = len({row.run or row.observed for row in result.scored})
    many = f"{count:,} {'losses' if losses > 1 else 'comparisons'} of " if count > runs else ""
    of = f"{many}{number_of(runs, 'run')}"
    lead = f"{of} against {number_of(result.forecasts, 'saved forecast')}"
    way = "above" if result.bias_log > 0 else "below"
    who = "the run lies" if count == 1 else "on average, losses lie"
    mean = f"{who} {percent(abs(result.bias_log))} {way} the forecast"
    error = f"rms error {percent(result.rmse_log)} of the loss ({mean})"
    coverage = result.coverage
    if coverage.estimate is None:
        return f"{lead}: {error}; the forecasts have no intervals."
    judged = sum(row.inside is not None for row in result.scored)
    share = f"{percent(coverage.estimate)} [{percent(coverage.low)}, {percent(coverage.high)}]"
    return (
        f"{lead}: {error}; {result.inside:,} of {judged:,}, or {share}, lie inside their {percent(result.level, 4)} "
        "interval."
    )
