from itertools import combinations

import numpy as np
import pytest

from scaling_cli.coverage.verifier import (
    assumed_accuracy,
    best_of,
    floor,
    logged_accuracy,
    majority,
)

TOY_P, TOY_WEIGHT = np.array([0.87, 0.13]), np.array([0.58, 0.42])  # two kinds of problems and their shares
TOY = {"true_positive": 1.0, "false_positive": 0.25}


def test_accuracy_from_both_labels_is_exact():
    # Every way to draw 3 of 6 attempts, of which the first accepted one is taken in every order.
    accepted, correct = np.array([1, 1, 0, 1, 0, 0]), np.array([1, 0, 1, 0, 0, 0])
    drawn = [list(each) for each in combinations(range(6), 3)]
    right = [correct[each][accepted[each] == 1].mean() if accepted[each].any() else 0 for each in drawn]
    found = logged_accuracy(np.array([6]), np.array([3]), np.array([1]), np.array([3]))
    assert found[0, 0] == pytest.approx(np.mean(right), rel=1e-12)


def test_a_perfect_verifier_gives_coverage():
    found = assumed_accuracy(np.array([0.2]), np.array([5]), true_positive=1, false_positive=0)
    assert found[0, 0] == pytest.approx(1 - 0.8**5)


def test_the_toy_model_has_its_accuracies():
    found = TOY_WEIGHT @ assumed_accuracy(TOY_P, np.array([1, 5]), **TOY)
    assert found == pytest.approx([0.5592, 0.697647], abs=1e-6)


def test_false_positives_solve_everything_in_the_end():
    assert floor(1e-3, [100, 1000]) == pytest.approx([0.095, 0.632], abs=5e-4)
    never = np.zeros(5)
    assert assumed_accuracy(never, np.array([10**6]), true_positive=1, false_positive=1e-3).max() == 0


def test_the_best_of_k_by_score_is_exact():
    scores, correct = np.array([0.1, 0.5, 0.5, 0.9, 0.2, 0.3]), np.array([0, 1.0, 0, 0, 1, 1])
    assert best_of(scores, correct, np.array([3]))[0] == pytest.approx(0.275)
    chosen = []
    for drawn in combinations(range(6), 3):
        each = list(drawn)
        top = scores[each] == scores[each].max()
        chosen.append(correct[each][top].mean())
    assert best_of(scores, correct, np.array([3]))[0] == pytest.approx(np.mean(chosen), rel=1e-12)


def test_a_score_that_knows_the_truth_gives_coverage():
    correct = np.array([0.0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    assert best_of(correct, correct, np.array([1, 4, 10])) == pytest.approx([0.2, 1 - 70 / 210, 1.0])
    assert np.isnan(best_of(correct, correct, np.array([11]))[0])


def test_majority_votes_may_lose_by_more_voters():
    # The right answer is second: alone it wins in 40 %, among all 100 never.
    counts, correct = np.array([45, 40, 15]), np.array([0.0, 1.0, 0.0])
    found = majority(counts, correct, np.array([1, 21, 100, 101]), np.random.default_rng(0))
    assert found[0] == pytest.approx(0.4, abs=0.05)  # three standard errors of 1,000 ballots
    assert found[0] > found[1] > found[2] == 0
    assert np.isnan(found[3])


def test_attempts_without_an_answer_cast_no_vote():
    """Every way to draw 3 of 6 attempts, of which one answer is right twice, one is wrong once, and three are none."""
    answers, correct = np.array([0, 0, 1, -1, -1, -1]), np.array([1.0, 0.0])
    right = []
    for drawn in combinations(answers, 3):
        votes = np.array([drawn.count(0), drawn.count(1)])
        right.append(correct[(votes == votes.max()) & (votes > 0)].mean() if votes.any() else 0.0)
    found = majority(np.array([2, 1]), correct, np.array([3, 7]), np.random.default_rng(0), silent=3)
    assert found[0] == pytest.approx(np.mean(right), abs=0.045)  # three standard errors of 1,000 ballots
    assert np.isnan(found[1])
    none = majority(np.zeros(0, dtype=int), np.zeros(0), np.array([2]), np.random.default_rng(0), silent=3)
    assert none.tolist() == [0.0]
