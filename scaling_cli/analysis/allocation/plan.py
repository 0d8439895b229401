"""The question in FLOPs, and the parts of an answer that all approaches share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.hardware import Machines
from scaling_cli.analysis.units import refuse_without_unit
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat
from scaling_cli.errors import UsageError
from scaling_cli.record import Record
from scaling_cli.results.allocation import Allocation
from scaling_cli.results.fit import Curve, Estimate

WASTES = (0.05, 0.10)  # shares of the budget
FRONTIER_POINTS = 40  # of a curve over compute, for plots
FAR = 10.5  # times the largest compute of the data, beyond which there is a caveat
UNREACHED = 1e300  # replaces infinite values, of replicates that no budget satisfies, so that quantiles exist


class AllocationPlan(Record):
    """The question: budgets in FLOPs or losses to reach, the approach, and the costs and limits.

    `search` has the range of each input to search, None for that of the runs; `mixture` names inputs that are shares.
    `followers` has the law that gives an input its value at any params and tokens. `rest` is the input that is what is
    left of params.
    """

    budgets: tuple[float, ...]
    target_losses: tuple[float, ...]
    approach: str
    profile: str
    costs: Costs
    unique_tokens: float | None
    held: Mapping[str, float]
    hardware: Machines | None
    level: float
    search: Mapping[str, tuple[float, float] | None] = {}
    mixture: tuple[str, ...] = ()
    followers: Mapping[str, str] = {}
    rest: str | None = None

    def __post_init__(self) -> None:
        for name, values in (("--budget", self.budgets), ("--target-loss", self.target_losses)):
            for value in values:
                if not (np.isfinite(value) and value > 0):
                    raise UsageError(f"{name} is {value:g}.", hint="Give a number above 0.")
        if self.approach != "parametric" and self.beyond_split:
            raise UsageError(
                f"--approach {self.approach} cannot be combined with {', '.join(self.beyond_split)}, which "
                "only the parametric approach takes into account.",
                hint=f"Use --approach parametric, or leave out {', '.join(self.beyond_split)}.",
            )

    def refuse_units(self, ranges: Mapping[str, tuple[float, float]]) -> None:
        """Refuse budgets and limits without their unit; `ranges` has the amounts of the runs.

        Raises:
            UsageError: There are such amounts.
        """
        for budget in self.budgets:
            refuse_without_unit("The budget has", {"compute": budget}, ranges)
        limits = {
            "--unique-tokens": ("tokens", self.unique_tokens),
            "--max-tokens": ("tokens", self.costs.max_tokens),
            "--inference-tokens": ("tokens", self.costs.inference_tokens or None),
            "--max-params": ("params", self.costs.max_params),
        }
        for option, (role, amount) in limits.items():
            if amount is not None:
                refuse_without_unit(f"{option} has", {role: amount}, ranges)

    @property
    def beside_training(self) -> tuple[str, ...]:
        """The options given that make the best split depend on more than training compute."""
        costs = self.costs
        asked = {
            "--inference-tokens": costs.inference_tokens or None,
            "--inference-budget": costs.inference_budget,
            "--unique-tokens": self.unique_tokens,
            "--min-params": costs.min_params,
            "--max-params": costs.max_params,
            "--max-tokens": costs.max_tokens,
        }
        return tuple(name for name, value in asked.items() if value is not None)

    @property
    def beyond_split(self) -> tuple[str, ...]:
        """The options given that only the parametric approach supports."""
        further = (
            *(("--hold",) if self.held or self.followers else ()),
            *(("--search",) if self.search or self.shares else ()),
        )
        rule = () if self.costs.rate is not None or self.rest else (f"--flops-rule {self.costs.rule.name!r}",)
        return (*self.beside_training, *further, *(("--target-loss",) if self.target_losses else ()), *rule)

    @property
    def shares(self) -> tuple[str, ...]:
        """The shares of the mixture that are not held."""
        return tuple(name for name in self.mixture if name not in self.held)

    @property
    def is_searched(self) -> bool:
        """Whether further inputs are searched, or follow from params and tokens."""
        return bool(self.search or self.shares or self.followers or self.rest)


class ApproachAnswer(Record):
    """The answer of one approach; `frontier` is best params over compute, for plots."""

    allocations: tuple[Allocation, ...]
    exponents: dict[str, Estimate]
    frontier: Curve | None
    caveats: tuple[Caveat, ...]


def answered(allocations: Sequence[Allocation]) -> list[float]:
    """The budgets for which a split was found."""
    return [
        allocation.compute
        for allocation in allocations
        if allocation.compute is not None and allocation.params.estimate is not None
    ]


def estimated(values: Array, level: float) -> Estimate:
    """The first of `values` `(replicates,)`, with the percentile interval of the others if there are any.

    If all of the interval lies on one side of the estimate, it is extended to the estimate (see `fitting.intervals`).
    """
    first = float(values[0]) if np.isfinite(values[0]) else None
    drawn = values[1:][~np.isnan(values[1:])]
    if not len(drawn):
        return Estimate(first)
    ends = np.quantile(np.minimum(drawn, UNREACHED), [(1 - level) / 2, (1 + level) / 2], method="weibull")
    largest = drawn[np.isfinite(drawn)].max(initial=-np.inf)
    low, high = (float(end) if end <= largest else None for end in ends)  # none next to a replicate without a value
    if first is not None:
        low, high = first if low is None else min(low, first), None if high is None else max(high, first)
    return Estimate(first, low, high)


def log_correlation(params: Array, tokens: Array) -> float | None:
    """Correlation of log params and log tokens over the replicates; at a fixed budget one determines the other."""
    logs = np.log(np.stack([params[1:], tokens[1:]]))
    logs = logs[:, np.isfinite(logs).all(axis=0)]
    if logs.shape[1] < 3 or (np.ptp(logs, axis=1) == 0).any():
        return None
    return float(np.corrcoef(logs)[0, 1])


def banded(grid: Array, values: Sequence[Estimate]) -> Curve:
    """Estimates along a grid as a curve, with a band if all of them have intervals."""
    x = tuple(grid.tolist())
    y = tuple(estimate.estimate or 0.0 for estimate in values)
    if any(estimate.low is None or estimate.high is None for estimate in values):
        return Curve(x, y)
    return Curve(
        x, y, tuple(estimate.low or 0.0 for estimate in values), tuple(estimate.high or 0.0 for estimate in values)
    )
