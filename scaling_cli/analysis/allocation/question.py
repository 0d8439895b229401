"""What `optimal-allocation` is asked, from its options: the law, the costs and the plan."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.analysis.allocation.surface import require_surface
from scaling_cli.analysis.hardware import flops_of, hardware
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.flops import SIX_ND, FlopsRule, flops_rule
from scaling_cli.laws import FAMILIES, Law, find_law, is_formula
from scaling_cli.laws.constrained import constrain
from scaling_cli.options.optimal_allocation import OptimalAllocation

DEFAULT_STEPS = (1.0, 10.0, 100.0)  # times the largest run, where no budget is given


def law_of(asked: OptimalAllocation) -> Law:
    """The law of the parametric approach."""
    name, inputs = "chinchilla" if asked.law == "auto" else asked.law, tuple[str, ...]()
    if is_formula(name):
        inputs = ("params", "tokens", "compute", "unique_tokens", *asked.hold)
    elif name in FAMILIES:
        inputs = tuple(asked.hold)
    return constrain(find_law(name, inputs), asked.fix, asked.tie)


def check_question(asked: OptimalAllocation) -> None:
    """Refuse, before any run is read, what no runs could answer.

    Raises:
        UsageError: The law has no params and tokens to split, or limits or hardware do not go together.
    """
    require_surface(law_of(asked), asked.hold)
    _plan(asked, 1.0, {}, flops_rule(SIX_ND))


def needs_curves(asked: OptimalAllocation) -> bool:
    """Whether the rows before the end of each run are needed."""
    return asked.approach in ("envelope", "all")


def plan_of(asked: OptimalAllocation, largest: float, shapes: Mapping[str, tuple[float, float]]) -> AllocationPlan:
    """What to answer for runs of which the largest took `largest` FLOPs; `shapes` are those of `Costs`."""
    return _plan(asked, largest, shapes, flops_rule(asked.flops_rule))


def _plan(
    asked: OptimalAllocation, largest: float, shapes: Mapping[str, tuple[float, float]], rule: FlopsRule
) -> AllocationPlan:
    machines = hardware(asked.gpus, asked.peak_flops, asked.mfu, asked.price_per_gpu_hour)
    budgets = tuple(flops_of(budget, machines) for budget in asked.budget)
    if not budgets and not asked.target_loss:
        budgets = tuple(largest * step for step in DEFAULT_STEPS)
    costs = Costs(
        rule=rule,
        shapes=shapes,
        inference_tokens=asked.inference_tokens or 0.0,
        min_params=asked.min_params,
        max_params=asked.max_params,
        max_tokens=asked.max_tokens,
    )
    return AllocationPlan(
        budgets=budgets,
        target_losses=asked.target_loss,
        approach=asked.approach,
        profile=asked.profile,
        costs=costs,
        unique_tokens=asked.unique_tokens,
        held=asked.hold,
        hardware=machines,
        level=asked.level,
    )


def saved_plan(asked: OptimalAllocation, saved: SavedFit) -> AllocationPlan:
    """What to answer from a saved fit.

    Raises:
        UsageError: It needs runs, or there is no budget and the fit does not say how large its runs were.
    """
    if asked.approach != "parametric":
        raise UsageError(
            f"--approach {asked.approach} needs the runs, but a saved fit has only their law.",
            hint="Give the runs, or use --approach parametric.",
        )
    largest = saved.ranges.get("compute", (0.0, 0.0))[1]
    if not (asked.budget or asked.target_loss or largest > 0):
        raise UsageError(
            "There is no budget, and the saved fit does not say how large its runs were.",
            hint="Give --budget, such as --budget 1e24.",
        )
    return plan_of(asked, largest or 1.0, {})
