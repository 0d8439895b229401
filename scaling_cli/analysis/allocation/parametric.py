"""Approach 3: the best split by a fitted law, optimised for every replicate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from scaling_cli.analysis.allocation.each_budget import Valley, answer_each
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.optimum import Split, best_split, least_split, waste_band
from scaling_cli.analysis.allocation.plan import (
    FRONTIER_POINTS,
    WASTES,
    AllocationPlan,
    ApproachAnswer,
    answered,
    banded,
    estimated,
    log_correlation,
)
from scaling_cli.analysis.allocation.search_answer import EXPONENT_STEP, plenty, searched_answer
from scaling_cli.analysis.allocation.surface import (
    Chinchilla,
    LawSurface,
    RepeatedSurface,
    Surface,
    surface,
)
from scaling_cli.arrays import Array
from scaling_cli.caveats import caveat
from scaling_cli.errors import FitError
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, Repetition
from scaling_cli.results.fit import Curve, Estimate

ROUNDING = 1e-9  # a smaller share of compute saved is none
STEP = 1e-3  # of log compute and log unique tokens, for derivatives


def parametric(fitted: FittedLaw, plan: AllocationPlan, group: dict[str, str] | None) -> ApproachAnswer:
    """The best split of each budget, or of the smallest budget for each target loss.

    A question without an answer becomes a row without numbers, and a caveat.

    Raises:
        FitError: No question has an answer.
    """
    if plan.is_searched:
        return searched_answer(fitted, plan, group)
    loss_surface = surface(fitted.law, fitted.parameters, plan.unique_tokens, plan.held)
    allocations, caveats = answer_each(
        plan, group, lambda compute, loss: _allocation(loss_surface, fitted, plan, compute, loss)
    )
    if isinstance(loss_surface, RepeatedSurface):
        caveats.append(caveat("published-repetition", group))
    budgets = answered(allocations)
    return ApproachAnswer(
        allocations=tuple(allocations),
        exponents=_exponents(loss_surface, plan, budgets),
        frontier=_frontier(loss_surface, plan, [*budgets, *fitted.ranges.get("compute", ())]),
        caveats=tuple(caveats),
    )


def _allocation(
    loss_surface: Surface, fitted: FittedLaw, plan: AllocationPlan, compute: float | None, loss: float | None
) -> tuple[Allocation, Valley]:
    if compute is not None:
        budgets, split = np.full(loss_surface.replicates, compute), best_split(loss_surface, plan.costs, compute)
    else:
        assert loss is not None
        budgets, split = least_split(loss_surface, plan.costs, loss)
    total, level = float(budgets[0]), plan.level
    params, tokens = split.params[:1], split.tokens[:1]
    inference = float(plan.costs.inference(params)[0])
    training = float(plan.costs.training(params, tokens)[0])
    spent = training + inference  # less than the budget where two limits leave a part of it
    spread = estimated(budgets, level)
    allocation = Allocation(
        approach="parametric",
        compute=total,
        params=estimated(split.params, level),
        tokens=estimated(split.tokens, level),
        tokens_per_param=estimated(split.tokens / split.params, level),
        loss=estimated(split.loss, level),
        params_within_waste={
            f"{waste:.2f}": waste_band(loss_surface, plan.costs, total, split, waste) for waste in WASTES
        },
        compute_interval=None if compute is not None else (spread.low, spread.high),
        target_loss=loss,
        training_compute=training,
        inference_compute=inference if plan.costs.inference_tokens else None,
        saving=_saving(loss_surface, plan, split, spent) if plan.costs.inference_tokens else None,
        repetition=_repetition(loss_surface, fitted, plan, split, total),
        limit=split.limit,
        reach=fitted.reach(training, float(params[0]), float(tokens[0])),
        log_correlation=log_correlation(split.params, split.tokens),
        bill=plan.hardware.bill(np.array([spent])) if plan.hardware else None,
    )
    return allocation, split.valley


def _saving(loss_surface: Surface, plan: AllocationPlan, split: Split, spent: float) -> float:
    """Share of all compute saved, compared with compute-optimal training to an equal loss."""
    training_only = replace(plan.costs, inference_tokens=0.0)
    needed, usual = least_split(loss_surface.first(), training_only, float(split.loss[0]))
    saved = 1 - spent / float((needed + plan.costs.inference(usual.params))[0])
    return saved if abs(saved) > ROUNDING else 0.0


def _repetition(
    loss_surface: Surface, fitted: FittedLaw, plan: AllocationPlan, split: Split, compute: float
) -> Repetition | None:
    """Epochs over the unique tokens, and the FLOPs that one more unique token is worth."""
    unique = plan.unique_tokens
    if unique is None:
        return None
    effective = (
        loss_surface.effective_tokens(split.tokens[:1])[0] if isinstance(loss_surface, RepeatedSurface) else None
    )
    alone = replace(fitted, parameters=fitted.parameters[:1])

    def loss(unique_tokens: float, budget: float) -> float:
        return float(
            best_split(surface(alone.law, alone.parameters, unique_tokens, plan.held), plan.costs, budget).loss[0]
        )

    up, down = np.exp(STEP), np.exp(-STEP)
    by_unique = (loss(unique * up, compute) - loss(unique * down, compute)) / unique
    by_compute = (loss(unique, compute * up) - loss(unique, compute * down)) / compute
    return Repetition(
        unique_tokens=unique,
        epochs=float(split.tokens[0]) / unique,
        effective_tokens=None if effective is None else float(effective),
        # Where more compute no longer lowers the loss, no amount of it is worth a unique token.
        flops_per_unique_token=max(by_unique / by_compute, 0.0) if by_compute < 0 else None,
    )


def _exponents(loss_surface: Surface, plan: AllocationPlan, budgets: list[float]) -> dict[str, Estimate]:
    try:
        params, tokens = exponents(loss_surface, plan, budgets)
    except FitError:  # only a limit makes a split best
        params = tokens = np.full(loss_surface.replicates, np.nan)
    return {"params": estimated(params, plan.level), "tokens": estimated(tokens, plan.level)}


def exponents(loss_surface: Surface, plan: AllocationPlan, budgets: Sequence[float]) -> tuple[Array, Array]:
    """Exponents of best params and tokens `(replicates,)` in training compute on new tokens, without limits."""
    if isinstance(loss_surface, RepeatedSurface):
        loss_surface = loss_surface.chinchilla
    if isinstance(loss_surface, Chinchilla) and plan.costs.is_plain:
        return loss_surface.params_exponent, 1 - loss_surface.params_exponent
    free = plan.costs.unlimited()
    middle = float(np.exp(np.mean(np.log(budgets))))
    if isinstance(loss_surface, LawSurface) and "unique_tokens" in loss_surface.fixed:
        if free.is_plain and (own := _own_exponent(loss_surface)) is not None:
            return own, 1 - own
        loss_surface = replace(loss_surface, fixed={**loss_surface.fixed, "unique_tokens": plenty(middle)})
    below, above = (best_split(loss_surface, free, middle * np.exp(step)) for step in (-EXPONENT_STEP, EXPONENT_STEP))
    params, tokens = (
        np.log(getattr(above, name) / getattr(below, name)) / (2 * EXPONENT_STEP) for name in ("params", "tokens")
    )
    return params, tokens


def _own_exponent(loss_surface: LawSurface) -> Array | None:
    """The exponent of best params that the law itself gives for new tokens, if it does."""
    law = loss_surface.law
    values = dict(zip(law.names, law.to_parameters(loss_surface.theta).T, strict=True))
    return next((one.compute(values) for one in law.derived if one.name == "params_exponent"), None)


def _frontier(loss_surface: Surface, plan: AllocationPlan, budgets: list[float]) -> Curve:
    """Best params over compute with a band from the replicates, for plots."""
    low, high = min(budgets), max(budgets)
    grid = np.geomspace(low, high if high > low else 10 * low, FRONTIER_POINTS)
    rows = []
    for compute in grid:
        with suppress(FitError):  # the budgets asked for have splits, but far from them there may be none
            rows.append((compute, estimated(best_split(loss_surface, plan.costs, compute).params, plan.level)))
    return banded(np.array([compute for compute, _ in rows]), [size for _, size in rows])
