"""How often intervals of coverage contain the truth where the number of attempts depends on their outcomes.

    python -m benchmarks outcome_sampling [LOGS]

Each log has 100 problems with chances from Beta(0.5, 2) and up to 20 attempts at each, which follow a rule. Intervals
at k = 1 and 2 are those of the usual estimate (`--design fixed`) and of the default. In the last row, the numbers of
attempts were planned. The standard error of a share of 95 % is 2 points with 100 logs.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl
from scipy.special import betaln

import scaling_cli as scaling

PROBLEMS, LONGEST, K, FIRST = 100, 20, (1, 2), 50_000
ALPHA, BETA = 0.5, 2.0
Hits = np.ndarray  # whether each attempt would succeed (problems, LONGEST)
Random = np.random.Generator


def more_where_none_succeeds(hits: Hits, _: Random) -> np.ndarray:
    """4 attempts, and 16 more if none of them succeeds."""
    return np.where(hits[:, :4].any(axis=1), 4, LONGEST)


def doubling(hits: Hits, _: Random) -> np.ndarray:
    """Batches that double until one attempt succeeds."""
    n = np.full(len(hits), 2)
    for _batch in range(4):
        done = np.array([row[:length].any() for row, length in zip(hits, n, strict=True)])
        n = np.where(done, n, np.minimum(2 * n, LONGEST))
    return n


def until_the_second(hits: Hits, _: Random) -> np.ndarray:
    """Attempts until the second success."""
    done = np.cumsum(hits, axis=1) >= 2
    return np.where(done.any(axis=1), done.argmax(axis=1) + 1, LONGEST)


def fewer_at_random(hits: Hits, random: Random) -> np.ndarray:
    """20 attempts, or 15 at a fifth of the problems."""
    return np.where(random.random(len(hits)) < 0.2, 15, LONGEST)


RULES: tuple[Callable[[Hits, Random], np.ndarray], ...] = (
    more_where_none_succeeds,
    doubling,
    until_the_second,
    fewer_at_random,
)


def log(rule: Callable[[Hits, Random], np.ndarray], seed: int) -> pl.DataFrame:
    """One row per attempt."""
    random = np.random.default_rng([seed, 22])
    hits = random.random((PROBLEMS, LONGEST)) < random.beta(ALPHA, BETA, PROBLEMS)[:, None]
    n = rule(hits, random)
    problem, attempt = np.nonzero(np.arange(LONGEST) < n[:, None])
    return pl.DataFrame({"problem": problem, "attempt": attempt + 1, "correct": hits[problem, attempt]})


def main() -> None:
    """Print a row for each rule."""
    logs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    truth = [1 - np.exp(betaln(ALPHA, BETA + k) - betaln(ALPHA, BETA)) for k in K]
    print("| rule | usual, k = 1 | k = 2 | default, k = 1 | k = 2 | recognised |\n| --- |" + " --- |" * 5)
    for rule in RULES:
        held = np.zeros((2, len(K)))
        found = 0
        for seed in range(FIRST, FIRST + logs):
            table = log(rule, seed)
            for row in range(2):
                design: Literal["fixed", "auto"] = "fixed" if row == 0 else "auto"
                answer = scaling.inference_coverage(table, k=list(K), design=design, fit="none", seed=seed)
                found += any(each.code in ("sampled-until-solved", "stop-at-success") for each in answer.caveats)
                points = {point.k: point for point in answer.results[0].coverage}
                held[row] += [points[k].low <= value <= points[k].high for k, value in zip(K, truth, strict=True)]
        cells = [f"{100 * share:.0f} %" for share in (held / logs).ravel()]
        said = (rule.__doc__ or "").rstrip(".")
        print(f"| {said} | {' | '.join(cells)} | {100 * found / logs:.0f} % |", flush=True)


if __name__ == "__main__":
    main()
