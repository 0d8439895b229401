"""Forecasts of tasks of OLMo 2 13B from its ladder of small models (Bhagia et al. 2024, arXiv:2412.04403).

Task loss in bits per byte is forecast from params and tokens, then accuracy from that loss through a sigmoid. The table
compares the errors with those that the paper's authors published.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from scaling_cli.analysis.forecast.downstream import fit_link
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.suite import Task
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.fitting.drawing import Resampling

LEVEL = 0.9
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
LINK_RUNS_FROM = 0.5  # share of a run's steps after which checkpoints enter the link


def _rows(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The checkpoints of the ladder, and those of the largest model."""
    rows = pl.read_parquet(folder / "olmo_ladder" / "ladder_all.parquet").with_columns(
        tokens=pl.coalesce("throughput/total_tokens", pl.col("step") * pl.col("batch_size_in_tokens"))
    )
    small = rows.filter(pl.col("chinchilla_multiplier").is_not_null() & pl.col("params").is_not_null())
    return small, rows.filter(pl.col("size") == "peteish13").unique("step", keep="any")


def measured_and_forecast(folder: Path, tasks: Sequence[str]) -> dict[str, tuple[float, float]]:
    """For each task the loss of the largest model, and what the ladder forecasts for it."""
    small, large = _rows(folder)
    found = {}
    for task in tasks:
        metrics = _metrics(task)
        measured = _task_rows(large, *metrics).sort("step").tail(5)
        predicted, _, _ = _task_loss(_task_rows(small, *metrics), measured)
        found[task] = (float(measured["bpb"].to_numpy().mean()), predicted)
    return found


def ladder(folder: Path) -> None:
    """Print task loss and accuracy of the largest model, as forecast from the ladder and as measured."""
    small, large = _rows(folder)
    print(
        f"{'task':<15}{'bpb':>8}{'forecast':>10}{'error':>9}{'authors':>9}  90 % interval   accuracy forecast    error"
    )
    for task, published in LADDER_TASKS.items():
        metrics = _metrics(task)
        known = _task_rows(small, *metrics)
        measured = _task_rows(large, *metrics).sort("step").tail(5)
        truth, correct = (float(measured[name].to_numpy().mean()) for name in ("bpb", "accuracy"))
        predicted, low, high = _task_loss(known, measured)
        reached, is_outside = _accuracy(task, known, predicted)
        authors = "-" if published is None else f"{100 * (published / truth - 1):+.1f} %"
        print(
            f"{task:<15}{truth:8.4f}{predicted:10.4f}{100 * (predicted / truth - 1):+8.1f} %{authors:>9}  "
            f"[{low:.3f}, {high:.3f}]  {correct:8.3f}{reached:9.3f}{100 * (reached / correct - 1):+8.1f} %"
            f"{' outside the link' if is_outside else ''}"
        )


def _task_loss(known: pl.DataFrame, measured: pl.DataFrame) -> tuple[float, float, float]:
    """Bits per byte of the large model, forecast from the last points of the ladder's runs, with the interval."""
    last = known.sort("step").group_by("size", "chinchilla_multiplier").last().sort("params", "tokens")
    params, tokens, bpb = (last[name].to_numpy() for name in ("params", "tokens", "bpb"))
    points = ForecastPoints({"params": params, "tokens": tokens}, bpb, np.arange(len(bpb)), 6 * params * tokens)
    at = {name: measured[name].to_numpy()[-1:] for name in ("params", "tokens")}
    bands = forecast(points, level=LEVEL).bands(at, 6 * at["params"] * at["tokens"])
    low, centre, high = np.exp(bands.estimate[0] + np.array([-1, 0, 1]) * bands.prediction[0])
    return float(centre), float(low), float(high)


def _accuracy(task: str, known: pl.DataFrame, loss: float) -> tuple[float, bool]:
    """Accuracy at `loss` by a link fitted to later checkpoints, and whether `loss` is outside the link's range."""
    later = known.filter(pl.col("step") >= LINK_RUNS_FROM * pl.col("step").max().over("run_id"))
    runs = later["run_id"].rank("dense").to_numpy().astype(int) - 1
    fitted = fit_link(
        Task(task), "bpb", later["bpb"].to_numpy(), later["accuracy"].to_numpy(), runs,
        run_count=int(runs.max()) + 1, resampling=Resampling(20, 0, 0),
    )  # fmt: skip
    at = np.array([loss])
    return float(fitted.values(fitted.fitted.theta[None], at)[0, 0]), bool(fitted.is_outside(at)[0])


def _metrics(task: str) -> tuple[pl.Expr, pl.Expr]:
    """Loss in bits per byte, and accuracy."""
    return (
        _task_columns(task, "eval/downstream_bpb/{}_rc_5shot_bpb"),
        _task_columns(task, "eval/downstream/{}_rc_5shot_len_norm"),
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
