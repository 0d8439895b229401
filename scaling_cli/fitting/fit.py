"""Fit one law to one group of runs, and say what the answer is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_cli import jobs
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.fitting.identifiability import check_size, doubts, examine, require_identified
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.result import (
    Estimate,
    FitResult,
    IntervalMethod,
    ObjectiveValue,
    Observations,
    Optimum,
    Quality,
    Starts,
)
from scaling_cli.fitting.uncertainty import Replicates, Resampling, bootstrap, group_hash
from scaling_cli.laws import Array, Derived

AUTOMATIC = Objective()
INTERVALS = ("bootstrap", "none")
OFTEN_AT_BOUND = 0.05  # share of replicates from which a percentile interval is visibly cut off


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit: the same for every group."""

    objective: Objective = AUTOMATIC
    interval: str = "bootstrap"
    level: float = 0.95
    replicates: int = 1000
    seed: int = 0
    workers: jobs.Workers = jobs.SERIAL
    on_progress: jobs.Progress | None = None

    def __post_init__(self) -> None:
        if self.interval not in INTERVALS:
            raise UsageError(f"No interval is called {self.interval!r}.", hint=f"Choose one of {', '.join(INTERVALS)}.")
        if not 0 < self.level < 1:
            raise UsageError(f"The level is {self.level:g}.", hint="Give a share between 0 and 1, such as 0.95.")
        if self.replicates < 20 and self.interval != "none":
            raise UsageError(
                f"{self.replicates} replicates make no interval.",
                hint="Ask for 1000, or for --interval none.",
            )
        if self.seed < 0:
            raise UsageError(f"The seed is {self.seed}.", hint="Give a whole number from 0.")


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group of runs ready to be fitted, with what the result repeats of it.

    `weights` is the formula of the points' weights, None where they are equal.
    """

    problem: Problem
    group: dict[str, str]
    inputs: dict[str, str]
    ranges: dict[str, tuple[float, float]]
    reason: str | None = None
    weights: str | None = None
    prior: str = "none"


def fit(grouped: Grouped, settings: Settings) -> tuple[FitResult, list[Caveat]]:
    """The fit of one group, and what to be told about it.

    Raises:
        FitError: The data are too few, or do not determine the parameters.
    """
    problem = grouped.problem
    check_size(problem, with_interval=settings.interval != "none")
    fitted = optimum(problem, settings.objective)
    facts = examine(fitted)
    require_identified(fitted, facts)
    caveats = doubts(fitted, facts, grouped.group or None)
    replicates = None
    if settings.interval == "bootstrap":
        resampling = Resampling(settings.replicates, settings.seed, group_hash(grouped.group))
        replicates = bootstrap(fitted, resampling, workers=settings.workers, on_progress=settings.on_progress)
        caveats += _replicate_doubts(problem, replicates, settings.replicates, grouped.group or None)
    draws = None if replicates is None else problem.parameters(replicates.theta)
    result = FitResult(
        group=grouped.group,
        runs=problem.run_count,
        points=len(problem.observed),
        law=problem.law.name,
        formula=problem.law.formula,
        inputs=grouped.inputs,
        reason=grouped.reason,
        objective=_objective(fitted, grouped),
        parameters=_estimates(problem.parameters(fitted.theta[None])[0], draws, problem.law.names, settings.level),
        derived=_derived(fitted, draws, settings.level),
        interval=_interval(settings, replicates),
        quality=_quality(fitted),
        starts=_starts(fitted),
        identifiability=facts,
        ranges=grouped.ranges,
        noise=fitted.noise,
        draws=None if draws is None else tuple(map(tuple, draws.tolist())),
        observations=_observations(fitted),
    )
    return result, caveats


def _estimates(values: Array, draws: Array | None, names: tuple[str, ...], level: float) -> dict[str, Estimate]:
    """Each name's value with the percentile interval of its draws `(replicates, len(names))`."""
    if draws is None or not len(draws):
        return {name: Estimate(float(value)) for name, value in zip(names, values, strict=True)}
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Estimate(float(value), float(left), float(right))
        for name, value, left, right in zip(names, values, low, high, strict=True)
    }


def _derived(fitted: Fitted, draws: Array | None, level: float) -> dict[str, Estimate]:
    law = fitted.problem.law
    values = _derive(law.derived, law.names, fitted.problem.parameters(fitted.theta[None]))
    derived_draws = None if draws is None else _derive(law.derived, law.names, draws)
    return _estimates(values[0], derived_draws, tuple(quantity.name for quantity in law.derived), level)


def _derive(derived: tuple[Derived, ...], names: tuple[str, ...], parameters: Array) -> Array:
    by_name = dict(zip(names, parameters.T, strict=True))
    columns = [quantity.compute(by_name) for quantity in derived]
    return np.stack(columns, axis=1) if columns else np.empty((len(parameters), 0))


def _replicate_doubts(
    problem: Problem, replicates: Replicates, asked: int, group: dict[str, str] | None
) -> list[Caveat]:
    found = []
    if replicates.failed:
        found.append(caveat("replicates-failed", group, failed=replicates.failed, replicates=asked))
    if len(replicates.theta):
        at_bound = (replicates.theta <= problem.low) | (replicates.theta >= problem.high)
        for name, share in zip(problem.law.names, at_bound.mean(axis=0), strict=True):
            if share > OFTEN_AT_BOUND:
                found.append(caveat("replicates-at-bound", group, parameter=name, share=float(share)))
    return found


def _objective(fitted: Fitted, grouped: Grouped) -> ObjectiveValue:
    delta = fitted.delta if fitted.objective.name == "huber" else None
    return ObjectiveValue(
        fitted.objective.name, fitted.problem.space, delta, fitted.value, grouped.weights, grouped.prior
    )


def _interval(settings: Settings, replicates: Replicates | None) -> IntervalMethod:
    if replicates is None:
        return IntervalMethod("none", settings.level, 0, None)
    return IntervalMethod(settings.interval, settings.level, len(replicates.theta), "run", failed=replicates.failed)


def _quality(fitted: Fitted) -> Quality:
    residuals = fitted.log_residuals
    log_observed = np.log(fitted.problem.observed)
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


def _observations(fitted: Fitted) -> Observations:
    problem = fitted.problem
    return Observations(
        inputs={name: tuple(values.tolist()) for name, values in problem.columns.items()},
        observed=tuple(problem.observed.tolist()),
        predicted=tuple(np.exp(problem.log_predictions(fitted.theta[None])[0]).tolist()),
    )
