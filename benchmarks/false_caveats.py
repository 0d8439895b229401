"""How often `scaling fit` gives a false caveat on simulated clean data.

    python -m benchmarks false_caveats [--sets 200] [--first 1000] [--interval wild|none] [DESIGN ...]

Prints the table of docs/evidence/caveats.md. Every set has its own noise of 0.3 % of the loss between runs, and its own
sizes, which lie within a few percent of those of the design. Nothing is wrong with any set, so every caveat is false
but those in `TRUE`, which say how little a small sweep can determine. At most 2 % of sets should carry a false one.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl

import scaling_cli as scaling

Array = np.ndarray
Random = np.random.Generator

NOISE, POINT_NOISE = 0.003, 0.0007  # in log loss, between runs and between the checkpoints of a run
SIZE_JITTER = 0.03
TAILS = 4  # degrees of freedom of Student's t
LIMIT = 0.02
REPLICATES = 50
BATCH_TOKENS, CHECKPOINTS, WARMUP, FINAL_LR, ANNEALING_GAIN = 2**19, 40, 0.05, 0.1, 0.08

# These say that the runs are too few, or span too little, for a parameter, which may be so on clean data too.
TRUE = frozenset(
    {
        "at-bound",
        "condition-number",
        "few-runs",
        "floor-unknown",
        "no-interval-room",
        "open-interval",
        "replicates-at-bound",
        "training-loss",
    }
)


def surface_loss(params: Array, tokens: Array) -> Array:
    """The refit of the Chinchilla law by Besiroglu et al. 2024."""
    return 1.8172 + 477.8 / params**0.3473 + 2143.4 / tokens**0.3672


def normal(random: Random, count: int) -> Array:
    """Factors of the loss with normal noise."""
    return np.exp(NOISE * random.standard_normal(count))


def long_tailed(random: Random, count: int) -> Array:
    """Factors of the loss with Student's tails, of the same standard deviation."""
    return np.exp(NOISE * random.standard_t(TAILS, count) / np.sqrt(TAILS / (TAILS - 2)))


def jittered(random: Random, sizes: Array) -> Array:
    """Whole numbers within a few percent of the sizes."""
    return np.round(sizes * np.exp(random.uniform(-SIZE_JITTER, SIZE_JITTER, len(sizes))))


def surface(params: Array, tokens: Array, factors: Array) -> pl.DataFrame:
    """Runs by size, one row each."""
    loss = surface_loss(params, tokens) * factors
    names = [f"run-{place}" for place in range(len(params))]
    return pl.DataFrame({"run_id": names, "params": params, "tokens": tokens, "loss": loss})


def sizes(random: Random, side: int) -> tuple[Array, Array]:
    """A square grid of params and tokens."""
    params, tokens = np.meshgrid(np.geomspace(3e7, 3e9, side), np.geomspace(1e9, 1e11, side))
    return jittered(random, params.ravel()), jittered(random, tokens.ravel())


def isoflop(random: Random) -> pl.DataFrame:
    """Ten budgets of ten sizes each."""
    compute = np.repeat(np.geomspace(6e18, 3e21, 10), 10)
    params = jittered(random, np.sqrt(compute / 120) * np.tile(np.geomspace(0.25, 4, 10), 10))
    tokens = np.round(compute / 6 / params)
    return surface(params, tokens, normal(random, 100)).with_columns(compute=6 * params * tokens)


def grid(random: Random) -> pl.DataFrame:
    """Five sizes of model by five of data."""
    return surface(*sizes(random, 5), normal(random, 25))


def tailed_grid(random: Random) -> pl.DataFrame:
    """The grid with long-tailed noise."""
    return surface(*sizes(random, 5), long_tailed(random, 25))


def curve(random: Random, count: int) -> pl.DataFrame:
    """A power law with a floor over three decades of compute."""
    compute = jittered(random, np.geomspace(1e18, 1e21, count))
    return pl.DataFrame({"compute": compute, "loss": (1.8 + 600 * compute**-0.15) * normal(random, count)})


def curve_12(random: Random) -> pl.DataFrame:
    """Twelve points of a power law."""
    return curve(random, 12)


def curve_25(random: Random) -> pl.DataFrame:
    """Twenty-five points of a power law."""
    return curve(random, 25)


def logged(random: Random) -> pl.DataFrame:
    """Sixteen runs logged from warm-up to the end of a cosine schedule."""
    params, tokens = sizes(random, 4)
    done = np.linspace(1 / CHECKPOINTS, 1, CHECKPOINTS)
    share = FINAL_LR + (1 - FINAL_LR) * (1 + np.cos(np.pi * (done - WARMUP) / (1 - WARMUP))) / 2
    rate = np.where(done < WARMUP, done / WARMUP, share)
    frames = []
    for place, (size, amount, factor) in enumerate(zip(params, tokens, normal(random, 16), strict=True)):
        steps = np.round(amount / BATCH_TOKENS * done)
        loss = surface_loss(size, steps * BATCH_TOKENS) + ANNEALING_GAIN * (rate - FINAL_LR)
        noise = factor * np.exp(POINT_NOISE * random.standard_normal(CHECKPOINTS))
        rows = {"params": size, "step": steps, "tokens": steps * BATCH_TOKENS, "lr": 3e-4 * rate, "loss": loss * noise}
        frames.append(pl.DataFrame(rows).with_columns(run_id=pl.lit(f"run-{place}")))
    return pl.concat(frames)


def seeds(random: Random) -> pl.DataFrame:
    """A four by four grid with two independent seeds of each size."""
    params, tokens = (np.repeat(each, 2) for each in sizes(random, 4))
    return surface(params, tokens, normal(random, 32)).with_columns(seed=pl.Series([0, 1] * 16))


def labelled(random: Random) -> pl.DataFrame:
    """The grid with columns that have nothing to do with the loss."""
    hosts = [f"node-{place}" for place in random.integers(0, 4, 25)]
    dates = [f"2024-{month:02}-{day:02}" for month, day in zip(*random.integers(1, [[13], [29]], (2, 25)), strict=True)]
    seed = random.integers(0, 3, 25)
    return grid(random).with_columns(host=pl.Series(hosts), seed=pl.Series(seed), date=pl.Series(dates))


def final_rates(random: Random) -> pl.DataFrame:
    """The grid with the learning rate at the end of each run, which is smaller for larger models."""
    return grid(random).with_columns(lr=3e-5 * (pl.col("params") / 3e7) ** -0.25)


def text_sizes(random: Random) -> pl.DataFrame:
    """The grid with sizes such as 70M and 1.4B, of which the law is exactly that of the label."""
    params = np.tile([30e6, 70e6, 160e6, 410e6, 1.4e9], 5)
    tokens = np.repeat([1e9, 3e9, 10e9, 30e9, 100e9], 5)
    frame = surface(params, tokens, normal(random, 25))
    labels = [f"{size / 1e9:.1f}B" if size >= 1e9 else f"{size / 1e6:.0f}M" for size in params]
    return frame.with_columns(params=pl.Series(labels), tokens=pl.Series([f"{size / 1e9:.0f}B" for size in tokens]))


DESIGNS: dict[str, Callable[[Random], pl.DataFrame]] = {
    "IsoFLOP, 100 runs": isoflop,
    "grid, 25 runs": grid,
    "grid, 25 runs, Student's t": tailed_grid,
    "compute, 12 runs": curve_12,
    "compute, 25 runs": curve_25,
    "logged curves, 16 runs": logged,
    "two seeds of 16 sizes": seeds,
    "host, seed and date": labelled,
    "final learning rate": final_rates,
    "sizes as text": text_sizes,
}


def found(design: str, sets: int, interval: Literal["wild", "none"], first: int = 0) -> tuple[Counter[str], int]:
    """In how many sets each code appears, and in how many a run moves an exponent by its standard error.

    `any false` counts the sets with a false code; the seeds are those from `first` on.
    """
    counts: Counter[str] = Counter()
    moved = 0
    for place in range(first, first + sets):
        frame = DESIGNS[design](np.random.default_rng([zlib.crc32(design.encode()), place]))
        report = scaling.fit(frame, interval=interval, replicates=REPLICATES)
        codes = {each.code for each in report.caveats}
        counts.update(codes | ({"any false"} if codes - TRUE else set()))
        moved += any(result.influence for result in report.results)
    return counts, moved


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", default=list(DESIGNS), metavar="DESIGN")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--first", type=int, default=1000, help="the first seed; tests use those from 0 on")
    parser.add_argument("--interval", choices=("wild", "none"), default="wild")
    arguments = parser.parse_args()
    print("| design | sets | with a false caveat | false codes | other codes | a run moves an exponent |")
    print("| --- " * 6 + "|")
    for design in arguments.designs:
        counts, moved = found(design, arguments.sets, arguments.interval, arguments.first)
        sets_with = counts.pop("any false", 0)
        shares = {code: f"{code} {100 * count / arguments.sets:.1f} %" for code, count in counts.most_common()}
        false, other = (", ".join(shares[code] for code in shares if (code in TRUE) == kind) for kind in (False, True))
        print(
            f"| {design} | {arguments.sets} | {100 * sets_with / arguments.sets:.1f} % | {false} | {other} "
            f"| {100 * moved / arguments.sets:.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
