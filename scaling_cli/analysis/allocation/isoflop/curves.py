"""All IsoFLOP curves of a group of runs, their minima by every profile, and which of them can be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.design import require_minima
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, Budget, find_budgets
from scaling_cli.analysis.allocation.isoflop.fit import (
    UNBRACKETED,
    CurveCheck,
    ExactFit,
    Minima,
    SharedShape,
    check_curves,
    curve_minima,
    fit_exact,
    replicate_data,
    resampling_of,
)
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.fit import Settings
from scaling_cli.options.optimal_allocation import PROFILES
from scaling_cli.record import Record

FEWEST_BUDGETS = 2
FEW = 40  # replicates: enough for a standard error


class Curves(Record):
    """Minima of all budgets: `minima` by the chosen profile with replicates, `estimates` by each profile.

    The estimates by a parabola and a spline have a few replicates, too, which show how much they follow the noise.
    """

    points: AllocationPoints
    budgets: tuple[Budget, ...]
    checks: tuple[CurveCheck, ...]
    refused: tuple[str, ...]
    minima: Minima
    estimates: dict[str, Minima]
    shape: SharedShape | None

    @property
    def rates(self) -> tuple[float, float]:
        """The least and the largest compute per param and token of the runs: 6 for plain transformers."""
        return self.points.rates


def curves_of(points: AllocationPoints, profile: str, settings: Settings, group: int) -> Curves:
    """Minima of the IsoFLOP curves in `points`.

    Raises:
        FitError: Fewer than two budgets show a minimum.
    """
    budgets = find_budgets(points)
    checks = check_curves(points, budgets)
    require_minima(budgets, points, [check.refused for check in checks])
    resampling = resampling_of(settings, group)
    estimates: dict[str, Minima] = {}
    shape: SharedShape | None = None
    exact: ExactFit | None = None
    try:
        exact = _exact(points, budgets, checks, settings)
        theta = exact.replicates(settings, resampling if profile == "exact" else None)
        minima, shape = exact.minima(points, theta)
        estimates["exact"] = _spread_out(minima, exact, budgets)
    except FitError:
        if profile == "exact":
            raise
    few = None if resampling is None else Resampling(min(FEW, resampling.replicates), settings.seed, group)
    for other in PROFILES[1:]:
        data = replicate_data(points, exact, settings, resampling if other == profile else few)
        estimates[other] = curve_minima(other, points, budgets, data)
    chosen = estimates[profile]
    refused = [
        check.refused or ("" if np.isfinite(chosen.log_params[0, i]) else UNBRACKETED) for i, check in enumerate(checks)
    ]
    require_minima(budgets, points, refused)
    return Curves(
        points, tuple(budgets), tuple(checks), tuple(refused), chosen.without([bool(why) for why in refused]),
        {name: minima.without([bool(check.refused) for check in checks]) for name, minima in estimates.items()}, shape,
    )  # fmt: skip


def _exact(
    points: AllocationPoints, budgets: Sequence[Budget], checks: Sequence[CurveCheck], settings: Settings
) -> ExactFit:
    """The exact curve fitted to the budgets that pass their check.

    Budgets whose minimum turns out to lie outside their runs are left out, and the others are fitted again.
    """
    keep = [budget for budget, check in zip(budgets, checks, strict=True) if not check.refused]
    while True:
        exact = fit_exact(points, keep, settings)
        placed = np.isfinite(exact.minima(points, exact.fitted.theta[None])[0].log_params[0])
        if placed.all() or placed.sum() < FEWEST_BUDGETS:
            return exact
        keep = [budget for budget, is_placed in zip(keep, placed, strict=True) if is_placed]


def _spread_out(minima: Minima, exact: ExactFit, budgets: Sequence[Budget]) -> Minima:
    """The minima with a column for every budget, NaN for those that were left out."""
    places = [budgets.index(budget) for budget in exact.budgets]
    columns = {}
    for name in ("log_params", "log_tokens", "loss"):
        columns[name] = np.full((len(minima.log_params), len(budgets)), np.nan)
        columns[name][:, places] = getattr(minima, name)
    return Minima("exact", np.array([budget.log_compute for budget in budgets]), **columns)
