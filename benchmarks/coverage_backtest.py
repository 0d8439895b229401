"""Errors of each law of coverage on real samples: fitted to n attempts, scored on coverage at 10,000.

    python -m benchmarks coverage_backtest [--laws default|all] [--samples 10]

The logs are seven Pythia models on 128 MATH problems, with 10,000 attempts each; n attempts are drawn without
replacement, ten times. Rows are not independent, because all come from one benchmark and one family of models. `chosen`
uses the law with the smallest error when fitted to an eighth of the n attempts and scored at n; `combined` is what
`scaling inference-coverage` reports. A second table scores `combined` at ten times the attempts, with its interval.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl

from scaling_cli.analysis.coverage.backtest import backtest
from scaling_cli.analysis.coverage.combined import COMBINES, combine, widest
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import DEFAULT, LAWS, OF_CURVE, fit_laws
from scaling_cli.coverage.counts import Counts, ProblemResampling, make_counts
from scaling_cli.coverage.estimate import mean, solve_rates
from scaling_cli.points.samples import counts_of

COUNTS = Path(__file__).parents[2] / "shared" / "data" / "pythia_math" / "counts.csv"
TRAINED = (32, 100, 316, 1000)
HELD_OUT = 10_000


def draw(counts: Counts, n: int, seed: list[int]) -> Counts:
    """The counts of n attempts drawn at random."""
    drawn = np.random.default_rng(seed).hypergeometric(counts.c, counts.n - counts.c, n)
    return make_counts(np.full(counts.problems, n), drawn)


def forecasts(counts: Counts, n: int, names: tuple[str, ...]) -> dict[str, float]:
    """The coverage that each law predicts at `HELD_OUT` attempts."""
    data = Sampled(counts, None, ProblemResampling(0))
    fitted, _ = fit_laws(data, names, None, None)
    k = np.array([HELD_OUT], dtype=float)
    predicted = {name: float(fitted.coverage(name, k)[0][0]) for name in fitted.names}
    if (combined := combine(fitted, k)) is not None:
        predicted["combined"] = float(combined[0][0])
    record = {row.law: row.mean_absolute_error for row in backtest(data, DEFAULT, is_full=False)}
    known = {name: error for name in DEFAULT if name in predicted and (error := record.get(name)) is not None}
    if known:
        predicted["chosen"] = predicted[min(known, key=lambda name: known[name])]
    return predicted


def print_intervals(groups: list[Counts], samples: int) -> None:
    """Print how often `combined` gives a number and contains the truth at ten times the attempts."""
    print("\n| n | error at 10n | best single law | gives a number | interval contains | width |")
    print("| --- " * 6 + "|")
    for n in TRAINED:
        k = np.array([10 * n])
        rows, laws = [], []
        for place, counts in enumerate(groups):
            truth = float(mean(counts, solve_rates(counts, k))[0])
            for sample in range(samples):
                data = Sampled(draw(counts, n, [0, place, n, sample]), None, ProblemResampling(0))
                fitted, _ = fit_laws(data, tuple(COMBINES), 0.95, None)
                found = combine(fitted, k.astype(float))
                assert found is not None
                middle, low, high = (float(part[0]) for part in found)
                rows.append((abs(middle - truth), high - low <= widest(10), low <= truth <= high, high - low))
                laws.append([abs(float(fitted.coverage(name, k.astype(float))[0][0]) - truth) for name in OF_CURVE])
        error, given, held, _ = np.mean(rows, axis=0)
        width = np.median([row[3] for row in rows])
        best = np.mean(laws, axis=0).min()
        print(f"| {n} | {error:.3f} | {best:.3f} | {given:.0%} | {held:.0%} | {width:.3f} |", flush=True)


def main() -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", choices=("default", "all"), default="all")
    parser.add_argument("--samples", type=int, default=10)
    arguments = parser.parse_args()
    names = LAWS if arguments.laws == "all" else DEFAULT
    rows = pl.read_csv(COUNTS)
    groups = [counts_of(group) for _, group in rows.group_by("model", maintain_order=True)]
    columns = (*names, "combined", "chosen")
    print("| n | " + " | ".join(columns) + " |\n" + "| --- " * (len(columns) + 1) + "|")
    for n in TRAINED:
        errors: dict[str, list[float]] = {name: [] for name in columns}
        for place, counts in enumerate(groups):
            truth = float((counts.c > 0).mean())
            for sample in range(arguments.samples):
                for name, value in forecasts(draw(counts, n, [0, place, n, sample]), n, names).items():
                    errors[name].append(value - truth)
        cells = [
            f"{np.abs(errors[name]).mean():.3f} ({np.mean(errors[name]):+.3f}, {len(errors[name])})" for name in columns
        ]
        print(f"| {n} | " + " | ".join(cells) + " |", flush=True)
    print_intervals(groups, arguments.samples)


if __name__ == "__main__":
    main()
