"""Counts of problems: pairs of equal counts, parts of them, and how often replicates draw each problem."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.coverage import counts as counts_module
from scaling_cli.coverage.counts import (
    ProblemResampling,
    make_counts,
    pair_weights,
    problem_weights,
    unit_weights,
)
from scaling_cli.coverage.estimate import error_of_mean

N, C = np.array([4, 4, 8, 4, 8, 4]), np.array([1, 0, 1, 1, 8, 4])
CLUSTERS = np.array([0, 0, 1, 2, 2, 2])
RESAMPLING = ProblemResampling(50, seed=3, group=5)


def drawn(weights, *arguments):
    return np.concatenate(list(weights(*arguments)))


def test_problems_of_equal_counts_are_one_pair():
    counts = make_counts(N, C)
    pairs = list(zip(counts.pair_n.tolist(), counts.pair_c.tolist(), strict=True))
    assert pairs == [(4, 0), (4, 1), (4, 4), (8, 1), (8, 8)]
    assert counts.multiplicity.tolist() == [1, 2, 1, 1, 1]
    assert [pairs[place] for place in counts.pair] == list(zip(N.tolist(), C.tolist(), strict=True))
    assert (counts.problems, counts.clusters) == (6, 6)
    assert make_counts(N, C, CLUSTERS).clusters == 3


def test_a_part_of_the_problems_keeps_its_counts_and_numbers_its_clusters_anew():
    part = make_counts(N, C, CLUSTERS).subset(np.array([True, False, False, True, True, False]))
    assert (part.n.tolist(), part.c.tolist(), part.cluster.tolist()) == ([4, 4, 8], [1, 1, 8], [0, 1, 1])
    assert part.multiplicity.tolist() == [2, 1]


@pytest.mark.parametrize("cluster", [None, CLUSTERS])
def test_each_replicate_draws_as_many_clusters_as_there_are(cluster):
    counts = make_counts(N, C, cluster)
    units = drawn(unit_weights, counts, RESAMPLING)
    assert units.shape == (50, counts.clusters)
    assert (units.sum(axis=1) == counts.clusters).all()
    assert units.std() > 0
    problems = drawn(problem_weights, counts, RESAMPLING)
    assert (problems == units[:, counts.cluster]).all()
    by_pair = drawn(pair_weights, counts, RESAMPLING)
    for pair in range(len(counts.pair_n)):
        assert (by_pair[:, pair] == problems[:, counts.pair == pair].sum(axis=1)).all()


def test_draws_depend_on_seed_and_group_and_not_on_how_many_are_made_at_once(monkeypatch):
    counts = make_counts(N, C, CLUSTERS)
    first = drawn(pair_weights, counts, RESAMPLING)
    for other in (ProblemResampling(50, seed=4, group=5), ProblemResampling(50, seed=3, group=6)):
        assert (drawn(pair_weights, counts, other) != first).any()
    monkeypatch.setattr(counts_module, "CHUNK_REPLICATES", 7)
    assert [len(chunk) for chunk in pair_weights(counts, RESAMPLING)] == [7] * 7 + [1]
    assert (drawn(pair_weights, counts, RESAMPLING) == first).all()
    monkeypatch.setattr(counts_module, "CHUNK_VALUES", 12)
    assert [len(chunk) for chunk in pair_weights(counts, RESAMPLING)] == [2] * 25


def test_one_cluster_has_no_error_and_several_have_that_of_their_sums():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0], [9.0, 5.0]])
    assert np.isnan(error_of_mean(values, np.zeros(4, dtype=int))).all()
    apart = values[:, 0] - 4
    sums = np.array([apart[:2].sum(), apart[2:].sum()])
    found = error_of_mean(values, np.array([0, 0, 1, 1]))
    assert found == pytest.approx([np.sqrt((sums**2).sum() * 2 / 1) / 4, 0.0])
    alone = error_of_mean(values, np.arange(4))
    assert alone[0] == pytest.approx(values[:, 0].std(ddof=1) / 2)
