"""Fits as they are drawn: the points along an axis, and the line of the law through them with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.allocation.costs import Costs, power_of
from scaling_cli.arrays import Array
from scaling_cli.flops import SIX_ND, FlopsRule
from scaling_cli.laws import Law, find_law
from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, FitResult, Observations

POINTS = 64  # along the curve
BAND_DRAWS = 200  # replicates behind a band: enough for the eye
LOWEST = 0.5  # of the least loss seen: plots are of logs, and a law that subtracts may have none
MARGIN = 0.1  # of the range in logs, beyond the data on each side
SPLIT_POINTS = 200  # candidate splits of a budget
SPLIT_SPAN = 1e3  # they reach this factor beyond the params of the data
SAME = 1e-6  # relative: compute this close to 6 * params * tokens was counted so
LEAST_SLOPE = 0.5  # of log FLOPs a token in log params: what else is counted bends them less, so it is noise
AS_GIVEN = FlopsRule("as given", "per_token * tokens")


class Sketch(Record):
    """A fit as it is drawn: `x` of each point along the role `along`, and the law where it is a line there."""

    along: str
    x: tuple[float, ...]
    curve: Curve | None


def sketches(results: Sequence[FitResult], rule: FlopsRule | None = None) -> list[Sketch | None]:
    """Each fit as it is drawn; None where it kept no observations.

    `rule` counts the compute that laws of params and tokens are drawn along: by 6ND as the runs give it. Without a
    rule it is 6 * params * tokens, whatever the runs give.
    """
    return [None if each.observations is None else _sketch(each, each.observations, rule) for each in results]


def drawn_along(result: FitResult) -> str:
    """The role on the x axis: the input of a law of one, compute where params and tokens are inputs."""
    if {"params", "tokens"} <= result.inputs.keys():
        return "compute"
    return next(iter(result.inputs.values()))


def _sketch(result: FitResult, seen: Observations, rule: FlopsRule | None) -> Sketch:
    along = drawn_along(result)
    columns = {name: np.array(values) for name, values in seen.inputs.items()}
    costs = Costs()
    if along != "compute" or len(columns) == 1:
        x = next(iter(columns.values()))
    else:
        given = None if rule is None or seen.compute is None else np.array(seen.compute)
        costs = _costs(columns["params"], columns["tokens"], given, rule)
        x = costs.training(columns["params"], columns["tokens"]) if given is None else given
    return Sketch(along, tuple(x.tolist()), _law_curve(result, seen, x, costs))


def _costs(params: Array, tokens: Array, compute: Array | None, rule: FlopsRule | None) -> Costs:
    """What training costs at any size: by the rule, or by the runs' own compute as a power of params."""
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


def _law_curve(result: FitResult, seen: Observations, x: Array, costs: Costs) -> Curve | None:
    """The fitted law along its input, or along compute at the best split of params and tokens.

    None where the law has other inputs than these.
    """
    law = find_law(result.law, tuple(result.inputs))
    estimates = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    draws = np.array(result.draws[:BAND_DRAWS]) if result.draws else np.empty((0, len(law.names)))
    parameters, grid = np.concatenate([estimates, draws]), _grid(x)
    if len(law.inputs) == 1:
        lines = _losses(law, parameters, {law.inputs[0]: grid})
    elif set(law.inputs) == {"params", "tokens"}:
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


def _grid(values: Array) -> Array:
    low, high = np.log(values.min()), np.log(values.max())
    margin = MARGIN * (high - low)
    return np.exp(np.linspace(low - margin, high + margin, POINTS))


def _losses(law: Law, parameters: Array, columns: Mapping[str, Array]) -> Array:
    return law.evaluate_linear(law.to_coordinates(parameters), law.prepare(columns))[0]


def _best_losses(law: Law, parameters: Array, compute: Array, params: Array, costs: Costs) -> Array:
    """Lowest loss `(replicates, len(compute))` that each budget can buy."""
    sizes = np.geomspace(params.min() / SPLIT_SPAN, params.max() * SPLIT_SPAN, SPLIT_POINTS)
    best = [
        _losses(law, parameters, {"params": sizes, "tokens": costs.tokens(sizes, budget)}).min(axis=1)
        for budget in compute
    ]
    losses: Array = np.stack(best, axis=1)
    return losses
