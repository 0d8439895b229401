"""Results of `scaling score`."""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Place
from scaling_cli.results.values import Count, GroupValues, Level, Sentence, Share


class Scored(Record):
    """One forecast compared with the loss that a run reached.

    Attributes:
        forecast: File of the forecast.
        run: The run that was trained later.
        predicted: The forecast loss with its interval for one new run, or for the mean loss if it has no other.
        error_log: Log of observed loss divided by forecast loss.
        inside: Whether the observed loss lies inside the interval.
        running: Share of the forecasts inside their intervals, up to this one.
        loss: Column of the loss, where several were forecast together.
    """

    forecast: str
    run: str
    at: Place
    predicted: Estimate
    observed: float
    error_log: float
    inside: bool | None
    running: Share | None
    loss: str | None = None


class ScoreResult(Record):
    """Forecasts that were saved, scored by runs that were trained later.

    Attributes:
        forecasts: Files of forecasts.
        level: The level that the intervals claim.
        coverage: Share of observed losses inside their intervals, with its 95 % interval (Wilson).
        inside: Number of them.
        independent: The most forecasts of which no two share a fit or a run; the interval of the share counts these.
        rmse_log: Root mean square error of log loss.
        bias_log: Mean log of observed over forecast loss: positive where runs were worse than forecast.
        unmatched: Forecasts without a run.
    """

    group: GroupValues
    forecasts: Count
    level: Level
    scored: tuple[Scored, ...]
    coverage: Estimate
    inside: Count
    rmse_log: float
    bias_log: float
    unmatched: Count
    independent: Count = 0
    sentence: Sentence = ""
