"""The tables of the IsoFLOP approach: each budget with its checks, the exponents by every profile, and caveats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.design import mend
from scaling_cli.analysis.allocation.isoflop.curves import Curves
from scaling_cli.analysis.allocation.isoflop.fit import biases
from scaling_cli.analysis.allocation.isoflop.profile import profile_shape
from scaling_cli.analysis.allocation.lines import power_line
from scaling_cli.analysis.allocation.plan import AllocationPlan, estimated
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.numbers.format import flops
from scaling_cli.options.optimal_allocation import PROFILES
from scaling_cli.results.allocation import Drift, IsoFlop, Profile
from scaling_cli.results.fit import Curve

ENOUGH_BUDGETS = 4
ENOUGH_ON_A_SIDE = 2  # sizes
DRIFT_LEVEL = 0.05
DRIFT_BIAS = 0.005  # of the exponent that parabolas give
NOTABLE_BIAS = 0.01  # of best params
LOST_SHARE = 0.05  # of replicates
PROFILE_SWING = 0.05  # between exponents by different profiles
SIGMAS = 2.0  # standard errors of the difference, which noise explains
CURVE_POINTS = 40


def isoflop_tables(curves: Curves, level: float) -> tuple[tuple[IsoFlop, ...], tuple[Profile, ...], Drift | None]:
    """Rows for each budget with its checks, the exponents by each profile, and the drift of the grids."""
    exact = curves.estimates.get("exact")
    biased = (
        biases(curves.points, curves.budgets, exact, curves.shape)
        if exact is not None and curves.shape is not None
        else np.full(len(curves.budgets), np.nan)
    )
    rows = tuple(_isoflop(curves, i, float(biased[i]), level) for i in range(len(curves.budgets)))
    logs = curves.minima.log_compute
    slope = float(power_line(logs, biased[None, :]).exponent[0])
    profiles = []
    for name in PROFILES:
        minima = curves.estimates.get(name)
        if minima is None:
            continue
        usable = int(np.isfinite(minima.log_params[0]).sum())
        params, tokens = (float(line.exponent[0]) for line in (minima.params_line(), minima.tokens_line()))
        bias = {"exact": 0.0, "parabola": slope if np.isfinite(slope) else None}.get(name)
        profiles.append(Profile(name, _known(params), _known(tokens), usable, bias))
    offsets = np.array([np.nan if row.centre_offset is None else row.centre_offset for row in rows])
    return rows, tuple(profiles), _drift(logs / np.log(10), offsets)


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _isoflop(curves: Curves, i: int, bias: float, level: float) -> IsoFlop:
    budget, check = curves.budgets[i], curves.checks[i]
    sizes = curves.points.log_params[budget.index]
    different = np.unique(np.round(sizes, 6))
    place = float(curves.minima.log_params[0, i])
    is_placed = bool(np.isfinite(place))
    minima = curves.minima
    return IsoFlop(
        compute=budget.compute,
        points=len(sizes),
        sizes=len(different),
        params=estimated(np.exp(minima.log_params[:, i]), level),
        tokens=estimated(np.exp(minima.log_tokens[:, i]), level),
        loss=estimated(minima.loss[:, i], level),
        left=int((different < place).sum()) if is_placed else 0,
        right=int((different > place).sum()) if is_placed else 0,
        curvature=_known(check.curvature),
        centre_offset=float((sizes[0] + sizes[-1]) / 2 - place) / float(np.log(10)) if is_placed else None,
        parabola_params=_known(float(np.exp(check.parabola_vertex))),
        parabola_bias=_known(float(np.expm1(bias))),
        refused=curves.refused[i] or None,
        observed=(
            tuple(np.exp(sizes).tolist()),
            tuple(curves.points.loss[budget.index].tolist()),
        ),
        curve=_drawn_curve(curves, i) if is_placed else None,
    )


def _drawn_curve(curves: Curves, i: int) -> Curve | None:
    """The exact curve of one budget over its runs, for plots; None if it has no exact curve."""
    shape, exact = curves.shape, curves.estimates.get("exact")
    if shape is None or exact is None or not np.isfinite(exact.log_params[0, i]):
        return None
    sizes = curves.points.log_params[curves.budgets[i].index]
    grid = np.linspace(sizes[0], sizes[-1], CURVE_POINTS)
    floor = float(shape.floor[0])
    reducible = float(exact.loss[0, i]) - floor
    y = floor + reducible * profile_shape(shape.alpha[0], shape.beta[0], grid - exact.log_params[0, i])
    return Curve(tuple(np.exp(grid).tolist()), tuple(y.tolist()))


def _drift(decades: Array, offsets: Array) -> Drift | None:
    """Slope over log10 compute of the offsets between grid centres and minima, and the p-value of a t test of zero."""
    known = np.isfinite(offsets)
    if known.sum() < 3:
        return None
    from scipy.special import stdtr

    x, y = decades[known] - decades[known].mean(), offsets[known] - offsets[known].mean()
    slope = float((x * y).sum() / (x**2).sum())
    freedom = int(known.sum()) - 2
    error = float(np.sqrt(((y - slope * x) ** 2).sum() / freedom / (x**2).sum()))
    # If offsets lie on a line exactly, rounding is their only error, and there is nothing to test.
    is_measurable = error > 1e-12
    return Drift(slope, float(2 * stdtr(freedom, -abs(slope) / error)) if is_measurable else None)


def isoflop_doubts(curves: Curves, plan: AllocationPlan, group: dict[str, str] | None) -> list[Caveat]:
    """The caveats of the IsoFLOP curves."""
    rows, profiles, drift = isoflop_tables(curves, plan.level)
    caveats = _refusals(curves, group) + _thin_sides(rows, group)
    usable = sum(row.refused is None for row in rows)
    if usable < ENOUGH_BUDGETS:
        caveats.append(caveat("few-budgets", group, budgets=usable))
    by_name = {profile.profile: profile for profile in profiles}
    bias = by_name["parabola"].bias
    is_drifting = drift is not None and drift.p_value is not None and drift.p_value < DRIFT_LEVEL
    if is_drifting and drift is not None and bias is not None and abs(bias) > DRIFT_BIAS:
        caveats.append(caveat("drifting-grid", group, slope=drift.slope, bias=bias))
    errors = [row.parabola_bias for row in rows if row.parabola_bias is not None and row.refused is None]
    if plan.profile == "parabola" and errors and max(map(abs, errors)) > NOTABLE_BIAS:
        caveats.append(caveat("parabola-bias", group, low=min(errors), high=max(errors)))
    return caveats + _differing(curves, profiles, group) + _lost(curves, group)


def _differing(curves: Curves, profiles: Sequence[Profile], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat if exponents by different profiles differ by more than noise explains, as far as that is known."""
    named = {profile.profile: profile.params_exponent for profile in profiles if profile.params_exponent is not None}
    if not named:
        return []
    lowest, highest = min(named, key=named.__getitem__), max(named, key=named.__getitem__)
    swing, noise = named[highest] - named[lowest], float(np.hypot(_noise(curves, lowest), _noise(curves, highest)))
    if swing <= max(PROFILE_SWING, SIGMAS * noise):
        return []
    return [
        caveat("profiles-differ", group, low=named[lowest], high=named[highest], lowest=lowest, highest=highest)
    ]  # fmt: skip


def _noise(curves: Curves, profile: str) -> float:
    """The standard error of the params exponent by a profile; 0 if there are no replicates to tell."""
    minima = curves.minima if curves.minima.profile == profile else curves.estimates[profile]
    drawn = minima.params_line().exponent[1:]
    drawn = drawn[np.isfinite(drawn)]
    return float(np.std(drawn, ddof=1)) if len(drawn) > 1 else 0.0


def _refusals(curves: Curves, group: dict[str, str] | None) -> list[Caveat]:
    refused = [(budget, why) for budget, why in zip(curves.budgets, curves.refused, strict=True) if why]
    if not refused:
        return []
    return [
        caveat(
            "budgets-refused", group, refused=len(refused), total=len(curves.budgets),
            reasons="; ".join(f"{flops(budget.compute)} FLOPs {why}" for budget, why in refused),
            runs="; ".join(mend(budget, curves.points) for budget, _ in refused),
        )
    ]  # fmt: skip


def _thin_sides(rows: Sequence[IsoFlop], group: dict[str, str] | None) -> list[Caveat]:
    caveats = []
    for side, wanted in (("left", "fewer"), ("right", "more")):
        thin = [row for row in rows if row.refused is None and getattr(row, side) < ENOUGH_ON_A_SIDE]
        if thin:
            thin_budgets = ", ".join(flops(row.compute) for row in thin)
            caveats.append(caveat("thin-side", group, budgets=thin_budgets, side=wanted))
    return caveats


def _lost(curves: Curves, group: dict[str, str] | None) -> list[Caveat]:
    """A caveat for each budget that has no minimum in many replicates."""
    replicates = curves.minima.log_params[1:]
    if not len(replicates):
        return []
    shares = np.isnan(replicates).mean(axis=0)
    return [
        caveat("replicates-lost", group, share=float(share), compute=flops(budget.compute))
        for budget, share, why in zip(curves.budgets, shares, curves.refused, strict=True)
        if share > LOST_SHARE and not why
    ]
