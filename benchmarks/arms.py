"""Power of `scaling compare-exponents` with runs chosen by `scaling plan`, and with two IsoFLOP grids of equal FLOPs.

    python -m benchmarks arms [REPETITIONS]

Two recipes have Besiroglu's law, but the second has a larger exponent of params (alpha). Each design has 42 runs in
all, of 1e18 to 1e20 FLOPs, and noise of 0.5 %. The grids have 21 runs for each recipe (three budgets, seven sizes
within +-0.75 decades of 20 tokens per param). The plan is made once, from Besiroglu's published fit for both recipes,
with the goal `difference(alpha)` and no reserved runs. Power is the share of repetitions in which `compare-exponents
--law chinchilla` finds that the exponents differ (at the 5 % level, by 99 replicates).
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.analysis.plan.answer import Task, planned
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Bounds
from scaling_cli.arrays import Array
from scaling_cli.laws.published import guessed_covariance, published_law

NOISE, RUNS = 0.005, 42
SHIFTS = (0.02, 0.0)
REPLICATES = 99
CENTRE = np.log(5e8)  # log params at which both recipes have equal terms
WEAK = 1e6

Runs = tuple[Array, Array, Array]  # params, tokens, recipe


def grids() -> Runs:
    """Two equal grids."""
    steps = 10 ** np.linspace(-0.75, 0.75, 7)
    params = np.concatenate([np.sqrt(compute / 120) * steps for compute in np.geomspace(1e18, 1e20, 3)])
    compute = np.repeat(np.geomspace(1e18, 1e20, 3), 7)
    tokens = compute / 6 / params
    return np.tile(params, 2), np.tile(tokens, 2), np.repeat([0, 1], len(params))


def plan(budget: float) -> Runs:
    """The runs of `scaling plan`."""
    known = published_law("chinchilla:besiroglu")
    parameters = np.concatenate([known.parameters[None], known.draws(15, 0)])
    prior = WEAK * guessed_covariance(known.law, known.fit)
    arms = [Arm(name, known.law, parameters, Noise(NOISE), known.roles, prior=prior) for name in ("first", "second")]
    task = Task(arms, (parse_goal("difference(alpha)"),), Bounds((1e18, 1e20)), budget, RUNS, share=0.0)
    made = planned(task)
    place = made.place(made.all)
    return place.params, place.tokens, np.array([made.arm(int(index)) for index in made.all])


def power(design: Runs, shift: float, repetitions: int) -> float:
    """Share of repetitions in which the exponents are found to differ."""
    params, tokens, recipe = design
    E, A, B, alpha, beta = published_law("chinchilla:besiroglu").parameters
    steeper = alpha + shift * recipe
    terms = A * np.exp(-alpha * CENTRE) * np.exp(-steeper * (np.log(params) - CENTRE))
    loss = E + terms + B / tokens**beta
    found = 0
    for seed in range(repetitions):
        noisy = loss * np.exp(NOISE * np.random.default_rng(seed).standard_normal(len(loss)))
        table = pl.DataFrame({"params": params, "tokens": tokens, "loss": noisy, "recipe": recipe.astype(str)})
        answer = scaling.compare_exponents(table, law="chinchilla", by="recipe", replicates=REPLICATES).results[0]
        found += answer.comparisons[0].verdict == "different"
    return found / repetitions


def main() -> None:
    """Print the power of both designs."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    usual = grids()
    budget = float((6 * usual[0] * usual[1]).sum())
    chosen = plan(budget)
    for shift in SHIFTS:
        for name, design in (("two grids", usual), ("plan", chosen)):
            cost = float((6 * design[0] * design[1]).sum())
            share = power(design, shift, repetitions)
            error = np.sqrt(share * (1 - share) / repetitions)
            shown = f"difference {shift:.2f}  {name:9s} {len(design[0])} runs {cost:.3g} FLOPs"
            print(f"{shown}  power {share:.2f} ({error:.2f})", flush=True)


if __name__ == "__main__":
    main()
