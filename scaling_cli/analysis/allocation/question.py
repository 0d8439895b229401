"""The options of `optimal-allocation` as one question, and the evidence to answer it from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.hardware import hardware
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.analysis.allocation.surface import require_surface
from scaling_cli.document.read import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.fitting.problem import Problem
from scaling_cli.flops import FlopsRule, flops_rule
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.points.build import build_problem
from scaling_cli.record import Record, asdict

if TYPE_CHECKING:
    import polars as pl

DEFAULT_STEPS = (1.0, 10.0, 100.0)  # times the largest run, where no budget is given
AMOUNTS = ("inference_tokens", "unique_tokens", "min_params", "max_params", "max_tokens")
METHODS = ("wild", "bootstrap", "none")


class Question(Record, kw_only=True):
    """What the user asks, as the options name it."""

    budget: tuple[float, ...]
    target_loss: tuple[float, ...]
    approach: str
    profile: str
    law: str
    inference_tokens: float | None
    unique_tokens: float | None
    min_params: float | None
    max_params: float | None
    max_tokens: float | None
    flops_rule: str
    gpus: int | None
    peak_flops: str | float | None
    mfu: float | None
    price_per_gpu_hour: float | None
    explain_gap: bool
    fix: dict[str, float]
    tie: tuple[tuple[str, str], ...]
    interval: str

    def __post_init__(self) -> None:
        for name in AMOUNTS:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"--{name.replace('_', '-')} is {value:g}.", hint="Give a number above 0.")
        if self.interval not in METHODS:
            raise UsageError(
                f"--interval {self.interval} says nothing of what follows from a law.",
                hint="Choose wild, bootstrap or none.",
            )
        require_surface(self.found_law)
        self.plan(1.0, {}, 0.5, check_rule=False)

    @property
    def rule(self) -> FlopsRule:
        """How compute is counted."""
        return flops_rule(self.flops_rule)

    @property
    def found_law(self) -> Law:
        """The law of the parametric approach."""
        return constrain(find_law("chinchilla" if self.law == "auto" else self.law), self.fix, self.tie)

    @property
    def needs_curves(self) -> bool:
        """Whether the rows before the end of each run are wanted."""
        return self.approach in ("envelope", "all")

    def options(self) -> dict[str, object]:
        """Every option, for the report."""
        told: dict[str, object] = asdict(self)
        return told

    def plan(
        self, largest: float, shapes: Mapping[str, tuple[float, float]], level: float, *, check_rule: bool = True
    ) -> AllocationPlan:
        """The question for runs of which the largest took `largest` FLOPs."""
        budgets = self.budget
        if not budgets and not self.target_loss:
            budgets = tuple(largest * step for step in DEFAULT_STEPS)
        costs = Costs(
            rule=self.rule if check_rule else flops_rule("6ND"),
            shapes=shapes,
            inference_tokens=self.inference_tokens or 0.0,
            min_params=self.min_params,
            max_params=self.max_params,
            max_tokens=self.max_tokens,
        )
        return AllocationPlan(
            budgets=budgets,
            target_losses=self.target_loss,
            approach=self.approach,
            profile=self.profile,
            costs=costs,
            unique_tokens=self.unique_tokens,
            hardware=hardware(self.gpus, self.peak_flops, self.mfu, self.price_per_gpu_hour),
            level=level,
        )

    def saved_plan(self, saved: SavedFit, level: float) -> AllocationPlan:
        """The question for a saved fit.

        Raises:
            UsageError: It needs runs, or there is no budget and the fit does not say what its largest was.
        """
        if self.approach != "parametric":
            raise UsageError(
                f"--approach {self.approach} needs the runs, and a saved fit holds only their law.",
                hint="Give the runs, or use --approach parametric.",
            )
        largest = saved.ranges.get("compute", (0.0, 0.0))[1]
        if not (self.budget or self.target_loss or largest > 0):
            raise UsageError(
                "There is no budget, and the saved fit does not say how large its runs were.",
                hint="Give --budget, such as --budget 1e24.",
            )
        return self.plan(largest or 1.0, {}, level)


def _arrays(frame: pl.DataFrame, rule: FlopsRule) -> Problem:
    """Params, tokens, compute and the columns of the rule as arrays."""
    missing = [name for name in rule.extras if name not in frame.columns]
    if missing:
        raise UsageError(
            f"--flops-rule {rule.name!r} needs columns {', '.join(missing)}.",
            hint="Add them to the runs, or write a formula in params and tokens alone.",
        )
    names = ("params", "tokens", "compute", *rule.extras)
    return build_problem(frame, find_law("chinchilla"), {name: name for name in names})
