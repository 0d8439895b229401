"""More attempts with a small model against a larger one, and where two coverage curves cross."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.crossing import Side, crossing, grid_of
from scaling_cli.analysis.coverage.exchange import Trade, _verdict, exchanges_against
from scaling_cli.analysis.coverage.opponents import curves_cross
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from scaling_cli.sentences.inference_coverage import turn_words

TRADE = {"train_exchange": 14, "pretrain_tokens": "1T", "inference_tokens": "200B"}
MEANS = {"easy": (0.55, 0.8), "hard": (0.004, 0.3)}


def log(means=None, n=256, problems=60, seed=0, names=("small", "large")):
    """Counts of two models, the chances of whose problems follow a beta distribution."""
    generator = np.random.default_rng(seed)
    rows = []
    for difficulty, mean in (means or MEANS).items():
        for model, m in zip(names, mean, strict=True):
            chances = generator.beta(3 * m, 3 * (1 - m), problems)
            counts = generator.binomial(n, chances)
            rows += [(model, difficulty, f"{difficulty}-{i}", n, int(c)) for i, c in enumerate(counts)]
    return pl.DataFrame(rows, schema=["model", "difficulty", "problem_id", "n", "c"], orient="row")


def ask(data, **options):
    return scaling.inference_coverage(
        data,
        **{"by": ["model", "difficulty"], "compare": "large", "replicates": 200, "fit": "none", **TRADE, **options},
    )


@pytest.fixture(scope="module")
def answer():
    return {tuple(result.group.values()): result for result in ask(log()).results}


def test_each_difficulty_is_compared_with_the_large_model_at_that_difficulty(answer):
    easy, hard = answer["small", "easy"].exchange[0], answer["small", "hard"].exchange[0]
    assert (easy.against, hard.against) == ("model=large, difficulty=easy", "model=large, difficulty=hard")
    assert easy.attempts == int(14 + 3 * 13 / 0.2)
    assert (easy.verdict, hard.verdict) == ("sampling", "training")
    assert easy.problems == 60
    assert easy.difference.low > 0 > hard.difference.high
    assert not answer["large", "easy"].exchange


def test_the_ratio_at_which_it_turns_is_that_of_the_attempts_that_catch_up():
    trade = Trade(14.0, 0.2)
    assert trade.ratio_at(trade.factor) == pytest.approx(0.2)
    assert trade.ratio_at(14.0) is None
    assert trade.ratio_at(None) is None
    middle = ask(log({"hard": (0.02, 0.12)}, problems=400)).results
    row = next(result for result in middle if result.group["model"] == "small").exchange[0]
    # Coverage of k attempts is 1 - E (1 - p)^k for beta chances, and 0.12 is reached at this many.
    k = np.arange(1, 257)
    a, b = 3 * 0.02, 3 * 0.98
    coverage = 1 - np.cumprod((b + k - 1) / (a + b + k - 1))
    assert row.turn.low <= trade.ratio_at(float(np.interp(0.12, coverage, k))) <= (row.turn.high or np.inf)


def test_the_table_says_above_which_ratio_the_larger_model_is_better(answer):
    row = answer["small", "hard"].exchange[0]
    said = {
        "0.54 [0, 5.9]": Estimate(0.54, 0.0, 5.9),
        "0.54 [0.1, no limit]": Estimate(0.54, 0.1, None),
        "never [0.3, no limit]": Estimate(None, 0.3, None),
        "never": Estimate(None, None, None),
        "": None,
    }
    for words, turn in said.items():
        assert turn_words(replace(row, turn=turn)) == words


def test_the_answer_says_which_is_better(answer):
    assert "more attempts are better than the larger model" in answer["small", "easy"].sentence
    assert "the larger model is better than more attempts" in answer["small", "hard"].sentence


def test_attempts_beyond_the_log_give_no_verdict():
    row = next(result for result in ask(log(n=64)).results if result.group["model"] == "small").exchange[0]
    assert row.coverage is None
    assert row.difference.estimate is None
    assert row.verdict == ""
    assert next(result for result in ask(log(n=64)).results if result.group["model"] == "small").sentence.endswith(
        "more than the log has, so they cannot be compared."
    )


def test_no_difference_is_shown_between_groups_that_solve_nothing():
    data = log().with_columns(c=pl.when(pl.col("difficulty") == "hard").then(0).otherwise(pl.col("c")))
    report = ask(data)
    found = next(result for result in report.results if result.group == {"model": "small", "difficulty": "hard"})
    assert found.exchange[0].verdict == "inconclusive"
    assert "not shown to be a difference" in found.sentence
    (crossing_,) = found.crossings
    assert crossing_.k is None
    assert crossing_.leads == ""


def test_one_attempt_is_not_several():
    report = ask(log(), train_exchange=1)
    found = next(result for result in report.results if result.group == {"model": "small", "difficulty": "easy"})
    assert "this model can make one attempt, with a coverage of" in found.sentence


def test_models_without_a_common_problem_are_compared_unpaired():
    data = log().with_columns(problem_id=pl.col("model") + pl.col("problem_id"))
    pick = {"model": "small", "difficulty": "easy"}
    paired, unpaired = (
        next(result for result in ask(table).results if result.group == pick).exchange[0] for table in (log(), data)
    )
    assert unpaired.problems == 0
    assert unpaired.difference.estimate == pytest.approx(paired.difference.estimate)
    assert unpaired.difference.low < unpaired.difference.estimate < unpaired.difference.high
    with pytest.raises(DataError, match="share 0 problems"):
        ask(data, train_exchange=None, pretrain_tokens=None, inference_tokens=None)


def test_a_cluster_counts_as_one():
    data = log(problems=40).with_columns(repository=pl.col("problem_id").str.replace(r"\d$", ""))
    alone, together = ask(data), ask(data, cluster="repository")

    def width(report):
        found = next(result for result in report.results if result.group == {"model": "small", "difficulty": "hard"})
        return found.comparisons[0].se_paired

    assert width(together) != width(alone)


def test_a_missing_difficulty_is_not_compared():
    data = log().filter(~((pl.col("model") == "large") & (pl.col("difficulty") == "hard")))
    found = {tuple(result.group.values()): result for result in ask(data).results}
    assert found["small", "easy"].exchange
    assert not found["small", "hard"].exchange


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((0.01, 0.2), "sampling"), ((-0.2, -0.01), "training"), ((-0.1, 0.1), "inconclusive"),
     ((0.0, 0.2), "inconclusive"), ((-0.2, 0.0), "inconclusive"), ((None, None), "inconclusive")],
)  # fmt: skip
def test_one_is_better_where_no_difference_lies_outside_the_interval(ends, verdict):
    assert _verdict(Estimate(0.05, *ends)) == verdict
    assert _verdict(Estimate(None, *ends)) == ""


def test_a_name_that_no_group_has_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="group to compare with 'larg'") as caught:
        ask(log(), compare="larg")
    assert "large" in caught.value.hint


def test_curves_that_cross_have_a_confidence_set_around_the_truth():
    generator = np.random.default_rng(3)
    steady = generator.beta(30, 70, 300)  # 0.3 for every problem: better at many attempts
    split = np.where(generator.random(300) < 0.55, 0.95, 0.001)  # better at one attempt
    rows = [
        (name, f"p{i}", 200, int(generator.binomial(200, chance)))
        for name, chances in (("steady", steady), ("split", split))
        for i, chance in enumerate(chances)
    ]
    data = pl.DataFrame(rows, schema=["model", "problem_id", "n", "c"], orient="row")
    report = scaling.inference_coverage(data, by=["model"], compare="split", replicates=300, fit="none")
    (found,) = next(result for result in report.results if result.group["model"] == "steady").crossings
    k = np.arange(1, 6)
    curves = [1 - np.mean((1 - chances[:, None]) ** k, axis=0) for chances in (steady, split)]
    truth = np.interp(0.0, curves[0] - curves[1], k)
    assert found.leads == "split"
    assert found.k.low <= truth <= found.k.high


def test_the_first_change_of_sign_is_found_between_points():
    log_x = np.log(grid_of(100))
    estimate = log_x - np.log(7.0)
    found = crossing(log_x, np.stack([estimate, estimate - 0.1, estimate + 0.1, estimate + 10]), 0.5, estimate)
    assert found.estimate == pytest.approx(7.0)
    assert found.low is None  # one replicate lies above from the start
    assert crossing(log_x, estimate[None] + 10, 0.95, estimate + 10) is None


def test_without_another_group_there_is_the_coverage_that_the_compute_buys():
    data = log({"easy": (0.3, 0.6)}, n=256, names=("small", "large")).filter(pl.col("model") == "small")
    report = scaling.inference_coverage(data, replicates=100, fit="none", k="1,2,4", **TRADE)
    rows = report.results[0].exchange
    factor = 14 + 3 * 13 / 0.2
    assert [(row.k, row.attempts) for row in rows] == [(k, int(k * factor)) for k in (1, 2, 4)]
    counts = data["c"].to_numpy()
    fails = np.array([np.prod([(256 - solved - i) / (256 - i) for i in range(209)]) for solved in counts])
    assert rows[0].coverage == pytest.approx(1 - np.mean(np.maximum(fails, 0)))
    assert [row.coverage is None for row in rows] == [False, True, True]  # the log has 256 attempts
    assert all((row.model_ratio, row.inference_ratio, row.factor) == (14, 0.2, factor) for row in rows)
    assert {row.against for row in rows} == {""}
    assert not answer_without(TRADE)


def answer_without(options):
    """Without the tokens of training and of inference nothing is exchanged."""
    data = log({"easy": (0.3, 0.6)}).filter(pl.col("model") == "small")
    return scaling.inference_coverage(data, replicates=100, fit="none").results[0].exchange


def test_one_problem_is_not_exchanged():
    how = {"level": 0.9, "resampling": ProblemResampling(50)}
    one = Side("a", make_counts(np.array([300]), np.array([9])), ("p",))
    assert exchanges_against(one, one, np.array([1]), Trade(14.0, 0.2), **how) == []
    assert curves_cross(one, one, **how) is None
    single = Side("b", make_counts(np.array([1, 1, 1]), np.array([1, 0, 1])), ("p", "q", "r"))
    assert curves_cross(single, single, **how) is None  # at one attempt


def test_groups_are_mixed_on_one_budget_and_logs_that_stopped_are_not():
    data = log({"easy": (0.3, 0.6)}, n=16)
    asked = {"by": ["model"], "replicates": 100, "fit": "none", "tokens_out": 1, "price_out": 1e6, "budget": "4usd"}
    found = {
        tuple(result.group.values()): result
        for result in scaling.inference_coverage(data, mix="large", **asked).results
    }
    (mix,) = found["small",].mixes
    assert (mix.other, mix.budget, found["large",].mixes) == ("large", 4.0, ())
    assert mix.k + mix.other_k == 4
    assert mix.coverage >= max(mix.alone, mix.other_alone)
    n = np.array([4, 4, 4, 8, 8, 8, 16, 16] * 4)
    stopped = pl.DataFrame({"model": "small", "problem_id": [f"p{i}" for i in range(32)], "n": n,
                            "c": [1, 1, 1, 1, 1, 1, 1, 0] * 4})  # fmt: skip
    large = data.filter(pl.col("model") == "large").drop("difficulty")
    with pytest.raises(UsageError, match="Sampling of small stopped at successes"):
        scaling.inference_coverage(pl.concat([stopped, large.select(stopped.columns)]), mix="large", **asked)


def test_curves_of_two_shared_problems_reach_to_the_attempts_at_these():
    how = {"level": 0.9, "resampling": ProblemResampling(50)}
    left = Side("a", make_counts(np.array([64, 64, 8]), np.array([9, 20, 1])), ("p", "q", "only a"))
    right = Side("b", make_counts(np.array([64, 64, 4]), np.array([3, 2, 1])), ("q", "p", "only b"))
    found = curves_cross(left, right, **how)
    assert (found.other, found.leads, found.up_to) == ("b", "a", 64)
    apart = Side("b", make_counts(np.array([64, 64, 4]), np.array([3, 2, 1])), ("q", "x", "only b"))
    assert curves_cross(left, apart, **how).up_to == 4


@pytest.mark.parametrize(("most", "is_known"), [(208, False), (209, True)])
def test_all_problems_must_have_the_attempts_that_are_compared(most, is_known):
    """One attempt of the larger model costs as much as 209 of the smaller."""
    names = tuple("pqrs")
    small = Side("a", make_counts(np.array([300, most, 300, 300]), np.array([9, 20, 1, 0])), names)
    large = Side("b", make_counts(np.array([8, 4, 8, 8]), np.array([1, 2, 0, 0])), names)
    how = {"level": 0.9, "resampling": ProblemResampling(50)}
    rows = exchanges_against(small, large, np.arange(1, 9), Trade(14.0, 0.2), **how)
    assert [row.k for row in rows] == [1, 2, 3, 4]
    assert rows[0].attempts == 209
    assert (rows[0].coverage is not None) is (rows[0].difference.estimate is not None) is is_known
    assert curves_cross(small, large, **how).up_to == 4
    assert curves_cross(small, small, **how).up_to == most
