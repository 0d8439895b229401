"""Fits prepared for plots: the points along an axis, and the curve of the fitted law with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.allocation.costs import Costs, power_of
from scaling_cli.arrays import Array
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, SIX_ND, FlopsRule, scale_name
from scaling_cli.laws import Law, find_law
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, FitResult, Observations

POINTS = 64  # along the curve
BAND_DRAWS = 200  # replicates used for a band, enough for a plot
LOWEST = 0.5  # of the lowest loss: curves are cut here, since a law with a minus sign may have no log
MARGIN = 0.1  # of the range in logs, beyond the data on each side
SPLIT_POINTS = 200  # candidate splits of a budget
SPLIT_SPAN = 1e3  # candidates reach this factor beyond the params of the data
SAME = 1e-6  # relative: compute this close to 6 * params * tokens is taken as 6 * params * tokens
LEAST_SLOPE = 0.5  # of log FLOPs per token in log params: a slope further from 1 is taken as noise
ROUGHLY = 0.02  # relative: compute this close to 6 * params * tokens may be drawn as that
RATIOS = (0.1, 0.5, 0.9)  # quantiles of tokens per param at which a law is drawn
AS_GIVEN = FlopsRule("as given", "per_token * tokens")


class Sketch(Record):
    """A fit prepared for a plot: `x` of each point in the role `along`, and the law's curve, if it is a curve there."""

    along: str
    x: tuple[float, ...]
    curve: Curve | None


def sketches(
    results: Sequence[FitResult], rule: FlopsRule | None = None, *, to: float | None = None
) -> list[Sketch | None]:
    """Each fit prepared for a plot; None for a fit without observations.

    `rule` counts the compute along which laws of params and tokens are drawn; under 6ND it is the runs' own compute.
    Without a rule it is 6 * params * tokens, even if the runs have compute of their own. Curves end a little beyond the
    data, or at `to`.
    """
    return [
        None if result.observations is None else _sketch(result, result.observations, rule, to) for result in results
    ]


def ratio_lines(result: FitResult, sketch: Sketch) -> list[tuple[float, Curve]]:
    """Laws of params and tokens along compute at fixed tokens per param: the ratio and the curve of each.

    The ratios are those of the runs: a low, a middle and a high one. None where compute is not 6 * params * tokens.
    """
    seen = result.observations
    law = find_law(result.law, tuple(result.inputs))
    if seen is None or set(law.inputs) != set(SURFACE):
        return []
    params, tokens, x = np.array(seen.inputs["params"]), np.array(seen.inputs["tokens"]), np.array(sketch.x)
    if not np.allclose(x, FLOPS_A_PARAM_AND_TOKEN * params * tokens, rtol=ROUGHLY):
        return []
    estimates = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    grid = _grid(x, None)
    lines = []
    for ratio in np.quantile(tokens / params, RATIOS):
        sizes = np.sqrt(grid / FLOPS_A_PARAM_AND_TOKEN / ratio)
        loss = _losses(law, estimates, {"params": sizes, "tokens": ratio * sizes})[0]
        lines.append((float(ratio), Curve(tuple(grid.tolist()), tuple(loss.tolist()))))
    return lines


def _sketch(result: FitResult, seen: Observations, rule: FlopsRule | None, to: float | None) -> Sketch:
    along = scale_name(result.inputs)
    columns = {name: np.array(values) for name, values in seen.inputs.items()}
    costs = Costs()
    if along != "compute" or len(columns) == 1:
        x = next(iter(columns.values()))
    else:
        given = None if rule is None or seen.compute is None else np.array(seen.compute)
        costs = _costs(columns["params"], columns["tokens"], given, rule)
        x = costs.training(columns["params"], columns["tokens"]) if given is None else given
    return Sketch(along, tuple(x.tolist()), _law_curve(result, seen, x, costs, to))


def _costs(params: Array, tokens: Array, compute: Array | None, rule: FlopsRule | None) -> Costs:
    """The cost of training at any size: by the rule, or by the runs' own compute as a power of params."""
    if compute is None or rule is None:
        return Costs()
    if rule.name != SIX_ND and not rule.extras:
        return Costs(rule)
    per_token = compute / tokens
    if np.allclose(per_token, Costs().per_token(params), rtol=SAME):
        return Costs()
    slope, start = power_of(params, per_token)
    if not LEAST_SLOPE < slope < 1 / LEAST_SLOPE:
        slope, start = 1.0, float(np.log(per_token / params).mean())
    return Costs(AS_GIVEN, {"per_token": (slope, start)})


def _law_curve(result: FitResult, seen: Observations, x: Array, costs: Costs, to: float | None) -> Curve | None:
    """The fitted law along its input, or along compute at the best split of params and tokens.

    None if the law has other inputs.
    """
    law = find_law(result.law, tuple(result.inputs))
    estimates = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    draws = np.array(result.draws[:BAND_DRAWS]) if result.draws else np.empty((0, len(law.names)))
    parameters, grid = np.concatenate([estimates, draws]), _grid(x, to)
    if len(law.inputs) == 1:
        lines = _losses(law, parameters, {law.inputs[0]: grid})
    elif set(law.inputs) == set(SURFACE):
        lines = _best_losses(law, parameters, grid, np.array(seen.inputs["params"]), costs)
    else:
        return None
    observed = np.array(seen.observed)
    lines = np.maximum(lines, LOWEST * observed[observed > 0].min(initial=np.inf))
    if not len(draws):
        return Curve(tuple(grid.tolist()), tuple(lines[0].tolist()))
    level = result.interval.level
    low, high = np.quantile(lines[1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Curve(*(tuple(values.tolist()) for values in (grid, lines[0], low, high)))


def _grid(values: Array, to: float | None) -> Array:
    low, high = np.log(values.min()), np.log(values.max())
    margin = MARGIN * (high - low)
    end = high + margin if to is None else max(float(np.log(to)), high)
    return np.exp(np.linspace(low - margin, end, POINTS))


def _losses(law: Law, parameters: Array, columns: Mapping[str, Array]) -> Array:
    return law.evaluate_linear(law.to_coordinates(parameters), law.prepare(columns))[0]


def _best_losses(law: Law, parameters: Array, compute: Array, params: Array, costs: Costs) -> Array:
    """The lowest loss `(replicates, len(compute))` at each budget."""
    sizes = np.geomspace(params.min() / SPLIT_SPAN, params.max() * SPLIT_SPAN, SPLIT_POINTS)
    best = [
        _losses(law, parameters, {"params": sizes, "tokens": costs.tokens(sizes, budget)}).min(axis=1)
        for budget in compute
    ]
    losses: Array = np.stack(best, axis=1)
    return losses
