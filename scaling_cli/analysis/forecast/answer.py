"""The answer of `scaling extrapolate` for one group of runs, or for one saved fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.backtest import backtest
from scaling_cli.analysis.forecast.continuation import place_on_runs, require_drops
from scaling_cli.analysis.forecast.curve import forecast_curve
from scaling_cli.analysis.forecast.doubts import place_name, prediction_doubts, run_doubts
from scaling_cli.analysis.forecast.downstream import Link, link, then
from scaling_cli.analysis.forecast.evidence import Evidence
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.interpolation import INSIDE, Joined
from scaling_cli.analysis.forecast.inverse import inverse
from scaling_cli.analysis.forecast.predictions import predictions, score
from scaling_cli.analysis.forecast.question import Ask
from scaling_cli.analysis.forecast.reach import FAR
from scaling_cli.analysis.forecast.targets import SURFACE, Places, Target, place
from scaling_cli.analysis.forecast.windows import Points
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.results.fit import Observations
from scaling_cli.results.forecast import Backtest, Extrapolation, Inverse, Then

DEFAULT_STEPS = (3.0, 10.0, 30.0)  # times the largest run, where no target is given


def extrapolate(evidence: Evidence, ask: Ask) -> tuple[Extrapolation, list[Caveat]]:
    """Predictions at the targets, and all else that was asked for.

    Raises:
        UsageError: The targets do not fit the laws, or a saved fit is asked for what needs the runs.
        FitError: The second stage cannot be fitted.
    """
    forecaster, points = evidence.forecaster, evidence.points
    places, fixed_params = _places(evidence, ask)
    bands = forecaster.bands(places.columns, places.scale)
    inside = evidence.is_inside(places.scale)
    predicted = predictions(
        places,
        bands,
        estimators=np.where(inside, INSIDE, forecaster.estimator).tolist(),
        largest=None if evidence.span is None else evidence.span[1],
        points=points,
    )
    caveats = prediction_doubts(predicted, places, evidence.span, evidence.group)
    if points is not None and not evidence.run_names:
        caveats += run_doubts(evidence.forecast, forecaster.noise or 0.0, points, places.at(~inside), evidence.group)
    inverses, unreached = _inverse(evidence, ask, fixed_params)
    second, refused = _then(evidence, ask, places, bands)
    laws = forecaster.laws()
    result = Extrapolation(
        group=evidence.group,
        runs=None if points is None else len(np.unique(points.runs)),
        points=None if points is None else len(points),
        estimator=forecaster.estimator,
        law=laws[0].law if len(laws) == 1 else None,
        laws=laws,
        inside=forecaster.part() if isinstance(forecaster, Joined) and inside.any() else None,
        inputs=evidence.inputs,
        ranges=evidence.ranges,
        interval=forecaster.interval(),
        predictions=predicted,
        score=score(predicted),
        track=forecaster.track(),
        backtest=_backtest(evidence) if ask.backtest else (),
        inverse=inverses,
        then=second,
        noise=forecaster.noise,
        observations=_observations(points),
        scale=() if points is None else tuple(points.scale.tolist()),
        curve=forecast_curve(evidence, places),
    )
    return result, [*caveats, *unreached, *refused]


def _places(evidence: Evidence, ask: Ask) -> tuple[Places, float | None]:
    """Where to forecast, and the params that an inverse question holds fixed."""
    targets = ask.targets_for(evidence.group)
    fixed = None
    if ask.target_losses and "params" in evidence.inputs:
        alone = [each for each in targets if set(each.at) == {"params"}]
        fixed = alone[-1].at["params"] if alone else None
        targets = [each for each in targets if each not in alone]
    if not (targets or ask.has_place):
        largest = evidence.require_span()[1]
        role = "compute" if set(SURFACE) <= set(evidence.inputs) else next(iter(evidence.inputs.values()))
        targets = [Target({role: largest * step}) for step in DEFAULT_STEPS]
    if evidence.run_names:
        places = place_on_runs(targets, evidence.run_names)
        require_drops(evidence.points, places)
        return places, fixed
    return place(targets, evidence.inputs, evidence.params, evidence.forecaster.mean), fixed


def _inverse(evidence: Evidence, ask: Ask, fixed_params: float | None) -> tuple[tuple[Inverse, ...], list[Caveat]]:
    if not ask.target_losses:
        return (), []
    found = inverse(
        evidence.forecaster, ask.target_losses, inputs=evidence.inputs, span=evidence.require_span(),
        params=evidence.params, fixed_params=fixed_params,
    )  # fmt: skip
    group, smallest = evidence.group, evidence.require_span()[0]
    unreached = [
        caveat("target-below-floor", group, target=each.target_loss, probability=1 - each.reachable)
        for each in found
        if each.reachable < 0.5
    ]
    worst = evidence.ranges.get("loss", (0.0, np.inf))[1]
    passed = [
        caveat("target-above-data", group, target=each.target_loss)
        for each in found
        if (each.target_loss > worst if each.compute.estimate is None else each.compute.estimate < smallest)
    ]
    return found, unreached + passed + _far(found, evidence)


def _far(inverses: Sequence[Inverse], evidence: Evidence) -> list[Caveat]:
    """About the furthest scale at which a target loss is reached."""
    largest = evidence.require_span()[1]
    reached = [(each.compute.estimate / largest, each) for each in inverses if each.compute.estimate is not None]
    reach, furthest = max(reached, key=lambda each: each[0], default=(0.0, None))
    if furthest is None or reach <= FAR:
        return []
    place = place_name({furthest.scale: furthest.compute.estimate or 0.0})
    return [caveat("far-forecast", evidence.group, place=place, reach=reach)]


def _then(evidence: Evidence, ask: Ask, places: Places, bands: Bands) -> tuple[Then | None, list[Caveat]]:
    if ask.then is None:
        return None, []
    points, forecaster = evidence.points, evidence.forecast
    if points is None or evidence.metric is None or forecaster is None:
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
    return found, [caveat("then-outside-range", evidence.group, metric=ask.then, count=refused, low=low, high=high)]


def _backtest(evidence: Evidence) -> tuple[Backtest, ...]:
    if evidence.points is None or evidence.forecast is None:
        raise UsageError("--backtest needs the runs and --estimator forecast.", hint="Give the runs, not a saved fit.")
    return backtest(evidence.points, evidence.laws, evidence.forecast)


def _observations(points: Points | None) -> Observations | None:
    if points is None:
        return None
    columns = {name: tuple(values.tolist()) for name, values in points.columns.items()}
    return Observations(columns, tuple(points.observed.tolist()), ())
