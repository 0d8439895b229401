"""Damage to what was trained: runs that ended badly, differ in more than size, or follow another law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tests.verbs.damage.known import Logs, checkpoints, curve, noisy, one, surface, surface_of, way

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

loss, tokens, params = pl.col("loss"), pl.col("tokens"), pl.col("params")
CURVE = ("fit", "extrapolate")
POWER: dict[str, object] = {"law": "power-constant"}
ALL_ROWS: dict[str, object] = {"law": "chinchilla", "checkpoints": "all"}
TIED = "fixed-tokens-per-param collinear-design condition-number"


def _diverged(end: float | None) -> Callable[[Generator, bool], Logs]:
    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = checkpoints(rng)
        names = frame["run"].unique(maintain_order=True).gather_every(6 if strong else 12).to_list()
        late = pl.col("run").is_in(names) & (pl.col("step") > 5000)
        is_finite = end is not None and np.isfinite(end)
        worse = loss * (end if strong else end / 2) if is_finite else pl.lit(float("nan") if end is None else end)
        return one(frame.with_columns(pl.when(late).then(worse).otherwise(loss).alias("loss")), truth)

    return make


def _err_together(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    frame = frame.sample(12, seed=int(rng.integers(1000)))
    frame = frame.with_columns(loss * np.exp((0.04 if strong else 0.02) * rng.standard_normal(len(frame))))
    seeds = pl.concat([frame.with_columns(loss=noisy(rng, frame["loss"].to_numpy()), seed=pl.lit(n)) for n in range(5)])
    return one(seeds.with_columns(run=pl.format("{}-{}", "run", "seed")), truth)


def _factor_of(column: str, values: list[float] | list[str], worst: float) -> Callable[[Generator, bool], Logs]:
    """Every run with each value of a column, which makes losses worse up to a factor."""

    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng)
        worse = np.linspace(0, worst if strong else worst / 2, len(values))
        kinds = [
            frame.with_columns(pl.lit(value).alias(column), loss=noisy(rng, frame["loss"].to_numpy() * (1 + more)))
            for value, more in zip(values, worse, strict=True)
        ]
        return one(pl.concat(kinds).with_columns(run=pl.format("{}-{}", "run", column)), truth)

    return make


def _drawn_factor(column: str, values: list[str], worst: float) -> Callable[[Generator, bool], Logs]:
    """Each run with one value of a column, drawn at random."""

    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng)
        kind = rng.integers(0, len(values), len(frame))
        more = 1 + kind * (worst if strong else worst / 2) / (len(values) - 1)
        return one(frame.with_columns(pl.Series(column, [values[k] for k in kind]), loss=loss * more), truth)

    return make


def _unexplained(rng: Generator, strong: bool) -> Logs:
    """Each run twice, of two kinds that no column names."""
    frame, truth = surface(rng)
    other = frame.with_columns(loss=noisy(rng, frame["loss"].to_numpy() * (1.3 if strong else 1.1)))
    return one(pl.concat([frame, other]).with_columns(run=pl.format("{}-{}", "run", pl.int_range(pl.len()))), truth)


def _gamma(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    law = truth | {"gamma": 0.5 if strong else 0.6, "A": 3000.0, "B": 3000.0}
    return one(
        frame.with_columns(loss=noisy(rng, surface_of(law, frame["params"].to_numpy(), frame["tokens"].to_numpy()))),
        law,
    )


def _hump(rng: Generator, strong: bool) -> Logs:
    frame, truth = curve(rng)
    where = np.linspace(-4, 4, len(frame))
    return one(frame.with_columns(loss=loss * (1 + (0.2 if strong else 0.08) * np.exp(-(where**2)))), truth)


def _wave(rng: Generator, strong: bool) -> Logs:
    frame, truth = curve(rng)
    phase = np.linspace(0, 4 * np.pi, len(frame)) + rng.uniform(0, 2 * np.pi)
    return one(frame.with_columns(loss=loss * (1 + (0.1 if strong else 0.03) * np.sin(phase))), truth)


def _outlier(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    bad = pl.int_range(pl.len()) == int(rng.integers(len(frame)))
    return one(frame.with_columns(pl.when(bad).then(loss * (1.5 if strong else 1.1)).otherwise(loss)), truth)


def _own_decay(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    decay = rng.uniform(-3, 0, len(frame))
    effect = (0.06 if strong else 0.03) * (decay + 1.5) ** 2
    return one(frame.with_columns(loss * (1 + pl.Series(effect)), weight_decay=pl.Series(10**decay)), truth)


def _bump(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    scale = (params * pl.col("tokens")).log10()
    bump = (-(((scale - scale.mean()) / 0.4) ** 2)).exp()
    return one(frame.with_columns(loss + (0.3 if strong else 0.1) * bump), truth)


def _turned_up(rng: Generator, strong: bool) -> Logs:
    frame, truth = curve(rng, 25 if strong else 15)
    last = pl.int_range(pl.len()) == pl.len() - 1
    return one(frame.with_columns(pl.when(last).then(loss * (1.3 if strong else 1.1)).otherwise(loss)), truth)


def _unfinished(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    crashed = rng.random(len(frame)) < (0.4 if strong else 0.15)
    crashed[0] = True
    state = pl.when(pl.Series(crashed)).then(pl.lit("crashed")).otherwise(pl.lit("finished")).alias("state")
    return one(frame.with_columns(state, loss=loss * np.where(crashed, 1.15, 1.0)), truth)


def _mid_schedule(rng: Generator, strong: bool) -> Logs:
    return one(*checkpoints(rng, 20 if strong else 6))


def _repeated(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    unique = (2e9 if strong else 1e10) * np.ones(len(frame))
    seen = frame["tokens"].to_numpy()
    fresh = np.minimum(unique, seen)
    worth = fresh * (1 + 5 * (1 - np.exp(-(seen / fresh - 1) / 5)))
    lost = noisy(rng, surface_of(truth, frame["params"].to_numpy(), worth))
    return one(frame.with_columns(loss=lost, unique_tokens=fresh), truth)


def _no_floor(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng, E=0.05 if strong else 0.2)
    return one(frame, truth)


def _few_sizes(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    sizes = frame["params"].unique().sort()
    return one(frame.filter(params.is_in(sizes[: 1 if strong else 2].to_list())), truth)


def _fixed_ratio(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    amounts = frame["params"].to_numpy() * 20 * np.exp((0.02 if strong else 0.2) * rng.standard_normal(len(frame)))
    return one(
        frame.with_columns(tokens=amounts, loss=noisy(rng, surface_of(truth, frame["params"].to_numpy(), amounts))),
        truth,
    )


def _clean(rng: Generator, strong: bool) -> Logs:
    return one(*(checkpoints(rng) if strong else surface(rng)))


MISFIT = "law-misfit poor-fit influential-run outlying-run rising-loss"
POOLED = "pooled-groups pooled-sweep ignored-input unexplained-spread"
KEPT: dict[str, object] = {"law": "chinchilla", "keep_diverged": True}

ENDED = (
    way("no damage", _clean, always=()),
    way("diverged to NaN", _diverged(None), "diverged-runs", says="run-0"),
    way("diverged to infinity", _diverged(float("inf")), "diverged-runs", says="run-0"),
    way("diverged and kept", _diverged(None), "kept-diverged", says="run-0", asked=KEPT),
    way("diverged far above the past", _diverged(4), "risen-loss", says="run-0"),
    way("unfinished runs", _unfinished, "unfinished-runs", says="state"),
    way("checkpoints before the end", _mid_schedule, "mid-schedule mid-schedule-points", asked=ALL_ROWS),
)

POOLS = (
    way("seeds that err together", _err_together, "runs-err-together"),
    way("sweep of the learning rate", _factor_of("lr", [1e-4, 3e-4, 1e-3], 0.3), "pooled-sweep", says="lr"),
    way("sweep of the batch size", _factor_of("batch_size", [256.0, 512.0, 1024.0], 0.2), POOLED, says="batch_size"),
    way("experts that the law ignores", _factor_of("experts", [1.0, 8.0, 64.0], -0.2), "ignored-input", says="experts"),
    way("bits that the law ignores", _factor_of("bits", [16.0, 8.0, 4.0], 0.2), "ignored-input", says="bits"),
    way("repeated data", _repeated, "repeated-data ignored-input", says="unique|more than"),
    way("pooled corpora", _drawn_factor("corpus", ["web", "books", "code"], 0.4), "pooled-groups", says="corpus"),
    way("pooled datasets, all sizes", _factor_of("dataset", ["web", "books"], 0.3), "pooled-groups", says="dataset"),
    way("pooled optimizers", _drawn_factor("optimizer", ["adam", "muon"], 0.1), "pooled-groups", says="optimizer"),
    way("pooled conditions", _drawn_factor("condition", ["a", "b", "c", "d"], 0.2), "pooled-groups", says="condition"),
    way("a weight decay for each run", _own_decay, "unread-setting", says="weight_decay"),
    way("spread that no column explains", _unexplained, "unexplained-spread"),
)

SHAPES = (
    way("law with gamma", _gamma, MISFIT, always=("fit", "optimal-allocation")),
    way("wave", _wave, MISFIT, asked=POWER, verbs=CURVE, always=()),
    way("hump", _hump, MISFIT, asked=POWER, verbs=CURVE, always=()),
    way("bump on a surface", _bump, MISFIT, always=()),
    way("one outlier", _outlier, "influential-run outlying-run", says="run-"),
    way("last point turned up", _turned_up, MISFIT, asked=POWER, verbs=CURVE),
    way("floor at its bound", _no_floor, "at-bound replicates-at-bound floor-unknown", says="E", always=()),
    way("too few sizes", _few_sizes,
        "few-runs open-interval condition-number short-range floor-unknown at-bound lone-growth far-forecast",
         refusal="params|do not determine", leaves_enough=False, always=()),
    way("tokens in a fixed ratio to params", _fixed_ratio, f"{TIED} lone-growth",
        refusal="alpha|params|do not determine", leaves_enough=False, always=()),
)  # fmt: skip

TRAINED = (*ENDED, *POOLS, *SHAPES)
