"""What IsoFLOP curves answer: each budget's minimum with its checks, lines through the minima, and splits from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scaling_cli.analysis.allocation_design import mend, require_minima
from scaling_cli.analysis.allocation_lines import LossLine, PowerLine, loss_line, power_line
from scaling_cli.analysis.allocation_plan import WASTES, Answer, Plan, estimated, log_correlation
from scaling_cli.analysis.allocation_result import PROFILES, Allocation, Drift, IsoFlop, Profile
from scaling_cli.analysis.isoflop import (
    UNBRACKETED,
    Exact,
    Minima,
    Shape,
    Verdict,
    biases,
    curve_minima,
    fit_exact,
    redraw,
    resampling_of,
    verdicts,
)
from scaling_cli.analysis.isoflop_budgets import Budget, Points, find_budgets
from scaling_cli.analysis.isoflop_profile import profile_shape
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.quantities import flops
from scaling_cli.errors import FitError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.result import Curve
from scaling_cli.laws import Array

FEWEST_BUDGETS, ENOUGH_BUDGETS = 2, 4
ENOUGH_ON_A_SIDE = 2  # sizes
DRIFT_LEVEL = 0.05
NOTABLE_BIAS = 0.01  # of best params
LOST_SHARE = 0.05  # of replicates
PROFILE_SWING = 0.05  # between exponents by different profiles
CURVE_POINTS = 40
FRONTIER_POINTS = 40


@dataclass(frozen=True, slots=True)
class Curves:
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


def isoflop_answer(curves: Curves, plan: Plan, largest: float, group: dict[str, str] | None) -> Answer:
    """Splits of the plan's budgets along the lines through the minima."""
    minima = curves.minima
    params, tokens = minima.params_line(), minima.tokens_line()
    losses = loss_line(minima.log_compute, minima.loss)
    waste = None if curves.shape is None else _waste_factors(curves.shape)
    allocations = tuple(
        line_allocation("isoflop", plan, compute, params, tokens, losses, waste, compute / largest)
        for compute in plan.budgets
    )
    ends = np.exp([curves.budgets[0].log_compute, curves.budgets[-1].log_compute])
    return Answer(
        allocations=allocations,
        exponents={"params": estimated(params.exponent, plan.level), "tokens": estimated(tokens.exponent, plan.level)},
        frontier=line_curve(params, [*plan.budgets, *ends.tolist()], plan.level),
        caveats=tuple(_doubts(curves, plan, group)),
    )


def line_allocation(
    approach: str,
    plan: Plan,
    compute: float,
    params_line: PowerLine,
    tokens_line: PowerLine,
    losses: LossLine | None,
    waste: dict[str, tuple[float, float]] | None,
    reach: float,
) -> Allocation:
    """The split of one budget along power laws of compute."""
    params, tokens = params_line.at(compute), tokens_line.at(compute)
    loss = np.full(len(params), np.nan) if losses is None else losses.at(compute)
    best = float(params[0])
    return Allocation(
        approach=approach,
        compute=compute,
        params=estimated(params, plan.level),
        tokens=estimated(tokens, plan.level),
        tokens_per_param=estimated(tokens / params, plan.level),
        loss=estimated(loss, plan.level),
        params_within_waste=None
        if waste is None
        else {share: (best * low, best * high) for share, (low, high) in waste.items()},
        training_compute=compute,
        reach=reach,
        log_correlation=log_correlation(params, tokens),
        bill=plan.hardware.bill(compute) if plan.hardware else None,
    )


def line_curve(line: PowerLine, budgets: Sequence[float], level: float) -> Curve:
    """Best params over compute, with their band, for drawing."""
    grid = np.geomspace(min(budgets), max(budgets), FRONTIER_POINTS)
    ends = [estimated(line.at(compute), level) for compute in grid]
    y = tuple(each.estimate or 0.0 for each in ends)
    if ends[0].low is None or ends[0].high is None:
        return Curve(tuple(grid.tolist()), y)
    return Curve(
        tuple(grid.tolist()), y, tuple(each.low or 0.0 for each in ends), tuple(each.high or 0.0 for each in ends)
    )


def _waste_factors(shape: Shape) -> dict[str, tuple[float, float]]:
    """Factors on best params between which no more than a share of compute is wasted: the same at every budget."""
    alpha, beta = float(shape.alpha[0]), float(shape.beta[0])
    gamma = alpha * beta / (alpha + beta)
    # Fine enough that linear interpolation of the crossing is good to six digits.
    offsets = np.linspace(0.0, 20.0, 200_001)
    found = {}
    for waste in WASTES:
        ceiling = (1 - waste) ** -gamma
        low, high = (
            float(np.interp(ceiling, profile_shape(alpha, beta, sign * offsets), offsets)) for sign in (-1.0, 1.0)
        )
        found[f"{waste:.2f}"] = (float(np.exp(-low)), float(np.exp(high)))
    return found


def isoflop_tables(curves: Curves, level: float) -> tuple[tuple[IsoFlop, ...], tuple[Profile, ...], Drift | None]:
    """Each budget with its checks, the exponents by each profile, and the drift of the grids."""
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
    budget, verdict = curves.budgets[i], curves.verdicts[i]
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
        curvature=_known(verdict.curvature),
        centre_offset=float((sizes[0] + sizes[-1]) / 2 - place) / float(np.log(10)) if is_placed else None,
        parabola_params=_known(float(np.exp(verdict.parabola_vertex))),
        parabola_bias=_known(float(np.expm1(bias))),
        refused=curves.refused[i] or None,
        observed=(
            tuple(np.exp(sizes).tolist()),
            tuple(curves.points.loss[budget.index].tolist()),
        ),
        curve=_drawn_curve(curves, i) if is_placed else None,
    )


def _drawn_curve(curves: Curves, i: int) -> Curve | None:
    """The exact curve of one budget over its runs; other profiles show their minimum alone."""
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
    """Slope of the centres' offsets over log10 compute, with the p-value of a t test against none."""
    known = np.isfinite(offsets)
    if known.sum() < 3:
        return None
    from scipy.special import stdtr

    x, y = decades[known] - decades[known].mean(), offsets[known] - offsets[known].mean()
    slope = float((x * y).sum() / (x**2).sum())
    freedom = int(known.sum()) - 2
    error = float(np.sqrt(((y - slope * x) ** 2).sum() / freedom / (x**2).sum()))
    # Offsets of an exactly drifting grid leave rounding as their only error.
    is_measurable = error > 1e-12
    return Drift(slope, float(2 * stdtr(freedom, -abs(slope) / error)) if is_measurable else None)


def _doubts(curves: Curves, plan: Plan, group: dict[str, str] | None) -> list[Caveat]:
    rows, profiles, drift = isoflop_tables(curves, plan.level)
    found = _refusals(curves, group) + _thin_sides(rows, group)
    usable = sum(row.refused is None for row in rows)
    if usable < ENOUGH_BUDGETS:
        found.append(caveat("few-budgets", group, budgets=usable))
    by_name = {each.profile: each for each in profiles}
    bias = by_name["parabola"].bias
    is_drifting = drift is not None and drift.p_value is not None and drift.p_value < DRIFT_LEVEL
    if is_drifting and drift is not None and bias is not None and abs(bias) > PROFILE_SWING / 10:
        found.append(caveat("drifting-grid", group, slope=drift.slope, bias=bias))
    errors = [row.parabola_bias for row in rows if row.parabola_bias is not None and row.refused is None]
    if plan.profile == "parabola" and errors and max(map(abs, errors)) > NOTABLE_BIAS:
        found.append(caveat("parabola-bias", group, low=min(errors), high=max(errors)))
    named = {each.profile: each.params_exponent for each in profiles if each.params_exponent is not None}
    if named and max(named.values()) - min(named.values()) > PROFILE_SWING:
        lowest, highest = min(named, key=named.__getitem__), max(named, key=named.__getitem__)
        found.append(
            caveat(
                "profiles-differ", group, low=named[lowest], high=named[highest], lowest=lowest, highest=highest
            )
        )  # fmt: skip
    return found + _lost(curves, group)


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
    found = []
    for side, wanted in (("left", "fewer"), ("right", "more")):
        thin = [row for row in rows if row.refused is None and getattr(row, side) < ENOUGH_ON_A_SIDE]
        if thin:
            told = ", ".join(flops(row.compute) for row in thin)
            found.append(caveat("thin-side", group, budgets=told, side=wanted))
    return found


def _lost(curves: Curves, group: dict[str, str] | None) -> list[Caveat]:
    """A caveat for each budget whose minimum many replicates could not place."""
    replicates = curves.minima.log_params[1:]
    if not len(replicates):
        return []
    shares = np.isnan(replicates).mean(axis=0)
    return [
        caveat("replicates-lost", group, share=float(share), compute=flops(budget.compute))
        for budget, share, why in zip(curves.budgets, shares, curves.refused, strict=True)
        if share > LOST_SHARE and not why
    ]
