"""The intervals that a plan expects beside those of the fit, once the planned runs are trained.

    python -m benchmarks planned_intervals [DATASETS]

Losses follow Besiroglu's law with noise of 0.5 %. A plan without runs, or after an IsoFLOP grid of small ones, chooses
runs for the best params at 1e22 FLOPs and for alpha. They are drawn, and all runs are fitted. Widths are in multiples
of what the plan expects: that of the errors, which is 3.92 times their root mean square, the median of the fits, and
the width that nine of ten fits do not exceed.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.arrays import Array
from scaling_cli.laws.published import published_law
from scaling_cli.results.plan import PlannedRun

PUBLISHED = "chinchilla:besiroglu"
TRUTH = published_law(PUBLISHED)
ALPHA = float(TRUTH.parameters[TRUTH.law.names.index("alpha")])
NOISE, BUDGET, REPLICATES = 0.005, 1e20, 400
GOALS = ("params@1e22", "alpha")
CASES = ((0, 20), (0, 42), (12, 12))  # runs that there are, and most runs of the plan


def pilot(count: int) -> tuple[Array, Array]:
    """Params and tokens of an IsoFLOP grid of 1e18 to 1e19 FLOPs, around 20 tokens per param."""
    budgets = np.geomspace(1e18, 1e19, 3)
    ratio = np.geomspace(0.25, 4, count // len(budgets))
    params = np.outer(np.sqrt(budgets / 120), ratio).ravel()
    return params, np.repeat(budgets, len(ratio)) / 6 / params


def table(places: tuple[Array, Array], random: np.random.Generator) -> pl.DataFrame:
    """Runs at these params and tokens, with noise."""
    params, tokens = places
    loss = TRUTH.law.predict(
        dict(zip(TRUTH.law.names, TRUTH.parameters.tolist(), strict=True)), {"params": params, "tokens": tokens}
    )
    loss *= np.exp(NOISE * random.standard_normal(len(params)))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss})


def places_of(runs: tuple[PlannedRun, ...]) -> tuple[Array, Array]:
    """Params and tokens of each planned run."""
    repeats = [run.repeats for run in runs]
    params, tokens = ([getattr(run, name) for run in runs] for name in ("params", "tokens"))
    return np.repeat(params, repeats), np.repeat(tokens, repeats)


def outcome(count: int, runs: int, seed: int) -> tuple[float, float, float, float]:
    """The expected width of alpha, that of the fit, whether it covers, and its error."""
    random = np.random.default_rng([seed, count, runs])
    there = table(pilot(count), random) if count else None
    more = {"law": "chinchilla", "replicates": REPLICATES} if count else {"law": PUBLISHED}
    plan = scaling.plan(there, goal=GOALS, budget=BUDGET, max_runs=runs, **more).results[0]
    new = table(places_of(plan.runs), random)
    fit = scaling.fit(new if there is None else pl.concat([there, new]), law="chinchilla", replicates=REPLICATES)
    alpha = fit["alpha"]
    low, high = alpha.low or 0.0, np.inf if alpha.high is None else alpha.high
    return plan.goals[1].width_after, high - low, low <= ALPHA <= high, alpha.estimate - ALPHA


def main() -> None:
    """Print a row for each case."""
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| runs before | planned | expected width | of errors | of fits | 9 of 10 fits | covered |")
    print("| --- |" + " --- |" * 6)
    for count, runs in CASES:
        expected, width, covers, error = np.array([outcome(count, runs, seed) for seed in range(datasets)]).T
        scatter = 3.92 * np.sqrt(np.mean(error**2)) / np.sqrt(np.mean(expected**2))
        middle, most = np.quantile(width / expected, [0.5, 0.9])
        print(
            f"| {count} | {runs} | {np.median(expected):.3g} | {scatter:.2f} | {middle:.2f} | {most:.2f} | "
            f"{100 * covers.mean():.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
