"""The result of `scaling optimal-allocation` for one group of runs or one saved fit, by each approach asked for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.along_lines import counting_doubts
from scaling_cli.analysis.allocation.design import require_both_sides, require_spread
from scaling_cli.analysis.allocation.embedding_gap import explain_gap
from scaling_cli.analysis.allocation.envelope import Frontier, envelope, envelope_answer
from scaling_cli.analysis.allocation.evidence import AllocationData, fitted_law
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.isoflop.answer import isoflop_answer
from scaling_cli.analysis.allocation.isoflop.curves import Curves, curves_of
from scaling_cli.analysis.allocation.isoflop.fit import resampling_of
from scaling_cli.analysis.allocation.isoflop.tables import isoflop_tables
from scaling_cli.analysis.allocation.parametric import parametric
from scaling_cli.analysis.allocation.plan import FAR, AllocationPlan, ApproachAnswer
from scaling_cli.analysis.allocation.stability import cutoffs, stability_doubts
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks.adequacy import misfit_doubts
from scaling_cli.fitting.checks.influence import outlying_doubts
from scaling_cli.fitting.checks.repeats import err_together, together_doubt
from scaling_cli.fitting.complete import completed
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.flops import SIX_ND
from scaling_cli.numbers.format import flops
from scaling_cli.options.optimal_allocation import APPROACHES
from scaling_cli.record import State, replace
from scaling_cli.results.allocation import (
    Agreement,
    Allocation,
    AllocationResult,
    Estimator,
    Gap,
)
from scaling_cli.results.fit import FitResult, IntervalMethod

ESTIMATORS = (Objective(), Objective("huber", 1e-3), Objective("lad"), Objective("least-squares"))


class _Answers(State):
    """The data, whose runs an approach may find to err together, and the answers of the approaches so far."""

    data: AllocationData
    answers: dict[str, ApproachAnswer]
    caveats: list[Caveat]
    fit: FitResult | None = None
    curves: Curves | None = None
    frontier: Frontier | None = None


def allocate(
    data: AllocationData, plan: AllocationPlan, settings: Settings, *, with_gap: bool = False
) -> tuple[AllocationResult, list[Caveat]]:
    """Splits of the plan's budgets, from runs.

    Raises:
        FitError: No approach asked for can be used with these runs; the hint names the runs to add.
    """
    group = data.grouped.group
    plan.refuse_units(data.grouped.ranges)
    asked = APPROACHES if plan.approach == "all" else (plan.approach,)
    doubts = list(data.doubts)
    if "parametric" not in asked:
        data, found = _checked(data, settings)
        doubts += found
    collected = _Answers(data, {}, doubts)
    refusals: list[ScalingError] = []
    for approach in asked:
        try:
            _answer(approach, plan, settings, collected)
        except FitError as error:
            refusals.append(error)
            collected.caveats.append(
                caveat("approach-skipped", group, approach=approach, reason=error.message, hint=error.hint)
            )
    if not collected.answers:
        refusals[0].caveats = [found for found in collected.caveats if found.code != "approach-skipped"]
        raise refusals[0]
    rows = [row for answer in collected.answers.values() for row in answer.allocations]
    collected.caveats += small_budgets(rows, float(np.exp(data.points.log_compute.min())), group)
    steps = cutoffs(data, collected.answers, plan, settings)
    collected.caveats += stability_doubts(steps, collected.answers, group)
    result = _result(data, plan, settings, collected, with_gap=with_gap)
    agreement = _agreement(result.allocations)
    collected.caveats += [
        caveat("approaches-disagree", group, compute=flops(agreed.compute), ratio=agreed.params_ratio)
        for agreed in agreement
        if agreed.intervals_overlap is False
    ]
    estimators = _estimators(data, plan) if plan.approach == "all" and collected.fit is not None else ()
    return replace(result, agreement=agreement, cutoffs=steps, estimators=estimators), collected.caveats


def small_budgets(rows: Sequence[Allocation], smallest: float, group: dict[str, str] | None) -> list[Caveat]:
    """A caveat on the budget that lies furthest below the `smallest` run, if one lies far below it."""
    budgets = [row.training_compute or row.compute for row in rows]
    least = min((budget for budget in budgets if budget), default=smallest)
    if not least * FAR < smallest < np.inf:
        return []
    return [caveat("small-budget", group, compute=flops(least), times=smallest / least)]


def _checked(data: AllocationData, settings: Settings) -> tuple[AllocationData, list[Caveat]]:
    """What `fit` finds out about the points, where no fit splits budgets: misfit, and runs that err together.

    Configurations then take the place of runs in all approaches.
    """
    grouped = data.grouped
    try:
        fitted = optimum(grouped.problem, settings.objective)
    except FitError:
        return data, []
    found = [*alone(misfit_doubts(fitted, grouped.group)), *outlying_doubts(fitted, grouped.names, grouped.group)]
    together = err_together(fitted) if settings.interval != "none" else None
    if together is None:
        return data, found
    if together.is_clear:
        count = grouped.problem.run_count
        found.append(together_doubt(together, count, is_resampled=True, group=grouped.group))
    return data.by_configuration(), found


def allocate_saved(
    fitted: FittedLaw, group: dict[str, str], interval: IntervalMethod, plan: AllocationPlan, *, with_gap: bool
) -> tuple[AllocationResult, list[Caveat]]:
    """Splits of the plan's budgets, by a saved fit."""
    plan.refuse_units(fitted.ranges)
    answer = parametric(fitted, plan, group)
    caveats = list(answer.caveats)
    if "compute" in fitted.ranges:
        caveats += small_budgets(answer.allocations, fitted.ranges["compute"][0], group)
    if len(fitted.parameters) == 1:
        caveats.append(caveat("no-draws", group))
    result = AllocationResult(
        group=group,
        runs=None,
        points=None,
        law=fitted.law.name,
        formula=fitted.law.formula,
        flops_rule=plan.costs.rule.formula,
        exponents={"parametric": answer.exponents},
        allocations=answer.allocations,
        interval=interval,
        gap=_gap(fitted) if with_gap else (),
        ranges=dict(fitted.ranges),
        held=dict(plan.held),
        cost=plan.hardware.note if plan.hardware else "",
        frontiers={} if answer.frontier is None else {"parametric": answer.frontier},
    )
    return result, caveats


def _answer(approach: str, plan: AllocationPlan, settings: Settings, collected: _Answers) -> None:
    """Add the answer of one approach to `collected`."""
    data = collected.data
    group, largest = data.grouped.group, data.largest
    if approach == "parametric":
        require_spread(data.points)
        result, caveats = fit(data.grouped, settings)
        collected.caveats += caveats
        if result.interval.unit == "configuration" or any(found.code == "runs-err-together" for found in caveats):
            collected.data = data.by_configuration()
        collected.fit = completed(result, data.grouped.problem.law)
        fitted = fitted_law(collected.fit)
        if fitted.chinchilla is not None:
            require_both_sides(data.points, fitted.chinchilla)
        followers, more = _followers(data, settings)
        answer = parametric(replace(fitted, followers=followers), plan, group)
        counting = counting_doubts(answer.allocations, data.points, group) if plan.costs.rule.name == SIX_ND else []
        collected.caveats += [*more, *counting]
    elif approach == "isoflop":
        collected.curves = curves_of(data.points, plan.profile, settings, group_hash(group))
        answer = isoflop_answer(collected.curves, plan, largest, group)
    else:
        if data.curves is None:
            raise FitError(
                "Every run has one row, so there are no training curves for an envelope.",
                hint="Give a log of the loss during training: one row per checkpoint, with its run and tokens.",
            )
        collected.frontier = envelope(data.curves, resampling_of(settings, group_hash(group)))
        answer = envelope_answer(collected.frontier, plan, largest, group)
    collected.answers[approach] = answer
    collected.caveats += answer.caveats


def _followers(data: AllocationData, settings: Settings) -> tuple[dict[str, FittedLaw], list[Caveat]]:
    """The fits of the laws that give further inputs their values."""
    found, caveats = {}, []
    for name, grouped in data.followers.items():
        result, doubts = fit(grouped, settings)
        found[name] = fitted_law(result)
        caveats += doubts
    return found, caveats


def _result(
    data: AllocationData, plan: AllocationPlan, settings: Settings, collected: _Answers, *, with_gap: bool
) -> AllocationResult:
    isoflops, profiles, drift = (
        isoflop_tables(collected.curves, plan.level) if collected.curves is not None else ((), (), None)
    )
    law = collected.fit
    interval = law.interval if law is not None else _interval(settings)
    allocations = itertools.chain.from_iterable(answer.allocations for answer in collected.answers.values())
    return AllocationResult(
        group=data.grouped.group,
        runs=data.grouped.problem.run_count,
        points=len(data.points.loss),
        law=law.law if law is not None else None,
        formula=law.formula if law is not None else None,
        flops_rule=plan.costs.rule.formula,
        exponents={name: answer.exponents for name, answer in collected.answers.items()},
        allocations=tuple(allocations),
        interval=interval,
        isoflops=isoflops,
        profile=plan.profile if collected.curves is not None else None,
        profiles=profiles,
        drift=drift,
        envelope=collected.frontier.facts if collected.frontier is not None else None,
        gap=_gap(None if law is None else fitted_law(law)) if with_gap else (),
        ranges=data.grouped.ranges,
        held=dict(plan.held),
        cost=plan.hardware.note if plan.hardware else "",
        frontiers={name: answer.frontier for name, answer in collected.answers.items() if answer.frontier is not None},
    )


def _interval(settings: Settings) -> IntervalMethod:
    if settings.interval == "none":
        return IntervalMethod("none", settings.level, 0, None)
    return IntervalMethod(settings.interval, settings.level, settings.replicates, "run")


def _gap(fitted: FittedLaw | None) -> tuple[Gap, ...]:
    chinchilla = None if fitted is None else fitted.chinchilla
    if fitted is None or chinchilla is None:
        raise UsageError(
            "--explain-gap needs a law with E, A, B, alpha and beta.",
            hint="Use --law chinchilla with --approach parametric or all.",
        )
    return explain_gap(chinchilla, fitted.ranges.get("params"))


def _agreement(allocations: Sequence[Allocation]) -> tuple[Agreement, ...]:
    """For each budget that several approaches split: how much their best params differ."""
    rows = []
    for compute in dict.fromkeys(row.compute for row in allocations if row.compute is not None):
        rivals = [
            allocation.params
            for allocation in allocations
            if allocation.compute == compute and allocation.params.estimate
        ]
        if len(rivals) < 2:
            continue
        sizes = [params.estimate for params in rivals if params.estimate is not None]
        lows = [params.low for params in rivals if params.low is not None]
        highs = [params.high for params in rivals if params.high is not None]
        overlap = max(lows) <= min(highs) if len(lows) == len(highs) == len(rivals) else None
        rows.append(Agreement(compute, max(sizes) / min(sizes), overlap))
    return tuple(rows)


def _estimators(data: AllocationData, plan: AllocationPlan) -> tuple[Estimator, ...]:
    """The splits of the law fitted by each objective, which show how much the choice of the objective matters."""
    problem = data.grouped.problem
    rows = []
    for objective in ESTIMATORS:
        best = optimum(problem, objective)
        fitted = FittedLaw(problem.law, problem.parameters(best.theta[None]), data.grouped.ranges)
        answer = parametric(fitted, plan, None)
        rows.append(
            Estimator(
                objective=objective.name,
                delta=best.delta if objective.name == "huber" else None,
                params_exponent=answer.exponents["params"].estimate,
                params=tuple(allocation.params.estimate or 0.0 for allocation in answer.allocations),
            )
        )
    return tuple(rows)
