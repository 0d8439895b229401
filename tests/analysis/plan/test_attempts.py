"""Plans of further attempts: within the budget, where little is solved, and as good as they say."""

from __future__ import annotations

from math import comb

import numpy as np
import polars as pl
import pytest
from scipy.special import beta as beta_function
from scipy.special import betaln, digamma

import scaling_cli as scaling
from scaling_cli.analysis.plan.attempts import _equal, _greedy, _Law, _times, _variance, attempts_plan
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.question import goals_of
from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.counts import make_counts
from scaling_cli.errors import UsageError
from scaling_cli.options.plan import Plan

GOALS = (parse_goal("coverage@10000"),)
ALPHA, BETA, PROBLEMS, ATTEMPTS = 0.4, 4.0, 250, 60


def sampled(seed):
    """Chances of success and first counts of the problems."""
    generator = np.random.default_rng(seed)
    chances = generator.beta(ALPHA, BETA, PROBLEMS)
    return chances, generator.binomial(ATTEMPTS, chances)


def plan(solved, budget=20_000.0):
    names = [f"p{i}" for i in range(PROBLEMS)]
    return attempts_plan(make_counts(np.full(PROBLEMS, ATTEMPTS), solved), names, GOALS, budget, 0.95, {})


def test_the_budget_is_kept_and_goes_to_hard_problems():
    result = plan(sampled(0)[1])
    assert 0.9 * 20_000 < result.compute <= 20_000
    assert result.compute == sum(row.more for row in result.attempts)
    hard = [row.more for row in result.attempts if row.successes <= 2]
    easy = [row.more for row in result.attempts if row.successes > 10]
    assert sum(hard) > 5 * sum(easy)
    assert min(row.more for row in result.attempts) > 0
    assert len(result.attempts) < PROBLEMS
    assert result.usual[0].times > 1.2
    assert result.goals[0].width_after < result.usual[0].widths[0] < result.goals[0].width_before


@pytest.mark.thorough
def test_the_interval_shrinks_by_what_was_said():
    """Mean log widths over twenty logs: that of the interval once the attempts are made, against the promised one."""
    promised, found, before = [], [], []
    for seed in range(20):
        chances, solved = sampled(seed)
        result = plan(solved)
        more = np.zeros(PROBLEMS, dtype=int)
        for row in result.attempts:
            more[int(row.problem[1:])] = row.more
        then = solved + np.random.default_rng([9, seed]).binomial(more, chances)
        after = attempts_plan(
            make_counts(ATTEMPTS + more, then), [f"p{i}" for i in range(PROBLEMS)], GOALS, 1.0, 0.95, {}
        ).goals[0]
        promised.append(np.log(result.goals[0].width_after))
        before.append(np.log(result.goals[0].width_before))
        found.append(np.log(after.width_before))
    # The mean of twenty differences has a standard error of about 0.03.
    assert np.mean(found) == pytest.approx(np.mean(promised), abs=0.15)
    assert np.mean(found) < np.mean(before) - 0.1


def test_a_log_of_attempts_is_planned_group_by_group(tmp_path):
    rows = [
        {"model": model, "problem_id": f"p{i}", "n": ATTEMPTS, "c": int(c)}
        for seed, model in enumerate(("small", "large"))
        for i, c in enumerate(sampled(seed)[1])
    ]
    answer = scaling.plan(pl.DataFrame(rows), by="model", goal="coverage@10000", budget=5000)
    assert [result.group for result in answer.results] == [{"model": "large"}, {"model": "small"}]
    frame = answer.to_polars()
    assert frame.columns == ["model", "problem", "attempts", "successes", "more"]
    assert "attempts at" in answer.results[0].sentence


def test_goals_of_two_kinds_and_too_small_budgets_are_refused():
    with pytest.raises(UsageError, match="log of attempts"):
        goals_of(Plan(goal=("coverage@10000", "alpha"), budget=10))
    with pytest.raises(UsageError, match="less than one attempt"):
        plan(sampled(0)[1], budget=0.5)
    assert plan(sampled(0)[1], budget=1.0).compute <= 1
    with pytest.raises(UsageError, match="needs a log of attempts"):
        scaling.plan(law="chinchilla:besiroglu", goal="coverage@100", budget=1e20)


SMALL = make_counts(np.array([10, 10, 10, 10, 20, 20]), np.array([0, 0, 1, 4, 2, 0]))


def likelihood(theta, n, c):
    """The log-likelihood of one problem of the beta-binomial law in (log alpha, log beta)."""
    a, b = np.exp(theta)
    return betaln(a + c, b + n - c) - betaln(a, b)


def bend(theta, n, c, step=1e-3):
    """Minus its second derivatives, by differences."""
    units = step * np.eye(2)
    return -np.array([
        [
            sum(i * j * likelihood(theta + i * one + j * two, n, c) for i in (1, -1) for j in (1, -1)) / (4 * step**2)
            for two in units
        ]
        for one in units
    ])  # fmt: skip


def law_of(counts):
    return _Law(fit_beta_binomial(counts), counts.pair_n, counts.pair_c, counts.multiplicity)


def test_the_information_of_further_attempts_is_the_mean_over_their_outcomes():
    law = law_of(make_counts(np.full(PROBLEMS, ATTEMPTS), sampled(0)[1]))
    a, b = law.fit.alpha, law.fit.beta
    theta = np.log([a, b])
    for place in (0, 3):
        n, c = int(law.n[place]), int(law.c[place])
        assert law.information(place, 0) == pytest.approx(bend(theta, n, c), rel=1e-4, abs=1e-6)
        for more in (1, 7):
            odds = [comb(more, x) * beta_function(a + c + x, b + n - c + more - x) for x in range(more + 1)]
            odds = np.array(odds) / sum(odds)
            mean = sum(odds[x] * bend(theta, n + more, c + x) for x in range(more + 1))
            assert law.information(place, more) == pytest.approx(mean, rel=1e-4, abs=1e-6)
    assert _equal(law, 0) == pytest.approx(np.linalg.inv(law.fit.covariance), rel=1e-3)
    three = sum(law.problems[place] * law.information(place, 3) for place in range(len(law.n)))
    assert _equal(law, 3) == pytest.approx(three)


def test_thousands_of_attempts_have_odds_although_each_order_of_outcomes_is_too_unlikely_for_a_number():
    law = law_of(make_counts(np.array([20_000, 20_000, 20_000]), np.array([10_000, 300, 18_000])))
    a, b = law.fit.alpha, law.fit.beta
    for place in range(3):
        n, c = int(law.n[place]), int(law.c[place])
        assert beta_function(a + c, b + n - c) == 0
        half = (a + c) / (a + b + n)  # the odds that the next attempt succeeds
        mean = half * bend(np.log([a, b]), n + 1, c + 1) + (1 - half) * bend(np.log([a, b]), n + 1, c)
        assert law.information(place, 1) == pytest.approx(mean, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("k", [10.0, 1e4])
def test_the_slope_of_coverage_is_that_of_its_formula(k):
    fit = law_of(make_counts(np.full(PROBLEMS, ATTEMPTS), sampled(0)[1])).fit
    a, b = fit.alpha, fit.beta
    log = betaln(a, b + k) - betaln(a, b)
    along = np.array([digamma(a + b) - digamma(a + b + k),
                      digamma(b + k) - digamma(b) - digamma(a + b + k) + digamma(a + b)]) * [a, b]  # fmt: skip
    outer = np.exp(log) / (1 - np.exp(log)) / -np.log1p(-np.exp(log))
    assert fit.slopes(np.array(k)) == pytest.approx(outer * along, rel=1e-9)


def test_the_plan_knows_what_its_attempts_add():
    law, budget = law_of(SMALL), 400.0
    today = np.linalg.inv(law.fit.covariance)
    slopes = [(law.fit.slopes(np.array(1e3)), 1.0), (law.fit.slopes(np.array(10.0)), 2.0)]
    plan = _greedy(law, slopes, budget, today)
    added = sum(
        plan.problems[place] * (law.information(place, int(plan.more[place])) - law.information(place, 0))
        for place in range(len(law.n))
        if plan.more[place]
    )
    assert plan.information == pytest.approx(today + added, rel=1e-9)
    assert (plan.problems <= law.problems).all()
    assert (plan.more * plan.problems).sum() <= budget
    inverse = np.linalg.inv(plan.information)
    logs = [np.log(slope @ inverse @ slope) for slope, _ in slopes]
    assert _variance(plan.information, slopes) == pytest.approx((logs[0] + 2 * logs[1]) / 3)
    # No single class can be raised to another number of attempts for the same budget and say more than the plan.
    for place in range(len(law.n)):
        most = int(budget // law.problems[place])
        alone = today + law.problems[place] * (law.information(place, most) - law.information(place, 0))
        assert _variance(plan.information, slopes) < _variance(alone, slopes) + 1e-9


def test_the_first_attempts_go_where_an_attempt_tells_most():
    """Steps of further attempts begin at a quarter of the median number of attempts."""
    law = law_of(SMALL)
    today, slopes = np.linalg.inv(law.fit.covariance), [(law.fit.slopes(np.array(1e3)), 1.0)]
    first = max(round(float(np.median(law.n)) / 4), 1)
    gains = []
    for place in range(len(law.n)):
        step = law.information(place, first) - law.information(place, 0)
        after = today + law.problems[place] * step
        gains.append((_variance(today, slopes) - _variance(after, slopes)) / (law.problems[place] * first))
    best = int(np.argmax(gains))
    plan = _greedy(law, slopes, float(law.problems[best] * first), today)
    assert plan.more.tolist() == [first if place == best else 0 for place in range(len(law.n))]
    one = _greedy(law, slopes, float(first), today)  # of a class with several problems, one gets its attempts
    assert one.more[np.flatnonzero(one.more)[0]] == first
    assert one.problems[np.flatnonzero(one.more)[0]] == 1


def test_equal_attempts_are_as_many_as_reach_what_the_plan_reaches():
    law = law_of(SMALL)
    slopes = [(law.fit.slopes(np.array(1e3)), 1.0)]
    wanted = _equal(law, 40)
    times = _times(law, slopes, wanted, 10.0)
    # The number is raised by 15 % at a time.
    assert 4.0 <= times <= 4.0 * 1.15
    assert _times(law, slopes, 1e9 * wanted, 10.0) is None
    assert _times(law, slopes, _equal(law, 5), 10.0) == 1.0


def test_intervals_of_coverage_are_normal_in_the_log_of_its_log():
    counts = make_counts(np.full(PROBLEMS, ATTEMPTS), sampled(0)[1])
    fit = fit_beta_binomial(counts)
    result = attempts_plan(counts, [f"p{i}" for i in range(PROBLEMS)], GOALS, 1e4, 0.9, {})
    (goal,) = result.goals
    a, b = fit.alpha, fit.beta
    coverage = 1 - np.exp(betaln(a, b + 1e4) - betaln(a, b))
    slope = fit.slopes(np.array(1e4))
    error = 1.6448536 * np.sqrt(slope @ fit.covariance @ slope)
    low, high = (np.exp(-np.exp(np.log(-np.log(coverage)) + sign * error)) for sign in (1, -1))
    assert (goal.before.estimate, goal.before.low, goal.before.high) == pytest.approx((coverage, low, high), rel=1e-3)
    assert goal.width_before == pytest.approx(high - low, rel=1e-3)
    assert goal.width_after == goal.after.high - goal.after.low == goal.rounds[0]
    assert goal.before.low < goal.after.low < coverage < goal.after.high < goal.before.high
    assert (result.budget, result.level, result.candidates) == (1e4, 0.9, len(counts.pair_n))
    assert result.usual[0].compute == 40 * PROBLEMS
    names = [row.problem for row in result.attempts]
    assert names == sorted(names, key=lambda name: int(name[1:]))
    assert all(counts.c[int(row.problem[1:])] == row.successes for row in result.attempts)
    assert {row.attempts for row in result.attempts} == {ATTEMPTS}


def test_a_budget_beyond_all_steps_gives_each_problem_the_most():
    """The steps double from a quarter of the median attempts on, twelve times in all, up to `MOST`."""
    law = law_of(SMALL)
    plan = _greedy(law, [(law.fit.slopes(np.array(1e3)), 1.0)], 1e7, np.linalg.inv(law.fit.covariance))
    most = round(float(np.median(law.n)) * 2**9)
    assert plan.more.tolist() == [most] * len(law.n)
    assert plan.problems.tolist() == law.problems.tolist()
    many = law_of(make_counts(np.array([1000, 1000, 1000]), np.array([0, 10, 300])))
    plan = _greedy(many, [(many.fit.slopes(np.array(1e6)), 1.0)], 1e9, np.linalg.inv(many.fit.covariance))
    assert plan.more.tolist() == [16_384] * 3
