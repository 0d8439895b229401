"""How often intervals cover the truth where all runs of one size share an error, and how often a caveat says so.

    python -m benchmarks shared_errors [DATASETS]

Each data set is a grid of a surface: runs of some sizes, at some numbers of tokens per param. The noise of a size
stands for a setting, such as a learning rate, that suits one size better than another. The standard error of a coverage
is at most 3.5 points with 200 data sets.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys

import numpy as np
import polars as pl

import scaling_cli as scaling

TRUTH = {"E": 1.8172, "A": 477.8, "B": 2143.4, "alpha": 0.3473, "beta": 0.3672}
GRIDS = ((8, 3), (6, 6), (12, 4))  # sizes, and durations of each
NOISES = ((0.0, 0.004), (0.003, 0.003), (0.004, 0.001))  # of a size, and of each run
SHOWN, FIRST = ("E", "alpha"), 60_000


def grid(sizes: int, durations: int, noise: tuple[float, float], seed: int) -> pl.DataFrame:
    """One data set."""
    random = np.random.default_rng([seed, 23])
    params = np.repeat(np.geomspace(5e7, 8e9, sizes), durations)
    tokens = params * np.tile(np.geomspace(5, 120, durations), sizes)
    loss = TRUTH["E"] + TRUTH["A"] / params ** TRUTH["alpha"] + TRUTH["B"] / tokens ** TRUTH["beta"]
    of_size = np.repeat(noise[0] * random.standard_normal(sizes), durations)
    errors = of_size + noise[1] * random.standard_normal(len(params))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss * np.exp(errors)})


def main() -> None:
    """Print a row for each grid and noise."""
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| sizes x durations | noise of a size, and of each run | E covered | alpha covered | with `law-misfit` |")
    print("| --- |" + " --- |" * 4)
    for sizes, durations in GRIDS:
        for noise in NOISES:
            held, found = np.zeros(len(SHOWN)), 0
            for seed in range(FIRST, FIRST + datasets):
                table = grid(sizes, durations, noise, seed)
                fit = scaling.fit(table, law="chinchilla", replicates=400, seed=seed)
                ends = [fit.results[0].parameters[name] for name in SHOWN]
                held += [
                    (end.low is None or end.low <= TRUTH[name]) and (end.high is None or TRUTH[name] <= end.high)
                    for name, end in zip(SHOWN, ends, strict=True)
                ]
                found += any(each.code == "law-misfit" for each in fit.caveats)
            shares = " | ".join(f"{100 * share / datasets:.0f} %" for share in (*held, found))
            print(
                f"| {sizes} x {durations} | {100 * noise[0]:g} % and {100 * noise[1]:g} % | {shares} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
