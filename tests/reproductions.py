"""Published results and what this project finds for them: `docs/reproductions.md` is written from this list.

A result is computed from published parameters, or from real data sets beside the project; without those data the page
keeps what was written where they were.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.laws import find_law
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
)  # fmt: skip


def rows(data: Path) -> list[str]:
    """The rows of the page that can be computed with this folder of data sets."""
    return [
        f"| {one.result} | {one.source} | {one.how} | {one.data} | {one.published} | {one.ours(data)} |"
        for one in REPRODUCTIONS
        if one.data == PARAMETERS or data.is_dir()
    ]


def page(data: Path) -> str:
    """`docs/reproductions.md`."""
    lines = [
        "# Reproductions",
        "",
        "Published results, the command that gives them, and what it gives. A test computes each row again; this page",
        "is written by `python -m tests.reproductions`, where the data sets are.",
        "",
        "| Result | Source | Command | Data | Published | Ours |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows(data),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from tests import ROOT

    (ROOT / "docs" / "reproductions.md").write_text(page(ROOT.parent / "shared" / "data"), encoding="utf-8")
