"""Damage to what is logged: columns, rows, units and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tests.verbs.damage.known import Logs, Way, checkpoints, noisy, one, surface

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

loss, tokens, params = pl.col("loss"), pl.col("tokens"), pl.col("params")


def _split_rows(column: str, held: str) -> Callable[[Generator, bool], Logs]:
    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng)
        frame = frame.with_columns(pl.lit(held).alias(column))
        train = frame.with_columns(loss * (0.7 if strong else 0.95), pl.lit("train").alias(column))
        return one(pl.concat([frame, train]).sort("run", maintain_order=True), truth)

    return make


def _test_line(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    frame = frame.with_columns(pl.lit("valid").alias("split"))
    ends = frame.filter(pl.col("step") == 8000)
    test = (ends if strong else ends.head(3)).with_columns(loss * 1.2, pl.lit("test").alias("split"))
    return one(pl.concat([frame, test]).sort("run", maintain_order=True), truth)


def _device_tokens(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    devices = pl.Series("devices", 2 ** rng.integers(0, 6 if strong else 3, len(frame)))
    return one(frame.rename({"tokens": "total_tokens"}).with_columns(tokens=pl.col("total_tokens") / devices), truth)


def _restarted_tokens(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    runs = frame["run"].unique(maintain_order=True)
    restarted = runs if strong else runs[::4]
    before = tokens.filter(pl.col("step") == 4000).first().over("run")
    late = pl.col("run").is_in(restarted.to_list()) & (pl.col("step") > 4000)
    return one(frame.with_columns(pl.when(late).then(tokens - before).otherwise(tokens).alias("tokens")), truth)


def _as_metric(name: str, change: pl.Expr) -> Callable[[Generator, bool], Logs]:
    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng, E=2.4 if strong else 1.8)
        return one(frame.with_columns(change.alias("loss")).rename({"loss": name}), truth)

    return make


def _outcomes(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    chance = np.exp(-frame["loss"].to_numpy() / (4 if strong else 2))
    return one(frame.with_columns(loss=(rng.random(len(frame)) < chance).astype(int)), truth)


def _without_steps(column: str | None) -> Callable[[Generator, bool], Logs]:
    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = checkpoints(rng, 20 if strong else 8)
        total = tokens.max().over("run")
        named = [] if column is None else [(pl.col("step") / 1000).alias(column)]
        return one(frame.with_columns(total, *named).drop("step"), truth)

    return make


def _revisions(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    frame = frame.rename({"run": "model"}).with_columns(revision=pl.format("step{}", "step")).drop("step")
    return one(frame.with_columns(tokens.max().over("model")) if strong else frame, truth)


def _summary(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    ends = frame.filter(pl.col("step") == 8000)
    parts = {f"part-{n}": part for n, (_, part) in enumerate(frame.group_by("run", maintain_order=True))}
    summary = ends.drop("run", "step") if strong else ends.drop("step")
    return Logs({**parts, "summary": summary}, truth)


def _copied_rows(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    copied = frame.sample(len(frame) // 3, seed=int(rng.integers(1000)))
    return one(pl.concat([frame, *[copied] * (20 if strong else 2)]), truth)


def _copied_file(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    return Logs({f"runs-{n}": frame for n in range(5 if strong else 2)}, truth)


def _seeds_of_one_name(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    more = [frame.with_columns(loss=noisy(rng, frame["loss"].to_numpy())) for _ in range(4 if strong else 1)]
    return one(pl.concat([frame, *more]).sort("run", maintain_order=True), truth)


def _nan_row(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    gone = np.isin(np.arange(len(frame)) % 8, (1, 4, 6) if strong else (3,))
    return one(frame.with_columns(pl.when(pl.Series(gone)).then(float("nan")).otherwise(loss).alias("loss")), truth)


def _split_steps(rng: Generator, strong: bool) -> Logs:
    frame, truth = checkpoints(rng)
    gap = pl.lit(None, pl.Float64)
    losses = frame.with_columns(gap.alias("tokens"))
    amounts = frame.with_columns(gap.alias("loss"))
    halves = [losses, amounts] if strong else [amounts, losses]
    return one(pl.concat(halves).sort("run", "step", maintain_order=True), truth)


def _log_calls(rng: Generator, strong: bool) -> Logs:
    """A curve of steps whose log has only the number of the log call, and first logs more often than later."""
    truth = {"b": -rng.uniform(0.4, 0.6), "c": rng.uniform(1.5, 2.0)}
    calls = np.arange(1, 61)
    steps = calls**2 if strong else np.where(calls > 30, 30 + 20 * (calls - 30), calls)
    runs = [
        pl.DataFrame({"_step": calls, "loss": noisy(rng, truth["c"] + 3 * steps ** truth["b"])}).with_columns(
            run=pl.lit(n)
        )
        for n in "abcd"
    ]
    return one(pl.concat(runs), truth)


def _renamed(**names: str) -> Callable[[Generator, bool], Logs]:
    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng)
        return one(frame.rename(names).drop("run" if strong else []), truth)

    return make


def _unit_slip(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    slipped = pl.int_range(pl.len()) == len(frame) // 2
    return one(frame.with_columns(pl.when(slipped).then(params * (1e3 if strong else 1e-3)).otherwise(params)), truth)


def _millions(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    return one(frame.with_columns(params / 1e6, tokens / (1e9 if strong else 1)), truth)


def _train_column(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    return one(frame.with_columns(loss * (0.6 if strong else 0.9)).rename({"loss": "train_loss"}), truth)


AUTO: dict[str, object] = {"law": "auto"}
CURVE: dict[str, object] = {"law": "power-constant", "x": "step", "checkpoints": "all"}


def _named(column: str) -> dict[str, object]:
    return {"law": "chinchilla", "loss": column}


NOT_LOSS = frozenset({"metric-grows", "not-a-loss", "loss-unit", "large-loss", "perplexity-log"})
UNREAD = frozenset({"unread-input"})


def _way(name: str, make: Callable[[Generator, bool], Logs], codes: str, **more: object) -> Way:
    return Way(name, make, frozenset(codes.split()), **more)  # type: ignore[arg-type]


LOGGED = (
    _way("train and val rows mixed, by mode", _split_rows("mode", "val"), "several-splits"),
    _way("train and val rows mixed, by split", _split_rows("split", "validation"), "several-splits"),
    _way("lines of a test set", _test_line, "several-splits"),
    _way("tokens of one device beside all", _device_tokens, "tokens-of-one-device tokens-share"),
    _way("token counter that restarts", _restarted_tokens, "tokens-restarted tokens-fall"),
    Way("accuracy as the loss", _as_metric("accuracy", 1 - loss / 12), NOT_LOSS, "grows", _named("accuracy"), False),
    Way("accuracy called loss", _as_metric("loss", 1 - loss / 12), NOT_LOSS, "grows", leaves_enough=False),
    Way(
        "percent as the loss",
        _as_metric("accuracy_percent", 100 - 8 * loss),
        NOT_LOSS,
        "grows",
        _named("accuracy_percent"),
    ),
    Way(
        "perplexity by its name",
        _as_metric("perplexity", loss.exp()),
        NOT_LOSS,
        "grows",
        _named("perplexity"),
    ),
    Way("perplexity called loss", _as_metric("loss", (loss + 1).exp()), NOT_LOSS),
    Way("bits per byte", _as_metric("bits_per_byte", loss * 0.35), NOT_LOSS, "grows", _named("bits_per_byte")),
    _way(
        "outcomes of 0 and 1", _outcomes, "single-outcomes", refusal="0 and 1|not positive|outcome", leaves_enough=False
    ),
    _way("epochs without step", _without_steps("epoch"), "unordered-rows"),
    _way("checkpoints without any order", _without_steps(None), "unordered-rows"),
    _way("several revisions per model", _revisions, "unordered-rows mid-schedule"),
    _way("summary beside its parts", _summary, "summary-copies"),
    _way("rows copied several times", _copied_rows, "repeated-points"),
    _way("the same file several times", _copied_file, "copied-files"),
    _way("other seeds under one name", _seeds_of_one_name, "unordered-rows"),
    _way("rows with a NaN loss", _nan_row, "rows-excluded"),
    _way("values of one step on different rows", _split_steps, "repeated-steps"),
    _way("log calls as steps", _log_calls, "log-calls", asked=CURVE, refusal="step"),
    Way("tokens called D_tokens", _renamed(tokens="D_tokens"), UNREAD, "D_tokens|--tokens", AUTO),
    Way("tokens called n_tok", _renamed(tokens="n_tok"), UNREAD, "n_tok|--tokens", AUTO),
    Way("params called N", _renamed(params="N"), UNREAD, "params", AUTO),
    Way("params called #params", _renamed(params="#params"), UNREAD, "params", AUTO),
    Way("params called model.n_params", _renamed(params="model.n_params"), UNREAD, "params", AUTO),
    _way("unit slip of one run", _unit_slip, "unit-slip influential-run"),
    _way("params in millions without a unit", _millions, "tiny-unit", refusal="unit|at most"),
    _way("training loss only", _train_column, "training-loss"),
)
