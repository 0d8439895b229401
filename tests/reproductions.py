"""Published results and what this project finds for them: `docs/reproductions.md` is written from this list.

A result is computed from published parameters, or from real data sets beside the project; without those data the page
keeps what was written where they were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.laws import find_law
from tests import refits
from tests.fitting.test_published_laws import Objective, fitted, frame_of

PARAMETERS = "published parameters"


class Reproduction(NamedTuple):
    """One published result: where it is from, what is run, what was printed, and a function that gives ours."""

    result: str
    source: str
    how: str
    published: str
    ours: Callable[[Path], str]
    data: str = PARAMETERS


def _published(law: str, name: str) -> dict[str, float]:
    return dict(next(fit.parameters for fit in find_law(law).published if fit.name == name))


def _chinchilla(objective: str, delta: float | None, *names: str) -> Callable[[Path], str]:
    def ours(data: Path) -> str:
        rows = pl.read_csv(data / "chinchilla_besiroglu" / "chinchilla.csv")
        used = rows.filter(pl.col("dropped_by_besiroglu").cast(pl.String) == "false")
        report = scaling.fit(used, law="chinchilla", objective=objective, delta=delta, interval="none")
        return ", ".join(f"{name} {report[name].estimate:.4g}" for name in names)

    return ours


def _split(name: str) -> Callable[[Path], str]:
    def ours(_: Path) -> str:
        values = {key: np.array([value]) for key, value in _published("chinchilla", name).items()}
        share = next(each for each in find_law("chinchilla").derived if each.name == "params_exponent")
        return f"a = {float(share.compute(values)[0]):.3f}"

    return ours


def _muon(_: Path) -> str:
    muon, adamw = _published("power", "muon"), _published("power", "adamw")
    shares = [(adamw["a"] * c ** adamw["b"] / muon["a"]) ** (1 / muon["b"]) / c for c in (1.0, 100.0)]
    return ", ".join(f"{share:.2f}" for share in shares)


def _worth(_: Path) -> str:
    law, values = find_law("data-constrained"), _published("data-constrained", "muennighoff")
    place = {"params": np.array([1e8]), "tokens": np.array([1e15]), "unique_tokens": np.array([1e10])}
    endless = law.predict(values, place)[0]
    low, high = 1.0, 100.0
    while high / low > 1 + 1e-6:
        worth = (low * high) ** 0.5
        fresh = {
            "params": place["params"],
            "tokens": np.array([worth * 1e10]),
            "unique_tokens": np.array([worth * 1e10]),
        }
        low, high = (worth, high) if law.predict(values, fresh)[0] > endless else (low, worth)
    return f"{low:.1f} times the unique tokens"


def _parallel(corpus: str) -> Callable[[Path], str]:
    def ours(data: Path) -> str:
        frame = frame_of(data / "parscale" / "runs.csv").filter(pl.col("corpus") == corpus)
        values, objective = fitted(frame, "parallel", Objective("huber", 1e-3))
        named = ", ".join(f"{name} {value:.4g}" for name, value in list(values.items())[:3])
        return f"{named}; objective {objective:.5e}".replace("e-0", "e-")

    return ours


def _parallel_printed(corpus: str, objective: str) -> str:
    values = list(_published("parallel", corpus).items())[:3]
    return ", ".join(f"{name} {value:.4g}" for name, value in values) + f"; objective {objective}"


REPRODUCTIONS = (
    Reproduction(
        "Chinchilla refitted: the exponents and the irreducible loss", "Besiroglu et al. 2024, arXiv:2404.10102",
        "`scaling fit chinchilla.csv --law chinchilla --objective lad`", "E 1.8169, alpha 0.3478, beta 0.3658",
        _chinchilla("lad", None, "E", "alpha", "beta"), "the 240 points of Besiroglu et al.",
    ),
    Reproduction(
        "Chinchilla as published: the exponent of best params", "Hoffmann et al. 2022, arXiv:2203.15556",
        "`scaling laws chinchilla`", "a = 0.46", _split("hoffmann"),
    ),
    Reproduction(
        "Muon: its compute as a share of AdamW's at equal loss, at 1 and 100 PF-days",
        "Liu et al. 2025, arXiv:2502.16982", "`scaling laws power`", "about 0.52", _muon,
    ),
    Reproduction(
        "Repeated data: what endless epochs are worth", "Muennighoff et al. 2023, arXiv:2305.16264",
        "`scaling laws data-constrained`", "16.4 times the unique tokens (1 + R* of 15.39)", _worth,
    ),
    Reproduction(
        "Parallel streams, Pile", "Chen et al. 2025 (ParScale), arXiv:2505.10475",
        "`scaling fit runs.csv --law parallel --objective huber --delta 1e-3`", _parallel_printed("pile", "1.81393e-5"),
        _parallel("pile"), "the runs printed in the paper",
    ),
    Reproduction(
        "Parallel streams, Stack-V2 Python", "Chen et al. 2025 (ParScale), arXiv:2505.10475",
        "`scaling fit runs.csv --law parallel --objective huber --delta 1e-3`",
        _parallel_printed("stack-v2-python", "3.67674e-5"), _parallel("stack-v2-python"),
        "the runs printed in the paper",
    ),
    Reproduction(
        "Kaplan against Chinchilla: the exponent of best params if embeddings are not counted, at Kaplan's sizes, for "
        "the laws of Besiroglu and of Hoffmann",
        "Pearce and Song 2024, arXiv:2406.12907", "`scaling optimal-allocation fit.json --explain-gap`",
        "0.78, 0.74", refits.kaplan_gap,
    ),
    Reproduction(
        "IsoFLOP exponents of best params: Kaplan's set-up and the tuned one on RefinedWeb, and all fifteen",
        "Porian et al. 2024, arXiv:2406.19146",
        "`scaling optimal-allocation isoflop_points.csv --map compute=flops --by config_id --approach isoflop "
        "--profile akima --objective least-squares`",
        "0.834, 0.497", refits.porian, "the authors' IsoFLOP points",
    ),
    Reproduction(
        "Over-training: errors at 1B params with 640 tokens per param, and at 7B, forecast from five small runs",
        "Gadre et al. 2024, arXiv:2403.08540",
        "`scaling fit five.csv --law chinchilla-tied --objective least-squares --space linear`",
        "0.7103 %, 0.7320 %", refits.gadre, "the authors' RedPajama runs",
    ),
    *(
        Reproduction(
            f"Routed experts, {name}: slopes in log params, log experts and both, and constant",
            "Clark et al. 2022, arXiv:2202.01169, table 3",
            "`scaling fit final.csv --law routed --objective least-squares`", printed, refits.clark(name),
            "the authors' runs with one expert for each token and the dense ones, seed 42",
        )
        for name, printed in (
            ("S-Base", "a -0.082, b -0.108, c 0.009, d 1.104"),
            ("RL-R", "a -0.083, b -0.126, c 0.012, d 1.111"),
            ("Hash", "a -0.087, b -0.136, c 0.012, d 1.157"),
        )
    ),
    Reproduction(
        "Forty exponents of rank against width under several optimizers; shown: AdamW, soft rank",
        "arXiv:2605.21803",
        "`scaling compare-exponents points.csv --by optimizer_label --x width --map loss=value --law power "
        "--objective least-squares --interval t`, for each metric and bucket with `--where`",
        "0.6606 [0.5465, 0.7747]", refits.optimizers, "the authors' ranks at eight widths",
    ),
    *(
        Reproduction(
            f"Multi-power law of learning rate schedules, {size}M params: R2 on schedules that were not fitted",
            "Luo et al. 2025",
            "`scaling fit curves.csv --law multi-power-schedule --objective huber --delta 1e-3`", printed,
            refits.schedules(size), "the authors' nine curves, three of them fitted",
        )
        for size, printed in ((25, "0.9988"), (100, "0.9983"), (400, "0.9978"))
    ),
    Reproduction(
        "Large Language Monkeys: coverage of Pythia 12B on MATH at 1, 100 and 10,000 attempts, and all models and k",
        "Brown et al. 2024; coverage as computed by Schaeffer et al. 2025",
        "`scaling inference-coverage counts.csv --by model --k 1,10,100,1000,10000 --fit none`",
        "0.0232, 0.4834, 0.8750", refits.monkeys, "counts of 10,000 attempts at 128 problems by seven models",
    ),
    Reproduction(
        "Task losses of OLMo 2 13B at 5T tokens, forecast from models of up to 1.3B params: errors",
        "Bhagia et al. 2024, arXiv:2412.04403", "`python -m benchmarks extrapolation FOLDER ladder`",
        "mmlu +0.2 %, hellaswag -1.2 %, csqa -18.5 %", refits.ladder, "the authors' ladder of models",
    ),
)  # fmt: skip


def rows(data: Path, *, without_data: bool = False) -> list[str]:
    """The rows of the page that can be computed with this folder of data sets, or without any."""
    return [
        f"| {one.result} | {one.source} | {one.how} | {one.data} | {one.published} | {one.ours(data)} |"
        for one in REPRODUCTIONS
        if one.data == PARAMETERS or (data.is_dir() and not without_data)
    ]


def page(data: Path) -> str:
    """`docs/reproductions.md`."""
    lines = [
        "# Reproductions",
        "",
        "Published results, the command that gives them, and what it gives. Data sets are public, but not part of this",
        "repository. This page is written by `python -m tests.reproductions`, and each row is computed again by",
        "`python -m pytest -m 'slow or not slow' tests/test_reproductions.py`; where data sets are missing, the rows",
        "that need them stay as they were written.",
        "",
        "Papers do not say everything about their fits, such as how R2 is averaged or which rows count, so ours may",
        "differ from what was published. Forecasts from the ladder of models (last row) use all laws of",
        "`scaling extrapolate`.",
        "",
        "| Result | Source | Command | Data | Published | Ours |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows(data),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from tests import ROOT

    place = ROOT.parent / "shared" / "data"
    if not place.is_dir():
        sys.exit(f"There are no data sets in {place}, so the page stays as it is.")
    (ROOT / "docs" / "reproductions.md").write_text(page(place), encoding="utf-8")
