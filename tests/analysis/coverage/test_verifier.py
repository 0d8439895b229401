"""Accuracy where one attempt is chosen: means over problems, their intervals, and what an assumed verifier gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from scaling_cli.analysis.coverage.verifier import Rates, assumed_rows, logged_rows, scored_rows, voted_rows
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.coverage.distribution import quantile_of
from scaling_cli.points.samples import Outcomes, Verdicts

K = np.array([1, 2, 4])
LEVEL = 0.9


def beta_counts(problems=300, attempts=40, alpha=0.6, beta=1.5, rates=(1.0, 0.0), seed=0):
    """Counts of accepted attempts at problems whose chance of a correct one is a draw of Beta(alpha, beta)."""
    generator = np.random.default_rng(seed)
    p = generator.beta(alpha, beta, problems)
    n = np.full(problems, attempts)
    return make_counts(n, generator.binomial(n, rates[0] * p + rates[1] * (1 - p))), p


def test_rows_of_a_logged_verifier_are_means_over_problems_with_intervals_in_log_odds():
    """By hand: of two accepted attempts among four, pass@2 is 5/6; of one it is 1/2, and half or all are correct."""
    counts = make_counts(np.array([4, 4]), np.array([1, 2]))
    rows = logged_rows(counts, Verdicts(np.array([2, 1]), np.array([1, 1])), K, LEVEL)
    each = np.array([[0.5 * 0.5, 0.5 * 5 / 6, 0.5], [0.25, 0.5, 1.0]])
    assert [row.k for row in rows] == [1, 2, 4]
    assert {row.method for row in rows} == {"logged-verifier"}
    assert [row.estimate for row in rows] == pytest.approx(each.mean(axis=0))
    assert [row.oracle for row in rows] == pytest.approx([(1 / 4 + 1 / 2) / 2, (1 / 2 + 5 / 6) / 2, 1.0])
    middle = each[:, 1].mean()
    reach = quantile_of(LEVEL, counts) * each[:, 1].std(ddof=1) / np.sqrt(2) / (middle * (1 - middle))
    assert (rows[1].low, rows[1].high) == pytest.approx((expit(logit(middle) - reach), expit(logit(middle) + reach)))


def test_equal_or_certain_accuracies_have_no_interval():
    counts = make_counts(np.array([4, 4]), np.array([4, 4]))
    for accepted, correct in (([2, 2], [1, 1]), ([4, 4], [4, 4]), ([0, 0], [0, 0])):
        rows = logged_rows(counts, Verdicts(np.array(accepted), np.array(correct)), K[:1], LEVEL)
        assert (rows[0].low, rows[0].high) == (None, None)


def test_a_k_that_not_all_problems_reach_has_no_accuracy():
    counts = make_counts(np.array([4, 2]), np.array([1, 1]))
    rows = logged_rows(counts, Verdicts(np.array([1, 1]), np.array([1, 1])), K, LEVEL)
    assert [row.estimate is None for row in rows] == [False, False, True]
    assert rows[2].oracle is None


def test_rows_of_scores_choose_the_best_scored():
    """In the first problem the best score is correct, in the second it is not."""
    problems = [
        Outcomes(np.array([1.0, 0, 0, 0]), np.array([9.0, 1, 2, 3]), 4, 1),
        Outcomes(np.array([0.0, 0, 0, 1]), np.array([9.0, 1, 2, 3]), 4, 1),
    ]
    counts = make_counts(np.array([4, 4]), np.array([1, 1]))
    rows = scored_rows(counts, problems, K, LEVEL)
    assert {row.method for row in rows} == {"best-of-k"}
    # Of two attempts, the second problem's correct one is best unless the 9 is drawn: C(2, 1) of C(4, 2) draws.
    assert [row.estimate for row in rows] == pytest.approx([0.25, (1 / 2 + 1 / 3) / 2, 0.5])
    assert [row.oracle for row in rows] == pytest.approx([0.25, 0.5, 1.0])


def test_rows_of_votes_choose_the_most_common_answer():
    problems = [Outcomes(np.array([1.0, 0.0]), np.array([3.0, 1.0]), 4, 3),
                Outcomes(np.array([0.0, 1.0]), np.array([3.0, 1.0]), 4, 1)]  # fmt: skip
    counts = make_counts(np.array([4, 4]), np.array([3, 1]))
    resampling = ProblemResampling(10, seed=3, group=5)
    rows = voted_rows(counts, problems, K, LEVEL, resampling)
    assert {row.method for row in rows} == {"majority"}
    assert [row.estimate for row in rows] == pytest.approx([0.5, 0.5, 0.5], abs=0.05)
    assert rows[2].estimate == 0.5
    assert [row.oracle for row in rows] == pytest.approx([0.5, (1 + 0.5) / 2, 1.0])
    assert rows == voted_rows(counts, problems, K, LEVEL, resampling)
    others = voted_rows(counts, problems, K, LEVEL, ProblemResampling(10, seed=4, group=5))
    assert [row.estimate for row in rows] != [row.estimate for row in others]


@pytest.mark.parametrize(("labels", "fpr", "codes"), [("truth", 0.03, ["false-positives"]), ("verifier", 0.025, [])])
def test_an_assumed_verifier_gives_the_accuracy_of_the_true_spread(labels, fpr, codes):
    """Where four attempts let more than a tenth of wrong answers pass, a caveat says so."""
    tpr, group = 0.9, {"model": "small"}
    counts, p = beta_counts(rates=(1.0, 0.0) if labels == "truth" else (tpr, fpr))
    rows, verifier, caveats = assumed_rows(counts, K, Rates(tpr, fpr, labels), LEVEL, group)
    accept = tpr * p + fpr * (1 - p)
    truth = [np.mean(tpr * p / accept * (1 - (1 - accept) ** k)) for k in K]
    oracle = [np.mean(1 - (1 - p) ** k) for k in K]
    # The chances of 300 problems are drawn once, and their counts of 40 attempts add little.
    assert [row.estimate for row in rows] == pytest.approx(truth, abs=0.02)
    assert [row.oracle for row in rows] == pytest.approx(oracle, abs=0.02)
    assert all(row.low <= row.estimate <= row.high for row in rows)
    assert all(0.02 < row.high - row.low < 0.15 for row in rows)
    assert [(row.k, row.method) for row in rows] == [(k, "assumed-verifier") for k in K]
    assert verifier.ceiling == pytest.approx(np.mean(tpr * p / accept), abs=0.02)
    assert (verifier.true_positive, verifier.false_positive) == (tpr, fpr)
    assert verifier.floor == pytest.approx(1 - (1 - fpr) ** 4)
    assert [(found.code, found.group) for found in caveats] == [(code, group) for code in codes]


def test_a_verifier_is_perfect_unless_its_rates_are_given():
    assert Rates() == Rates(1.0, 0.0, "verifier")
    counts, _ = beta_counts(problems=60)
    rows, verifier, caveats = assumed_rows(counts, K, Rates(), LEVEL, None)
    assert [row.estimate for row in rows] == pytest.approx([row.oracle for row in rows])
    assert (verifier.true_positive, verifier.false_positive) == (1.0, 0.0)
    assert caveats == []
