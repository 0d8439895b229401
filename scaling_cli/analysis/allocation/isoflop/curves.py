"""All IsoFLOP curves of a group of runs, their minima by every profile, and which of them may be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.design import require_minima
from scaling_cli.analysis.allocation.isoflop.budgets import Budget, Points, find_budgets
from scaling_cli.analysis.allocation.isoflop.fit import (
    UNBRACKETED,
    Exact,
    Minima,
    Shape,
    Verdict,
    curve_minima,
    fit_exact,
    redraw,
    resampling_of,
    verdicts,
)
from scaling_cli.errors import FitError
from scaling_cli.fitting.fit import Settings
from scaling_cli.record import Record
from scaling_cli.results.allocation import PROFILES

FEWEST_BUDGETS = 2


class Curves(Record):
    """All profiles of all budgets: `minima` of the chosen one has replicates, `estimates` of each has none."""

    points: Points
    budgets: tuple[Budget, ...]
    verdicts: tuple[Verdict, ...]
    refused: tuple[str, ...]
    minima: Minima
    estimates: dict[str, Minima]
    shape: Shape | None


def curves_of(points: Points, profile: str, settings: Settings, group: int) -> Curves:
    """Minima of the IsoFLOP curves in `points`.

    Raises:
        FitError: Fewer than two budgets show a minimum.
    """
    budgets = find_budgets(points)
    said = verdicts(points, budgets)
    require_minima(budgets, points, [each.refused for each in said])
    resampling = resampling_of(settings, group)
    estimates: dict[str, Minima] = {}
    shape: Shape | None = None
    exact: Exact | None = None
    try:
        exact = _exact(points, budgets, said, settings)
        theta = exact.replicates(settings, resampling if profile == "exact" else None)
        minima, shape = exact.minima(points, theta)
        estimates["exact"] = _spread_out(minima, exact, budgets)
    except FitError:
        if profile == "exact":
            raise
    for other in PROFILES[1:]:
        data = redraw(points, exact, settings, resampling if other == profile else None)
        estimates[other] = curve_minima(other, points, budgets, data)
    chosen = estimates[profile]
    refused = [
        each.refused or ("" if np.isfinite(chosen.log_params[0, i]) else UNBRACKETED) for i, each in enumerate(said)
    ]
    require_minima(budgets, points, refused)
    return Curves(
        points, tuple(budgets), tuple(said), tuple(refused), chosen.without([bool(why) for why in refused]),
        {name: each.without([bool(why.refused) for why in said]) for name, each in estimates.items()}, shape,
    )  # fmt: skip


def _exact(points: Points, budgets: Sequence[Budget], said: Sequence[Verdict], settings: Settings) -> Exact:
    """The exact curve on the budgets that curve the right way.

    Budgets whose minimum proves to lie outside their runs are left out, and the others fitted again.
    """
    keep = [budget for budget, verdict in zip(budgets, said, strict=True) if not verdict.refused]
    while True:
        exact = fit_exact(points, keep, settings)
        placed = np.isfinite(exact.minima(points, exact.fitted.theta[None])[0].log_params[0])
        if placed.all() or placed.sum() < FEWEST_BUDGETS:
            return exact
        keep = [budget for budget, is_placed in zip(keep, placed, strict=True) if is_placed]


def _spread_out(minima: Minima, exact: Exact, budgets: Sequence[Budget]) -> Minima:
    """The same minima with a column for every budget, NaN for those left out."""
    places = [budgets.index(budget) for budget in exact.budgets]
    columns = {}
    for name in ("log_params", "log_tokens", "loss"):
        columns[name] = np.full((len(minima.log_params), len(budgets)), np.nan)
        columns[name][:, places] = getattr(minima, name)
    return Minima("exact", np.array([each.log_compute for each in budgets]), **columns)
