"""Published Chinchilla surfaces, and IsoFLOP runs on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints

NAMES = ("E", "A", "B", "alpha", "beta")
SETS = {
    "hoffmann-tex": (np.exp(0.5267228), np.exp(6.0073404), np.exp(6.0179186), 0.33917084, 0.2849083),
    "hoffmann-printed": (1.69, 406.4, 410.7, 0.34, 0.28),
    "besiroglu": (1.8172, 482.01, 2085.43, 0.3478, 0.3658),
    "muennighoff": (np.exp(0.6254804), np.exp(6.255414), np.exp(7.3049974), 0.3526596, 0.3526596),
}  # fmt: skip
SYMMETRIC, HOFFMANN, ASYMMETRIC = (
    (1.69, 406.4, 410.7, 0.31, 0.31),
    (1.69, 406.4, 410.7, 0.34, 0.28),
    (1.69, 406.4, 410.7, 0.465, 0.155),
)
BUDGETS = np.geomspace(6e18, 3e21, 9)


def best_params(parameters: tuple[float, ...], compute: np.ndarray | float) -> np.ndarray:
    _, a, b, alpha, beta = parameters
    scale = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    return np.asarray(scale * (np.asarray(compute) / 6) ** (beta / (alpha + beta)))


def loss_at(parameters: tuple[float, ...], params: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    e, a, b, alpha, beta = parameters
    return np.asarray(e + a * params**-alpha + b * tokens**-beta)


def isoflop_frame(
    parameters: tuple[float, ...],
    *,
    offsets: np.ndarray,
    budgets: np.ndarray = BUDGETS,
    drift: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> pl.DataFrame:
    """Runs at log params `offsets` from the best of each budget; `drift` moves the grid with every budget."""
    rng = np.random.default_rng(seed)
    steps = drift * np.arange(len(budgets))
    params = (best_params(parameters, budgets)[:, None] * np.exp(offsets + steps[:, None])).ravel()
    compute = np.repeat(budgets, len(offsets))
    tokens = compute / 6 / params
    loss = loss_at(parameters, params, tokens) * np.exp(noise * rng.normal(size=len(params)))
    return pl.DataFrame({"params": params, "tokens": tokens, "compute": compute, "loss": loss})


def points_of(frame: pl.DataFrame) -> AllocationPoints:
    logs = [np.log(frame[name].to_numpy()) for name in ("params", "tokens", "compute")]
    return AllocationPoints(*logs, frame["loss"].to_numpy(), np.arange(len(frame)))


def saved_fit(
    folder: Path, parameters: tuple[float, ...], *, draws: int = 0, ranges: dict[str, list[float]] | None = None
) -> Path:
    """A document as `scaling fit --json` writes it, with no more than a reader needs."""
    result = {
        "group": {},
        "law": "chinchilla",
        "parameters": {name: {"estimate": value} for name, value in zip(NAMES, parameters, strict=True)},
        "ranges": ranges or {},
    }
    if draws:
        rng = np.random.default_rng(0)
        spread = np.array([0.01, 0.05, 0.05, 0.01, 0.01])
        result["draws"] = (np.array(parameters) * np.exp(spread * rng.normal(size=(draws, 5)))).tolist()
        result["interval"] = {"level": 0.95}
    path = folder / "fit.json"
    path.write_text(json.dumps({"schema": "scaling.fit/1", "results": [result]}), encoding="utf-8")
    return path
