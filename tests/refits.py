"""What this project finds for published results on real data sets: a function for each, which gives ours as text.

Each takes the folder of data sets. `tests.reproductions` lists them beside what was published.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import scaling_cli as scaling
from benchmarks.ladder import LADDER_TASKS, measured_and_forecast
from scaling_cli.analysis.allocation.embedding_gap import explain_gap
from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.laws import find_law
from tests.fitting.test_published_laws import FITTED_SCHEDULES, Objective, fitted, frame_of


def gadre(data: Path) -> str:
    """Relative errors of the law of five small runs at the 1B run of 640 tokens per param, and at the 7B run."""
    models = frame_of(data / "gadre" / "models.csv", params="params_total", loss="loss_c4").filter(dataset="rpj")
    is_small = (pl.col("params") < 1e9) & (pl.col("chinchilla_multiplier") == 1)
    is_over_trained = pl.col("model").str.contains("d=96_") & (pl.col("chinchilla_multiplier") == 16)
    values, _ = fitted(
        models.filter(is_small | is_over_trained), "chinchilla-tied", Objective("least-squares"), "linear"
    )
    errors = []
    for size, multiplier in (("_1b", 32), ("_7b", 1)):
        row = models.filter(pl.col("model").str.contains(size) & (pl.col("chinchilla_multiplier") == multiplier))
        columns = {name: row[name].to_numpy().astype(float) for name in ("params", "tokens")}
        found = find_law("chinchilla-tied").predict(values, columns) / row["loss"].to_numpy() - 1
        errors.append(f"{100 * abs(found[0]):.4f} %")
    return ", ".join(errors)


def clark(architecture: str) -> Callable[[Path], str]:
    """The exponents of one way of routing, fitted with the dense models."""

    def ours(data: Path) -> str:
        frame = frame_of(data / "routing_clark" / "final.csv", experts="num_experts").filter(
            pl.col("architecture").is_in([architecture, "Dense"]),
            flop_increase=1, routing_frequency=0.5, top_k=1, seed=42,
        )  # fmt: skip
        values, _ = fitted(frame, "routed", Objective("least-squares"))
        return ", ".join(f"{name} {values[name]:.3f}" for name in "abcd")

    return ours


def porian(data: Path) -> str:
    """The exponent of the best params in the set-up of Kaplan and in the tuned one, and how far all fifteen are off."""
    folder = data / "porian"
    published = pl.read_csv(folder / "published_fits.csv").filter(fit="basic", quantity="n_exponent")
    known = {row["config_id"]: row for row in published.iter_rows(named=True)}
    report = scaling.optimal_allocation(
        folder / "isoflop_points.csv", approach="isoflop", profile="akima", by="config_id",
        mapping={"compute": "flops"}, interval="none", objective="least-squares",
    )  # fmt: skip
    found = {each.group["config_id"]: each.exponents["isoflop"]["params"].estimate for each in report.results}
    inside = sum(known[name]["boot_lo95"] <= value <= known[name]["boot_hi95"] for name, value in found.items())
    most = max(abs(value - known[name]["estimate"]) for name, value in found.items())
    shown = ", ".join(f"{found[name]:.3f}" for name in PORIAN)
    return f"{shown}; {inside} of {len(found)} inside the published intervals, at most {most:.4f} off"


PORIAN = ("rw|base|long|kaplan|kaplan|train", "rw|tuned|short|const|standard|val")


def optimizers(data: Path) -> str:
    """How far forty exponents and the ends of their intervals are from those published."""
    folder = data / "optimizer_rank_scaling"
    found = {}
    for metric in ("soft_rank", "hard_rank"):
        for bucket in ("global", "head", "mid", "tail"):
            report = scaling.compare_exponents(
                folder / "points.csv", by="optimizer_label", x="width", law="power", objective="least-squares",
                interval="t", mapping={"loss": "value"}, where=f"metric = '{metric}' and bucket = '{bucket}'",
            )  # fmt: skip
            found |= {(group.name, metric, bucket): group.parameters["b"] for group in report.results[0].groups}
    off = []
    with (folder / "published_exponents.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            value = found[row["optimizer_label"], row["metric"], row["bucket"]]
            ends = zip((value.estimate, value.low, value.high), ("beta", "beta_lower", "beta_upper"), strict=True)
            off += [abs(ours - float(row[name])) for ours, name in ends]
    adamw = found["AdamW", "soft_rank", "global"]
    shown = f"{adamw.estimate:.4f} [{adamw.low:.4f}, {adamw.high:.4f}]"
    return f"{shown}; all {len(off)} numbers within {max(off):.0e}"


def monkeys(data: Path) -> str:
    """Coverage of Pythia 12B at 1, 100 and 10,000 attempts, and how far all models and k are off."""
    published = pl.read_csv(data / "pythia_math" / "repo_pass_at_k.csv")
    report = scaling.inference_coverage(
        data / "pythia_math" / "counts.csv", by="model", k="1,10,100,1000,10000", fit="none", replicates=2000
    )
    found = {(each.group["model"], row.k): row.estimate for each in report.results for row in each.coverage}
    off = [abs(found[name, k] - value) for name, k, value in published.iter_rows()]
    shown = ", ".join(f"{found['Pythia 12B', k]:.4f}" for k in (1, 100, 10_000))
    return f"{shown}; all {len(off)} within {max(off):.0e}"


def schedules(size: int) -> Callable[[Path], str]:
    """R2 of the multi-power law at the schedules that were not fitted."""

    def ours(data: Path) -> str:
        curves = pl.read_csv(data / "mpl_lr_schedules" / "curves.csv").filter(size_m=size)
        is_fitted = pl.col("schedule").is_in(FITTED_SCHEDULES)
        values, _ = fitted(curves.filter(is_fitted), "multi-power-schedule", Objective("huber", 1e-3))
        rows = curves.filter(~is_fitted)
        _, runs = np.unique(rows["run_id"].to_numpy(), return_inverse=True)
        columns = {name: rows[name].to_numpy().astype(float) for name in ("step", "lr")}
        observed = rows["loss"].to_numpy()
        errors = observed - find_law("multi-power-schedule").predict(values, {**columns, "run": runs.astype(float)})
        return f"{1 - float(errors @ errors) / float(np.sum((observed - observed.mean()) ** 2)):.4f}"

    return ours


def ladder(data: Path) -> str:
    """Relative errors of the forecast task losses of OLMo 2 13B, for the tasks whose forecasts the authors print."""
    found = measured_and_forecast(data, tuple(task for task, printed in LADDER_TASKS.items() if printed is not None))
    return ", ".join(f"{task} {100 * (predicted / truth - 1):+.1f} %" for task, (truth, predicted) in found.items())


def kaplan_gap(_: Path) -> str:
    """The exponent that Kaplan's count of params and compute gives to the laws of Besiroglu and of Hoffmann."""
    shown = []
    for name in ("besiroglu", "hoffmann"):
        values = next(fit.parameters for fit in find_law("chinchilla").published if fit.name == name)
        law = Chinchilla(**{key: np.array([values[key]]) for key in ("E", "A", "B", "alpha", "beta")})
        shown.append(f"{explain_gap(law, None)[1].exponent:.3f}")
    return ", ".join(shown)
