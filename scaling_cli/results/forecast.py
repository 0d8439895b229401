"""Results of `scaling extrapolate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from msgspec import Meta

from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, Estimate, Observations
from scaling_cli.results.values import Count, GroupValues, InputColumns, Level, Ranges, Sentence, Share, words

Place: TypeAlias = Annotated[
    dict[str, float], Meta(description="Amounts by role (params, tokens, compute), or by column name.")
]


class Band(Record):
    """The two ends of an interval; None where they are not known."""

    low: float | None = None
    high: float | None = None


class LawWeight(Record):
    """A law of the forecast.

    Attributes:
        weight: Its weight in the average.
        rolling_rmse_log: Its root mean square error of log loss on held-out runs.
    """

    law: str
    weight: Share
    rolling_rmse_log: float | None


class Prediction(Record):
    """The forecast for one place.

    Attributes:
        loss: Mean loss of runs there, with its confidence interval.
        prediction: Interval for the loss of one new run.
        model_spread: Lowest and highest forecast by the laws of the average, or by other objectives.
        reach: Scale of the target divided by that of the largest run.
        outside: Distance from the convex hull of params and tokens, as a factor; 1 inside it.
        estimator: The estimator of the whole result, or `inside` for places below `inside.below`.
        observed: The loss that was observed, if the target has one.
        name: Name of the target in its file, if it has one.
    """

    at: Place
    loss: Estimate
    prediction: Band
    model_spread: Band
    reach: float | None
    outside: float | None
    estimator: Annotated[str, words("forecast", "describe", "inside")]
    observed: float | None = None
    name: str | None = None


class Score(Record):
    """Errors of the forecasts at targets whose loss was observed.

    Attributes:
        mape: Mean absolute relative error, as a fraction.
        rmse_log: Root mean square error of log loss.
        bias_log: Mean of predicted less observed log loss.
        coverage: Share of observed losses inside their prediction intervals.
    """

    points: Count
    mape: float
    rmse_log: float
    bias_log: float
    coverage: Share | None


class Backtest(Record):
    """A forecast from the runs up to a cut-off, scored on all larger runs.

    Attributes:
        cutoff: Scale of the largest run that was used.
        reach: Factor from the cut-off to the largest run.
        trained: Points that were used.
        held_out: Points that were predicted.
        mape: Mean absolute relative error, as a fraction.
        rmse_log: Root mean square error of log loss.
        bias_log: Mean of predicted less observed log loss.
        coverage: Share of observed losses inside their prediction intervals.
        baselines: Root mean square errors of log loss of simpler forecasts.
    """

    cutoff: float
    reach: float
    trained: Count
    held_out: Count
    mape: float
    rmse_log: float
    bias_log: float
    coverage: Share | None
    baselines: dict[str, float]


class Track(Record):
    """Errors of this forecast's laws on the runs held out at one of the cut-offs that set their weights.

    Attributes:
        reach: Factor from the cut-off to the largest run.
        trained: Points that were used.
        held_out: Points that were predicted.
        rmse_log: Root mean square error of log loss.
        bias_log: Mean of predicted less observed log loss.
    """

    reach: float
    trained: Count
    held_out: Count
    rmse_log: float
    bias_log: float


class InsidePart(Record):
    """Predictions at scales within the data, by the laws of the forecast with equal weight for all runs.

    Attributes:
        below: Scales below this are predicted in this way.
    """

    below: float
    laws: tuple[LawWeight, ...]


class Inverse(Record):
    """The scale at which a target loss is reached, looked for up to 1e9 times the largest run.

    Attributes:
        scale: The quantity that grows.
        compute: The value of that quantity at which the loss is reached, also if the quantity is not compute.
        reachable: Probability that the loss is reached at all.
        at: The place where it is reached.
    """

    target_loss: float
    scale: str
    compute: Estimate
    reachable: Share
    at: Place


class ThenPrediction(Record):
    """A task metric predicted through the loss.

    Attributes:
        metric: None where the loss lies outside the losses to which the second law was fitted.
        is_outside: Whether the loss lies outside them, so that `metric` is None.
    """

    at: Place
    loss: float | None
    metric: Estimate
    is_outside: bool


class Then(Record):
    """The second stage of --then: a law from the loss to a task metric.

    Attributes:
        points: Points to which the law was fitted.
        rmse: Root mean square error of the metric at them.
        loss_range: Smallest and largest loss of these points.
        loss: Column of the loss.
    """

    metric: str
    law: str
    formula: str
    parameters: dict[str, Estimate]
    points: Count
    rmse: float
    loss_range: tuple[float, float]
    predictions: tuple[ThenPrediction, ...]
    loss: str = ""

    def at(self, place: Mapping[str, float]) -> ThenPrediction | None:
        """The prediction at a place, if there is one."""
        return next((found for found in self.predictions if found.at == place), None)


class SuiteRow(Record):
    """A loss, task or average at one place.

    Attributes:
        loss: Column of the loss that a task follows from; None for losses and averages.
        value: The forecast with its interval for one new run; None where a task, or a part of an average, is outside
            the losses to which its law was fitted.
    """

    name: str
    kind: Annotated[str, words("loss", "task", "average")]
    loss: str | None
    at: Place
    value: Estimate


class SuiteForecast(Record):
    """Several losses, tasks and averages, from joint draws.

    The losses of a draw are correlated as their errors on held-out runs are. Each task follows from its drawn loss by a
    law, fitted to runs that were resampled for all tasks together. Noise is added with the size, and the correlations
    between tasks, of the residuals of these laws.

    Attributes:
        draws: Number of draws.
        correlations: Correlation of every two losses, tasks and averages over the draws, at the first place.
        tasks: The law of each task.
    """

    draws: Count
    rows: tuple[SuiteRow, ...]
    correlations: dict[str, dict[str, float]]
    tasks: tuple[Then, ...]


class ForecastInterval(Record):
    """How the intervals were made.

    Attributes:
        origins: Number of cut-offs above which runs were held out to measure errors.
        resampling: How the replicates of a plain fit were made, as `interval.method` of a fit.
    """

    method: Annotated[str, words("rolling+bootstrap", "bootstrap+spread", "draws", "none")]
    level: Level
    replicates: Count
    origins: Count
    resampling: str | None = None


class Extrapolation(Record):
    """Forecasts of larger runs, for one group of runs or one saved fit.

    Attributes:
        estimator: `forecast` for laws weighted by errors on held-out runs, `describe` for a plain fit of one law.
        changed: What the options change about the estimator, such as "objective lad"; empty for the default.
        law: None where several laws are averaged.
        shift_log: How much is subtracted from the forecast log loss of a run as large as the largest one, because
            forecasts of held-out runs were too high (positive) or too low (negative); None if nothing is subtracted.
        inside: Predictions within the data; None where no target lies there.
        score: Errors at targets whose loss was observed.
        track: Errors on held-out runs at the cut-offs that set the weights.
        backtest: With --backtest, forecasts of larger runs from smaller ones, and their errors.
        inverse: With --target-loss, the scale at which it is reached.
        then: With one --then, a task metric predicted through the loss.
        suite: With several losses or tasks, all of them at each target, from joint draws; in the result of the first
            loss.
        noise: Robust standard deviation of the log residuals.
    """

    drawn = ("observations", "scale", "curve")

    group: GroupValues
    runs: Count | None
    points: Count | None
    estimator: Annotated[str, words("forecast", "describe")]
    changed: tuple[str, ...]
    law: str | None
    laws: tuple[LawWeight, ...]
    inside: InsidePart | None
    inputs: InputColumns
    ranges: Ranges
    interval: ForecastInterval
    predictions: tuple[Prediction, ...]
    score: Score | None
    track: tuple[Track, ...]
    backtest: tuple[Backtest, ...]
    inverse: tuple[Inverse, ...]
    then: Then | None
    noise: float | None
    shift_log: float | None = None
    suite: SuiteForecast | None = None
    observations: Observations | None = None
    scale: tuple[float, ...] = ()
    curve: Curve | None = None
    sentence: Sentence = ""

    @property
    def subject(self) -> dict[str, str]:
        """The group that the answer is about: without the loss, where it is about all losses together."""
        losses = {row.name for row in self.suite.rows if row.kind == "loss"} if self.suite is not None else set()
        is_joint = self.group.get("loss") in losses
        return {name: value for name, value in self.group.items() if not (is_joint and name == "loss")}
