"""How often intervals cover the truth where inputs repeat, and runs at equal inputs share a part of their errors.

    python -m benchmarks repeats [DATASETS]

Each data set has runs at eight sizes: three at each, or, as plans do, many at a few of them. Runs of equal inputs are
resampled together if an F test suggests that they err together; a column has the coverage of b, and the median width,
with one level of that test. The last level resamples them together always. The standard error of a coverage of 95 % is
0.7 points with 1,000 data sets.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
from collections.abc import Sequence

import numpy as np

from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks import repeats
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.intervals import intervals_asking
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

TRUTH = {"a": 600.0, "b": -0.15, "c": 1.8}
SEEDS = {"3 of each size": (3,) * 8, "8 of three sizes": (8, 1, 1, 8, 1, 1, 1, 8)}
NOISES = ((0.0, 0.004), (0.0015, 0.003), (0.003, 0.003), (0.004, 0.0015))  # of a size, and of each run
LEVELS = (repeats.LEVEL, repeats.DOUBT, 1.0)
REPLICATES, CONFIDENCE, FIRST = 400, 0.95, 40_000


def simulate(seeds: Sequence[int], noise: tuple[float, float], seed: int) -> Fitted:
    """The fit of one data set."""
    random, law, sizes = np.random.default_rng([seed, 21]), find_law("power-constant"), len(seeds)
    x = np.repeat(np.geomspace(1e18, 1e22, sizes), seeds)
    errors = np.repeat(noise[0] * random.standard_normal(sizes), seeds) + noise[1] * random.standard_normal(len(x))
    loss = law.predict(TRUTH, {"x": x}) * np.exp(errors)
    return optimum(problem_from_arrays(law, {"x": x}, loss, np.arange(len(x))), Objective())


def interval_of_b(fitted: Fitted, seed: int) -> tuple[float, float]:
    """The ends of the interval of b."""
    ends = alone(intervals_asking(fitted, "wild", CONFIDENCE, Resampling(REPLICATES, seed, 0)))
    place = fitted.problem.law.names.index("b")
    return float(np.nan_to_num(ends.low[place], nan=-np.inf)), float(np.nan_to_num(ends.high[place], nan=np.inf))


def coverage(seeds: Sequence[int], noise: tuple[float, float], datasets: int) -> list[tuple[float, float]]:
    """The share of intervals that contain the truth, and their median width, for each of the `LEVELS`."""
    held: list[list[tuple[bool, float]]] = [[] for _ in LEVELS]
    for seed in range(FIRST, FIRST + datasets):
        fitted = simulate(seeds, noise, seed)
        try:
            alone_ends = interval_of_b(fitted, seed)
            cells = repeats.numbered_inputs(np.stack(list(fitted.problem.columns.values())))
            joined = repeats.by_configuration(fitted, repeats.ErrTogether(cells, 0.0))
            joined_ends = interval_of_b(joined, seed)
        except FitError:
            continue
        suspected = repeats.err_together(fitted)
        p_value = 1.0 if suspected is None else suspected.p_value
        for level, found in zip(LEVELS, held, strict=True):
            low, high = joined_ends if p_value < level or level == 1.0 else alone_ends
            found.append((low <= TRUTH["b"] <= high, high - low))
    return [
        (float(np.mean([covers for covers, _ in found])), float(np.median([width for _, width in found])))
        for found in held
    ]


def main() -> None:
    """Print a row for each number of runs and each kind of noise."""
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    titles = [f"p < {level:g}" if level < 1 else "always together" for level in LEVELS]
    print(f"| runs | noise of a size, and of each run | {' | '.join(titles)} |")
    print("| --- | --- |" + " --- |" * len(LEVELS))
    for name, seeds in SEEDS.items():
        for noise in NOISES:
            cells = [f"{100 * share:.1f} ({width:.3g})" for share, width in coverage(seeds, noise, datasets)]
            print(f"| {name} | {100 * noise[0]:g} % and {100 * noise[1]:g} % | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
