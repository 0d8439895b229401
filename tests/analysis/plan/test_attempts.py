"""Plans of further attempts: within the budget, where little is solved, and as good as they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.plan.attempts import attempts_plan
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.coverage.counts import make_counts
from scaling_cli.errors import UsageError

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
    assert result.usual[0].times > 1.2
    assert result.goals[0].width_after < result.usual[0].widths[0] < result.goals[0].width_before


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
        attempts_plan(
            make_counts(np.full(PROBLEMS, ATTEMPTS), sampled(0)[1]), [], (*GOALS, parse_goal("alpha")), 10, 0.95, {}
        )
    with pytest.raises(UsageError, match="less than one attempt"):
        plan(sampled(0)[1], budget=0.5)
    with pytest.raises(UsageError, match="needs a log of attempts"):
        scaling.plan(law="chinchilla:besiroglu", goal="coverage@100", budget=1e20)
