"""How far off forecasts of larger runs are, on public curves and surfaces of loss.

One rule serves all of them, the default of `scaling extrapolate`; nothing is chosen by curve or family. The held-out
runs enter no fit, weight or interval. Errors are root mean squares of log loss on curves (72 vision curves of
Alabdulmohsin et al. 2022) and mean absolute percentages of loss on surfaces of params and tokens.

    python benchmarks/extrapolation.py [FOLDER OF DATA SETS] [curves|surfaces|ladder]

`ladder` forecasts tasks of OLMo 2 13B from its ladder of small models (Bhagia et al. 2024, arXiv:2412.04403): task loss
in bits per byte first, then accuracy through a sigmoid.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from scaling_cli.analysis.downstream import link
from scaling_cli.analysis.forecast import forecast
from scaling_cli.analysis.forecaster import Bands
from scaling_cli.analysis.windows import Points
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.uncertainty import Resampling
from scaling_cli.laws import Array, find_law

LEVEL = 0.9
RATIOS = (3, 10, 30)  # of the largest compute to that of the largest trained run
FEWEST_RUNS, FEWEST_SIZES = 8, 3
LEAST_SQUARES, HUBER = Objective("least-squares"), Objective("huber", 1e-3)
OLMO_LOSSES = ("c4_en", "dolma_books", "dolma_stack", "pile", "wikitext_103", "dolma_common-crawl")


@dataclass(frozen=True)
class Case:
    """A set of runs, those to train on first in `trained`."""

    family: str
    name: str
    points: Points
    held: Points


def curves(folder: Path) -> Iterator[Case]:
    """The vision curves, as their authors split them."""
    table = pl.read_parquet(folder / "extrapolation_benchmark" / "vision.parquet").sort("curve_id", "seen_examples")
    for (name,), rows in table.group_by("curve_id", maintain_order=True):
        trained, held = (_curve(rows.filter(pl.col("split") == split)) for split in ("train", "test"))
        yield Case(str(name).split("|")[1].split("_")[0], str(name), trained, held)


def _curve(rows: pl.DataFrame) -> Points:
    x = rows["seen_examples"].to_numpy()
    return Points({"x": x}, rows["loss"].to_numpy(), np.arange(len(x)), x)


def surfaces(folder: Path) -> Iterator[Case]:
    """Every set of runs, split at C_max / 3, / 10 and / 30 where enough remains to train on."""
    for family, name, rows in _surface_sets(folder):
        params, tokens, compute, loss = (rows[key].to_numpy() for key in ("params", "tokens", "compute", "loss"))
        whole = Points({"params": params, "tokens": tokens}, loss, np.arange(len(loss)), compute)
        for ratio in RATIOS:
            below = compute <= compute.max() / ratio
            if below.sum() >= FEWEST_RUNS and len(np.unique(params[below])) >= FEWEST_SIZES:
                yield Case(family, f"{name} / {ratio}", whole.at(below), whole.at(~below))


def _surface_sets(folder: Path) -> Iterator[tuple[str, str, pl.DataFrame]]:
    chinchilla = pl.read_csv(folder / "chinchilla_besiroglu" / "chinchilla.csv")
    yield "chinchilla", "240", _columns(chinchilla.filter(~pl.col("dropped_by_besiroglu")), compute="flops")
    yield "chinchilla", "245", _columns(chinchilla, compute="flops")
    models = pl.read_csv(folder / "gadre" / "models.csv")
    for dataset in models["dataset"].unique().sort():
        for loss in ("loss_c4", "loss_openlm"):
            yield "gadre", f"{dataset} {loss}", _columns(models.filter(pl.col("dataset") == dataset), loss=loss)
    for file in ("hot_final_grid", "cooldown_end"):
        rows = pl.read_parquet(folder / "gemstones" / f"{file}.parquet")
        yield "gemstones", file, _columns(rows, params="params_total")
    ladder = pl.read_parquet(folder / "olmo_ladder" / "ladder_all.parquet").drop_nulls(
        ["params", "chinchilla_multiplier", "throughput/total_tokens"]
    )
    for name in OLMO_LOSSES:
        loss = f"eval/{name}-validation/CrossEntropyLoss"
        last = ladder.drop_nulls(loss).sort("step").group_by("size", "chinchilla_multiplier").last()
        yield "olmo", name, _columns(last.sort("params", "step"), tokens="throughput/total_tokens", loss=loss)
    porian = pl.read_csv(folder / "porian" / "isoflop_points.csv")
    for config in porian["config_id"].unique().sort():
        # The eight configurations that count params in the standard way and evaluate on held-out text.
        if config.endswith("standard|val"):
            yield "porian", config, _columns(porian.filter(pl.col("config_id") == config), compute="flops")


def _columns(
    rows: pl.DataFrame,
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    compute: str | None = None,
) -> pl.DataFrame:
    named = rows.select(
        pl.col(params).cast(float).alias("params"),
        pl.col(tokens).cast(float).alias("tokens"),
        pl.col(loss).cast(float).alias("loss"),
        *([pl.col(compute).cast(float).alias("compute")] if compute else []),
    ).drop_nulls()
    return named if compute else named.with_columns(compute=6.0 * pl.col("params") * pl.col("tokens"))


def law_forecast(name: str, objective: Objective, case: Case) -> Array:
    """Log losses that a plain fit of one law predicts."""
    law = find_law(name)
    problem = problem_from_arrays(law, dict(case.points.columns), case.points.observed, case.points.runs)
    theta = problem.raw(optimum(problem, objective).theta[None])
    return law.evaluate(theta, law.prepare(case.held.columns))[0][0]


def last_point(case: Case) -> Array:
    """The loss of the largest run."""
    return np.full(len(case.held), np.log(case.points.observed[case.points.scale.argmax()]))


def last_octave(case: Case) -> Array:
    """A straight line in logs through the last factor of two."""
    points = case.points
    end = points.scale >= points.scale.max() / 2
    if end.sum() < 3:
        end = np.argsort(np.argsort(points.scale)) >= len(points) - 3
    line = np.polyfit(np.log(points.scale[end]), np.log(points.observed[end]), 1)
    return np.polyval(line, np.log(case.held.scale))


def default(case: Case) -> Bands:
    """What `scaling extrapolate` says."""
    return forecast(case.points, level=LEVEL).bands(case.held.columns, case.held.scale)


LADDER_TASKS = {  # bits per byte that the paper's authors predict for 13B and 5T tokens, where they give it
    "mmlu": 0.750156,
    "hellaswag": 0.653177,
    "csqa": 0.661728,
    "arc_easy": None,
    "arc_challenge": None,
    "piqa": None,
    "socialiqa": None,
}
MMLU_QUESTIONS = {"stem": 3018, "humanities": 4705, "social_sciences": 3077, "other": 3242}
LINK_RUNS_FROM = 0.5  # share of a run's steps: the link is also fitted to later checkpoints


def ladder(folder: Path) -> None:
    """Print task loss and accuracy of the largest model, forecast from the ladder, beside what was measured."""
    rows = pl.read_parquet(folder / "olmo_ladder" / "ladder_all.parquet").with_columns(
        tokens=pl.coalesce("throughput/total_tokens", pl.col("step") * pl.col("batch_size_in_tokens"))
    )
    small = rows.filter(pl.col("chinchilla_multiplier").is_not_null() & pl.col("params").is_not_null())
    large = rows.filter(pl.col("size") == "peteish13").unique("step", keep="any")
    print(
        f"{'task':<15}{'bpb':>8}{'forecast':>10}{'error':>9}{'authors':>9}  90 % interval   accuracy forecast    error"
    )
    for task, published in LADDER_TASKS.items():
        loss, accuracy = (
            _task_columns(task, "eval/downstream_bpb/{}_rc_5shot_bpb"),
            _task_columns(task, "eval/downstream/{}_rc_5shot_len_norm"),
        )
        known = _task_rows(small, loss, accuracy)
        last = known.sort("step").group_by("size", "chinchilla_multiplier").last().sort("params", "tokens")
        params, tokens, bpb = (last[name].to_numpy() for name in ("params", "tokens", "bpb"))
        points = Points({"params": params, "tokens": tokens}, bpb, np.arange(len(bpb)), 6 * params * tokens)
        measured = _task_rows(large, loss, accuracy).sort("step").tail(5)
        at = {"params": measured["params"].to_numpy()[-1:], "tokens": measured["tokens"].to_numpy()[-1:]}
        bands = forecast(points, level=LEVEL).bands(at, 6 * at["params"] * at["tokens"])
        predicted, truth = float(np.exp(bands.estimate[0])), float(measured["bpb"].mean())  # type: ignore[arg-type]
        low, high = np.exp(bands.estimate[0] + np.array([-1, 1]) * bands.prediction[0])
        later = known.filter(pl.col("step") >= LINK_RUNS_FROM * pl.col("step").max().over("run_id"))
        runs = later["run_id"].rank("dense").to_numpy().astype(int) - 1
        fitted = link(
            task, later["bpb"].to_numpy(), later["accuracy"].to_numpy(), runs, law="sigmoid", chance=None,
            resampling=Resampling(20, 0, 0),
        )  # fmt: skip
        reached = float(fitted.values(fitted.fitted.theta[None], np.array([predicted]))[0, 0])
        correct = float(measured["accuracy"].mean())  # type: ignore[arg-type]
        mark = " beyond the link" if fitted.is_outside(np.array([predicted]))[0] else ""
        authors = "-" if published is None else f"{100 * (published / truth - 1):+.1f} %"
        print(
            f"{task:<15}{truth:8.4f}{predicted:10.4f}{100 * (predicted / truth - 1):+8.1f} %{authors:>9}  "
            f"[{low:.3f}, {high:.3f}]  {correct:8.3f}{reached:9.3f}{100 * (reached / correct - 1):+8.1f} %{mark}"
        )


def _task_columns(task: str, pattern: str) -> pl.Expr:
    """A task's metric; the groups of mmlu are weighted by their questions."""
    if task != "mmlu":
        split = "test" if task.startswith("arc") else "val"
        return pl.col(pattern.format(f"{task}_{split}"))
    parts = [pl.col(pattern.format(f"mmlu_{name}_test")) * count for name, count in MMLU_QUESTIONS.items()]
    return pl.sum_horizontal(*parts, ignore_nulls=False) / sum(MMLU_QUESTIONS.values())


def _task_rows(rows: pl.DataFrame, loss: pl.Expr, accuracy: pl.Expr) -> pl.DataFrame:
    named = rows.with_columns(loss.alias("bpb"), accuracy.alias("accuracy"))
    return named.drop_nulls(["bpb", "accuracy", "params", "tokens"])


Forecaster = Callable[[Case], Array]
CURVE_METHODS: dict[str, Forecaster] = {
    "power law (m1)": lambda case: law_forecast("power", LEAST_SQUARES, case),
    "last point": last_point,
    "m2, least squares": lambda case: law_forecast("power-constant", LEAST_SQUARES, case),
    "m2, huber 1e-3": lambda case: law_forecast("power-constant", HUBER, case),
    "m3": lambda case: law_forecast("m3", LEAST_SQUARES, case),
    "line through last factor of 2": last_octave,
    "m4": lambda case: law_forecast("m4", LEAST_SQUARES, case),
    "bnsl": lambda case: law_forecast("bnsl", LEAST_SQUARES, case),
}
SURFACE_METHODS: dict[str, Forecaster] = {
    "chinchilla, huber 1e-3": lambda case: law_forecast("chinchilla", HUBER, case),
    "chinchilla, least squares": lambda case: law_forecast("chinchilla", LEAST_SQUARES, case),
}


def rmsle(predicted: Array, case: Case) -> float:
    """Root mean square error of log loss."""
    return float(np.sqrt(np.mean((predicted - np.log(case.held.observed)) ** 2)))


def percentage(predicted: Array, case: Case) -> float:
    """Mean absolute percentage error of the loss."""
    return float(100 * np.mean(np.abs(np.exp(predicted) / case.held.observed - 1)))


def run(cases: list[Case], methods: dict[str, Forecaster], error: Callable[[Array, Case], float]) -> None:
    """Print errors by method and family, wins of the default, and the coverage of its intervals."""
    started = time.process_time()
    bands = [default(case) for case in cases]
    seconds = time.process_time() - started
    errors = {name: np.array([error(method(case), case) for case in cases]) for name, method in methods.items()}
    errors["scaling extrapolate"] = np.array(
        [error(band.estimate, case) for band, case in zip(bands, cases, strict=True)]
    )
    families = np.array([case.family for case in cases])
    named = sorted(set(families.tolist()))
    print(f"{'method':<32}{'median':>9}{'mean':>9}{'by family':>11}  wins" + "".join(f"{name:>11}" for name in named))
    for name, values in errors.items():
        means = [values[families == family].mean() for family in named]
        wins = np.mean(errors["scaling extrapolate"] < values) if name != "scaling extrapolate" else None
        told = "   -" if wins is None else f"{100 * wins:3.0f}%"
        print(
            f"{name:<32}{np.median(values):9.4f}{values.mean():9.4f}{np.mean(means):11.4f}  {told}"
            + "".join(f"{value:11.4f}" for value in means)
        )
    print("wins: share of cases in which scaling extrapolate is better")
    _coverage(cases, bands, families, named)
    print(f"forecasts with intervals: {seconds:.1f} CPU seconds for {len(cases)} cases\n")


def _coverage(cases: list[Case], bands: list[Bands], families: Array, named: list[str]) -> None:
    inside = np.array(
        [
            np.mean(np.abs(band.estimate - np.log(case.held.observed)) <= band.prediction)
            for band, case in zip(bands, cases, strict=True)
        ]
    )
    widths = np.array([np.median(2 * band.prediction) for band in bands])
    by_family = ", ".join(f"{family} {100 * inside[families == family].mean():.0f} %" for family in named)
    print(
        f"{100 * LEVEL:.0f} % prediction intervals cover {100 * inside.mean():.1f} % ({by_family}), "
        f"median full width {np.median(widths):.4f} in log loss"
    )


def main() -> None:
    """Run what is asked for, all by default."""
    parts = ("curves", "surfaces", "ladder")
    given = [argument for argument in sys.argv[1:] if argument not in parts]
    folder = Path(given[0]) if given else Path(__file__).parents[2] / "shared" / "data"
    asked = [argument for argument in sys.argv[1:] if argument in parts] or list(parts)
    if "curves" in asked:
        print("Curves: root mean square error of log loss beyond the data")
        run(list(curves(folder)), CURVE_METHODS, rmsle)
    if "surfaces" in asked:
        print("Surfaces of params and tokens: mean absolute percentage error beyond the data")
        run(list(surfaces(folder)), SURFACE_METHODS, percentage)
    if "ladder" in asked:
        print("Ladder: tasks of OLMo 2 13B at 5T tokens from models up to 1.3B")
        ladder(folder)


if __name__ == "__main__":
    main()
