"""How fast coverage is computed: compared with the usual loop over problems, for a full report, and from a log.

    python -m benchmarks coverage [--rows 20000000]

The usual loop is how evaluation scripts compute the estimate: 1 - prod(1 - k / j) for each problem and k. It is timed
on 10 of 100 values of k, and its time is scaled up. Times are CPU seconds of one process, the best of three.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.coverage.counts import Indices, make_counts
from scaling_cli.coverage.estimate import mean, solve_rates
from scaling_cli.data.samples.load import load_samples
from scaling_cli.options.inference_coverage import InferenceCoverage

PROBLEMS, ATTEMPTS = 10_000, 10_000
TIMED_K = 10


def best(function: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of the fastest of a few runs."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        function()
        times.append(time.process_time() - started)
    return min(times)


def usual_loop(n: Indices, c: Indices, k: int) -> float:
    """Coverage at k, one problem at a time."""
    rates = [
        1.0
        if total - solve_in_chunks < k
        else 1.0 - float(np.prod(1.0 - k / np.arange(total - solve_in_chunks + 1, total + 1)))
        for total, solve_in_chunks in zip(n.tolist(), c.tolist(), strict=True)
    ]
    return float(np.mean(rates))


def estimates(alpha: float, beta: float) -> None:
    """Print the time of the estimate of this package and of the loop."""
    rng = np.random.default_rng(0)
    n = np.full(PROBLEMS, ATTEMPTS)
    counts = make_counts(n, rng.binomial(n, rng.beta(alpha, beta, PROBLEMS)))
    k = np.unique(np.logspace(0, 4, 130).astype(int))[:100]
    ours = best(lambda: mean(counts, solve_rates(counts, k)))
    some = k[:: len(k) // TIMED_K][:TIMED_K]
    loop = best(lambda: [usual_loop(counts.n, counts.c, int(value)) for value in some], runs=1) * len(k) / TIMED_K
    expected = np.array([usual_loop(counts.n, counts.c, int(value)) for value in some])
    off = np.abs(mean(counts, solve_rates(counts, some)) - expected)
    print(f"p ~ Beta({alpha}, {beta}), {len(counts.pair_n):,} distinct counts: {ours:.3f} s, loop {loop:.1f} s, "
          f"{loop / ours:.0f} times; largest difference {off.max():.1e}")  # fmt: skip


def full_report(problems: int) -> None:
    """Print the time of a report: coverage, both errors, two laws with 2,000 replicates, forecasts and track record."""
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "problem_id": np.arange(problems),
            "n": np.full(problems, ATTEMPTS),
            "c": rng.binomial(ATTEMPTS, rng.beta(0.3, 12, problems)),
        }
    )
    scaling.inference_coverage(frame.head(50), replicates=100)  # so that imports are not timed
    print(f"full report at {problems:,} problems: {best(lambda: scaling.inference_coverage(frame)):.2f} CPU s")


def attempt_rows(rows: int) -> None:
    """Print the time of counting attempts in a Parquet file, and of the bare group-by; CPU seconds of all cores."""
    rng = np.random.default_rng(2)
    problems = rows // ATTEMPTS
    frame = pl.DataFrame(
        {
            "problem_id": np.repeat(np.arange(problems, dtype=np.int32), ATTEMPTS),
            "attempt": np.tile(np.arange(ATTEMPTS, dtype=np.int32), problems),
            "correct": rng.random(problems * ATTEMPTS) < 0.1,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attempts.parquet"
        frame.write_parquet(path)
        del frame
        bare = best(lambda: bare_group_by(path), runs=5)
        ours = best(lambda: load_samples(str(path), InferenceCoverage()), runs=5)
        print(f"{rows:,} attempt rows from Parquet: {ours:.2f} s, bare group-by {bare:.2f} s, {ours / bare:.2f} times")


def bare_group_by(path: Path) -> pl.DataFrame:
    """The group-by that every reader needs."""
    counts = pl.scan_parquet(path).group_by("problem_id").agg(pl.len(), pl.col("correct").sum())
    return counts.collect(engine="streaming")


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    arguments = parser.parse_args()
    estimates(0.3, 5.0)
    estimates(0.5, 0.5)
    for problems in (128, PROBLEMS):
        full_report(problems)
    attempt_rows(arguments.rows)


if __name__ == "__main__":
    main()
