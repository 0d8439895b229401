"""Fits one law to one group of runs, with intervals, checks and caveats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli import jobs
from scaling_cli.arrays import Array, packed
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.ask import Asking, alone
from scaling_cli.fitting.checks.adequacy import misfit_doubts
from scaling_cli.fitting.checks.influence import influence, influence_doubts, outlying_doubts
from scaling_cli.fitting.checks.repeats import by_configuration, err_together, together_doubt
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.identifiability import doubts, examine, require_identified
from scaling_cli.fitting.intervals import Intervals, estimates, intervals_asking
from scaling_cli.fitting.linear import expectations
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum_asking
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.fitting.undetermined import check_size
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import (
    Alternative,
    Estimate,
    FitResult,
    ObjectiveValue,
    Observations,
    Optimum,
    Quality,
    Starts,
)

AUTOMATIC = Objective()
OFTEN_AT_BOUND = 0.05  # share of replicates at a bound above which a percentile interval is visibly cut off


class Settings(Record):
    """How to fit and how to compute intervals, for every group."""

    objective: Objective = AUTOMATIC
    interval: str = "wild"
    level: float = 0.95
    replicates: int = 1000
    seed: int = 0
    needs_interval: bool = False
    spread: bool = False
    expect: Mapping[str, float] = {}
    workers: jobs.Workers = jobs.SERIAL
    on_progress: jobs.Progress | None = None


class Grouped(Record):
    """A group of runs ready to be fitted, with the facts that its result reports.

    Attributes:
        names: The names of the runs, in the problem's order.
        weights: Formula of the points' weights; None if they are equal.
        scale: The size of each point's run `(n,)`.
        compute: The training compute of each point `(n,)`, where known.
        drawn_as: Replaces the group in the seed of the replicates: all groups of a paired design have an equal one.
    """

    problem: Problem
    group: dict[str, str]
    inputs: dict[str, str]
    ranges: dict[str, tuple[float, float]]
    names: tuple[str, ...]
    reason: str | None = None
    weights: str | None = None
    prior: str = "none"
    scale: Array | None = None
    compute: Array | None = None
    drawn_as: dict[str, str] | None = None


def fit(grouped: Grouped, settings: Settings) -> tuple[FitResult, list[Caveat]]:
    """The fit of one group, and its caveats.

    Raises:
        FitError: There are too few points, or they do not determine the parameters.
    """
    return alone(fit_asking(grouped, settings))


def fit_asking(grouped: Grouped, settings: Settings) -> Asking[tuple[FitResult, list[Caveat]]]:
    """`fit`, as work that asks the solver."""
    problem, with_interval = grouped.problem, settings.interval != "none"
    check_size(problem, with_interval=with_interval, needs_interval=settings.needs_interval)
    fitted = yield from optimum_asking(problem, settings.objective)
    facts = examine(fitted)
    unknown = require_identified(fitted, facts)
    caveats = doubts(fitted, facts, grouped.group, grouped.inputs)
    if unknown:
        caveats.append(caveat("parameters-unknown", grouped.group, law=problem.law.name, parameters=", ".join(unknown)))
    ends, found = yield from _intervals(fitted, grouped, settings)
    caveats += found
    caveats += yield from misfit_doubts(fitted, grouped.group)
    if ends.beside:
        caveats.append(caveat("interval-off-estimate", grouped.group, parameters=", ".join(ends.beside)))
    influences = yield from influence(fitted, grouped.names)
    influential = yield from influence_doubts(fitted, influences, grouped.names, grouped.group)
    caveats += influential or outlying_doubts(fitted, grouped.names, grouped.group)
    known = _estimates(fitted, ends, unknown)
    caveats += _floor_doubts(problem, known, grouped.group)
    result = FitResult(
        group=grouped.group,
        runs=problem.run_count,
        points=len(problem.observed),
        law=problem.law.name,
        formula=problem.law.formula,
        inputs=grouped.inputs,
        reason=grouped.reason,
        objective=_objective(fitted, grouped),
        parameters={name: known[name] for name in problem.law.names},
        derived={quantity.name: known[quantity.name] for quantity in problem.law.derived},
        interval=ends.how,
        quality=_quality(fitted),
        starts=_starts(fitted),
        identifiability=facts,
        ranges=grouped.ranges,
        noise=fitted.noise,
        influence=influences,
        spread=_alternatives(fitted) if settings.spread else None,
        draws=_draws(problem, ends),
        observations=_observations(fitted, grouped),
        expected=expectations(fitted, settings.expect, known, settings.level),
    )
    return result, caveats


def _intervals(fitted: Fitted, grouped: Grouped, settings: Settings) -> Asking[tuple[Intervals, list[Caveat]]]:
    """The intervals of a fit, and caveats about how they were drawn."""
    is_matched = grouped.drawn_as is not None
    stream = grouped.group if grouped.drawn_as is None else grouped.drawn_as
    own = group_hash(grouped.group)
    resampling = Resampling(settings.replicates, settings.seed, group_hash(stream), is_matched, own)
    together = err_together(fitted) if settings.interval != "none" else None
    if (
        together is not None
        and not together.is_clear
        and (is_matched or settings.interval in ("t", "wild") or fitted.problem.space == "binomial")
    ):
        # Matched groups must be drawn alike, t intervals are exact for independent points only, the spread of outcomes
        # is known, and wild replicates draw the errors that runs share.
        together = None
    ends = yield from intervals_asking(
        fitted if together is None else by_configuration(fitted, together),
        settings.interval,
        settings.level,
        resampling,
        workers=settings.workers,
        on_progress=settings.on_progress,
    )
    caveats = []
    if together is not None:
        ends = replace(ends, how=replace(ends.how, unit=ends.how.unit and "configuration"))
    if together is not None and together.is_clear:
        is_resampled = ends.how.unit is not None
        runs = fitted.problem.run_count
        caveats.append(together_doubt(together, runs, is_resampled=is_resampled, group=grouped.group))
    return ends, caveats + _replicate_doubts(fitted.problem, ends, settings.replicates, grouped.group)


def _estimates(fitted: Fitted, ends: Intervals, unknown: Sequence[str]) -> dict[str, Estimate]:
    """Parameters and derived quantities with their intervals, which those that are held or `unknown` do not have."""
    quantities = Quantities(fitted.problem)
    values = quantities.of_parameters(fitted.problem.parameters(fitted.theta[None]))[0]
    by_name = estimates(quantities.names, values, ends.low, ends.high)
    derived = [quantity.name for quantity in fitted.problem.law.derived]
    held = [name for name in derived if _is_held(by_name[name])]  # they follow from parameters that are held
    return by_name | {name: Estimate(by_name[name].estimate) for name in (*unknown, *held)}


def _is_held(value: Estimate) -> bool:
    """Whether a quantity is the same in all replicates."""
    known = (value.estimate, value.low, value.high)
    return all(end is not None and math.isclose(end, value.estimate or 0.0, rel_tol=1e-12) for end in known)


def _draws(problem: Problem, ends: Intervals) -> tuple[tuple[float, ...], ...] | None:
    """The parameters of each replicate, where the intervals are made of replicates."""
    if ends.replicates is None:
        return None
    return tuple(map(tuple, problem.parameters(ends.replicates.theta).tolist()))


def _floor_doubts(problem: Problem, known: dict[str, Estimate], group: dict[str, str] | None) -> list[Caveat]:
    """Caveats for floors whose interval reaches down to zero or up to the data."""
    caveats = []
    for parameter in problem.law.parameters:
        value = known[parameter.name]
        if parameter.kind != "floor" or value.estimate is None or value.low is None or value.high is None:
            continue
        above = float(problem.observed.min()) - value.estimate
        if value.low <= 0 or value.high - value.low > above:
            caveats.append(
                caveat(
                    "floor-unknown",
                    group,
                    parameter=parameter.name,
                    low=value.low,
                    high=value.high,
                    place=f"is only {above:.3g} above" if above > 0 else f"lies {-above:.3g} below",
                )
            )
    return caveats


def _alternatives(fitted: Fitted) -> tuple[Alternative, ...]:
    from scaling_cli.fitting.estimators import alternatives

    return alternatives(fitted)


def _replicate_doubts(problem: Problem, made: Intervals, asked: int, group: dict[str, str] | None) -> list[Caveat]:
    caveats = []
    if made.replicates is None:
        names = Quantities(problem).names
        open_ended = np.isnan(made.low) | np.isnan(made.high)
        if made.how.method == "profile" and open_ended.any():
            open_names = ", ".join(name for name, is_open in zip(names, open_ended, strict=True) if is_open)
            caveats.append(caveat("open-interval", group, parameters=open_names))
        return caveats
    if made.replicates.failed:
        caveats.append(caveat("replicates-failed", group, failed=made.replicates.failed, replicates=asked))
    if len(made.replicates.theta):
        at_bound = (made.replicates.theta <= problem.low) | (made.replicates.theta >= problem.high)
        for name, share in zip(problem.law.names, at_bound.mean(axis=0), strict=True):
            if share > OFTEN_AT_BOUND:
                caveats.append(caveat("replicates-at-bound", group, parameter=name, share=float(share)))
    return caveats


def _objective(fitted: Fitted, grouped: Grouped) -> ObjectiveValue:
    delta = fitted.delta if fitted.objective.name == "huber" else None
    return ObjectiveValue(
        fitted.objective.name, fitted.problem.space, delta, fitted.value, grouped.weights, grouped.prior
    )


def _quality(fitted: Fitted) -> Quality:
    if not fitted.has_logs:
        return Quality(rmse_log=np.nan, mape=np.nan, r2_log=None)
    residuals, observed = fitted.log_residuals, fitted.problem.observed
    log_observed = np.log(observed[observed > 0])
    spread = float(np.sum((log_observed - log_observed.mean()) ** 2))
    return Quality(
        rmse_log=float(np.sqrt(np.mean(residuals**2))),
        mape=float(np.mean(np.abs(np.expm1(-residuals)))),
        r2_log=1 - float(np.sum(residuals**2)) / spread if spread > 0 else None,
    )


def _starts(fitted: Fitted) -> Starts:
    names = fitted.problem.law.names
    places = fitted.problem.parameters(fitted.polished.theta)
    optima = tuple(
        Optimum(float(fitted.polished.value[index]), dict(zip(names, places[index].tolist(), strict=True)))
        for index in fitted.rivals
    )
    return Starts(len(fitted.polished.value), fitted.agreeing, optima)


def _observations(fitted: Fitted, grouped: Grouped) -> Observations:
    problem, compute = fitted.problem, grouped.compute
    return Observations(
        inputs={name: packed(values) for name, values in problem.columns.items()},
        observed=packed(problem.observed),
        predicted=packed(problem.predictions(fitted.theta[None])[0]),
        compute=None if compute is None else packed(compute),
        names=tuple(map(grouped.names.__getitem__, problem.runs)),  # a list of the runs would take as much memory
    )
