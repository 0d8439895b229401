"""How to split the compute for a problem between solutions and verifications of each, for each group of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.coverage.prices import require_costs, require_known_groups
from scaling_cli.analysis.coverage.question import prices_of, questions_of
from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.budget import Cost
from scaling_cli.coverage.verifications import (
    Settings,
    Smooth,
    accuracy_of,
    best,
    exponents,
    settings_of_verdicts,
    smooth,
)
from scaling_cli.data.samples.load import SampleTable
from scaling_cli.data.samples.verifications import VERDICTS
from scaling_cli.errors import FitError, ScalingError
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.numbers.format import group_label, number_of, percent
from scaling_cli.options.inference_coverage import InferenceCoverage
from scaling_cli.points.verifications import setting_groups
from scaling_cli.record import Record
from scaling_cli.results.coverage import Attempts, CoverageResult
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Failure
from scaling_cli.results.verifications import BestSplit, VerificationSplit

FEWEST_PROBLEMS = 2
BUDGETS, STEP = 8, 2.0  # in the table by default: at most so many, at least this factor from one to the next
ALONG = 17  # budgets between which the exponents are slopes
MARGIN = 0.15  # of the budgets at either end, where a line of equal budget has hardly any choice
STREAM = 3  # part of the seed: these draws differ from others


class Splits(Record):
    """Results of the groups that could be analysed, caveats, and the failures of the other groups."""

    results: list[CoverageResult]
    caveats: list[Caveat]
    failures: list[Failure]


def split_between(table: SampleTable, ask: InferenceCoverage) -> Splits:
    """The best splits of every group.

    Raises:
        ScalingError: The only group cannot be analysed, or a budget has no price.
    """
    found = Splits([], [], [])
    groups = list(setting_groups(table, ask.by))
    names = [group_label(group.values) for group in groups]
    require_known_groups(ask.prices, names)
    require_costs(questions_of(ask), prices_of(ask), names)
    for group in groups:
        try:
            _require_problems(group.problems)
            settings = _settings(group.settings, group.accuracy, group.correct, group.verdicts, ask, group.values)
            result, caveats = _result(settings, group.values, ask, table.layout)
        except ScalingError as error:
            if len(groups) == 1:
                raise
            found.failures.append(Failure(group.values, error.message, error.hint))
            continue
        if group.left_out:
            caveats.append(caveat("settings-left-out", group.values or None, count=f"{group.left_out:,}"))
        found.results.append(result)
        found.caveats.extend(caveats)
    return found


def _require_problems(count: int) -> None:
    if count < FEWEST_PROBLEMS:
        raise FitError(
            "Accuracies of one problem do not show which split is best for others.",
            hint="Log several problems, and name their column with --problem COL.",
        )


def _settings(
    pairs: Array, accuracy: Array, correct: Sequence[Array], verdicts: Sequence[Array], ask: InferenceCoverage,
    group: Mapping[str, str],
) -> Settings:  # fmt: skip
    if not correct:
        return Settings(pairs[:, 0], pairs[:, 1], accuracy)
    return settings_of_verdicts(correct, verdicts, np.random.default_rng([ask.seed, group_hash(dict(group)), STREAM]))


def _result(
    settings: Settings, group: dict[str, str], ask: InferenceCoverage, layout: str
) -> tuple[CoverageResult, list[Caveat]]:
    cost = 1.0 if ask.verify_cost is None else ask.verify_cost
    problems = len(settings.accuracy)
    generator = np.random.default_rng([ask.seed, group_hash(group), STREAM, 1])
    drawn = generator.multinomial(problems, np.full(problems, 1 / problems), size=ask.replicates)
    weights = np.vstack([np.ones(problems), drawn]) / problems
    surface = smooth(settings, weights, cost)
    if surface is None:
        raise _too_few(settings, layout)
    means = settings.accuracy.mean(axis=0)
    if np.ptp(means) < ALMOST_ZERO:
        raise FitError(
            f"Every setting of the log has the same accuracy ({percent(float(means[0]))}), so no split is best.",
            hint="Add problems that are neither always nor never solved.",
        )
    rows = [_best(surface, cost, each, problems, ask) for each in _budgets(surface, ask, group)]
    low, high = surface.budgets
    inside = np.linspace(low + MARGIN * (high - low), high - MARGIN * (high - low), ALONG)
    powers = [_estimate(values, ask.level) for values in exponents(surface, cost, inside)]
    counts = settings.solutions
    result = CoverageResult(
        group=group, problems=problems, clusters=None, design="fixed", batch=None, layout=layout, level=ask.level,
        attempts=Attempts(int(counts.min()), float(np.median(counts)), int(counts.max())),
        unsolved=int((settings.accuracy.max(axis=1) <= 0).sum()),
        interval=f"pointwise, bootstrap over problems, {ask.replicates:,} replicates",
        coverage=(), fits={}, forecast=(), backtest=(),
        split=VerificationSplit(cost, powers[0], powers[1], tuple(rows), surface.misfit),
    )  # fmt: skip
    return result, _doubts(result, group)


def _too_few(settings: Settings, layout: str) -> FitError:
    said = "The log has too few numbers of solutions and of verifications to tell which split is best"
    if layout != VERDICTS:
        return FitError(
            f"{said}.",
            hint="Log every pair of at least three numbers of solutions and three of verifications: 1, 4 and 16.",
        )
    solutions, verifications = int(settings.solutions.max()), int(settings.verifications.max())
    return FitError(
        f"{said}: some problem allows no more than {number_of(solutions, 'solution')} with "
        f"{number_of(verifications, 'verification')} each.",
        hint="At least 4 of each are needed: log more, or leave problems and solutions with fewer out with --where.",
    )


def _budgets(
    surface: Smooth, ask: InferenceCoverage, group: Mapping[str, str]
) -> list[tuple[float, float | None, str]]:
    """Budgets in solutions, each with the amount and unit that was asked for."""
    costs = prices_of(ask).costs(group_label(dict(group)))
    asked = questions_of(ask).budgets
    if asked:
        return [(_affordable(costs[budget.unit], budget.amount), budget.amount, budget.unit) for budget in asked]
    low, high = surface.budgets
    count = int(np.clip((high - low) / np.log(STEP) - 1, 1, BUDGETS))
    step = max(np.log(STEP), np.log(STEP) * np.floor((high - low) / np.log(STEP) / (count + 1)))
    return [(float(np.exp(low + step * (i + 1))), None, "") for i in range(count) if low + step * (i + 1) < high]


def _affordable(cost: Cost, amount: float) -> float:
    """How many solutions an amount pays for, after the prompt, which is paid for once; 0 if it does not pay for it."""
    return max(amount - float(cost.cost(np.array(0.0))), 0.0) / cost.attempt


def _best(
    surface: Smooth, cost: float, budget: tuple[float, float | None, str], problems: int, ask: InferenceCoverage
) -> BestSplit:
    total, amount, unit = budget
    low, high = surface.span(np.log(total)) if total > 0 else (0.0, 0.0)
    nothing = Estimate(None)
    if not low < high:
        return BestSplit(total, amount, unit, nothing, nothing, nothing)
    found = best(surface, float(np.log(total)))
    solutions = np.exp(found.u)
    verifications = np.maximum(total / solutions - 1, 0.0) / cost
    accuracy = accuracy_of(found.log_odds, problems)
    end = {-1: "fewest", 0: None, 1: "most"}[int(found.end[0])]
    chosen, verified, solved = (_estimate(values, ask.level) for values in (solutions, verifications, accuracy))
    return BestSplit(total, amount, unit, chosen, verified, solved, end)


def _estimate(values: Array, level: float) -> Estimate:
    """The first value with the percentile interval of the others."""
    first = float(values[0]) if np.isfinite(values[0]) else None
    drawn = values[1:][np.isfinite(values[1:])]
    if first is None or len(drawn) < len(values) / 2:
        return Estimate(first)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return Estimate(first, float(min(low, first)), float(max(high, first)))


def _doubts(result: CoverageResult, group: dict[str, str]) -> list[Caveat]:
    """Budgets outside the log, and best splits at an end of it."""
    assert result.split is not None
    rows, caveats = result.split.budgets, []
    if any(row.solutions.estimate is None for row in rows):
        caveats.append(caveat("budget-outside-settings", group or None))
    at_end = [row for row in rows if row.end is not None]
    if at_end:
        caveats.append(
            caveat("split-at-end", group or None, budgets=f"{len(at_end)} of {len(rows)} budgets", end=at_end[-1].end)
        )
    return caveats
