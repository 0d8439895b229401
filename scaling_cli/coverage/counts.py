"""Attempts and successes of each problem as arrays, and the draws of problems that make replicates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling_cli.record import Record
from scaling_cli.streams import generators

Array: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
CHUNK_VALUES = 1 << 22  # weights in memory at once: 32 MB
CHUNK_REPLICATES = 4_000  # at once, where there are few problems: what is made of each may be larger than its weights


class Counts(Record):
    """`c` successes in `n` attempts at each of P problems, and the distinct pairs (n, c).

    Whatever depends on a problem only through its counts is computed once per pair: `pair_n` and `pair_c` have one
    entry per pair, and `pair[i]` is the pair of problem i. `cluster[i]` is the number of the cluster of problem i; the
    problems of a cluster (a repository, a passage) are resampled together. Without clusters each problem is its own.
    """

    n: Indices
    c: Indices
    cluster: Indices
    pair: Indices
    pair_n: Indices
    pair_c: Indices

    @property
    def problems(self) -> int:
        """How many problems there are."""
        return len(self.n)

    @property
    def multiplicity(self) -> Array:
        """How many problems have each pair."""
        return np.bincount(self.pair, minlength=len(self.pair_n)).astype(float)

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return int(self.cluster.max()) + 1

    def subset(self, keep: Mask) -> Counts:
        """The problems for which `keep` holds."""
        return make_counts(self.n[keep], self.c[keep], np.unique(self.cluster[keep], return_inverse=True)[1])


def make_counts(n: Indices, c: Indices, cluster: Indices | None = None) -> Counts:
    """Counts of the problems, in the order given."""
    n, c = np.asarray(n, dtype=np.int64), np.asarray(c, dtype=np.int64)
    # One number per pair sorts faster than rows do.
    width = int(n.max()) + 1
    keys, pair = np.unique(n * width + c, return_inverse=True)
    own = np.arange(len(n), dtype=np.int64) if cluster is None else np.asarray(cluster, dtype=np.int64)
    return Counts(n, c, own, pair.astype(np.int64), keys // width, keys % width)


class ProblemResampling(Record):
    """How problems are drawn.

    Replicate i of `group` has its own random generator, so draws do not depend on the order of the work.
    """

    replicates: int = 2000
    seed: int = 0
    group: int = 0


def unit_weights(counts: Counts, resampling: ProblemResampling) -> Iterator[Array]:
    """How often each cluster is drawn, `(replicates, clusters)`, in chunks of replicates."""
    units = counts.clusters
    for rows in _chunks(resampling, counts.problems):
        drawn = [np.bincount(picks, minlength=units) for picks in _picks(resampling, rows, units)]
        yield np.stack(drawn).astype(float)


def problem_weights(counts: Counts, resampling: ProblemResampling) -> Iterator[Array]:
    """How often each problem is drawn, `(replicates, problems)`: as often as its cluster."""
    for weights in unit_weights(counts, resampling):
        yield weights[:, counts.cluster]


def pair_weights(counts: Counts, resampling: ProblemResampling) -> Iterator[Array]:
    """How often each pair is drawn, `(replicates, pairs)`, in chunks: `problem_weights` summed by pair."""
    if counts.clusters < counts.problems:
        for weights in problem_weights(counts, resampling):
            yield np.stack([np.bincount(counts.pair, row, len(counts.pair_n)) for row in weights])
        return
    pairs = len(counts.pair_n)
    for rows in _chunks(resampling, pairs):
        every = _picks(resampling, rows, counts.problems)
        drawn = [np.bincount(counts.pair[picks], minlength=pairs) for picks in every]
        yield np.stack(drawn).astype(float)


def _chunks(resampling: ProblemResampling, width: int) -> Iterator[range]:
    size = max(1, min(CHUNK_VALUES // width, CHUNK_REPLICATES))
    for start in range(0, resampling.replicates, size):
        yield range(start, min(start + size, resampling.replicates))


def _picks(resampling: ProblemResampling, replicates: Sequence[int], units: int) -> Iterator[Indices]:
    """The units that each replicate draws."""
    for generator in generators(resampling.seed, resampling.group, replicates):
        yield generator.integers(units, size=units)
