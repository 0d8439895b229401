"""The answer of `scaling extrapolate` for one group of runs, or for one saved fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.backtest import backtest
from scaling_cli.analysis.describe import Described
from scaling_cli.analysis.downstream import Link, link, then
from scaling_cli.analysis.forecast import Bands, Forecast
from scaling_cli.analysis.forecast_doubts import prediction_doubts, run_doubts
from scaling_cli.analysis.forecast_result import (
    Backtest,
    Band,
    Extrapolation,
    ForecastInterval,
    Inverse,
    LawWeight,
    Prediction,
    Score,
    Then,
)
from scaling_cli.analysis.inverse import inverse
from scaling_cli.analysis.reach import outside_hull
from scaling_cli.analysis.targets import Places, Target, best_split, place, place_on_runs
from scaling_cli.analysis.windows import Points
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.result import Curve, Estimate, Observations
from scaling_cli.laws import Array, Law
from scaling_cli.record import record

DEFAULT_STEPS = (3.0, 10.0, 30.0)  # times the largest run, where no target is given
CURVE_POINTS = 40
MARGIN = 1.3  # of the last target, so that the edge of the plot is not the answer


@record
class Ask:
    """What the user wants to know."""

    targets: tuple[Target, ...] = ()
    target_losses: tuple[float, ...] = ()
    backtest: bool = False
    then: str | None = None
    then_law: str = "sigmoid"
    chance: float | None = None


@record
class Evidence:
    """One group: what forecasts, and the data where they are at hand.

    `metric` `(n,)` is that of the second stage, with nan where unknown. `run_names` are there where a law continues
    runs instead of adding new ones.
    """

    forecaster: Forecast | Described
    group: dict[str, str]
    inputs: dict[str, str]
    ranges: dict[str, tuple[float, float]]
    points: Points | None
    laws: tuple[Law, ...] = ()
    metric: Array | None = None
    run_names: tuple[str, ...] = ()

    @property
    def params(self) -> Array | None:
        """Those of the data, or the ends of their range."""
        if self.points is not None:
            return self.points.columns.get("params")
        return np.array(self.ranges["params"]) if "params" in self.ranges else None

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and largest scale of the data."""
        if self.points is not None:
            return float(self.points.scale.min()), float(self.points.scale.max())
        surface = {"params", "tokens"} <= set(self.inputs)
        return self.ranges.get("compute" if surface else next(iter(self.inputs.values())))


def extrapolate(evidence: Evidence, ask: Ask) -> tuple[Extrapolation, list[Caveat]]:
    """Predictions at the targets, and all else that was asked for.

    Raises:
        UsageError: The targets do not fit the laws, or a saved fit is asked for what needs the runs.
        FitError: The second stage cannot be fitted.
    """
    forecaster, points = evidence.forecaster, evidence.points
    targets, fixed = _split_targets(evidence, ask)
    if evidence.run_names:
        places = place_on_runs(targets, evidence.run_names)
        require_drops(evidence.points, places)
    else:
        places = place(targets, evidence.inputs, evidence.params, forecaster.mean)
    bands = forecaster.bands(places.columns, places.scale)
    predictions = _predictions(evidence, places, bands)
    caveats = prediction_doubts(predictions, places, evidence.group)
    if points is not None and not evidence.run_names:
        caveats += run_doubts(forecaster, points, places, bands, evidence.group)
    inverses: tuple[Inverse, ...] = ()
    if ask.target_losses:
        inverses = inverse(
            forecaster, ask.target_losses, inputs=evidence.inputs, span=_require_span(evidence),
            params=evidence.params, fixed_params=fixed,
        )  # fmt: skip
        caveats += [
            caveat("target-below-floor", evidence.group or None, target=each.target_loss,
                   probability=1 - each.reachable)
            for each in inverses
            if each.reachable < 0.5
        ]  # fmt: skip
    second, doubts = _then(evidence, ask, places, bands)
    result = Extrapolation(
        group=evidence.group,
        runs=None if points is None else len(np.unique(points.runs)),
        points=None if points is None else len(points),
        estimator="forecast" if isinstance(forecaster, Forecast) else "describe",
        law=_single_law(forecaster),
        laws=_laws(forecaster),
        inputs=evidence.inputs,
        ranges=evidence.ranges,
        interval=_interval(forecaster),
        predictions=predictions,
        score=score(predictions),
        track=forecaster.track() if isinstance(forecaster, Forecast) else (),
        backtest=_backtest(evidence) if ask.backtest else (),
        inverse=inverses,
        then=second,
        noise=forecaster.noise,
        observations=_observations(points),
        scale=() if points is None else tuple(points.scale.tolist()),
        curve=_curve(evidence, places),
    )
    return result, caveats + doubts


def _split_targets(evidence: Evidence, ask: Ask) -> tuple[list[Target], float | None]:
    """Targets of this group, and the params that an inverse question holds fixed."""
    targets = [each for each in ask.targets if _is_for(each, evidence.group)]
    fixed = None
    if ask.target_losses and "params" in evidence.inputs:
        for each in targets:
            if set(each.at) == {"params"}:
                fixed = each.at["params"]
        targets = [each for each in targets if set(each.at) != {"params"}]
    if targets or ask.targets or ask.target_losses or ask.backtest:
        return targets, fixed
    largest = _require_span(evidence)[1]
    surface = {"params", "tokens"} <= set(evidence.inputs)
    role = "compute" if surface else next(iter(evidence.inputs.values()))
    return [Target({role: largest * step}) for step in DEFAULT_STEPS], fixed


def _is_for(target: Target, group: Mapping[str, str]) -> bool:
    return all(group.get(key) == value for key, value in target.group.items())


def require_drops(points: Points | None, places: Places) -> None:
    """Refuse a schedule to come that falls where none of the runs has fallen.

    Raises:
        FitError: What a lower learning rate does cannot be known from these runs.
    """
    if points is None:
        return
    rates, later = points.columns["lr"], places.columns["lr"]
    has_fallen = any(rates[points.runs == run].min() < 0.99 * rates[points.runs == run].max()
                     for run in np.unique(points.runs))  # fmt: skip
    if not has_fallen and later.min() < 0.99 * rates.max():
        raise FitError(
            "The schedule to come lowers the learning rate, which no run here has done yet.",
            hint="Add a finished run with a decaying schedule, or forecast only while the rate is constant.",
        )


def unmatched(ask: Ask, groups: Sequence[Mapping[str, str]]) -> list[Caveat]:
    """Targets that belong to none of the groups."""
    count = sum(not any(_is_for(target, group) for group in groups) for target in ask.targets)
    return [caveat("unmatched-targets", count=count)] if count else []


def _require_span(evidence: Evidence) -> tuple[float, float]:
    span = evidence.span
    if span is None:
        raise UsageError(
            "The saved fit does not say how large its runs were.", hint="Give --at, such as --at compute=1e24."
        )
    return span


def _predictions(evidence: Evidence, places: Places, bands: Bands) -> tuple[Prediction, ...]:
    span = evidence.span
    reach = None if span is None else places.scale / span[1]
    outside = _outside(evidence, places)
    found = []
    for i, target in enumerate(places.targets):
        centre, apart = bands.estimate[i], bands.by_law[:, i]
        found.append(
            Prediction(
                at=dict(target.at),
                loss=Estimate(float(np.exp(centre)), *_ends(centre, bands.confidence[i])),
                prediction=Band(*_ends(centre, bands.prediction[i])),
                model_spread=Band(*map(float, np.exp([apart.min(), apart.max()]))) if len(apart) > 1 else Band(),
                reach=None if reach is None else float(reach[i]),
                outside=None if outside is None else float(outside[i]),
                observed=target.observed,
            )
        )
    return tuple(found)


def _ends(centre: float, half: float) -> tuple[float | None, float | None]:
    if not np.isfinite(half):
        return None, None
    return float(np.exp(centre - half)), float(np.exp(centre + half))


def _outside(evidence: Evidence, places: Places) -> Array | None:
    points = evidence.points
    if points is None or not {"params", "tokens"} <= set(points.columns) or not len(places.targets):
        return None
    known, asked = (np.log(np.stack([columns["params"], columns["tokens"]], axis=1))
                    for columns in (points.columns, places.columns))  # fmt: skip
    factor: Array = np.exp(outside_hull(known, asked))
    return factor


def score(predictions: Sequence[Prediction]) -> Score | None:
    """How the predictions compare with what was observed; None where nothing was."""
    pairs = [(each, each.loss.estimate) for each in predictions if each.observed is not None and each.loss.estimate]
    if not pairs:
        return None
    missed = np.array([np.log(estimate / (each.observed or 1.0)) for each, estimate in pairs])
    covered = [
        each.prediction.low <= each.observed <= each.prediction.high
        for each, _ in pairs
        if each.observed is not None and each.prediction.low is not None and each.prediction.high is not None
    ]
    return Score(
        points=len(pairs),
        mape=float(np.mean(np.abs(np.expm1(missed)))),
        rmse_log=float(np.sqrt(np.mean(missed**2))),
        bias_log=float(np.mean(missed)),
        coverage=float(np.mean(covered)) if covered else None,
    )


def _then(evidence: Evidence, ask: Ask, places: Places, bands: Bands) -> tuple[Then | None, list[Caveat]]:
    if ask.then is None:
        return None, []
    points, forecaster = evidence.points, evidence.forecaster
    if points is None or evidence.metric is None or not isinstance(forecaster, Forecast):
        raise UsageError("--then needs the runs and --estimator forecast.", hint="Give the runs, not a saved fit.")
    known = np.isfinite(evidence.metric)
    fitted: Link = link(
        ask.then, points.observed[known], evidence.metric[known], points.runs[known], law=ask.then_law,
        chance=ask.chance, resampling=forecaster.resampling,
    )  # fmt: skip
    found = then(fitted, bands, [each.at for each in places.targets], forecaster.level, forecaster.resampling.seed)
    refused = sum(each.is_outside for each in found.predictions)
    if not refused:
        return found, []
    low, high = found.loss_range
    return found, [
        caveat("then-outside-range", evidence.group or None, metric=ask.then, count=refused, low=low, high=high)
    ]


def _laws(forecaster: Forecast | Described) -> tuple[LawWeight, ...]:
    if isinstance(forecaster, Forecast):
        return forecaster.laws()
    return (LawWeight(forecaster.law.name, 1.0, None),)


def _single_law(forecaster: Forecast | Described) -> str | None:
    if isinstance(forecaster, Described):
        return forecaster.law.name
    return forecaster.stack.fits[0].law.name if len(forecaster.stack.fits) == 1 else None


def _interval(forecaster: Forecast | Described) -> ForecastInterval:
    if isinstance(forecaster, Described):
        method = "draws" if len(forecaster.draws) else "none"
        return ForecastInterval(method, forecaster.level, len(forecaster.draws), 0, forecaster.resampling)
    method = "conformal+bootstrap" if forecaster.errors else "bootstrap+spread"
    return ForecastInterval(method, forecaster.level, forecaster.resampling.replicates, len(forecaster.errors))


def _backtest(evidence: Evidence) -> tuple[Backtest, ...]:
    if evidence.points is None or not isinstance(evidence.forecaster, Forecast):
        raise UsageError("--backtest needs the runs and --estimator forecast.", hint="Give the runs, not a saved fit.")
    return backtest(evidence.points, evidence.laws, evidence.forecaster)


def _observations(points: Points | None) -> Observations | None:
    if points is None:
        return None
    columns = {name: tuple(values.tolist()) for name, values in points.columns.items()}
    return Observations(columns, tuple(points.observed.tolist()), ())


def _curve(evidence: Evidence, places: Places) -> Curve | None:
    """The forecast with its prediction band along scale, from the smallest run to the furthest target."""
    span = evidence.span
    if span is None or evidence.points is None:
        return None
    end = max([span[1], *places.scale.tolist()])
    scale = np.geomspace(span[0], end * MARGIN, CURVE_POINTS)
    if len(evidence.inputs) == 1:
        columns = {next(iter(evidence.inputs)): scale}
    elif set(evidence.inputs) == {"params", "tokens"}:
        splits = [best_split(float(budget), evidence.params, evidence.forecaster.mean) for budget in scale]
        columns = {"params": np.array([each[0] for each in splits]), "tokens": np.array([each[1] for each in splits])}
    else:
        return None
    bands = evidence.forecaster.bands(columns, scale)
    rows = (bands.estimate, bands.estimate - bands.prediction, bands.estimate + bands.prediction)
    x, y, low, high = (tuple(row.tolist()) for row in (scale, *map(np.exp, rows)))
    return Curve(x, y, low, high) if np.isfinite(bands.prediction).all() else Curve(x, y)
