"""What an extrapolation found, as plain numbers."""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, Estimate, Observations


class Band(Record):
    """Two ends, or `None` where they cannot be told."""

    low: float | None = None
    high: float | None = None


class LawWeight(Record):
    """A law of the forecast, its weight, and its root mean square error of log loss at the rolling origins."""

    law: str
    weight: float
    rolling_rmse_log: float | None


class Prediction(Record):
    """One forecast.

    `loss` has the confidence interval of the law's mean, `prediction` is where a new run would lie, `model_spread`
    what the laws (or objectives) say apart. `reach` is the factor beyond the largest run, `outside` the distance from
    the hull of params and tokens, as a factor. `estimator` is what tells this place: that of the whole, or `inside`;
    `name` is that of the target in its file, if it has one.
    """

    at: dict[str, float]
    loss: Estimate
    prediction: Band
    model_spread: Band
    reach: float | None
    outside: float | None
    estimator: str
    observed: float | None = None
    name: str | None = None


class Score(Record):
    """How forecasts compare with what was observed; `coverage` is of the prediction intervals."""

    points: int
    mape: float
    rmse_log: float
    bias_log: float
    coverage: float | None


class Backtest(Record):
    """One rolling origin: trained up to `cutoff`, a factor `reach` below the largest run, scored on all above.

    `baselines` are root mean square errors of log loss of simpler forecasts.
    """

    cutoff: float
    reach: float
    trained: int
    held_out: int
    mape: float
    rmse_log: float
    bias_log: float
    coverage: float | None
    baselines: dict[str, float]


class Track(Record):
    """What the forecast's own rolling origins say: its error of log loss from a factor `reach` below the end."""

    reach: float
    trained: int
    held_out: int
    rmse_log: float
    bias_log: float


class InsidePart(Record):
    """What tells places of a scale less than `below`: the laws of the forecast with all runs alike."""

    below: float
    laws: tuple[LawWeight, ...]


class Inverse(Record):
    """The scale at which a target loss is reached; `reachable` is the probability that it is.

    Scales up to 1e9 times the largest run are looked at.
    """

    target_loss: float
    scale: str
    compute: Estimate
    reachable: float
    at: dict[str, float]


class ThenPrediction(Record):
    """A metric forecast through the loss; null outside the losses that the link was fitted to."""

    at: dict[str, float]
    loss: float | None
    metric: Estimate
    is_outside: bool


class Then(Record):
    """The second stage: a law from loss to a metric."""

    metric: str
    law: str
    formula: str
    parameters: dict[str, Estimate]
    points: int
    rmse: float
    loss_range: tuple[float, float]
    predictions: tuple[ThenPrediction, ...]


class ForecastInterval(Record):
    """How the intervals were made: `origins` is how many rolling origins are behind them.

    `resampling` is how the replicates of a plain fit were drawn, such as `wild`.
    """

    method: str
    level: float
    replicates: int
    origins: int
    resampling: str | None = None


class Extrapolation(Record):
    """Forecasts for one group of runs, or from one saved fit. `law` is null where several are averaged."""

    drawn = ("observations", "scale", "curve")

    group: dict[str, str]
    runs: int | None
    points: int | None
    estimator: str
    law: str | None
    laws: tuple[LawWeight, ...]
    inside: InsidePart | None
    inputs: dict[str, str]
    ranges: dict[str, tuple[float, float]]
    interval: ForecastInterval
    predictions: tuple[Prediction, ...]
    score: Score | None
    track: tuple[Track, ...]
    backtest: tuple[Backtest, ...]
    inverse: tuple[Inverse, ...]
    then: Then | None
    noise: float | None
    observations: Observations | None = None
    scale: tuple[float, ...] = ()
    curve: Curve | None = None
