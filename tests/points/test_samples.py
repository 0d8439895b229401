"""Tables of attempts and of verifications as arrays."""

from __future__ import annotations

import math

import polars as pl
import pytest

from scaling_cli.points.samples import counts_of, sample_groups
from scaling_cli.points.verifications import setting_groups
from tests.data.loading import load_samples

ATTEMPTS = pl.DataFrame({
    "model": ["b", "b", "b", "b", "a", "a", "a"],
    "problem": ["q", "p", "p", "p", "p", "p", "q"],
    "correct": [1, 0, 1, 1, 0, 0, None],
    "score": [0.5, 0.1, 0.9, None, 0.2, 0.3, 0.4],
    "answer": ["x", "y", "x", "x", "y", None, "z"],
})  # fmt: skip


def groups(frame=ATTEMPTS, by=("model",), **options):
    return sample_groups(load_samples(frame, by=by, **options), by)


def test_groups_have_counts_of_each_problem():
    first, second = groups()
    assert (first.values, second.values) == ({"model": "a"}, {"model": "b"})
    assert (first.name, first.label) == ("a", {"model": "a"})
    assert second.problems == ("p", "q")
    assert second.counts.n.tolist() == [3, 1]
    assert second.counts.c.tolist() == [2, 1]
    (whole,) = groups(ATTEMPTS.drop("model"), by=())
    assert (whole.values, whole.name, whole.label) == ({}, "", None)
    assert whole.counts.n.sum() == 6
    assert (whole.scored, whole.voted) == ((), ())


RANKED = {"score": "score", "answer": "answer"}


def test_scores_are_those_of_attempts_with_an_outcome_and_one_without_a_score_is_last_and_no_answer():
    _, second = groups(mapping=RANKED)
    of_p, of_q = second.scored
    assert sorted(zip(of_p.success, of_p.weight, strict=True)) == [(0.0, -math.inf), (0.0, 0.1), (1.0, 0.9)]
    assert (of_p.attempts, of_p.solved) == (3, 2)
    assert (of_q.attempts, of_q.solved) == (1, 1)


def test_problems_without_any_score_or_answer_stay_in_the_mean():
    lacking = ATTEMPTS.with_columns(pl.when(pl.col("problem") == "p").then(pl.col("score", "answer")))
    _, second = groups(lacking, mapping=RANKED)
    assert [(each.attempts, each.solved) for each in second.scored] == [(3, 2), (1, 1)]
    assert [(each.attempts, each.solved) for each in second.voted] == [(3, 2), (1, 1)]
    assert second.scored[1].success.tolist() == [0.0]
    assert second.voted[1].weight.tolist() == []


def test_a_row_of_averages_is_no_problem_to_choose_at():
    frame = ATTEMPTS.filter(pl.col("problem") == "p")
    total = frame.head(1).with_columns(problem=pl.lit("average"))
    (whole,) = groups(pl.concat([frame, total]).drop("model"), by=(), mapping=RANKED)
    assert whole.problems == ("p",)
    assert (len(whole.scored), len(whole.voted)) == (1, 1)


def test_votes_count_each_answer_with_the_share_of_it_that_is_correct():
    _, second = groups(mapping=RANKED)
    of_p = second.voted[0]
    assert of_p.weight.tolist() == [2.0, 1.0]  # x and y
    assert of_p.success.tolist() == [1.0, 0.0]
    assert (of_p.attempts, of_p.solved) == (3, 2)


def test_a_score_that_is_the_outcome_ranks_nothing():
    frame = ATTEMPTS.drop("correct", "answer", "model").with_columns(score=pl.col("score").fill_null(0.0))
    (whole,) = groups(frame, by=(), threshold=0.35, mapping={"correct": "score", "score": "score"})
    assert whole.scored == ()
    assert whole.counts.c.sum() == 3


def test_groups_are_ordered_by_number_and_problems_without_one_are_left_out():
    frame = pl.DataFrame({"size": ["1B", "70M", None], "problem": ["p"] * 3, "n": [4, 5, 6], "c": [1, 2, 3]})
    assert [group.values["size"] for group in groups(frame, by=("size",))] == ["70M", "1B"]


def test_clusters_are_numbered():
    frame = pl.DataFrame({"n": [4, 4, 4], "c": [1, 2, 3], "cluster": ["b", "a", "b"]})
    assert counts_of(frame).cluster.tolist() == [1, 0, 1]
    assert counts_of(frame.drop("cluster")).cluster.tolist() == [0, 1, 2]  # each problem is alone


class Table:
    """A table of settings or verdicts, as `load_samples` gives it."""

    def __init__(self, **columns):
        self.frame = pl.DataFrame(columns)


def test_settings_that_all_problems_have_are_kept_in_order():
    table = Table(
        problem=["p", "q", "p", "q", "p"],
        solutions=[2, 1, 1, 2, 4],
        verifications=[3, 1, 1, 3, 1],
        accuracy=[0.4, 0.5, 0.3, 0.6, 0.9],
    )
    (group,) = setting_groups(table, ())
    assert group.settings.tolist() == [[1, 1], [2, 3]]
    assert group.accuracy.tolist() == [[0.3, 0.4], [0.5, 0.6]]
    assert (group.problems, group.left_out, group.values) == (2, 1, {})


def test_settings_are_grouped_in_the_order_of_their_names():
    table = Table(model=["1B", "70M"], problem=["p", "p"], solutions=[1, 2], verifications=[1, 1], accuracy=[0.5, 0.25])
    groups = list(setting_groups(table, ["model"]))
    assert [group.values for group in groups] == [{"model": "70M"}, {"model": "1B"}]
    assert [group.accuracy.item() for group in groups] == [0.25, 0.5]


def test_solutions_of_a_problem_have_equally_many_verdicts():
    table = Table(problem=["p", "p", "q"], correct=[1, 0, 1], verdicts=[[1, 0, 1], [0, 1], [1]])
    (group,) = setting_groups(table, ())
    assert group.problems == 2
    assert [each.tolist() for each in group.correct] == [[1.0, 0.0], [1.0]]
    assert [each.tolist() for each in group.verdicts] == [[[1.0, 0.0], [0.0, 1.0]], [[1.0]]]
    assert group.settings.shape == (0, 2)
    assert group.accuracy.shape == (2, 0)


@pytest.mark.parametrize("by", [(), ("model",)])
def test_without_attempts_there_are_no_scores(by):
    frame = pl.DataFrame({"model": ["a"], "problem": ["p"], "n": [4], "c": [1]})
    (group,) = groups(frame, by=by)
    assert (group.scored, group.voted, group.verdicts, group.first) == ((), (), None, None)
