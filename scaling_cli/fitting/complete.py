"""Adds the fixed and tied parameters of a constrained law back to its result."""

from __future__ import annotations

import numpy as np

from scaling_cli.laws.constrained import ConstrainedLaw
from scaling_cli.laws.law import Law
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate, FitResult


def completed(result: FitResult, law: Law) -> FitResult:
    """`result` with all parameters of the law.

    A fixed parameter gets its value without an interval; a tied one gets the estimate of the parameter that it equals.
    """
    if not isinstance(law, ConstrainedLaw):
        return result
    given = {**result.parameters, **{name: Estimate(value) for name, value in law.fixed.items()}}
    sources = [law.ties.get(name, name) for name in law.inner.names]
    draws = result.draws
    if draws is not None:
        columns = dict(zip(law.names, np.array(draws).T, strict=True))
        columns |= {name: np.full(len(draws), value) for name, value in law.fixed.items()}
        draws = tuple(map(tuple, np.stack([columns[name] for name in sources], axis=1).tolist()))
    optima = tuple(replace(optimum, parameters=law.complete(optimum.parameters)) for optimum in result.starts.optima)
    spread = result.spread
    if spread is not None:
        spread = tuple(replace(other, parameters=law.complete(other.parameters)) for other in spread)
    return replace(
        result,
        parameters={name: given[source] for name, source in zip(law.inner.names, sources, strict=True)},
        draws=draws,
        starts=replace(result.starts, optima=optima),
        spread=spread,
    )
