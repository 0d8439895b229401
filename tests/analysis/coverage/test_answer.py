"""The answer about one group: which k are forecast, when laws are fitted, and the record on fewer attempts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.backtest import backtest, record_doubts
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.errors import FitError
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
    found, _ = answer(log(c=c), fit="beta-binomial")
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
