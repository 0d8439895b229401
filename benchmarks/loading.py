"""Time and memory of loading, compared with the bare polars query: one large Parquet file, and many small files.

Each measurement runs in a new process, so that its peak memory can be read. The files are made in a temporary folder
and removed. The default sizes are `--rows 100_000_000 --files 10_000`.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

ROOT = Path(__file__).parents[1]
RUNS = 1000
CHUNK = 4_000_000  # rows in memory at a time
STRIDE = 1_103_515_245  # any number coprime to the rows shuffles them
SCHEMA = {"run_id": pl.String, "step": pl.Int64, "params": pl.Float64, "tokens": pl.Float64, "loss": pl.Float64}
VALUES = ("step", "params", "tokens", "loss")


@dataclass(frozen=True)
class Cost:
    """Elapsed seconds, CPU seconds and peak memory in GB."""

    seconds: float
    processor: float
    memory: float


def main() -> None:
    """Make the files, measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2, help="how often each way is measured; the fastest counts")
    parser.add_argument("--folder", type=Path, help="where to make the files, instead of the temporary folder")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(*measured(*options.measure))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.rows:
            path = Path(folder, "rows.parquet")
            write_rows(path, options.rows)
            compare(f"{options.rows:,} rows of {RUNS:,} runs", path, "parquet", options.repeats)
            path.unlink()
        if options.files:
            path = Path(folder, "many")
            write_files(path, options.files)
            compare(f"{options.files:,} files of 200 rows", path, "csv", options.repeats)


def compare(title: str, path: Path, kind: str, repeats: int) -> None:
    """Print time and memory of the bare query and of the loader."""
    print(f"{title}, {sum(file.stat().st_size for file in [path, *path.glob('*')]) / 1e6:,.0f} MB")
    names = {f"bare-{kind}": "bare polars", "load": "load_runs"}
    if kind == "parquet":
        names |= {"load-unhashed": "without hash", "hash": "hash alone"}
    costs = best(list(names), path, repeats)
    bare = costs[f"bare-{kind}"]
    for what, cost in costs.items():
        line = f"  {names[what]:12} {cost.seconds:6.2f} s  {cost.processor:6.2f} CPU s  {cost.memory:5.2f} GB"
        if what.startswith("load"):
            ratio, processor = cost.seconds / bare.seconds, cost.processor / bare.processor
            line += f"  ratio {ratio:.2f}, of CPU time {processor:.2f}"
        print(line)


def best(ways: list[str], path: Path, repeats: int) -> dict[str, Cost]:
    """For each way to read, the shortest time and the largest memory of several processes.

    The ways take turns, so that other work on the machine affects all of them.
    """
    measured_costs: dict[str, list[Cost]] = {what: [] for what in ways}
    for what in ways * repeats:
        command = [sys.executable, "-m", "benchmarks.loading", "--measure", what, str(path)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        measured_costs[what].append(Cost(*map(float, printed)))
    return {
        what: Cost(
            min(cost.seconds for cost in costs),
            min(cost.processor for cost in costs),
            max(cost.memory for cost in costs),
        )
        for what, costs in measured_costs.items()
    }


def measured(what: str, path: str) -> tuple[float, float, float]:
    """The cost of one way to read, in this process, without imports."""
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.data.runs.load import load_runs
    from scaling_cli.options.reading import Reading

    points = None
    started, processor = time.perf_counter(), time.process_time()
    if what == "load":
        points = load_runs(path, Reading()).frame
    elif what == "load-unhashed":  # a table is not a file, so its content is not hashed
        points = load_runs(pl.scan_parquet(path), Reading()).frame
    elif what == "hash":
        content_hash(path)
    else:
        is_csv = what == "bare-csv"
        rows = pl.scan_csv(f"{path}/*.csv", include_file_paths="run_id") if is_csv else pl.scan_parquet(path)
        rows.group_by("run_id").agg(pl.col(VALUES).sort_by("step").last()).collect(engine="streaming")
    cost = time.perf_counter() - started, time.process_time() - processor, peak_memory()
    if points is not None:
        check(points)
    return cost


def peak_memory() -> float:
    """Peak memory of this process in GB; getrusage would include that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e6


def check(points: pl.DataFrame) -> None:
    """Fail unless the table has the last step of every run, with the loss of that step."""
    expected = loss_at(points["params"].to_numpy(), points["tokens"].to_numpy())
    is_last = points["step"] == points["step"].max()
    if not is_last.all() or not np.allclose(points["loss"].to_numpy(), expected, rtol=1e-5):
        raise SystemExit("a final checkpoint is wrong")


def loss_at(params: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """A loss that depends only on params and tokens, so that a wrong row can be recognised."""
    return 1.8 + 482 / params**0.35 + 2085 / tokens**0.366


def write_rows(path: Path, rows: int) -> None:
    """Write one Parquet file of shuffled rows, with one chunk in memory at a time."""
    stride = next(number for number in range(STRIDE, STRIDE + rows) if math.gcd(number, rows) == 1)

    def chunks(*_: object) -> Iterator[pl.DataFrame]:
        for start in range(0, rows, CHUNK):
            place = np.arange(start, min(rows, start + CHUNK), dtype=np.int64) * stride % rows
            run, step = place % RUNS, place // RUNS
            params, tokens = 10 ** (7 + run / 400), (step + 1) * 5e5
            yield pl.DataFrame(
                {
                    "run_id": pl.Series(run).cast(pl.String),
                    "step": step,
                    "params": params,
                    "tokens": tokens,
                    "loss": loss_at(params, tokens),
                }
            )

    register_io_source(chunks, schema=SCHEMA).sink_parquet(path)


def write_files(folder: Path, files: int) -> None:
    """Write a folder with one CSV file of 200 steps per run."""
    folder.mkdir()
    steps = np.arange(1, 201)
    for i in range(files):
        params, tokens = 10 ** (7 + 2 * i / files), steps * 1e7
        losses = loss_at(np.full(200, params), tokens)
        lines = (f"{a},{params!r},{b:.0f},{c:.6f}\n" for a, b, c in zip(steps, tokens, losses, strict=True))
        (folder / f"run{i:05}.csv").write_text("step,params,tokens,loss\n" + "".join(lines))


if __name__ == "__main__":
    main()
