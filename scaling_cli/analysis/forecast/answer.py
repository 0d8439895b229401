"""The result of `scaling extrapolate` for one group of runs, or for one saved fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.backtest import backtest
from scaling_cli.analysis.forecast.continuation import place_on_runs, require_drops
from scaling_cli.analysis.forecast.doubts import FAR, place_name, prediction_doubts, ratio_doubts, run_doubts
from scaling_cli.analysis.forecast.evidence import ForecastData
from scaling_cli.analysis.forecast.interpolation import INSIDE, JoinedForecast
from scaling_cli.analysis.forecast.inverse import inverse
from scaling_cli.analysis.forecast.joint import Part, joint, suite_forecast, thens
from scaling_cli.analysis.forecast.predictions import predictions, score
from scaling_cli.analysis.forecast.question import ForecastQuestion
from scaling_cli.analysis.forecast.split import best_split
from scaling_cli.analysis.forecast.suite import Suite
from scaling_cli.analysis.forecast.targets import Places, Target, place
from scaling_cli.analysis.forecast.untaken import refuse_untaken
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import packed
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.derive import HIGH_RATIO, LOW_RATIO
from scaling_cli.errors import UsageError
from scaling_cli.fitting.ask import Asking, alone, certain, side_by_side
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, scale_name
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.record import replace
from scaling_cli.results.fit import Curve, Observations
from scaling_cli.results.forecast import Backtest, Extrapolation, Inverse, SuiteForecast, Then

DEFAULT_STEPS = (3.0, 10.0, 30.0)  # times the largest run, where no target is given
CURVE_POINTS = 40
MARGIN = 1.3  # times the last target: the plotted curve ends a little beyond it


def extrapolate(data: ForecastData, ask: ForecastQuestion) -> tuple[Extrapolation, list[Caveat]]:
    """Predictions at the targets, and the other parts of the question: target losses, task metrics, backtest.

    Raises:
        UsageError: The targets do not match the laws, or an option needs runs and the data are a saved fit.
        FitError: The law from loss to task metric cannot be fitted.
    """
    return alone(extrapolate_suite([("loss", data, ask)], ask.suite, data.group))[0]


def extrapolate_suite(
    losses: Sequence[tuple[str, ForecastData, ForecastQuestion]], suite: Suite, group: dict[str, str]
) -> Asking[list[tuple[Extrapolation, list[Caveat]]]]:
    """The result for each loss of a group, by name; the first has all losses and tasks together.

    They are of the same runs: a budget is split by the laws of the first loss for all of them.

    Raises:
        UsageError: As `extrapolate`.
        FitError: As `extrapolate`.
    """
    placed: list[tuple[str, ForecastData, ForecastQuestion, Places, float | None]] = []
    for name, data, ask in losses:
        split = placed[0][3].targets if placed else ()
        placed.append((name, data, ask, *_places(data, ask, split)))
    parts = [_part(name, data, places) for name, data, _, places, _ in placed]
    works = [_result(part, ask, fixed) for part, (_, _, ask, _, fixed) in zip(parts, placed, strict=True)]
    results = certain((yield from side_by_side(works)))
    if not (suite.tasks or suite.is_joint) or not parts[0].places.targets:
        return results
    first, caveats = results[0]
    then, whole, found = _together(parts, suite, group)
    return [(replace(first, then=then, suite=whole), [*caveats, *found]), *results[1:]]


def _part(name: str, data: ForecastData, places: Places) -> Part:
    """The forecasts of one loss."""
    bands = data.forecaster.bands(places.columns, places.scale)
    predicted = predictions(
        places,
        bands,
        estimators=np.where(data.is_inside(places.scale), INSIDE, data.forecaster.estimator).tolist(),
        largest=None if data.span is None else data.span[1],
        points=data.points,
    )
    return Part(name, data, places, bands, predicted)


def _result(
    part: Part, ask: ForecastQuestion, fixed_params: float | None
) -> Asking[tuple[Extrapolation, list[Caveat]]]:
    """What is found for one loss, without tasks."""
    data, places, predicted = part.data, part.places, part.predicted
    forecaster, points = data.forecaster, data.points
    inside = data.is_inside(places.scale)
    caveats = prediction_doubts(predicted, places, data.span, data.group)
    caveats += ratio_doubts(predicted, data.ratios, data.inputs, data.group)
    if points is not None and not data.run_names:
        outside = places.at(~inside)
        caveats += yield from run_doubts(data.forecast, forecaster.noise or 0.0, points, outside, data.group)
    inverses, inverse_caveats = _inverse(data, ask, fixed_params)
    backtests = (yield from _backtest(data)) if ask.backtest else ()
    laws = forecaster.laws()
    result = Extrapolation(
        group=data.group,
        runs=None if points is None else len(np.unique(points.runs)),
        points=None if points is None else len(points),
        estimator=forecaster.estimator,
        changed=data.recipe,
        law=laws[0].law if len(laws) == 1 else None,
        laws=laws,
        shift_log=_shift(data),
        inside=forecaster.part() if isinstance(forecaster, JoinedForecast) and inside.any() else None,
        inputs=data.inputs,
        ranges=data.ranges,
        interval=forecaster.interval(),
        predictions=predicted,
        score=score(predicted),
        track=forecaster.track(),
        backtest=backtests,
        inverse=inverses,
        then=None,
        suite=None,
        noise=forecaster.noise,
        observations=_observations(points),
        scale=() if points is None else tuple(points.scale.tolist()),
        curve=_curve(data, places),
    )
    return result, [*caveats, *inverse_caveats]


def _together(
    parts: Sequence[Part], suite: Suite, group: dict[str, str]
) -> tuple[Then | None, SuiteForecast | None, list[Caveat]]:
    """The one task, or all losses and tasks."""
    if any(part.data.points is None or part.data.forecast is None for part in parts):
        raise UsageError(
            "Task metrics and several losses need the runs and --estimator forecast.",
            hint="Give the runs, not a saved fit, and leave out --estimator.",
        )
    made, caveats = joint(parts, suite, group)
    found = thens(made, parts)
    for then in found.values():
        if refused := sum(target.is_outside for target in then.predictions):
            low, high = then.loss_range
            caveats.append(caveat("then-outside-range", group, metric=then.metric, count=refused, low=low, high=high))
    if suite.is_joint:
        return None, suite_forecast(made, parts, suite), caveats
    return next(iter(found.values())), None, caveats


def _shift(data: ForecastData) -> float | None:
    """What is taken off the forecast of a run as large as the largest."""
    if data.forecast is None or data.forecast.shift is None:
        return None
    return float(data.forecast.shift.at(np.ones(1))[0])


def _places(data: ForecastData, ask: ForecastQuestion, others: Sequence[Target] = ()) -> tuple[Places, float | None]:
    """Where to forecast, and the params at which a target loss is sought, if they are fixed.

    `others` are the targets of another loss, whose split of a budget holds here, too.
    """
    split = {each.at["compute"]: each.at for each in others if set(SURFACE) < set(each.at)}
    targets = [
        replace(each, at=split[each.at["compute"]])
        if set(each.at) == {"compute"} and each.at["compute"] in split and has_params_and_tokens(data.inputs)
        else each
        for each in ask.targets_for(data.group)
    ]
    fixed = None
    if ask.target_losses and "params" in data.inputs:
        alone = [target for target in targets if set(target.at) == {"params"}]
        fixed = alone[-1].at["params"] if alone else None
        targets = [target for target in targets if target not in alone]
    if not (targets or ask.has_place):
        if len(data.inputs) > 1 and set(data.inputs) != set(SURFACE):
            example = ",".join(f"{column}=AMOUNT" for column in data.inputs.values())
            raise UsageError("No run to forecast is given.", hint=f"Add --at {example}.")
        role, largest = scale_name(data.inputs), data.require_span()[1]
        targets = [Target(each.at) for each in others] or [Target({role: largest * step}) for step in DEFAULT_STEPS]
    if data.run_names:
        places = place_on_runs(targets, data.run_names)
        require_drops(data.points, places)
        return places, fixed
    if data.law is not None:
        refuse_untaken(data.law, data.inputs, [target.at for target in targets])
    mean, ratios = data.forecaster.mean, _compute_ratios(data)
    has_runs = data.points is not None
    placed = place(targets, data.inputs, data.params, mean, ranges=data.ranges, ratios=ratios, has_runs=has_runs)
    return placed, fixed


def _compute_ratios(data: ForecastData) -> tuple[float, float]:
    """The compute / (6 * params * tokens) that a target may have: what no caveat tells of, and what the runs have."""
    if data.points is None or not has_params_and_tokens(data.points.columns):
        return LOW_RATIO, HIGH_RATIO
    columns = data.points.columns
    ratio = data.points.scale / (FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"])
    return min(LOW_RATIO, float(ratio.min()) * LOW_RATIO), max(HIGH_RATIO, float(ratio.max()) * HIGH_RATIO)


def _inverse(
    data: ForecastData, ask: ForecastQuestion, fixed_params: float | None
) -> tuple[tuple[Inverse, ...], list[Caveat]]:
    if not ask.target_losses:
        return (), []
    if data.span is None and set(data.inputs) == set(SURFACE):
        raise UsageError(
            "This fit does not say how large its runs were, so that --target-loss does not know where to search.",
            hint="Use `scaling optimal-allocation`, which takes --target-loss without runs, or --at in its place.",
        )
    inverses = inverse(
        data.forecaster, ask.target_losses, inputs=data.inputs, span=data.require_span(),
        params=data.params, fixed_params=fixed_params,
    )  # fmt: skip
    group, smallest = data.group, data.require_span()[0]
    is_growing = _grows(data)
    limit, other = (
        ("near or above the limit", "lower") if is_growing else ("near or below the irreducible loss", "higher")
    )
    unreached = [
        caveat(
            "target-below-floor", group, target=target.target_loss, probability=1 - target.reachable,
            limit=limit, other=other,
        )
        for target in inverses
        if target.reachable < 0.5
    ]  # fmt: skip
    if is_growing:
        return inverses, unreached + _far(inverses, data)
    worst = data.ranges.get("loss", (0.0, np.inf))[1]
    above = [
        caveat("target-above-data", group, target=target.target_loss)
        for target in inverses
        if (target.target_loss > worst if target.compute.estimate is None else target.compute.estimate < smallest)
    ]
    return inverses, unreached + above + _far(inverses, data)


def _grows(data: ForecastData) -> bool:
    """Whether the forecast grows along its one input, as accuracy does."""
    if len(data.inputs) > 1:
        return False
    first, last = data.forecaster.mean({next(iter(data.inputs)): np.array(data.require_span())})
    return bool(last > first)


def _far(inverses: Sequence[Inverse], data: ForecastData) -> list[Caveat]:
    """A caveat if a target loss is reached only far beyond the runs."""
    largest = data.require_span()[1]
    reached = [(one.compute.estimate / largest, one) for one in inverses if one.compute.estimate is not None]
    reach, furthest = max(reached, key=lambda one: one[0], default=(0.0, None))
    if furthest is None or reach <= FAR:
        return []
    place = place_name({furthest.scale: furthest.compute.estimate or 0.0})
    return [caveat("far-forecast", data.group, place=place, reach=reach)]


def _backtest(data: ForecastData) -> Asking[tuple[Backtest, ...]]:
    if data.points is None or data.forecast is None:
        raise UsageError(
            "--backtest needs the runs and --estimator forecast.",
            hint="Give the runs, not a saved fit, and leave out --estimator.",
        )
    return (yield from backtest(data.points, data.laws, data.forecast))


def _observations(points: ForecastPoints | None) -> Observations | None:
    if points is None:
        return None
    columns = {name: packed(values) for name, values in points.columns.items()}
    return Observations(columns, packed(points.observed), ())


def _curve(data: ForecastData, places: Places) -> Curve | None:
    """The forecast along scale with its prediction band, for plots, from the smallest run or target to the largest."""
    span = data.span
    if span is None or data.points is None:
        return None
    reached = [*span, *places.scale.tolist()]
    scale = np.geomspace(min(reached), max(reached) * MARGIN, CURVE_POINTS)
    if len(data.inputs) == 1:
        columns = {next(iter(data.inputs)): scale}
    elif set(data.inputs) == set(SURFACE):
        splits = [best_split(float(budget), data.params, data.forecaster.mean) for budget in scale]
        columns = {
            "params": np.array([split[0] for split in splits]),
            "tokens": np.array([split[1] for split in splits]),
        }
    else:
        return None
    bands = data.forecaster.bands(columns, scale)
    rows = (bands.estimate, bands.estimate - bands.prediction, bands.estimate + bands.prediction)
    x, y, low, high = (tuple(row.tolist()) for row in (scale, *map(np.exp, rows)))
    return Curve(x, y, low, high) if np.isfinite(bands.prediction).all() else Curve(x, y)
