"""Which problems to attempt again, and how often, so that coverage (pass@k) at a large k becomes known.

The law is the beta-binomial one. A problem with c successes in n attempts has a chance of success drawn from
Beta(alpha + c, beta + n - c), so the counts after m further attempts have known odds, and with them the information
about (log alpha, log beta): the mean of minus the second derivatives of the likelihood. Problems with equal counts get
equal attempts. The number of each such class is raised step by step, always where the log variance of log(-log C(k))
falls most per attempt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaln, gammaln, softmax

from scaling_cli.analysis.plan.goals import Goal
from scaling_cli.analysis.plan.limits import shared_budget
from scaling_cli.analysis.plan.outlook import quantile
from scaling_cli.arrays import Array, Indices
from scaling_cli.coverage.beta_binomial import BetaBinomial, derivatives, fit_beta_binomial
from scaling_cli.coverage.counts import Counts
from scaling_cli.errors import UsageError
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.plan import GoalOutlook, MoreAttempts, OtherDesign, PlanResult

NORMAL_FREEDOM = 10**6  # the likelihood has no noise to estimate
LEVELS = 12  # doublings of the further attempts at a problem
MOST = 1 << 14  # further attempts at one problem in one plan
FORMULA = "C(k) = 1 - B(alpha, beta + k) / B(alpha, beta)"


class _Law(Record):
    """A fitted law with the classes of problems: counts `(j,)` and how many problems have them."""

    fit: BetaBinomial
    n: Indices
    c: Indices
    problems: Array

    def information(self, place: int, more: int) -> Array:
        """The expected information (2, 2) of one problem of a class after `more` further attempts."""
        a, b, n, c = self.fit.alpha, self.fit.beta, int(self.n[place]), int(self.c[place])
        x = np.arange(more + 1.0)
        odds = softmax(betaln(a + c + x, b + n - c + more - x) - gammaln(x + 1) - gammaln(more - x + 1))
        return -derivatives(a, b, np.full(more + 1, n + more), c + x, odds)[1]


class _Plan(Record):
    """Further attempts of each class `(j,)`, and the information with them."""

    more: Indices
    problems: Array
    information: Array


def attempts_plan(
    counts: Counts,
    names: Sequence[str],
    goals: Sequence[Goal],
    budget: float,
    level: float,
    group: dict[str, str],
    *,
    sharing: int = 1,
) -> PlanResult:
    """The plan for one group of problems; `sharing` groups have an equal share of the budget.

    Raises:
        UsageError: The budget is less than one attempt, or goals are of different kinds.
        FitError: The law cannot be fitted.
    """
    notes = shared_budget(f"{budget:,.0f} attempts", sharing)
    budget /= sharing
    _check(budget, sharing)
    fit = fit_beta_binomial(counts)
    law = _Law(fit, counts.pair_n, counts.pair_c, counts.multiplicity)
    slopes = [(fit.slopes(np.array(next(iter(goal.at.values())))), goal.weight) for goal in goals]
    today: Array = np.asarray(np.linalg.inv(fit.covariance), dtype=float)
    chosen = _greedy(law, slopes, budget, today)
    each = max(int(budget // counts.problems), 1)
    equal = _equal(law, each)
    outlooks = tuple(_outlook(goal, fit, level, today, chosen.information) for goal in goals)
    widths = tuple(_outlook(goal, fit, level, today, equal).width_after for goal in goals)
    further = _by_problem(counts, chosen, names)
    spent = float(sum(row.more for row in further))
    times = _times(law, slopes, chosen.information, spent / counts.problems)
    usual = OtherDesign("equal attempts at every problem", counts.problems, each * counts.problems, widths, times)
    return PlanResult(
        group=group,
        law="beta-binomial",
        formula=FORMULA,
        laws=("beta-binomial",),
        source="runs",
        level=level,
        noise=float("nan"),
        noise_slope=0.0,
        budget=budget,
        compute=spent,
        bill=None,
        goals=outlooks,
        runs=(),
        test=None,
        usual=(usual,),
        candidates=len(law.n),
        attempts=further,
        notes=notes,
    )


def _check(budget: float, sharing: int) -> None:
    if budget < 1:
        each = " for each group" if sharing > 1 else ""
        raise UsageError(
            f"The budget is less than one attempt{each}.", hint="Give the number of attempts: --budget 20000."
        )


def _variance(information: Array, slopes: Sequence[tuple[Array, float]]) -> float:
    """The weighted mean log variance of the goals."""
    inverse = np.linalg.inv(information)
    total = sum(weight for _, weight in slopes)
    return float(sum(weight / total * np.log(slope @ inverse @ slope) for slope, weight in slopes))


class _Step(Record):
    """The next number of further attempts for a class of problems.

    Attributes:
        place: Which class.
        problems: How many of its problems get it.
        cost: Attempts at all of them.
        information: What is known of the law with them.
        variance: The log variance of the goals with them.
        gain: By how much it falls per attempt.
    """

    place: int
    problems: float
    cost: float
    information: Array
    variance: float
    gain: float


class _Search:
    """Further attempts of each class, raised step by step within a budget."""

    def __init__(self, law: _Law, slopes: Sequence[tuple[Array, float]], budget: float, today: Array) -> None:
        self.law, self.slopes, self.left = law, slopes, budget
        self.information, self.variance = today, _variance(today, slopes)
        doublings = np.median(law.n) * 2.0 ** np.arange(-2, LEVELS - 2)
        rungs = np.unique(np.minimum(np.round(doublings), MOST)).astype(int)
        self.rungs = np.concatenate([[0], np.maximum(rungs, 1)])  # numbers of further attempts
        self.at, self.problems = np.zeros(len(law.n), dtype=int), law.problems.copy()
        # The information of one problem of each class on its rung and on the next one.
        self.known = [[law.information(place, int(more)) for more in self.rungs[:2]] for place in range(len(law.n))]

    def step(self, place: int) -> _Step | None:
        """The next step of a class; None after the last one, and where the budget is too small for it."""
        if self.at[place] + 1 >= len(self.rungs):
            return None
        each = self.rungs[self.at[place] + 1] - self.rungs[self.at[place]]
        problems = min(float(self.left // each), self.problems[place])
        is_part = problems < self.problems[place]
        # A class may be split on its first step only: later, its other problems would lose the attempts they have.
        if problems < 1 or (is_part and self.at[place] > 0):
            return None
        now, following = self.known[place]
        information = self.information + problems * (following - now)
        variance = _variance(information, self.slopes)
        gain = (self.variance - variance) / (problems * each)
        return _Step(place, problems, problems * each, information, variance, gain)

    def take(self, step: _Step) -> None:
        """Give a class the attempts of a step."""
        place = step.place
        self.left -= step.cost
        self.problems[place] = step.problems
        self.information, self.variance = step.information, step.variance
        self.at[place] += 1
        following = self.rungs[min(self.at[place] + 1, len(self.rungs) - 1)]
        self.known[place] = [self.known[place][1], self.law.information(place, int(following))]


def _greedy(law: _Law, slopes: Sequence[tuple[Array, float]], budget: float, today: Array) -> _Plan:
    """The attempts after steps that each say most per attempt, until the budget is spent."""
    search = _Search(law, slopes, budget, today)
    while True:
        steps = [step for place in range(len(law.n)) if (step := search.step(place)) is not None and step.gain > 0]
        if not steps:
            return _Plan(search.rungs[search.at], search.problems, search.information)
        search.take(max(steps, key=lambda step: step.gain))


def _equal(law: _Law, more: int) -> Array:
    """The information with equal further attempts at every problem."""
    parts = [law.problems[place] * law.information(place, more) for place in range(len(law.n))]
    total: Array = np.sum(parts, axis=0)
    return total


def _times(law: _Law, slopes: Sequence[tuple[Array, float]], wanted: Array, each: float) -> float | None:
    """How many times the attempts of the plan equal attempts would need; None beyond what can be computed."""
    goal = _variance(wanted, slopes)
    more = max(int(each), 1)
    while more <= MOST and _variance(_equal(law, more), slopes) > goal:
        more = max(more + 1, round(1.15 * more))
    return None if more > MOST else more / max(each, 1e-9)


def _outlook(goal: Goal, fit: BetaBinomial, level: float, today: Array, then: Array) -> GoalOutlook:
    """The interval of a goal with the information of today, and the one with that of `then`."""
    k = float(next(iter(goal.at.values())))
    slope, z = fit.slopes(np.array(k)), quantile(level, NORMAL_FREEDOM)
    centre = float(np.log(-np.log1p(-np.exp(fit.log_failure(np.array(k))))))

    def interval(information: Array) -> Estimate:
        error = float(np.sqrt(slope @ np.linalg.solve(information, slope)))
        low, middle, high = (float(np.exp(-np.exp(centre + sign * z * error))) for sign in (1, 0, -1))
        return Estimate(middle, low, high)

    before, after = interval(today), interval(then)
    width = (after.high or 0.0) - (after.low or 0.0)
    return GoalOutlook(
        goal.text, goal.weight, False, before, after, (before.high or 0.0) - (before.low or 0.0), width, (width,)
    )


def _by_problem(counts: Counts, plan: _Plan, names: Sequence[str]) -> tuple[MoreAttempts, ...]:
    """The problems that get further attempts, in their order; of a class, as many as the plan says."""
    left = plan.problems.copy()
    rows = []
    for i, pair in enumerate(counts.pair):
        if plan.more[pair] > 0 and left[pair] >= 1:
            left[pair] -= 1
            rows.append(MoreAttempts(names[i], int(counts.n[i]), int(counts.c[i]), int(plan.more[pair])))
    return tuple(rows)
