"""CPU seconds of many fits, large files and saved fits, next to what a user would run instead.

    python -m benchmarks speed              # every row of the table in docs/benchmarks.md
    python -m benchmarks speed files many   # rows that have one of these words
    python -m benchmarks speed --part 10    # a tenth of the files and groups

Both columns are measured in one run, each in a process of its own, with imports. Loops over scipy draw only a part of
the replicates, and their time is scaled up, because it is proportional to the number of replicates.
`bootstrap`, `loading` and `startup` compare replicates, the reading of files, and small fits.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.measure import Cost, cost, machine, scaling

POINTS = 16
REPLICATES, SHARE = 1_000, 50  # one replicate in SHARE goes through the loop over scipy
NONE = ("--interval", "none")


@dataclass(frozen=True)
class Row:
    """A row of the table: `make` writes its input and gives the arguments, `other` is the name of the alternative."""

    title: str
    count: int
    make: Callable[[Path, int], list[str]]
    other: str
    scaled: float = 1.0


def files(folder: Path, count: int) -> str:
    """A folder of logs of 16 runs."""
    logs = folder / "logs"
    logs.mkdir()
    for seed in range(count):
        compute, loss = curve(seed)
        lines = (f"{x:.6g},{y:.6f}\n" for x, y in zip(compute, loss, strict=True))
        (logs / f"log{seed:05}.csv").write_text("compute,loss\n" + "".join(lines))
    return str(logs)


def groups(folder: Path, count: int) -> str:
    """One table of groups of 16 runs."""
    lines = ["group,compute,loss\n"]
    for seed in range(count):
        lines += [f"g{seed:05},{x:.6g},{y:.6f}\n" for x, y in zip(*curve(seed), strict=True)]
    (folder / "groups.csv").write_text("".join(lines))
    return str(folder / "groups.csv")


def curve(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute and loss of 16 runs."""
    random = np.random.default_rng(seed)
    compute = 10 ** np.linspace(17, 21, POINTS)
    loss = random.uniform(1.5, 2) + random.uniform(800, 1200) * compute ** -random.uniform(0.13, 0.17)
    return compute, loss * np.exp(random.normal(0, 0.003, POINTS))


def rows(folder: Path, count: int) -> str:
    """A table with one row per run."""
    random = np.random.default_rng(0)
    params = 10 ** random.uniform(7, 10, count)
    tokens = params * 10 ** random.uniform(0.5, 3, count)
    loss = (1.8 + 480 / params**0.34 + 2000 / tokens**0.37) * np.exp(random.normal(0, 0.01, count))
    np.savetxt(
        folder / "rows.csv", np.stack([params, tokens, loss], axis=1), "%.8g", ",", header="params,tokens,loss",
        comments="",
    )  # fmt: skip
    return str(folder / "rows.csv")


def saved(folder: Path, count: int) -> str:
    """The saved fits of groups, each with 100 replicates."""
    from benchmarks.growth import saved as write_saved

    return write_saved(folder, count, 100)


def curves(folder: Path, budgets: int) -> str:
    """Runs along IsoFLOP curves, with a noise of 1 %."""
    from benchmarks.growth import isoflop

    return isoflop(folder, budgets)


TABLE = (
    Row("{:,} files of 16 runs, --per-file --interval none", 1_000, lambda at, n: [
        "fit", files(at, n), "--per-file", *NONE, "--format", "jsonl"], "loop"),
    Row("the same files, 1,000 replicates each", 1_000, lambda at, n: [
        "fit", files(at, n), "--per-file", "--format", "jsonl"], "loop-replicates", SHARE),
    Row("{:,} groups of 16 runs, --by", 300, lambda at, n: ["fit", groups(at, n), "--by", "group"], "groups", SHARE),
    Row("{:,} groups compared, all pairs", 9, lambda at, n: [
        "compare-exponents", groups(at, n), "--by", "group"], ""),
    Row("IsoFLOP curves of {:,} budgets", 12, lambda at, n: [
        "optimal-allocation", curves(at, n), "--approach", "isoflop"], ""),
    Row("saved fit with {:,} results", 1_200, lambda at, n: ["extrapolate", saved(at, n), "--at", "compute=1e23"],
        "json"),
    Row("saved fit with {:,} results", 3_200, lambda at, n: ["extrapolate", saved(at, n), "--at", "compute=1e23"],
        "json"),
    Row("{:,} rows, one row per run, --interval none", 1_000_000, lambda at, n: ["fit", rows(at, n), *NONE], "polars"),
    Row("fit of a small file, --interval none", 1, lambda at, n: ["fit", groups(at, 1), *NONE], "imports"),
)  # fmt: skip


def fitted(table: np.ndarray, replicates: int) -> list[np.ndarray]:
    """The fit of a power law with a floor by scipy, and its fits to resampled runs."""
    from scipy.optimize import least_squares

    x, y, loss = np.log(table[:, 0]), np.log(table[:, 1]), table[:, 1]
    x = x - x.mean()
    first = np.array([loss.min() * 0.7, np.log(loss.mean() * 0.3), 0.2])

    def fit(at: np.ndarray, start: np.ndarray) -> np.ndarray:
        def residuals(theta: np.ndarray) -> np.ndarray:
            return np.log(theta[0] + np.exp(theta[1] - theta[2] * x[at])) - y[at]

        return least_squares(residuals, start, loss="huber", f_scale=0.01).x

    best = fit(np.arange(len(x)), first)
    random = np.random.default_rng(0)
    return [best, *(fit(random.integers(len(x), size=len(x)), best) for _ in range(replicates))]


def other(name: str, path: str) -> None:
    """Do what a user would do instead."""
    if name in ("loop", "loop-replicates"):
        for file in sorted(Path(path).glob("*.csv")):
            table = np.loadtxt(file, delimiter=",", skiprows=1)
            fitted(table, REPLICATES // SHARE if name == "loop-replicates" else 0)
    elif name == "groups":
        table = np.genfromtxt(path, delimiter=",", skip_header=1)[:, 1:]
        for part in table.reshape(-1, POINTS, 2):
            fitted(part, REPLICATES // SHARE)
    elif name == "json":
        import json

        json.loads(Path(path).read_text())
    elif name == "polars":
        import polars as pl

        pl.scan_csv(path).select(pl.all().sum()).collect(engine="streaming")
    elif name == "imports":
        import polars as pl


OTHERS = {
    "loop": "np.loadtxt and scipy, in a loop",
    "loop-replicates": "the same loop with replicates",
    "groups": "scipy in a loop",
    "json": "json.loads",
    "polars": "a bare polars scan",
    "imports": "import numpy, polars",
}


def alternative(row: Row, path: str) -> Cost | None:
    """The cost of what a user would run instead."""
    if not row.other:
        return None
    found = cost(["-m", "benchmarks.speed", "--other", row.other, path])
    if row.scaled == 1.0:
        return found
    base = cost(["-m", "benchmarks.speed", "--other", "imports", path]).seconds
    return Cost(base + (found.seconds - base) * row.scaled, found.memory)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="print only rows that have one of these words")
    parser.add_argument("--part", type=int, default=1, help="divide the numbers of files, groups and rows by this")
    parser.add_argument("--other", nargs=2, metavar=("WHAT", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.other:
        other(*options.other)
        return
    print(machine() + "\n")
    print("| work | scaling, CPU s | MB | instead | CPU s | MB | times as long |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in TABLE:
        count = max(row.count // options.part, 2) if row.count > 1 else 1
        title = row.title.format(count)
        if options.words and not set(options.words) & set(title.replace(",", "").split()):
            continue
        with tempfile.TemporaryDirectory() as folder:
            arguments = row.make(Path(folder), count)
            ours, theirs = scaling(*arguments, "--quiet"), alternative(row, arguments[1])
        compared = "- | - | - | -"
        if theirs is not None:
            ratio = ours.seconds / theirs.seconds
            compared = f"{OTHERS[row.other]} | {theirs.seconds:.2f} | {theirs.memory:.0f} | {ratio:.2f}"
        print(f"| {title} | {ours.seconds:.2f} | {ours.memory:.0f} | {compared} |", flush=True)


if __name__ == "__main__":
    main()
