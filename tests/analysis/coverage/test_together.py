"""What needs several groups: which are compared, priced and mixed, and logs that stopped at successes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.opponents import Named, check_opponent, opponent
from scaling_cli.errors import UsageError

FIRST, SECOND = (0, 1, 2, 4, 6, 8), (1, 3, 5, 7, 8, 8)
PRICED = {"price_out": 1e6, "tokens_out": 1}  # a dollar for each attempt


def log(solved, model, n=8, problems=12):
    c = np.minimum(np.resize(solved, problems), n)
    return pl.DataFrame(
        {
            "model": model,
            "problem_id": [f"p{i}" for i in range(problems)],
            "n": np.broadcast_to(n, problems).copy(),
            "c": c,
        }
    )


BOTH = pl.concat([log(FIRST, "a"), log(SECOND, "b")])


def stopped(model="a"):
    """Batches of two until one is solved, at most six."""
    n = np.resize([2, 2, 4, 4, 6, 6], 24)
    c = np.resize([1, 2, 1, 1, 1, 0], 24)
    return pl.DataFrame({"model": model, "problem_id": [f"p{i}" for i in range(24)], "n": n, "c": c})


def answered(data, **options):
    report = scaling.inference_coverage(data, **{"by": "model", "replicates": 100, "fit": "none", **options})
    return {result.group["model"]: result for result in report.results}, report


def test_a_group_is_compared_with_the_one_that_is_named_and_never_with_itself():
    found, _ = answered(BOTH, compare="b", k="1,4")
    assert [(row.other, row.k) for row in found["a"].comparisons] == [("b", 1), ("b", 4)]
    assert (found["b"].comparisons, found["b"].crossings) == ((), ())
    assert [row.other for row in found["a"].crossings] == ["b"]
    assert (found["a"].exchange, found["a"].mixes) == ((), ())
    alone, _ = answered(BOTH)
    assert (alone["a"].comparisons, alone["a"].crossings) == ((), ())
    difference = found["a"].comparisons[0].difference.estimate
    assert difference == pytest.approx((np.mean(FIRST) - np.mean(SECOND)) / 8)


def test_budgets_have_the_chance_that_each_group_is_the_best():
    found, _ = answered(BOTH, budget="2usd", target=[0.5], **PRICED)
    budget, target = found["b"].budgets
    assert (budget.question, budget.k, budget.best_probability) == ("budget", 2, 1.0)
    assert found["a"].budgets[0].best_probability == 0.0
    assert (target.question, target.best_probability) == ("target", None)
    only, _ = answered(log(FIRST, "a"), budget="2usd", **PRICED)
    assert only["a"].budgets[0].best_probability is None


def test_each_group_has_its_own_price():
    found, _ = answered(BOTH, budget="4usd", price_out=["a=1e6", "b=2e6"], tokens_out=1)
    assert (found["a"].budgets[0].k, found["b"].budgets[0].k) == (4, 2)


def test_a_log_that_stopped_has_product_limits_and_is_never_paired():
    found, report = answered(stopped(), k="1,2,4,6", fit="beta-binomial")
    result = found["a"]
    assert (result.design, result.batch) == ("stop-at-success", 2)
    assert result.interval == "product limit, bootstrap over problems, 100 replicates"
    assert [each.group for each in report.caveats if each.code == "stop-at-success"] == [{"model": "a"}]
    # Of 24 problems 8 are solved at two attempts, of the 16 left 8 at four, and of the 8 left 4 at six.
    shares = [row.estimate for row in result.coverage if row.k in (2, 4, 6)]
    assert shares == pytest.approx([1 / 3, 1 - 2 / 3 / 2, 1 - 2 / 3 / 2 / 2])
    both = pl.concat([stopped(), log(SECOND, "b", problems=24).select(stopped().columns)])
    for options in ({"compare": "b"}, {"mix": "b", "budget": "2usd", **PRICED}):
        with pytest.raises(UsageError, match="Sampling of a stopped at successes"):
            answered(both, **options)
    with pytest.raises(UsageError, match="Sampling of a stopped at successes"):
        answered(both, mix="a", budget="2usd", **PRICED)


def test_forecasts_reach_ten_times_the_attempts_or_as_far_as_asked():
    for to, furthest in ((None, 80), (30, 30)):
        found, _ = answered(BOTH, fit="beta-binomial", **({} if to is None else {"to": to}))
        assert found["a"].forecast[-1].k == furthest
        assert found["a"].forecast_curve.x[-1] == pytest.approx(furthest)
    nothing, _ = answered(BOTH)
    assert (nothing["a"].forecast, nothing["a"].forecast_curve, nothing["a"].backtest) == ((), None, ())


def test_purchases_beyond_the_attempts_are_forecast_up_to_a_hundred_times():
    found, report = answered(log(FIRST, "a", problems=48), fit="auto", budget=["40usd", "900usd"], **PRICED)
    near, far = found["a"].budgets
    assert (near.k, near.is_forecast, far.k, far.is_forecast) == (40, True, 900, True)
    assert far.coverage.estimate is None
    codes = {each.code for each in report.caveats}
    assert {"beyond-attempts", "far-extrapolation"} <= codes


def named(*values):
    return [Named("/".join(each.values()), each) for each in values]


GROUPS = named(*({"model": model, "data": data} for model in ("small", "large") for data in ("easy", "hard")))


def test_an_opponent_is_a_group_or_the_same_group_with_another_value():
    small, large = GROUPS[0], GROUPS[2]
    assert opponent(small, GROUPS, "large/hard") is GROUPS[3]
    assert opponent(small, GROUPS, "large") is large
    assert opponent(small, GROUPS, "hard") is GROUPS[1]
    assert opponent(small, GROUPS, "small/easy") is None
    assert opponent(small, GROUPS, "small") is None
    assert opponent(small, GROUPS[:2], "large") is None
    for name in ("large", "hard", "small/easy"):
        check_opponent(name, GROUPS)
    with pytest.raises(UsageError, match="group to compare with 'medium'"):
        check_opponent("medium", GROUPS)
