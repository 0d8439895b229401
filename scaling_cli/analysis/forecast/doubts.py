"""Caveats of a forecast: its distance from the data, and properties of the data that make it unreliable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.stability import largest_swing
from scaling_cli.analysis.forecast.stacked import StackedForecast
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.analysis.forecast.windows import ForecastPoints, count_scales
from scaling_cli.arrays import ALMOST_ZERO
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.ask import Asking
from scaling_cli.numbers.format import count, figure, flops
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.results.forecast import Prediction

NOTED, FAR = 3.0, 30.0  # factors outside the data: a target further off gets a caveat (FAR: beyond the largest run)
OFTEN_RISING = 0.1  # share of pairs
RISE = 3.0  # noise scales: the larger run counts as worse if its loss is higher by more than this
FEWEST_PAIRS = 5
STILL, MOVED = 1.5, 3.0  # factors: up to the first an input counts as constant, from the second on as varied
MOST_POINTS = 3_000  # above it, pairs of points are not examined


def place_name(at: Mapping[str, float]) -> str:
    """A target in words, such as "70B params, 1.4T tokens"."""
    formats = {"params": count, "tokens": count, "compute": flops}
    known = {role: amount for role, amount in at.items() if role != "compute" or len(at) == 1}
    return ", ".join(f"{formats.get(role, figure)(amount)} {'FLOPs' if role == 'compute' else role}"
                     for role, amount in known.items())  # fmt: skip


def prediction_doubts(
    predictions: Sequence[Prediction], places: Places, span: tuple[float, float] | None, group: dict[str, str]
) -> list[Caveat]:
    """Caveats on targets far from the data, and on splits that the laws chose; `span` is that of the runs' scale."""
    caveats = [caveat("optimal-split", group, compute=flops(budget)) for budget in places.split[:1]]
    far = [one for one in predictions if one.reach is not None and one.reach > FAR]
    if far:
        furthest = max(far, key=lambda one: one.reach or 0.0)
        caveats.append(caveat("far-forecast", group, place=place_name(furthest.at), reach=furthest.reach))
    small = 0.0 if span is None else span[0] / NOTED
    below = int(places.scale.argmin()) if len(predictions) else None
    if below is not None and span is not None and places.scale[below] < small:
        times = span[0] / places.scale[below]
        caveats.append(caveat("below-data", group, place=place_name(predictions[below].at), times=times))
    off = [
        one
        for one, scale in zip(predictions, places.scale, strict=True)
        if (one.outside or 1.0) > NOTED and (one.reach or 1.0) <= NOTED and scale >= small
    ]
    if off:
        furthest = max(off, key=lambda one: one.outside or 0.0)
        caveats.append(caveat("off-hull", group, place=place_name(furthest.at), outside=furthest.outside))
    return caveats


def ratio_doubts(
    predictions: Sequence[Prediction],
    ratios: tuple[float, float] | None,
    inputs: Mapping[str, str],
    group: dict[str, str],
) -> list[Caveat]:
    """A caveat on the target whose tokens per param lie furthest from those of the runs, `ratios`.

    A law of compute does not know tokens per param, so it forecasts a run with the ratio of the data. A law of both was
    not tested there.
    """
    asked = [(one, one.at["tokens"] / one.at["params"]) for one in predictions if has_params_and_tokens(one.at)]
    if ratios is None or not asked:
        return []
    low, high = ratios
    furthest, ratio = max(asked, key=lambda pair: max(low / pair[1], pair[1] / high))
    if max(low / ratio, ratio / high) <= NOTED:
        return []
    effect = (
        "the forecast there is not tested by any run"
        if has_params_and_tokens(inputs)
        else f"the law of {', '.join(inputs.values())} forecasts a run with the ratio of the data instead"
    )
    return [
        caveat(
            "off-ratio", group, place=place_name(furthest.at), ratio=figure(ratio, 3), low=figure(low, 3),
            high=figure(high, 3), effect=effect,
        )
    ]  # fmt: skip


def run_doubts(
    forecaster: StackedForecast | None, noise: float, points: ForecastPoints, places: Places, group: dict[str, str]
) -> Asking[list[Caveat]]:
    """Caveats from the runs on the forecast at `places`; a `forecaster` of None is a single fit without origins."""
    caveats = []
    if forecaster is not None:
        if not forecaster.errors:
            scales = count_scales(points, np.ones(len(points), dtype=bool))
            caveats.append(caveat("no-rolling-origin", group, points=len(points), scales=scales))
        caveats += yield from _instability(forecaster, places, group)
    sizes = np.unique(np.stack([points.runs, points.scale]), axis=1)[0].astype(int)
    repeated = int((np.bincount(sizes) > 1).sum())
    if repeated:
        total = len(np.unique(points.runs))
        caveats.append(caveat("mid-schedule-points", group, runs=repeated, total=total))
    return caveats + _rising(points, noise, group)


def pooled_sizes(sizes: int, inputs: Mapping[str, str], group: dict[str, str]) -> list[Caveat]:
    """A caveat if runs of several `sizes` are fitted as one curve along an input that does not include size."""
    column = next(iter(inputs.values()))
    if len(inputs) > 1 or column in ("params", "compute") or sizes < 2:
        return []
    return [caveat("pooled-sizes", group, sizes=sizes, column=column)]


def lone_growth(
    ranges: Mapping[str, tuple[float, float]], inputs: Mapping[str, str], group: dict[str, str]
) -> list[Caveat]:
    """A caveat if the forecast is along compute, and compute grows by params alone or by tokens alone."""
    if list(inputs.values()) != ["compute"] or not has_params_and_tokens(ranges):
        return []
    grown = {role: ranges[role][1] / max(ranges[role][0], ALMOST_ZERO) for role in ("params", "tokens")}
    still, other = sorted(grown, key=lambda role: grown[role])
    if grown[still] > STILL or grown[other] < MOVED:
        return []
    return [caveat("lone-growth", group, role=other, still=place_name({still: ranges[still][1]}))]


def _instability(forecaster: StackedForecast, places: Places, group: dict[str, str]) -> Asking[list[Caveat]]:
    """A caveat if the forecast depends on the cut-off below which runs of few tokens, or small runs, are left out."""
    swing = yield from largest_swing(forecaster, places.columns)
    if swing is None:
        return []
    at = places.targets[swing.place].at
    role = "tokens" if "tokens" in places.columns else next(iter(at))
    return [
        caveat(
            "unstable-forecast", group, place=place_name(at), cutoff=place_name({role: swing.cutoff}),
            shift=float(np.expm1(swing.shift)), noise=swing.standard_error,
        )
    ]  # fmt: skip


def _rising(points: ForecastPoints, noise: float, group: dict[str, str]) -> list[Caveat]:
    """A caveat if, among runs of equal params, the loss rises with tokens."""
    if set(points.columns) != set(SURFACE) or len(points) > MOST_POINTS:
        return []
    params, tokens, loss = np.log(points.columns["params"]), np.log(points.columns["tokens"]), np.log(points.observed)
    same = np.abs(params[:, None] - params[None]) < 1e-6
    more = tokens[None] - tokens[:, None] > 1e-6
    pairs = same & more
    if pairs.sum() < FEWEST_PAIRS:
        return []
    share = float((loss[None] - loss[:, None] > RISE * noise)[pairs].mean())
    return [caveat("rising-loss", group, role="tokens", share=share)] if share > OFTEN_RISING else []
