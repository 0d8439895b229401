"""How time and memory of every command grow with each size of its input, as exponents.

    python -m benchmarks growth              # the table of docs/benchmarks.md
    python -m benchmarks growth fit rows     # some commands and sizes

Each command runs on inputs of sizes n / 16, n and 4 n, each in processes of its own. The exponent p is that of a cost
of a + b size^p through the three costs, so what a command needs for any input, such as imports, does not count. A
growth too small to be measured counts as flat. A row above the limit of 1.1 is measured again with three times as many
processes. The last line names the exponents above the limit, and the exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measure import Cost, machine, scaling

LIMIT = 1.1
FACTORS = (1 / 16, 1, 4)
AGAIN = 3  # times as many processes for a row that grows too fast
LEAST_SECONDS, LEAST_MEMORY = 0.15, 25.0  # of growth in all: less is noise
QUIET = ("--quiet",)


@dataclass(frozen=True)
class Case:
    """A command and a size of its input: `make` writes an input of size n into a folder, and gives the arguments."""

    command: str
    size: str
    n: int
    make: Callable[[Path, int], list[str]]


def law(params: np.ndarray, tokens: np.ndarray, seed: int = 0) -> np.ndarray:
    """Losses of the Chinchilla law with a noise of 0.5 %."""
    noise = np.random.default_rng(seed).normal(0, 0.005, len(params))
    return (1.8 + 480 / params**0.34 + 2000 / tokens**0.37) * np.exp(noise)


def runs(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Finished runs of a surface."""
    random = np.random.default_rng(seed)
    params = 10 ** random.uniform(7, 9.5, count)
    tokens = params * 10 ** random.uniform(0.7, 2.5, count)
    return {"params": params, "tokens": tokens, "loss": law(params, tokens, seed)}


def curve(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Finished runs along compute."""
    random = np.random.default_rng(seed)
    compute = np.geomspace(1e17, 1e21, count)
    loss = (1.7 + 1000 * compute ** -random.uniform(0.14, 0.16)) * np.exp(random.normal(0, 0.003, count))
    return {"compute": compute, "loss": loss}


def written(folder: Path, columns: Mapping[str, object], name: str = "runs.csv") -> str:
    """The path of a table."""
    pl.DataFrame(columns).write_csv(folder / name)
    return str(folder / name)


def logs(folder: Path, rows: int) -> str:
    """A log of 20 runs."""
    steps = rows // 20
    parts = []
    for run in range(20):
        params = np.full(steps, 10 ** (7 + run / 8))
        tokens = np.linspace(1e8, 1e8 * (run + 2) ** 2, steps)
        parts.append(
            pl.DataFrame(
                {
                    "run": [f"r{run}"] * steps,
                    "step": np.arange(steps),
                    "params": params,
                    "tokens": tokens,
                    "loss": law(params, tokens, run),
                }
            )
        )
    pl.concat(parts).write_csv(folder / "log.csv")
    return str(folder / "log.csv")


def groups(folder: Path, count: int) -> str:
    """Groups of 16 runs along compute."""
    parts = [pl.DataFrame(curve(16, seed)).with_columns(pl.lit(f"g{seed:05}").alias("group")) for seed in range(count)]
    pl.concat(parts).write_csv(folder / "groups.csv")
    return str(folder / "groups.csv")


def files(folder: Path, count: int) -> str:
    """A folder of files of 16 runs along compute."""
    for seed in range(count):
        written(folder, curve(16, seed), f"{seed:05}.csv")
    return str(folder)


def wide(folder: Path, count: int) -> str:
    """Finished runs with further columns."""
    random = np.random.default_rng(0)
    return written(folder, {**runs(200), **{f"other_{i}": random.normal(size=200).round(4) for i in range(count)}})


def isoflop(folder: Path, budgets: int) -> str:
    """Nine runs of each budget."""
    compute = np.repeat(np.geomspace(1e18, 1e21, budgets), 9)
    params = np.sqrt(compute / 6 / 20) * np.tile(np.geomspace(0.25, 4, 9), budgets)
    tokens = compute / 6 / params
    columns = {"params": params, "tokens": tokens, "compute": compute, "loss": law(params, tokens)}
    return written(folder, columns)


def attempts(folder: Path, problems: int, count: int) -> str:
    """One row per attempt."""
    random = np.random.default_rng(0)
    rates = np.repeat(random.beta(0.5, 2, problems), count)
    names = np.repeat([f"p{i}" for i in range(problems)], count)
    return written(folder, {"problem_id": names, "correct": (random.random(len(rates)) < rates).astype(int)})


def counts(folder: Path, problems: int) -> str:
    """One row per problem."""
    random = np.random.default_rng(0)
    solved = random.binomial(100, random.beta(0.5, 2, problems))
    return written(folder, {"problem_id": [f"p{i}" for i in range(problems)], "n": [100] * problems, "c": solved})


def saved(folder: Path, results: int, draws: int) -> str:
    """A saved fit."""
    random = np.random.default_rng(0)
    parameters = {"a": {"estimate": 1000.0}, "b": {"estimate": -0.15}, "c": {"estimate": 1.7}}
    result = {
        "law": "power-constant", "parameters": parameters, "inputs": {"x": "compute"}, "noise": 0.003,
        "ranges": {"compute": [1e17, 1e21]}, "interval": {"method": "wild"},
    }  # fmt: skip
    rows = []
    for i in range(results):
        drawn = np.array([1000.0, -0.15, 1.7]) * np.exp(random.normal(0, 0.01, (draws, 3)))
        rows.append(result | {"group": {"name": f"g{i:05}"}, "draws": drawn.tolist()})
    (folder / "fit.json").write_text(json.dumps({"schema": "scaling.fit/1", "results": rows}))
    return str(folder / "fit.json")


def targets(folder: Path, count: int) -> list[str]:
    """A saved fit, and a file of runs to forecast."""
    aims = written(folder, {"compute": np.geomspace(1e21, 1e24, count)}, "targets.csv")
    return [saved(folder, 1, 200), "--targets", aims]


def budgets(count: int) -> list[str]:
    """Compute budgets to plan for."""
    return ["--budget", ",".join(f"{compute:.6g}" for compute in np.geomspace(1e20, 1e25, count))]


NONE, FEWER = ("--interval", "none"), ("--replicates", "200")
BY, AHEAD = ("--by", "group"), ("--at", "compute=1e23")
AGAINST = ("--reference", "g00000", *FEWER)
GOAL = ("--goal", "params@1e23", "--budget", "1e22")
CURVES = ("--approach", "isoflop", "--profile", "parabola", *FEWER)
CASES = (
    Case("fit", "rows of logs", 400_000, lambda at, n: [logs(at, n), *NONE]),
    Case("fit", "runs", 150_000, lambda at, n: [written(at, runs(n)), *NONE]),
    Case("fit", "files", 1_500, lambda at, n: [files(at, n), *NONE, "--checkpoints", "all"]),
    Case("fit", "files, --per-file", 80, lambda at, n: [files(at, n), "--per-file", *NONE, "--format", "jsonl"]),
    Case("fit", "groups", 60, lambda at, n: [groups(at, n), "--by", "group", "--replicates", "200"]),
    Case("fit", "columns", 2_000, lambda at, n: [wide(at, n), *NONE]),
    Case("fit", "replicates", 8_000, lambda at, n: [written(at, runs(60)), "--replicates", str(n)]),
    Case("fit", "runs, wild", 2_000, lambda at, n: [written(at, runs(n)), *FEWER]),
    Case("columns", "rows", 1_000_000, lambda at, n: [logs(at, n)]),
    Case("columns", "files", 2_000, lambda at, n: [files(at, n)]),
    Case("columns", "columns", 1_000, lambda at, n: [wide(at, n)]),
    Case("compare-exponents", "groups with a reference", 32, lambda at, n: [groups(at, n), *BY, *AGAINST]),
    Case("compare-exponents", "replicates", 4_000, lambda at, n: [groups(at, 2), *BY, "--replicates", str(n)]),
    Case("optimal-allocation", "runs", 100_000, lambda at, n: [written(at, runs(n)), *NONE]),
    Case("optimal-allocation", "replicates", 4_000, lambda at, n: [written(at, runs(60)), "--replicates", str(n)]),
    Case("optimal-allocation", "budgets of curves", 48, lambda at, n: [isoflop(at, n), *CURVES]),
    Case("optimal-allocation", "compute budgets", 1_000, lambda at, n: [written(at, runs(60)), *NONE, *budgets(n)]),
    Case("extrapolate", "targets", 10_000, targets),
    Case("extrapolate", "results of a saved fit", 400, lambda at, n: [saved(at, n, 100), *AHEAD]),
    Case("extrapolate", "draws of a saved fit", 100_000, lambda at, n: [saved(at, 1, n), *AHEAD]),
    Case("extrapolate", "runs", 300, lambda at, n: [written(at, curve(n)), "--replicates", "50", *AHEAD]),
    Case("extrapolate", "groups", 32, lambda at, n: [groups(at, n), *BY, *AHEAD]),
    Case("plan", "runs", 10_000, lambda at, n: [written(at, runs(n)), *GOAL, *FEWER]),
    Case("plan", "groups", 32, lambda at, n: [groups(at, n), *BY, "--goal", "loss@1e23", "--budget", "1e23", *FEWER]),
    Case("inference-coverage", "problems", 4_000, lambda at, n: [counts(at, n), *FEWER]),
    Case("inference-coverage", "attempts", 800_000, lambda at, n: [attempts(at, 200, n // 200), *FEWER]),
    Case("inference-coverage", "replicates", 4_000, lambda at, n: [counts(at, 200), "--replicates", str(n)]),
)


def exponent(costs: list[float], least: float) -> float:
    """The p of a + b size^p through the costs at the `FACTORS`; 0 where the cost hardly grows."""
    first, second = costs[1] - costs[0], costs[2] - costs[0]
    if second < least:
        return 0.0
    low, high = 0.01, 4.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        grown = [factor**middle for factor in FACTORS]
        is_steeper = (grown[2] - grown[0]) * max(first, 0.0) < (grown[1] - grown[0]) * second
        low, high = (middle, high) if is_steeper else (low, middle)
    return low


def exponents(costs: list[Cost]) -> tuple[float, float]:
    """The exponents of the time and of the memory."""
    time = exponent([cost.seconds for cost in costs], LEAST_SECONDS)
    return time, exponent([cost.memory for cost in costs], LEAST_MEMORY)


def measured(case: Case, repeats: int) -> list[Cost]:
    """The costs for n / 16, n and 4 n: the least of some rounds through all three, so that a slow minute harms none."""
    with tempfile.TemporaryDirectory() as folder:
        commands = []
        for factor in FACTORS:
            place = Path(folder, f"{factor:g}")
            place.mkdir()
            commands.append([case.command, *case.make(place, max(int(case.n * factor), 2)), *QUIET])
        rounds = [[scaling(*command) for command in commands] for _ in range(repeats)]
    return [
        Cost(min(each.seconds for each in costs), min(each.memory for each in costs))
        for costs in zip(*rounds, strict=True)
    ]


def chosen(names: list[str]) -> Iterator[Case]:
    """The cases that a word names: a command, or a part of a size."""
    for case in CASES:
        words = (case.command, *case.size.replace(",", "").split())
        if not names or all(name in words for name in names):
            yield case


def main() -> None:
    """Print the table; exit with 1 if something grows faster than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="a command, or words of a size")
    parser.add_argument("--repeats", type=int, default=2, help="processes per input; the fastest counts")
    options = parser.parse_args()
    print(machine() + "\n")
    print("| command | size | n to 4n | CPU s | time | MB | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    steep = []
    for case in chosen(options.names):
        costs = measured(case, options.repeats)
        time, memory = exponents(costs)
        if max(time, memory) > LIMIT:  # other programs may have slowed one of the processes
            costs = measured(case, AGAIN * options.repeats)
            time, memory = exponents(costs)
        seconds, megabytes = (
            f"{first:.{digits}f} to {last:.{digits}f}"
            for first, last, digits in (
                (costs[1].seconds, costs[2].seconds, 2), (costs[1].memory, costs[2].memory, 0),
            )
        )  # fmt: skip
        print(
            f"| {case.command} | {case.size} | {case.n:,} to {4 * case.n:,} | {seconds} | {time:.2f} | {megabytes} "
            f"| {memory:.2f} |",
            flush=True,
        )
        steep += [
            f"{case.command}, {case.size}: {what}"
            for what, power in (("time", time), ("memory", memory))
            if power > LIMIT
        ]
    print(f"\nExponents above {LIMIT}: {'; '.join(steep) or 'none'}")
    raise SystemExit(1 if steep else 0)


if __name__ == "__main__":
    main()
