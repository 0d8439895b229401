"""How to spend compute, by one group of runs or one saved fit: the approaches asked for, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from scaling_cli.analysis.allocation.design import require_both_sides, require_spread
from scaling_cli.analysis.allocation.embedding_gap import explain_gap
from scaling_cli.analysis.allocation.envelope import Frontier, envelope
from scaling_cli.analysis.allocation.envelope_answer import envelope_answer
from scaling_cli.analysis.allocation.evidence import Evidence, fitted_law
from scaling_cli.analysis.allocation.isoflop.answer import isoflop_answer
from scaling_cli.analysis.allocation.isoflop.curves import Curves, curves_of
from scaling_cli.analysis.allocation.isoflop.fit import resampling_of
from scaling_cli.analysis.allocation.isoflop.tables import isoflop_tables
from scaling_cli.analysis.allocation.parametric import FittedLaw, parametric
from scaling_cli.analysis.allocation.plan import Answer, Plan
from scaling_cli.analysis.allocation.stability import cutoffs, stability_doubts
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.complete import completed
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.numbers.format import flops
from scaling_cli.record import replace
from scaling_cli.results.allocation import (
    APPROACHES,
    Agreement,
    Allocation,
    AllocationResult,
    Estimator,
    Gap,
)
from scaling_cli.results.fit import FitResult, IntervalMethod

ESTIMATORS = (Objective(), Objective("huber", 1e-3), Objective("lad"), Objective("least-squares"))


@dataclass(slots=True)
class _Found:
    """What the approaches said so far."""

    answers: dict[str, Answer]
    caveats: list[Caveat]
    fit: FitResult | None = None
    curves: Curves | None = None
    frontier: Frontier | None = None


def allocate(
    evidence: Evidence, plan: Plan, settings: Settings, *, with_gap: bool = False
) -> tuple[AllocationResult, list[Caveat]]:
    """Splits of the plan's budgets from runs.

    Raises:
        FitError: No approach asked for can answer from these runs; the hint names the runs to add.
    """
    group = evidence.grouped.group
    asked = APPROACHES if plan.approach == "all" else (plan.approach,)
    found = _Found({}, [])
    refusals: list[ScalingError] = []
    for approach in asked:
        try:
            _answer(approach, evidence, plan, settings, found)
        except FitError as error:
            refusals.append(error)
            found.caveats.append(
                caveat("approach-skipped", group, approach=approach, reason=error.message, hint=error.hint)
            )
    if not found.answers:
        raise refusals[0]
    steps = cutoffs(evidence, found.answers, plan, settings)
    found.caveats += stability_doubts(steps, found.answers, group)
    result = _result(evidence, plan, settings, found, with_gap=with_gap)
    agreement = _agreement(result.allocations)
    found.caveats += [
        caveat("approaches-disagree", group, compute=flops(each.compute), ratio=each.params_ratio)
        for each in agreement
        if each.intervals_overlap is False
    ]
    estimators = _estimators(evidence, plan) if plan.approach == "all" and found.fit is not None else ()
    return replace(result, agreement=agreement, cutoffs=steps, estimators=estimators), found.caveats


def allocate_saved(
    fitted: FittedLaw, group: dict[str, str], interval: IntervalMethod, plan: Plan, *, with_gap: bool
) -> tuple[AllocationResult, list[Caveat]]:
    """Splits of the plan's budgets by a saved fit."""
    answer = parametric(fitted, plan, group)
    caveats = list(answer.caveats)
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
        frontiers={} if answer.frontier is None else {"parametric": answer.frontier},
    )
    return result, caveats


def _answer(approach: str, evidence: Evidence, plan: Plan, settings: Settings, found: _Found) -> None:
    """Ask one approach, and keep what it says."""
    group = evidence.grouped.group
    largest = evidence.largest
    if approach == "parametric":
        require_spread(evidence.points)
        result, caveats = fit(evidence.grouped, settings)
        found.fit = completed(result, evidence.grouped.problem.law)
        fitted = fitted_law(found.fit)
        if fitted.chinchilla is not None:
            require_both_sides(evidence.points, fitted.chinchilla)
        answer = parametric(fitted, plan, group)
        found.caveats += caveats
    elif approach == "isoflop":
        found.curves = curves_of(evidence.points, plan.profile, settings, group_hash(group))
        answer = isoflop_answer(found.curves, plan, largest, group)
    else:
        if evidence.curves is None:
            raise FitError(
                "Every run has one row, so there are no training curves for an envelope.",
                hint="Log the loss along training (one row a checkpoint, with its tokens and run), and read all rows.",
            )
        found.frontier = envelope(evidence.curves, resampling_of(settings, group_hash(group)))
        answer = envelope_answer(found.frontier, plan, largest, group)
    found.answers[approach] = answer
    found.caveats += answer.caveats


def _result(evidence: Evidence, plan: Plan, settings: Settings, found: _Found, *, with_gap: bool) -> AllocationResult:
    isoflops, profiles, drift = isoflop_tables(found.curves, plan.level) if found.curves is not None else ((), (), None)
    law = found.fit
    interval = law.interval if law is not None else _interval(settings)
    allocations = itertools.chain.from_iterable(each.allocations for each in found.answers.values())
    return AllocationResult(
        group=evidence.grouped.group,
        runs=evidence.grouped.problem.run_count,
        points=len(evidence.points.loss),
        law=law.law if law is not None else None,
        formula=law.formula if law is not None else None,
        flops_rule=plan.costs.rule.formula,
        exponents={name: answer.exponents for name, answer in found.answers.items()},
        allocations=tuple(allocations),
        interval=interval,
        isoflops=isoflops,
        profile=plan.profile if found.curves is not None else None,
        profiles=profiles,
        drift=drift,
        envelope=found.frontier.facts if found.frontier is not None else None,
        gap=_gap(None if law is None else fitted_law(law)) if with_gap else (),
        ranges=evidence.grouped.ranges,
        frontiers={name: each.frontier for name, each in found.answers.items() if each.frontier is not None},
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
    """Where several approaches split the same budget: how far apart."""
    found = []
    for compute in dict.fromkeys(each.compute for each in allocations if each.compute is not None):
        rivals = [each.params for each in allocations if each.compute == compute and each.params.estimate]
        if len(rivals) < 2:
            continue
        sizes = [each.estimate for each in rivals if each.estimate is not None]
        lows = [each.low for each in rivals if each.low is not None]
        highs = [each.high for each in rivals if each.high is not None]
        overlap = max(lows) <= min(highs) if len(lows) == len(highs) == len(rivals) else None
        found.append(Agreement(compute, max(sizes) / min(sizes), overlap))
    return tuple(found)


def _estimators(evidence: Evidence, plan: Plan) -> tuple[Estimator, ...]:
    """The law fitted by each objective, and what it says: the spread that a choice nobody reports can make."""
    problem = evidence.grouped.problem
    found = []
    for objective in ESTIMATORS:
        best = optimum(problem, objective)
        fitted = FittedLaw(problem.law, problem.parameters(best.theta[None]), evidence.grouped.ranges)
        answer = parametric(fitted, plan, None)
        found.append(
            Estimator(
                objective=objective.name,
                delta=best.delta if objective.name == "huber" else None,
                params_exponent=answer.exponents["params"].estimate,
                params=tuple(each.params.estimate or 0.0 for each in answer.allocations),
            )
        )
    return tuple(found)
