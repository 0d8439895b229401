"""The answer about one group: which k are forecast, when laws are fitted, and the record on fewer attempts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.backtest import backtest, record_doubts
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.results.coverage import Backtest


def log(n=8, problems=24, c=(0, 1, 2, 4, 6, 8)):
    return pl.DataFrame(
        {"problem_id": [f"p{i}" for i in range(problems)], "n": [n] * problems,
         "c": np.resize(np.minimum(c, n), problems).tolist()}
    )  # fmt: skip


def answer(data, **options):
    report = scaling.inference_coverage(data, **{"replicates": 100, **options})
    return report.results[0], {found.code for found in report.caveats}


@pytest.mark.parametrize(
    ("n", "to", "expected"),
    [
        (8, None, [10, 80]),  # ten times the attempts made
        (10, None, [100]),
        (12, None, [100, 120]),
        (8, 10, [10]),
        (8, 5000, [10, 100, 1000, 5000]),
        (99, 1000, [100, 1000]),
        (100, 101, [101]),
    ],
)
def test_forecasts_are_at_powers_of_ten_up_to_the_end(n, to, expected):
    found, _ = answer(log(n), fit="beta-binomial", **({} if to is None else {"to": to}))
    assert sorted({row.k for row in found.forecast}) == expected


@pytest.mark.parametrize("c", [(0,), (8,), (0, 8)])
def test_attempts_that_all_agree_determine_no_law(c):
    found, codes = answer(log(c=c), fit="auto")
    assert not codes & {"law-not-fitted", "overdispersion-not-identified"}  # one caveat on the attempts says it all
    assert found.fits == {}
    assert all(row.estimate is None for row in found.forecast)
    assert found.unsolved == sum(value == 0 for value in np.resize(c, 24))


def test_one_attempt_determines_no_law_and_two_do():
    one, _ = answer(log(1, c=(0, 1)), fit="beta-binomial")
    assert one.fits == {}
    two, _ = answer(log(2, 60, c=(0, 0, 1, 2, 2)), fit="beta-binomial")
    assert list(two.fits) == ["beta-binomial"]


def test_what_was_read_is_counted():
    data = log().with_columns(n=pl.Series([8, 8, 9, 16] * 6), cluster=pl.Series(np.repeat(np.arange(6), 4)))
    found, _ = answer(data, fit="none", k="1,2")
    assert (found.problems, found.clusters) == (24, None)
    assert (found.attempts.min, found.attempts.median, found.attempts.max) == (8, 8.5, 16)
    assert (found.unsolved, found.design, found.batch) == (4, "fixed", None)
    assert found.interval.endswith("bootstrap over problems, 100 replicates")
    grouped, _ = answer(data, fit="none", k="1,2", cluster="cluster")
    assert grouped.clusters == 6
    assert grouped.interval.endswith("bootstrap over clusters, 100 replicates")


def test_more_attempts_than_were_made_are_refused_or_bounded():
    data = log().with_columns(n=pl.Series([8] * 23 + [16]))
    with pytest.raises(FitError, match="23 problems have fewer attempts than k = 16"):
        answer(data, fit="none", k="1,16", short="error")
    data = log().with_columns(n=pl.Series([16] * 23 + [8]))
    with pytest.raises(FitError, match="1 problem has fewer attempts than k = 16"):
        answer(data, fit="none", k="1,16", short="error")
    assert answer(data, fit="none", k="8", short="error")[0].coverage[0].estimate is not None


def sampled(n=64, problems=40, seed=0):
    chance = np.random.default_rng(seed).beta(0.5, 1.5, problems)
    c = np.random.default_rng(seed + 1).binomial(n, chance)
    return Sampled(make_counts(np.full(problems, n), c), None, ProblemResampling(50, 3, 0))


def test_the_record_is_of_an_eighth_of_the_attempts_or_of_several_shares():
    short = backtest(sampled(), ["beta-binomial"], is_full=False)
    assert [(row.law, row.trained, row.held_out, row.samples) for row in short] == [("beta-binomial", 8, 64, 5)]
    whole = backtest(sampled(128), ["beta-binomial"], is_full=True)
    assert [(row.trained, row.samples) for row in whole] == [(64, 10), (16, 10), (4, 10)]
    assert backtest(sampled(31), ["beta-binomial"], is_full=False) == []  # three attempts are too few
    assert [row.trained for row in backtest(sampled(32), ["beta-binomial"], is_full=False)] == [4]


def test_errors_are_small_for_a_law_that_holds_and_their_mean_is_at_most_their_size():
    (row,) = backtest(sampled(512, 300), ["beta-binomial"], is_full=False)
    assert row.failed == 0
    assert abs(row.bias) <= row.mean_absolute_error < 0.03
    again = backtest(sampled(512, 300), ["beta-binomial"], is_full=False)
    assert again == [row]


def record(law="beta-binomial", trained=8, held_out=64, error=0.06):
    return Backtest(law, trained, held_out, 5, 0, 0.0, error)


@pytest.mark.parametrize(
    ("row", "is_said"),
    [
        (record(), True),
        (record(error=0.05), False),
        (record(error=None), False),
        (record(trained=4), False),  # a sixteenth of the attempts
        (record(trained=5), True),
        (record(trained=9), False),  # a seventh
        (record(law="kumaraswamy"), False),
    ],
)
def test_a_record_is_poor_from_an_error_of_a_twentieth_on_at_the_usual_share(row, is_said):
    found = record_doubts([row], ["beta-binomial", "kumaraswamy"], None)
    assert [each.code for each in found] == ["poor-track-record"] * is_said
    if is_said:
        assert "64" in found[0].message
    assert record_doubts([row], [], None) == []


def test_a_log_that_stopped_is_cut_at_whole_batches():
    n = np.array([4, 8, 16, 32, 32, 32])
    c = np.array([1, 1, 1, 1, 0, 0])
    data = Sampled(make_counts(n, c), 4, ProblemResampling(50, 3, 0))
    rows = backtest(data, ["beta-binomial"], is_full=True)
    assert {row.trained for row in rows} <= {16, 4}
    assert all(row.samples == 1 for row in rows)


def two(first=(0, 1, 2, 4, 6, 8), second=(1, 3, 5, 7, 8, 8), n=8):
    sides = {"a": first, "b": second}
    return pl.concat([log(n, c=c).with_columns(model=pl.lit(name)) for name, c in sides.items()])


def test_each_group_is_answered_as_it_is_alone_and_caveats_name_it():
    report = scaling.inference_coverage(two(), by="model", replicates=100, fit="beta-binomial")
    assert [result.group for result in report.results] == [{"model": "a"}, {"model": "b"}]
    for name, result in zip("ab", report.results, strict=True):
        alone, _ = answer(two().filter(pl.col("model") == name), fit="beta-binomial")
        for own, other in zip(result.coverage, alone.coverage, strict=True):
            assert (own.k, own.estimate, own.se_problems) == (other.k, other.estimate, other.se_problems)
        assert result.fits == alone.fits
        assert [row.estimate for row in result.forecast] == [row.estimate for row in alone.forecast]
        assert result.attempts == alone.attempts
    named = [each.group for each in report.caveats if each.code == "all-solved"]
    assert named == [{"model": "b"}]


def test_a_group_that_cannot_be_answered_leaves_the_other_and_fails_alone():
    short = pl.concat([log(16).with_columns(model=pl.lit("a")), log(8).with_columns(model=pl.lit("b"))])
    report = scaling.inference_coverage(short, by="model", replicates=100, fit="none", k="1,16", short="error")
    assert [result.group["model"] for result in report.results] == ["a"]
    assert [(each.group, "fewer attempts than k = 16" in each.error) for each in report.failures] == [
        ({"model": "b"}, True)
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mix": "c", "budget": "10usd", "price_out": 1, "tokens_out": 1}, "group to mix with 'c'"),
        ({"compare": "c"}, "group to compare with 'c'"),
        ({"budget": "10usd"}, "cost of an attempt of a in usd is not known"),
    ],
)
def test_options_that_name_what_there_is_not_are_refused(options, says):
    with pytest.raises(ScalingError, match=says):
        scaling.inference_coverage(two(), by="model", replicates=100, fit="none", **options)


def test_an_assumed_verifier_has_a_row_for_each_k_and_without_spread_a_caveat():
    found, codes = answer(log(), fit="none", fpr=0.01, tpr=0.9, labels="truth", k="1,4")
    assert [(row.k, row.method) for row in found.selection] == [(1, "assumed-verifier"), (4, "assumed-verifier")]
    assert (found.verifier.true_positive, found.verifier.false_positive) == (0.9, 0.01)
    assert "law-not-fitted" not in codes
    even, codes = answer(log(c=(3, 4)), fit="none", fpr=0.01)
    assert (even.selection, even.verifier) == ((), None)
    assert "law-not-fitted" in codes
    assert answer(log(), fit="none")[0].verifier is None


def judged(*lengths):
    """Accepted attempts of which only the last at each problem is correct; `lengths` are their numbers."""
    rows = [
        (f"p{problem}", attempt, int(attempt == length - 1), 1)
        for problem, length in enumerate(lengths)
        for attempt in range(length)
    ]
    return pl.DataFrame(rows, schema=["problem", "attempt", "correct", "verdict"], orient="row")


def test_choices_are_refused_where_sampling_stopped_at_the_first_success():
    """The share of correct ones among such attempts is far above the chance of one, so its accuracy would be too."""
    stopped = judged(*range(1, 25))
    with pytest.raises(FitError, match="Sampling stopped at a success"):
        answer(stopped, fit="none", verified="verdict")
    found, _ = answer(stopped, fit="none", verified="verdict", design="fixed", k="1")
    assert found.selection[0].estimate == pytest.approx(np.mean(1 / np.arange(1, 25)))


def test_outcomes_are_not_the_truth_and_verdicts_at_once():
    with pytest.raises(UsageError, match="for the truth") as caught:
        answer(judged(*[6] * 20), fit="none", verified="verdict", fpr=0.1)
    assert "--labels truth" in caught.value.hint
    with pytest.raises(UsageError, match="--labels verifier takes the outcomes for verdicts"):
        answer(judged(*[6] * 20), fit="none", verified="verdict", labels="verifier")
    options = {"verified": "verdict", "fpr": 0.1, "k": "1", "design": "fixed"}
    found, _ = answer(judged(*range(1, 25)), fit="none", labels="truth", **options)
    assert [row.method for row in found.selection] == ["logged-verifier"]  # counts without spread allow no other


def test_scores_and_votes_choose_up_to_the_attempts_of_all_problems():
    rng = np.random.default_rng(0)
    rows = [
        (f"p{problem}", attempt, int(rng.random() < 0.4), float(rng.random()), str(rng.integers(3)))
        for problem in range(12)
        for attempt in range(8 if problem else 4)
    ]
    table = pl.DataFrame(rows, schema=["problem_id", "attempt", "correct", "score", "answer"], orient="row")
    found, _ = answer(table, fit="none", score="score", k="1,4,8")
    assert [(row.k, row.method) for row in found.selection] == [(1, "best-of-k"), (4, "best-of-k")]
    voted, _ = answer(table, fit="none", answer="answer", k="1,4,8")
    assert [(row.k, row.method) for row in voted.selection] == [(1, "majority"), (4, "majority")]


def test_the_result_repeats_its_laws_forecasts_and_curve():
    found, _ = answer(log(), fit="all", to=40)
    assert found.level == 0.95
    assert {row.k for row in found.forecast} == {10, 40}
    assert found.forecast_curve.x[-1] == pytest.approx(40.0)
    assert (found.curve.x[0], found.curve.x[-1]) == (1.0, 8.0)
    rates = np.minimum((0, 1, 2, 4, 6, 8), 8) / 8
    assert found.curve.y[0] == pytest.approx(np.resize(rates, 24).mean())
    assert found.problems == 24
