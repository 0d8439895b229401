"""What makes a forecast doubtful: its distance from the data, and what the data themselves say against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.reach import FAR, NOTED
from scaling_cli.analysis.forecast.stability import largest_swing
from scaling_cli.analysis.forecast.stacked import Forecast
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.analysis.forecast.windows import Points, count_scales
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.numbers.format import count, figure, flops
from scaling_cli.results.forecast import Prediction

OFTEN_RISING = 0.1  # share of pairs
RISE = 3.0  # noise scales by which the larger run must be worse
FEWEST_PAIRS = 5
STILL, MOVED = 1.5, 3.0  # factors up to which an input has hardly changed, and from which it has
MOST_POINTS = 3_000  # for pairs: more are thinned


def place_name(at: Mapping[str, float]) -> str:
    """A target as a reader names it: 70B params, 1.4T tokens."""
    told = {"params": count, "tokens": count, "compute": flops}
    known = {role: amount for role, amount in at.items() if role != "compute" or len(at) == 1}
    return ", ".join(f"{told.get(role, figure)(amount)} {'FLOPs' if role == 'compute' else role}"
                     for role, amount in known.items())  # fmt: skip


def prediction_doubts(
    predictions: Sequence[Prediction], places: Places, span: tuple[float, float] | None, group: dict[str, str]
) -> list[Caveat]:
    """About the furthest targets, and about splits that the laws chose; `span` is that of the runs' scale."""
    found = [caveat("optimal-split", group, compute=flops(budget)) for budget in places.split[:1]]
    far = [each for each in predictions if each.reach is not None and each.reach > FAR]
    if far:
        furthest = max(far, key=lambda each: each.reach or 0.0)
        found.append(caveat("far-forecast", group, place=place_name(furthest.at), reach=furthest.reach))
    small = 0.0 if span is None else span[0] / NOTED
    below = int(places.scale.argmin()) if len(predictions) else None
    if below is not None and span is not None and places.scale[below] < small:
        times = span[0] / places.scale[below]
        found.append(caveat("below-data", group, place=place_name(predictions[below].at), times=times))
    off = [
        each
        for each, scale in zip(predictions, places.scale, strict=True)
        if (each.outside or 1.0) > NOTED and (each.reach or 1.0) <= NOTED and scale >= small
    ]
    if off:
        furthest = max(off, key=lambda each: each.outside or 0.0)
        found.append(caveat("off-hull", group, place=place_name(furthest.at), outside=furthest.outside))
    return found


def run_doubts(
    forecaster: Forecast | None, noise: float, points: Points, places: Places, group: dict[str, str]
) -> list[Caveat]:
    """What the runs say against the forecast at `places`; None is a plain fit, with no origins and no parts."""
    found = []
    if forecaster is not None:
        if not forecaster.errors:
            scales = count_scales(points, np.ones(len(points), dtype=bool))
            found.append(caveat("no-rolling-origin", group, points=len(points), scales=scales))
        found += _instability(forecaster, places, group)
    sizes = np.unique(np.stack([points.runs, points.scale]), axis=1)[0].astype(int)
    repeated = int((np.bincount(sizes) > 1).sum())
    if repeated:
        total = len(np.unique(points.runs))
        found.append(caveat("mid-schedule-points", group, runs=repeated, total=total))
    return found + _rising(points, noise, group)


def pooled_sizes(sizes: int, inputs: Mapping[str, str], group: dict[str, str]) -> list[Caveat]:
    """Whether models of several sizes are taken for one curve along an input that does not contain the size."""
    column = next(iter(inputs.values()))
    if len(inputs) > 1 or column in ("params", "compute") or sizes < 2:
        return []
    return [caveat("pooled-sizes", group, sizes=sizes, column=column)]


def lone_growth(
    ranges: Mapping[str, tuple[float, float]], inputs: Mapping[str, str], group: dict[str, str]
) -> list[Caveat]:
    """Whether compute, along which is forecast, has grown by params alone or by tokens alone."""
    if list(inputs.values()) != ["compute"] or not {"params", "tokens"} <= set(ranges):
        return []
    grown = {role: ranges[role][1] / max(ranges[role][0], 1e-300) for role in ("params", "tokens")}
    still, other = sorted(grown, key=lambda role: grown[role])
    if grown[still] > STILL or grown[other] < MOVED:
        return []
    return [caveat("lone-growth", group, role=other, still=place_name({still: ranges[still][1]}))]


def _instability(forecaster: Forecast, places: Places, group: dict[str, str]) -> list[Caveat]:
    """Whether the forecast depends on where runs of few tokens, or small ones, are cut off."""
    swing = largest_swing(forecaster, places.columns)
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


def _rising(points: Points, noise: float, group: dict[str, str]) -> list[Caveat]:
    """Whether runs that differ in one input alone get worse as it grows."""
    if set(points.columns) != {"params", "tokens"} or len(points) > MOST_POINTS:
        return []
    params, tokens, loss = np.log(points.columns["params"]), np.log(points.columns["tokens"]), np.log(points.observed)
    same = np.abs(params[:, None] - params[None]) < 1e-6
    more = tokens[None] - tokens[:, None] > 1e-6
    pairs = same & more
    if pairs.sum() < FEWEST_PAIRS:
        return []
    share = float((loss[None] - loss[:, None] > RISE * noise)[pairs].mean())
    return [caveat("rising-loss", group, role="tokens", share=share)] if share > OFTEN_RISING else []
