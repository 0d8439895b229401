"""Forecasts from a tenth of the cost of runs that exist, chosen by `scaling plan` and by other rules.

    python -m benchmarks pools FOLDER [RUNS] [SUBSETS]

FOLDER holds the public data sets `porian`, `gemstones` and `datablations`. In each pool the largest tenth of the
runs, by compute, is held out; the others are candidates, each of which can be chosen once. A choice costs at most a
tenth of the compute of all candidates. The additive law is fitted to the chosen runs (Huber loss of log loss), and
judged by the root mean square error of log loss on the held-out runs.

`plan` chooses in three rounds, at most RUNS runs (20, the default of `scaling plan --max-runs`), so that the losses of
the held-out runs become known, starting from Besiroglu's coefficients. The two pools of OpenWebText2 (owt2) were used
in development, and the summary leaves them out. The other rules choose until the budget is spent: at random (mean of
40 choices), the cheapest runs, D-optimal runs (most information about all parameters) and V-optimal ones (least
variance over the candidates).

A single choice depends much on luck. SUBSETS (0) is the number of random subsets of four fifths of the candidates, with
the same held-out runs, over which errors are averaged instead (as geometric means, with their standard errors).
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from scaling_cli.analysis.plan.departures import USUAL_SIZE, size_of
from scaling_cli.analysis.plan.designs import DesignQuestion, design, with_runs
from scaling_cli.analysis.plan.goals import Goal
from scaling_cli.analysis.plan.knowledge import Arm, Noise, view
from scaling_cli.analysis.plan.reserve import bends
from scaling_cli.analysis.plan.search import Limits
from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.laws.published import guessed_covariance, published_law
from scaling_cli.options.plan import Plan
from scaling_cli.record import Record

SHARE = 0.1
ROUNDS, DRAWS = 3, 8
ROLES = {"params": "params", "tokens": "tokens"}
LAW = find_law("chinchilla")
WEAK = 1e6


class Pool(Record):
    """Runs: params, tokens and loss `(n,)`."""

    params: Array
    tokens: Array
    loss: Array

    @property
    def compute(self) -> Array:
        """FLOPs of each run."""
        return 6 * self.params * self.tokens

    def only(self, chosen: Indices) -> Pool:
        """Some of the runs."""
        return Pool(self.params[chosen], self.tokens[chosen], self.loss[chosen])

    @property
    def columns(self) -> dict[str, Array]:
        """By role."""
        return {"params": self.params, "tokens": self.tokens}


def pools(folder: Path) -> Iterator[tuple[str, Pool]]:
    """The pools by name."""
    porian = pl.read_csv(folder / "porian" / "isoflop_points.csv")
    for name in sorted(porian["config_id"].unique()):
        if "|tuned|" in name or "|short|chinchilla|" in name:
            yield f"porian {name}", _pool(porian.filter(pl.col("config_id") == name))
    gemstones = pl.read_parquet(folder / "gemstones" / "cooldown_end.parquet").rename({"params_total": "params"})
    yield "gemstones cooldown", _pool(gemstones)
    contour = pl.read_csv(folder / "datablations" / "contour_runs.csv").filter(pl.col("epochs") <= 4)
    yield "datablations, at most 4 epochs", _pool(contour)


def _pool(table: pl.DataFrame) -> Pool:
    table = table.drop_nulls(["params", "tokens", "loss"])
    return Pool(*(table[name].to_numpy().astype(float) for name in ("params", "tokens", "loss")))


def fitted(runs: Pool) -> Array:
    """The parameters of the law `(5,)` fitted to runs."""
    problem = problem_from_arrays(LAW, runs.columns, runs.loss, np.arange(len(runs.loss)))
    return np.asarray(problem.parameters(optimum(problem, Objective("huber")).theta[None])[0])


def error(chosen: Pool, held: Pool) -> float:
    """Root mean square error of log loss on the held-out runs."""
    parameters = dict(zip(LAW.names, fitted(chosen), strict=True))
    return float(np.sqrt(np.mean((np.log(LAW.predict(parameters, held.columns)) - np.log(held.loss)) ** 2)))


def by_plan(pool: Pool, held: Pool, budget: float, runs: int) -> Indices:
    """Three rounds of designs; each fits the runs chosen so far."""
    published = published_law("chinchilla:besiroglu")
    parameters = np.concatenate([published.parameters[None], published.draws(DRAWS - 1, 0)])
    goals = tuple(
        Goal("loss", "loss", at={"params": float(n), "tokens": float(d)})
        for n, d in zip(held.params, held.tokens, strict=True)
    )
    chosen: Indices = np.empty(0, dtype=int)
    doubt = USUAL_SIZE
    sigma, prior = 0.005, WEAK * guessed_covariance(LAW, published.fit)
    for left in range(ROUNDS, 0, -1):
        arm = Arm("", LAW, parameters, Noise(sigma), ROLES, prior=prior, doubt=doubt)
        models = [
            view([arm], goals, [pool.columns], draws=0, rival=rival, with_prior=True, with_doubt=True).model()
            for rival in (False, True)
        ]
        models = [with_runs(model, chosen) for model in models]
        cost = pool.compute.copy()
        cost[chosen] = np.inf
        spent = float(pool.compute[chosen].sum())
        limits = Limits(cost, (budget - spent) / left, (runs - len(chosen)) // left, once=True)
        bent = bends([np.log(pool.params), np.log(pool.tokens)])
        ask = DesignQuestion(models, bent, np.full(len(cost), sigma), np.ones(len(goals)), 0.15)
        chosen = np.concatenate([chosen, design(ask, limits).all])
        if len(chosen) >= 7:
            parameters, sigma, doubt = _learnt(pool.only(chosen))
    return chosen


def _learnt(runs: Pool) -> tuple[Array, float, float]:
    """Draws of the parameters around the fit, the noise, and the size of departures from the law."""
    estimate = np.maximum(fitted(runs), 1e-6)
    law = LAW.to_coordinates(estimate[None])
    inputs, shift, offset = LAW.centre(LAW.prepare(runs.columns))
    theta = law @ shift.T + offset
    log_loss, jacobian = LAW.evaluate(theta, inputs)
    sigma = max(float(np.sqrt(np.sum((np.log(runs.loss) - log_loss[0]) ** 2) / max(len(runs.loss) - 5, 1))), 1e-3)
    covariance = np.linalg.pinv(jacobian[0].T @ jacobian[0] / sigma**2 + 1e-2 * np.eye(5))
    drawn = np.random.default_rng(0).multivariate_normal(theta[0], covariance, DRAWS - 1)
    drawn[:, 3:] = np.clip(drawn[:, 3:], 0.02, 2.0)
    raw = (np.concatenate([theta, drawn]) - offset) @ np.linalg.inv(shift).T
    parameters = LAW.to_parameters(raw)
    parameters[:, 0] = np.maximum(parameters[:, 0], 1e-3)
    residuals = np.log(runs.loss) - log_loss[0]
    ratio = size_of(residuals, jacobian[0], np.log(np.stack([runs.params, runs.tokens], axis=1)))
    return parameters, sigma, ratio * sigma


def until_spent(order: Indices, cost: Array, budget: float) -> Indices:
    """Runs in an order, as far as the budget reaches; those that no longer fit are skipped."""
    kept, spent = [], 0.0
    for i in order:
        if spent + cost[i] <= budget:
            kept.append(int(i))
            spent += cost[i]
    return np.array(kept)


def one_by_one(pool: Pool, budget: float, *, is_v: bool) -> Indices:
    """D- or V-optimal runs one after another, whatever they cost, until the budget is spent."""
    published = published_law("chinchilla:besiroglu")
    arm = Arm("", LAW, published.parameters[None], Noise(0.005), ROLES)
    goal = (Goal("E", "parameter", "E"),)
    rows = view([arm], goal, [pool.columns], draws=0).model().jacobian[0]
    inverse, spent = np.linalg.inv(1e-6 * np.eye(5) * np.trace(rows.T @ rows)), 0.0
    kept: list[int] = []
    while True:
        free = (spent + pool.compute <= budget) & ~np.isin(np.arange(len(rows)), kept)
        if not free.any():
            return np.array(kept)
        turned = rows @ inverse
        height = np.einsum("nk,nk->n", turned, rows)
        gain = ((turned @ rows.T) ** 2).sum(axis=1) / (1 + height) if is_v else height
        best = int(np.argmax(np.where(free, gain, -np.inf)))
        kept.append(best)
        spent += pool.compute[best]
        inverse = inverse - np.outer(turned[best], turned[best]) / (1 + height[best])


RANDOM = 40


def choices(pool: Pool, held: Pool, budget: float, runs: int, draws: int) -> Iterator[tuple[str, list[Indices]]]:
    """Each rule with what it chooses."""
    rng = np.random.default_rng(1)
    yield "all runs", [np.arange(len(pool.loss))]
    yield "plan", [by_plan(pool, held, budget, runs)]
    yield "random", [until_spent(rng.permutation(len(pool.loss)), pool.compute, budget) for _ in range(draws)]
    yield "cheapest", [until_spent(np.argsort(pool.compute, kind="stable"), pool.compute, budget)]
    yield "D-optimal", [one_by_one(pool, budget, is_v=False)]
    yield "V-optimal", [one_by_one(pool, budget, is_v=True)]


def parts(pool: Pool, subsets: int) -> Iterator[Pool]:
    """The candidates, or random subsets of four fifths of them."""
    if not subsets:
        yield pool
    for seed in range(subsets):
        mixed = np.random.default_rng([4, seed]).permutation(len(pool.loss))
        yield pool.only(np.sort(mixed[: round(0.8 * len(mixed))]))


def main() -> None:
    """Print a table."""
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else Plan.options["max_runs"].default
    subsets = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if not subsets:
        print(f"{'pool':38s} {'rule':10s} runs  FLOPs used  rms error of log loss, %")
    summary: dict[tuple[str, str], list[float]] = {}
    for name, everything in pools(Path(sys.argv[1])):
        order = np.argsort(everything.compute, kind="stable")
        count = max(round(0.1 * len(order)), 4)
        candidates, held = everything.only(order[:-count]), everything.only(order[-count:])
        for pool in parts(candidates, subsets):
            for rule, picked in choices(pool, held, SHARE * float(pool.compute.sum()), runs, 3 if subsets else RANDOM):
                errors = [error(pool.only(each), held) for each in picked if len(each) > 6]
                if errors and "owt2" not in name:
                    summary.setdefault((name.split()[0].rstrip(","), rule), []).append(float(np.mean(errors)))
                if not subsets:
                    print(line(name, rule, pool, picked, errors), flush=True)
    print("\ngeometric means by data set, without owt2")
    for (source, rule), errors in summary.items():
        logs = np.log(errors)
        spread = f", standard error {100 * np.std(logs) / np.sqrt(len(logs)):.0f} %" if subsets else ""
        print(f"{source:14s} {rule:10s} {100 * np.exp(logs.mean()):.2f} % ({len(errors)} pools{spread})")


def line(name: str, rule: str, pool: Pool, picked: list[Indices], errors: list[float]) -> str:
    """A row of the table."""
    used = float(np.mean([pool.compute[each].sum() for each in picked]) / pool.compute.sum())
    size = np.mean([len(each) for each in picked])
    mean = f"{100 * np.mean(errors):.2f}" if errors else "too few runs"
    return f"{name:38s} {rule:10s} {size:4.0f}  {100 * used:6.1f} %   {mean}"


if __name__ == "__main__":
    main()
