"""Runs whose law is known, before any damage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

NOISE = 0.003
VERBS = ("fit", "extrapolate", "optimal-allocation")
Array = np.ndarray


@dataclass(frozen=True)
class Logs:
    """What is given to the package, and what is true of it.

    Attributes:
        tables: Tables by the name of their file, without its suffix; or texts by their path.
        truth: The true parameters.
        given: The folder to give, where it is not the files.
    """

    tables: Mapping[str, pl.DataFrame | str]
    truth: Mapping[str, float]
    given: str | None = None

    @property
    def target(self) -> dict[str, float]:
        """A run a few times larger than the others."""
        return {"params": 1.2e10, "tokens": 6e11} if "alpha" in self.truth else {"compute": 1e24}

    @property
    def budget(self) -> float:
        """A few times the compute of the largest run."""
        return 3e22


@dataclass(frozen=True)
class Way:
    """One way to damage runs.

    Attributes:
        name: What is wrong with the log.
        make: Draws a damaged log; the second argument asks for the stronger of two damages.
        codes: Caveats of which any one tells of the damage.
        says: A pattern in the message of that caveat, such as the name of the column.
        refusal: A pattern in the message or hint of a refusal that tells of the damage.
        asked: Options of every command.
        asked_of: Further options by command.
        leaves_enough: Whether the log has enough data left for an answer.
        always: The commands in which a caveat must tell of the damage in every draw, even if the answer is right.
        verbs: The commands that are asked.
    """

    name: str
    make: Callable[[np.random.Generator, bool], Logs]
    codes: frozenset[str]
    says: str = ""
    refusal: str | None = None
    asked: Mapping[str, object] = field(default_factory=lambda: {"law": "chinchilla"})
    asked_of: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    leaves_enough: bool = True
    always: tuple[str, ...] = VERBS
    verbs: tuple[str, ...] = VERBS


def way(name: str, make: Callable[[np.random.Generator, bool], Logs], codes: str = "", **more: object) -> Way:
    """A way; `codes` has blanks between them."""
    return Way(name, make, frozenset(codes.split()), **more)  # type: ignore[arg-type]


def noisy(rng: np.random.Generator, loss: np.ndarray) -> np.ndarray:
    """The losses with the noise of seeds; same shape."""
    return np.asarray(loss * np.exp(NOISE * rng.standard_normal(np.shape(loss))))


def law_of(truth: Mapping[str, float], at: Mapping[str, Array | float]) -> Array | float:
    """The loss without noise, of the shape of the inputs."""
    if "alpha" not in truth:
        return truth["c"] + 2 * (at["compute"] / 1e17) ** truth["b"]
    near = truth["A"] * at["params"] ** -truth["alpha"] + truth["B"] * at["tokens"] ** -truth["beta"]
    return truth["E"] + near ** truth.get("gamma", 1.0)


def surface_of(truth: Mapping[str, float], params: Array, tokens: Array) -> Array:
    """The loss without noise; same shape as the inputs."""
    return np.asarray(law_of(truth, {"params": params, "tokens": tokens}))


def best_params(truth: Mapping[str, float], budget: float) -> float:
    """The compute-optimal params (Hoffmann et al. 2022, equation 4)."""
    alpha, beta = truth["alpha"], truth["beta"]
    ratio = (alpha * truth["A"] / (beta * truth["B"])) ** (1 / (alpha + beta))
    return float(ratio * (budget / 6) ** (beta / (alpha + beta)))


def surface(rng: np.random.Generator, **changes: float) -> tuple[pl.DataFrame, dict[str, float]]:
    """25 to 56 runs on a grid of params and tokens, each of them moved a little, and their true parameters."""
    truth = {
        "E": rng.uniform(1.5, 2.0),
        "A": rng.uniform(300, 500),
        "B": rng.uniform(300, 600),
        "alpha": rng.uniform(0.32, 0.38),
        "beta": rng.uniform(0.27, 0.33),
    } | changes
    sizes = np.geomspace(3e7, 6e9, int(rng.integers(5, 8)))
    amounts = np.geomspace(1e9, 3e11, int(rng.integers(5, 9)))
    params, tokens = (grid.ravel() for grid in np.meshgrid(sizes, amounts, indexing="ij"))
    tokens = np.round(tokens * np.exp(rng.uniform(-0.2, 0.2, tokens.size)) / 2**20) * 2**20
    params = params.round()
    frame = pl.DataFrame(
        {
            "run": [f"run-{number}" for number in range(params.size)],
            "params": params,
            "tokens": tokens,
            "loss": noisy(rng, surface_of(truth, params, tokens)),
        }
    )
    return frame, truth


def checkpoints(rng: np.random.Generator, rows: int = 8) -> tuple[pl.DataFrame, dict[str, float]]:
    """The runs of `surface` with the rows of their training; losses before the end are above the law."""
    runs, truth = surface(rng)
    share = pl.DataFrame({"share": np.arange(1, rows + 1) / rows})
    frame = runs.join(share, how="cross").with_columns(
        (pl.col("share") * 8000).cast(pl.Int64).alias("step"), pl.col("tokens") * pl.col("share")
    )
    loss = noisy(rng, surface_of(truth, frame["params"].to_numpy(), frame["tokens"].to_numpy()))
    loss *= 1 + 0.05 * (1 - frame["share"].to_numpy())
    ended = frame["share"].to_numpy() == 1
    loss[ended] = runs["loss"].to_numpy()
    return frame.with_columns(pl.Series("loss", loss)).select("run", "step", "params", "tokens", "loss"), truth


def curve(rng: np.random.Generator, points: int = 25) -> tuple[pl.DataFrame, dict[str, float]]:
    """Runs on a curve of compute that falls to a constant, and their true exponent and constant."""
    truth = {"b": -rng.uniform(0.15, 0.25), "c": rng.uniform(1.5, 2.0)}
    compute = np.geomspace(1e17, 1e23, points)
    loss = noisy(rng, np.asarray(law_of(truth, {"compute": compute})))
    frame = pl.DataFrame({"run": [f"run-{n}" for n in range(points)], "compute": compute, "loss": loss})
    return frame, truth


def one(frame: pl.DataFrame, truth: Mapping[str, float]) -> Logs:
    """A log of one file."""
    return Logs({"runs": frame}, truth)
