"""Short, thinned and simulated curves and surfaces on which forecasts are judged, beside those of `extrapolation`.

Each function yields cases: runs to fit and larger runs to forecast. Simulated sets are seeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.extrapolation import FEW, FEW_SPAN, Case, curves
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import Array

FEWEST = 4
GPT3_POINTS = 15
FLATTENING = ("power of a sum", "steep with a floor", "slower after a break")


def curve(x: Array, loss: Array) -> ForecastPoints:
    """Runs of one input, in order of it."""
    order = np.argsort(x, kind="stable")
    return ForecastPoints({"x": x[order]}, loss[order], np.arange(len(x)), x[order])


def _splits(family: str, name: str, rows: pl.DataFrame, ratios: Sequence[float]) -> Iterator[Case]:
    """The runs up to 1/ratio of the largest `x`, and the larger ones, if enough runs remain to fit."""
    rows = rows.drop_nulls().filter(pl.col("loss").is_finite() & (pl.col("loss") > 0))
    whole = curve(rows["x"].to_numpy().astype(float), rows["loss"].to_numpy().astype(float))
    for ratio in ratios:
        below = whole.scale <= whole.scale.max() / ratio * (1 + 1e-9)
        if below.sum() >= FEWEST and not below.all():
            yield Case(family, f"{name} / {ratio}", whole.at(below), whole.at(~below))


def _spaced(points: ForecastPoints, count: int, span: float | None = None) -> ForecastPoints:
    """The points nearest to a grid that is even in logs, over a factor of `span` below the largest."""
    largest = points.scale.max()
    grid = np.geomspace(points.scale.min() if span is None else largest / span, largest, count)
    return points.at(np.unique([np.abs(np.log(points.scale / at)).argmin() for at in grid]))


def short_curves(folder: Path) -> Iterator[Case]:
    """Real curves of language models with 4 to 12 runs to fit."""
    yield from _gpt3(folder)
    pairs = pl.read_csv(folder / "porian" / "optimal_pairs.csv").rename({"flops": "x"})
    for (name,), rows in pairs.group_by("config_id", maintain_order=True):
        yield from _splits("Porian minima", str(name), rows.select("x", "loss"), (3, 10, 30))
    models = pl.read_csv(folder / "gadre" / "models.csv").with_columns(x=6.0 * pl.col("params") * pl.col("tokens"))
    for name, rows in models.group_by("dataset", "chinchilla_multiplier", maintain_order=True):
        kept = rows.group_by("params", maintain_order=True).agg(pl.col("x").mean(), loss=pl.col("loss_c4").mean())
        if len(kept) > FEWEST:
            yield from _splits("gadre", str(name), kept.select("x", "loss"), (3, 10))
    runs = pl.read_csv(folder / "routing_clark" / "final.csv", infer_schema_length=None).filter(pl.col("top_k") == 1)
    for name, rows in runs.group_by("architecture", "num_experts", maintain_order=True):
        kept = rows.drop_nulls("loss").group_by("params", maintain_order=True).agg(pl.col("loss").min())
        if len(kept) > FEWEST:
            yield from _splits("routed", str(name), kept.select(pl.col("params").alias("x"), "loss"), (3, 6))


def _gpt3(folder: Path) -> Iterator[Case]:
    table = pl.read_parquet(folder / "gpt3_curves" / "curves.parquet").sort("tokens")
    for name, rows in table.group_by("run_id", "split", maintain_order=True):
        whole = curve(rows["tokens"].to_numpy(), rows["loss"].to_numpy())
        few = _spaced(whole, GPT3_POINTS)
        frame = pl.DataFrame({"x": few.scale, "loss": few.observed})
        yield from _splits("GPT-3", str(name), frame, (2, 4, 8))


def aside_curves(folder: Path) -> Iterator[Case]:
    """Real curves that were looked at only after the first weight of the simplest law was chosen."""
    runs = pl.read_parquet(folder / "gemstones" / "hot_100b_every477.parquet").sort("run_id", "tokens")
    for (name,), rows in runs.group_by("run_id", maintain_order=True):
        few = _spaced(curve(rows["tokens"].to_numpy().astype(float), rows["loss"].to_numpy()), GPT3_POINTS)
        frame = pl.DataFrame({"x": few.scale, "loss": few.observed})
        yield from _splits("Gemstones runs", str(name), frame, (2, 4, 8))
    families = pl.read_csv(folder / "published_tables" / "cerebras_pythia_pile.csv")
    for (name,), rows in families.group_by("family", maintain_order=True):
        kept = rows.select(x=pl.col("flops"), loss=pl.col("pile_test_loss"))
        yield from _splits("published tables", str(name), kept, (3, 10, 30))
    streams = pl.read_csv(folder / "parscale" / "runs.csv")
    for name, rows in streams.group_by("corpus", "streams", maintain_order=True):
        yield from _splits("published tables", str(name), rows.select(x=pl.col("params"), loss=pl.col("loss")), (2,))


def thinned_curves(folder: Path) -> Iterator[Case]:
    """The vision curves, thinned to five to eight runs over a factor of 64."""
    for index, case in enumerate(curves(folder)):
        few = _spaced(case.points, FEW[index % len(FEW)], FEW_SPAN)
        if len(few) >= min(FEW):
            yield Case(case.family, case.name, few, case.held)


def _simulated(family: str, name: str, x: Array, loss: Array, last: float) -> Case:
    whole = curve(x, loss)
    fitted = whole.scale <= last * (1 + 1e-9)
    return Case(family, name, whole.at(fitted), whole.at(~fitted))


def varied_curves(sets: int = 60) -> Iterator[Case]:
    """One law with many exponents, floors, ranges and noises; judged at 3, 10 and 100 times the largest run."""
    rng = np.random.default_rng(105)
    for index in range(sets):
        count, noise = (6, 8, 12, 20, 40)[index % 5], (0.001, 0.003, 0.006, 0.012)[index % 4]
        exponent, last = np.exp(rng.uniform(np.log(0.08), np.log(0.6))), 10 ** rng.uniform(1.5, 4)
        floor, size = rng.uniform(0.3, 1.8) * (index % 8 != 7), rng.uniform(0.5, 4)
        x = np.append(np.geomspace(1, last, count), last * np.array([3, 10, 100]))
        loss = (floor + size * x**-exponent) * np.exp(noise * rng.standard_normal(len(x)))
        yield _simulated(f"{count} runs", f"{index}", x, loss, last)


def aside_law(sets: int = 80) -> Iterator[Case]:
    """One law with runs at random scales, judged at 3, 10 and 100 times the largest."""
    rng = np.random.default_rng(305)
    for index in range(sets):
        count, noise = int(rng.integers(5, 31)), np.exp(rng.uniform(np.log(5e-4), np.log(0.01)))
        exponent, last = np.exp(rng.uniform(np.log(0.06), np.log(0.7))), 10 ** rng.uniform(1.3, 4)
        floor, size = rng.uniform(0, 2), rng.uniform(0.5, 4)
        within = np.exp(np.sort(rng.uniform(0, np.log(last), count - 2)))
        x = np.concatenate([[1.0], within, [last], last * np.array([3, 10, 100])])
        loss = (floor + size * x**-exponent) * np.exp(noise * rng.standard_normal(len(x)))
        yield _simulated(f"{count} runs", f"{index}", x, loss, last)


def six_runs(sets: int = 40) -> Iterator[Case]:
    """Six runs of one law over three decades, judged at a hundred times the largest."""
    rng = np.random.default_rng(106)
    for index in range(sets):
        floor, exponent = 1.7 * np.exp(0.15 * rng.standard_normal()), 0.15 + 0.025 * rng.standard_normal()
        x = np.append(np.geomspace(1, 1e3, 6), [1e5])
        noise = (0.002, 0.004, 0.008)[index % 3] * rng.standard_normal(len(x))
        yield _simulated("6 runs", f"{index}", x, (floor + 2 * x**-exponent) * np.exp(noise), 1e3)


def flattening_curves(sets: int = 48) -> Iterator[Case]:
    """Curves that flatten, as those of translation do, in three ways; judged up to ten times the largest run."""
    rng = np.random.default_rng(107)
    for index in range(sets):
        count, noise = (8, 12, 20, 30)[index % 4], (0.002, 0.005, 0.01)[index % 3]
        x = np.append(np.geomspace(1, 100, count), np.geomspace(130, 1000, 8))
        if index % 3 == 0:  # Bansal et al. 2022: (1 / x + C)^p
            loss = (1 / x + np.exp(-rng.uniform(np.log(10), np.log(150)))) ** rng.uniform(0.2, 0.35)
        elif index % 3 == 1:
            loss = 1.2 + rng.uniform(0.5, 2) * x ** -rng.uniform(0.6, 1.4)
        else:
            at, early, late = np.exp(rng.uniform(np.log(5), np.log(80))), rng.uniform(0.1, 0.4), rng.uniform(0, 0.05)
            loss = x**-early * (1 + (x / at) ** 2) ** ((early - late) / 2)
        yield _simulated(
            FLATTENING[index % 3], f"{index}", x, loss * np.exp(noise * rng.standard_normal(len(x))), 100.0
        )


def one_law_surfaces(sets: int = 60) -> Iterator[Case]:
    """Chinchilla surfaces of 12 to 36 runs, judged at the best split of 3, 10 and 100 times the largest budget."""
    rng = np.random.default_rng(111)
    for index in range(sets):
        noise, budgets, sizes = (0.002, 0.004, 0.008)[index % 3], (3, 4, 5, 6)[index % 4], (4, 5, 6)[index % 3]
        compute = np.append(np.repeat(np.geomspace(1e18, 1e21, budgets), sizes), [3e21, 1e22, 1e23])
        spread = np.append(np.tile(np.geomspace(0.25, 4, sizes), budgets), [1, 1, 1])
        floor, alpha, beta = np.array([1.8, 0.35, 0.37]) + np.array([0.1, 0.03, 0.03]) * rng.standard_normal(3)
        params = np.sqrt(compute / 120) * spread
        tokens = compute / 6 / params
        loss = floor + 480 * np.exp(19 * (alpha - 0.35)) / params**alpha
        loss = loss + 2100 * np.exp(22 * (beta - 0.37)) / tokens**beta
        observed = loss * np.exp(noise * rng.standard_normal(len(loss)))
        whole = ForecastPoints({"params": params, "tokens": tokens}, observed, np.arange(len(loss)), compute)
        fitted = compute <= 1.01e21
        yield Case(f"{budgets * sizes} runs", f"{index}", whole.at(fitted), whole.at(~fitted))
