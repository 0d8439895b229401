"""The options of `optimal-allocation` as one question, and the evidence to answer it from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.analysis.allocation import Evidence
from scaling_cli.analysis.allocation_costs import Costs, power_of
from scaling_cli.analysis.allocation_parametric import FittedLaw
from scaling_cli.analysis.allocation_plan import Plan
from scaling_cli.analysis.allocation_surface import require_surface
from scaling_cli.analysis.hardware import hardware
from scaling_cli.analysis.isoflop_budgets import Points
from scaling_cli.document.read import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.fit import Grouped
from scaling_cli.fitting.problem import Problem, build_problem, run_names
from scaling_cli.flops import FlopsRule, flops_rule
from scaling_cli.laws import Array, Law, find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.record import record

if TYPE_CHECKING:
    import polars as pl

DEFAULT_STEPS = (1.0, 10.0, 100.0)  # times the largest run, where no budget is given
AMOUNTS = ("inference_tokens", "unique_tokens", "min_params", "max_params", "max_tokens")
METHODS = ("wild", "bootstrap", "none")
RANGED_ROLES = ("params", "tokens", "compute", "loss")


@record(kw_only=True)
class Question:
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
    ) -> Plan:
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
        return Plan(
            budgets=budgets,
            target_losses=self.target_loss,
            approach=self.approach,
            profile=self.profile,
            costs=costs,
            unique_tokens=self.unique_tokens,
            hardware=hardware(self.gpus, self.peak_flops, self.mfu, self.price_per_gpu_hour),
            level=level,
        )

    def saved_plan(self, saved: SavedFit, level: float) -> Plan:
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


def saved_law(saved: SavedFit) -> FittedLaw:
    """A saved fit with its replicates.

    Raises:
        DataError: Its parameters are not those of its law.
    """
    law = find_law(saved.law, tuple(saved.inputs))
    if set(saved.parameters) != set(law.names):
        raise DataError(
            f"The saved fit of {law.name} has parameters {', '.join(saved.parameters)}, not {', '.join(law.names)}.",
            hint="Write it again with `scaling fit --json -o FILE`.",
        )
    order = [list(saved.parameters).index(name) for name in law.names]
    estimates = [saved.parameters[name].estimate for name in law.names]
    draws = [] if saved.draws is None else [[row[i] for i in order] for row in saved.draws]
    return FittedLaw(law, np.array([estimates, *draws], dtype=float), saved.ranges)


def evidence_from(
    frame: pl.DataFrame, group: dict[str, str], question: Question, space: str, curves: pl.DataFrame | None
) -> tuple[Evidence, dict[str, tuple[float, float]]]:
    """One group of runs as the approaches need them, and the shape of its models along params."""
    law, rule = question.found_law, question.rule
    inputs = {name: name for name in law.inputs}
    everything = _arrays(frame, rule)
    problem = build_problem(frame, law, inputs, space)
    ranges = {
        name: (float(frame[name].min()), float(frame[name].max()))  # type: ignore[arg-type]
        for name in RANGED_ROLES
        if name in frame.columns
    }
    compute = _compute(everything, rule)
    ranges["compute"] = (float(compute.min()), float(compute.max()))
    lines = None if curves is None else _points(_arrays(curves, rule), rule)
    if lines is not None and len(lines.loss) == int(lines.runs.max()) + 1:
        lines = None
    evidence = Evidence(Grouped(problem, group, inputs, ranges, run_names(frame)), _points(everything, rule), lines)
    return evidence, _shapes(everything, rule)


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


def _compute(problem: Problem, rule: FlopsRule) -> Array:
    """FLOPs of each run: as the runs give them under 6ND, by the rule where another is asked for."""
    return problem.columns["compute"] if rule.name == "6ND" else rule.compute(problem.columns)


def _points(problem: Problem, rule: FlopsRule) -> Points:
    return Points(
        np.log(problem.columns["params"]),
        np.log(problem.columns["tokens"]),
        np.log(_compute(problem, rule)),
        problem.observed,
        problem.runs,
    )


def _shapes(problem: Problem, rule: FlopsRule) -> dict[str, tuple[float, float]]:
    """Each further column of the rule as a power of params."""
    return {name: power_of(problem.columns["params"], problem.columns[name]) for name in rule.extras}
