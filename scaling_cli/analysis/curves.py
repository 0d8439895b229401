"""The line that a law draws through its data, with its band, for plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.fitting.result import Curve, FitResult
from scaling_cli.laws import Array, Law, find_law

POINTS = 64  # along the curve
BAND_DRAWS = 200  # replicates behind a band: enough for the eye
LOWEST = 0.5  # of the least loss seen: plots are of logs, and a law that subtracts may have none
MARGIN = 0.1  # of the range in logs, beyond the data on each side
SPLIT_POINTS = 200  # candidate splits of a budget
SPLIT_SPAN = 1e3  # they reach this factor beyond the params of the data
FLOPS_A_PARAM_AND_TOKEN = 6.0  # Kaplan et al. 2020, arXiv:2001.08361, section 2.1


def law_curve(result: FitResult) -> Curve | None:
    """The fitted law along its input, or along compute at the best split of params and tokens.

    None where the fit kept no observations, or where the law has other inputs than these.
    """
    if result.observations is None:
        return None
    law = find_law(result.law, tuple(result.inputs))
    columns = {name: np.array(values) for name, values in result.observations.inputs.items()}
    estimates = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    draws = np.array(result.draws[:BAND_DRAWS]) if result.draws else np.empty((0, len(law.names)))
    if len(law.inputs) == 1:
        x = _grid(columns[law.inputs[0]])
        lines = _losses(law, np.concatenate([estimates, draws]), {law.inputs[0]: x})
    elif set(law.inputs) == {"params", "tokens"}:
        x = _grid(FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"])
        lines = _best_losses(law, np.concatenate([estimates, draws]), x, columns["params"])
    else:
        return None
    seen = np.array(result.observations.observed)
    lines = np.maximum(lines, LOWEST * seen[seen > 0].min(initial=np.inf))
    if not len(draws):
        return Curve(tuple(x.tolist()), tuple(lines[0].tolist()))
    level = result.interval.level
    low, high = np.quantile(lines[1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Curve(*(tuple(values.tolist()) for values in (x, lines[0], low, high)))


def law_curves(results: Sequence[FitResult]) -> list[Curve | None]:
    """The curve of each result."""
    return [law_curve(result) for result in results]


def _grid(values: Array) -> Array:
    low, high = np.log(values.min()), np.log(values.max())
    margin = MARGIN * (high - low)
    return np.exp(np.linspace(low - margin, high + margin, POINTS))


def _losses(law: Law, parameters: Array, columns: Mapping[str, Array]) -> Array:
    return law.evaluate_linear(law.to_coordinates(parameters), law.prepare(columns))[0]


def _best_losses(law: Law, parameters: Array, compute: Array, params: Array) -> Array:
    """Lowest loss `(replicates, len(compute))` that each budget can buy."""
    sizes = np.geomspace(params.min() / SPLIT_SPAN, params.max() * SPLIT_SPAN, SPLIT_POINTS)
    best = [
        _losses(law, parameters, {"params": sizes, "tokens": budget / (FLOPS_A_PARAM_AND_TOKEN * sizes)}).min(axis=1)
        for budget in compute
    ]
    losses: Array = np.stack(best, axis=1)
    return losses
