"""What an allocation rests on: the points, the fitted law and its replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.allocation.costs import power_of
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.question import law_of, mixture_of, own_columns, rule_of
from scaling_cli.analysis.recorded_cost import Recorded, recorded
from scaling_cli.arrays import Array, numbered_columns
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import column_of
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.fit import Grouped
from scaling_cli.fitting.problem import Problem
from scaling_cli.flops import FlopsRule, require_flops
from scaling_cli.laws import Law, find_law
from scaling_cli.numbers.format import figure
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import FitResult

RANGED_ROLES = ("params", "tokens", "compute", "loss")
NOTABLE_SPREAD = 0.05  # of log compute, between the runs and models whose shape follows from params


class AllocationData(Record):
    """One group of runs: the problem to fit, its points, and the rows of training curves where there are any.

    `followers` has the problem of the law that gives a further input its value, and `doubts` what to say of how
    compute is counted. `cost` is what the runs took, where that is recorded.
    """

    grouped: Grouped
    points: AllocationPoints
    curves: AllocationPoints | None
    followers: Mapping[str, Grouped] = {}
    doubts: tuple[Caveat, ...] = ()
    cost: Recorded | None = None

    def by_configuration(self) -> AllocationData:
        """The data with configurations in place of runs: runs of equal params and tokens count as one."""
        curves = self.curves
        return replace(
            self, points=_by_configuration(self.points), curves=None if curves is None else _by_configuration(curves)
        )

    @property
    def largest(self) -> float:
        """Compute of the largest run in FLOPs."""
        return float(np.exp(self.points.log_compute.max()))


def _by_configuration(points: AllocationPoints) -> AllocationPoints:
    """Points that are resampled by configuration: by params and by the tokens at the end of their run."""
    count = int(points.runs.max()) + 1
    sizes, ends = np.full(count, -np.inf), np.full(count, -np.inf)
    np.maximum.at(sizes, points.runs, points.log_params)
    np.maximum.at(ends, points.runs, points.log_tokens)
    return replace(points, clusters=numbered_columns(np.stack([sizes, ends]))[points.runs])


def fitted_law(result: FitResult) -> FittedLaw:
    """A fit with its replicates, ready to be optimised."""
    law = find_law(result.law, tuple(result.inputs))
    rows = [[result.parameters[name].estimate for name in law.names], *(result.draws or ())]
    return FittedLaw(law, np.array(rows, dtype=float), _by_input(result.ranges, result.inputs))


def saved_law(saved: SavedFit, *, is_saved: bool = True) -> FittedLaw:
    """A saved fit with its replicates; or one that was made just now, by the rule of the budgets.

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
    return FittedLaw(
        law, np.array([estimates, *draws], dtype=float), _by_input(saved.ranges, saved.inputs), is_saved=is_saved
    )


def _by_input(ranges: Mapping[str, tuple[float, float]], inputs: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Ranges of columns, also under the names of the inputs that they are."""
    return {**ranges, **{name: ranges[column] for name, column in inputs.items() if column in ranges}}


def evidence_from(
    points: PointTable, group: dict[str, str], asked: OptimalAllocation, curves: PointTable | None
) -> tuple[AllocationData, dict[str, tuple[float, float]]]:
    """One group of runs as the approaches need them, and the shape of its models along params."""
    law = law_of(asked)
    rule = rule_of(asked, law)
    weighting = Weighting(asked.weight, asked.scale_weight, asked.prior)
    own = own_columns(asked)
    inputs = {name: column_of(points.columns, own[name]) if name in own else name for name in law.inputs}
    everything = _arrays(points, rule)
    problem = points.problem(
        law, inputs, asked.space, weights=weighting.weights(points, inputs),
        priors=weighting.priors(law, float(everything.observed.min())),
    )  # fmt: skip
    compute = _compute(everything, rule)
    ranges = points.ranges((*RANGED_ROLES, *inputs.values())) | {
        "compute": (float(compute.min()), float(compute.max()))
    }
    lines = None if curves is None else _points(_arrays(curves, rule), rule)
    if lines is not None and len(lines.loss) == int(lines.runs.max()) + 1:
        lines = None
    grouped = Grouped(
        problem, group, inputs, ranges, points.run_names, weights=weighting.formula(inputs), prior=weighting.prior
    )
    followers = {
        name: _follower(points, group, find_law(follower), inputs[name]) for name, follower in asked.followers.items()
    }
    shapes, doubts = _shapes(everything, rule, group, (*asked.hold, *asked.search, *mixture_of(asked), *law.parts))
    cost = recorded(points, compute, asked.gpus)
    return AllocationData(grouped, _points(everything, rule), lines, followers, doubts, cost), shapes


def _follower(points: PointTable, group: dict[str, str], law: Law, column: str) -> Grouped:
    """The problem of a law of params and tokens of a column, which runs of equal params and tokens may share."""
    frame = points.frame.with_columns(loss=points.frame[column])
    shared = PointTable(frame.unique([*law.inputs, "loss"], keep="first", maintain_order=True))
    inputs = {name: name for name in law.inputs}
    group = {**group, "column": column}
    return Grouped(shared.problem(law, inputs), group, inputs, shared.ranges(RANGED_ROLES), shared.run_names)


def _arrays(points: PointTable, rule: FlopsRule) -> Problem:
    """Params, tokens, compute and the columns of the rule as arrays."""
    missing = [name for name in rule.extras if name not in points.columns]
    if missing:
        raise UsageError(
            f"--flops-rule {rule.name!r} needs columns {', '.join(missing)}.",
            hint="Add them to the runs, or write a formula in params and tokens alone.",
        )
    problem = points.problem(find_law("chinchilla"), {name: name for name in ("params", "tokens", "compute")})
    return replace(problem, columns={**problem.columns, **{name: points.numbers(name) for name in rule.extras}})


def _compute(problem: Problem, rule: FlopsRule) -> Array:
    """FLOPs of each run: as the runs give them under 6ND, by the rule where another is asked for.

    Raises:
        DataError: The rule gives a run no FLOPs, or fewer.
    """
    compute = problem.columns["compute"] if rule.name == "6ND" else rule.compute(problem.columns)
    require_flops(rule, np.where(np.isnan(compute), 0.0, compute))
    return compute


def _points(problem: Problem, rule: FlopsRule) -> AllocationPoints:
    return AllocationPoints(
        np.log(problem.columns["params"]),
        np.log(problem.columns["tokens"]),
        np.log(_compute(problem, rule)),
        problem.observed,
        problem.runs,
    )


def _shapes(
    problem: Problem, rule: FlopsRule, group: dict[str, str], known: Sequence[str]
) -> tuple[dict[str, tuple[float, float]], tuple[Caveat, ...]]:
    """Each further column of the rule as a power of params, unless its value is `known`, and caveats on poor ones.

    Raises:
        UsageError: A column has values without logs, so it is not a power of params.
    """
    found, doubts = {}, []
    compute = rule.compute(problem.columns)
    for name in rule.extras:
        values, params = problem.columns[name], problem.columns["params"]
        if name in known:
            continue
        if not (values > 0).all():
            raise UsageError(
                f"--flops-rule {rule.name!r} counts with {name}, which is not above 0 in all runs, so its value in "
                "future models does not follow from params.",
                hint=f"Give its value: --hold {name}=VALUE.",
            )
        slope, start = found[name] = power_of(params, values)
        shaped = rule.compute({**problem.columns, name: np.exp(slope * np.log(params) + start)})
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = float(np.std(np.log(shaped / compute)))
        if not spread <= NOTABLE_SPREAD:
            low, high = float(values.min()), float(values.max())
            doubts.append(caveat("rule-column-varies", group, name=name, low=figure(low), high=figure(high)))
    return found, tuple(doubts)
