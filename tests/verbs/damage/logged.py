"""Damage to what is logged: columns, rows, units and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tests.verbs.damage.known import Logs, checkpoints, noisy, one, surface, way

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from tests.verbs.damage.known import Way

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


def _role_names(rng: Generator, strong: bool) -> Logs:
    """A column called loss beside the metric: the metric is a power of that column."""
    truth = {"b": rng.uniform(1.2, 1.8)}
    given = np.geomspace(1.8, 5, 40 if strong else 12)
    failed = noisy(rng, 0.03 * given ** truth["b"])
    return one(pl.DataFrame({"model": [f"m{n}" for n in range(given.size)], "loss": given, "error": failed}), truth)


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


def _unlogged(rng: Generator, strong: bool) -> Logs:
    """Rows of steps at which neither loss was computed."""
    frame, truth = checkpoints(rng)
    gone = pl.Series(np.isin(np.arange(len(frame)) % 8, (1, 4, 6) if strong else (3,)))
    lost = pl.when(gone).then(float("nan")).otherwise(loss * 0.95).alias("train_loss")
    return one(frame.with_columns(lost, pl.when(gone).then(None).otherwise(loss).alias("val_loss")).drop("loss"), truth)


def _megatron(rng: Generator, strong: bool) -> Logs:
    """Logs of Megatron-LM that end with the loss on a test set."""
    frame, truth = checkpoints(rng)
    texts = {}
    for (run,), rows in frame.group_by("run", maintain_order=True):
        lines = [
            f" iteration {row['step']:8d}/{8000:8d} | consumed samples: {int(row['tokens']) // 2048:12d} "
            f"| lm loss: {row['loss'] * 0.98:.6E} |\n"
            f" validation loss at iteration {row['step']} | lm loss value: {row['loss']:.6E} | lm loss PPL: 1.0E+01 |"
            for row in rows.iter_rows(named=True)
        ]
        ends = " on test set"
        last = rows["loss"][-1] * (1.4 if strong else 1.1)
        said = f" validation loss at iteration 8000{ends} | lm loss value: {last:.6E} | lm loss PPL: 1.0E+01 |"
        name = f"{run}-n{int(rows['params'][0])}.log"
        texts[f"logs/{name}"] = "  seq_length ...................... 2048\n" + "\n".join([*lines, said]) + "\n"
    return Logs(texts, truth, "logs")


def _wandb_folders(rng: Generator, strong: bool) -> Logs:
    """Folders of W&B runs, whose sizes stand in config.yaml alone; the stronger also log calls as `_step`."""
    frame, truth = surface(rng)
    texts = {}
    for row in frame.iter_rows(named=True):
        folder = f"wandb/run-20240101_000000-{row['run']}/files"
        calls = '"_step": 77, ' if strong else ""
        said = f'{{{calls}"_runtime": 100.5, "_timestamp": 1.7e9, "val/loss": {row["loss"]}}}'
        texts[f"{folder}/wandb-summary.json"] = said
        sizes = (("n_params", row["params"]), ("tokens", row["tokens"]))
        texts[f"{folder}/config.yaml"] = "".join(f"{name}:\n    value: {amount:.0f}\n" for name, amount in sizes)
    return Logs(texts, truth, "wandb")


def _mlflow(rng: Generator, strong: bool) -> Logs:
    """A table of MLflow runs."""
    frame, truth = surface(rng)
    frame = frame.rename({"run": "run_id", "loss": "metrics.val_loss", "params": "params.n_params"})
    return one(frame.rename({"tokens": "params.tokens" if strong else "metrics.tokens"}), truth)


def _evaluations(rng: Generator, strong: bool) -> Logs:
    """Losses on sets named by a path, beside a training loss."""
    frame, truth = surface(rng)
    name = "eval/lm/c4_en-validation/CE loss" if strong else "eval/c4_loss"
    return one(frame.rename({"loss": name}).with_columns(pl.col(name).alias("train/loss") * 0.8), truth)


def _boolean_split(name: str) -> Callable[[Generator, bool], Logs]:
    """Rows of training and validation, marked by true and false."""

    def make(rng: Generator, strong: bool) -> Logs:
        frame, truth = surface(rng)
        worse = frame.with_columns(loss * (0.7 if strong else 0.95))
        halves = [each.with_columns(pl.lit(mark).alias(name)) for each, mark in ((frame, True), (worse, False))]
        return one(pl.concat(halves).sort("run", maintain_order=True), truth)

    return make


def _plain(rng: Generator, strong: bool) -> Logs:
    return one(*surface(rng))


def _without_tokens(rng: Generator, strong: bool) -> Logs:
    frame, truth = surface(rng)
    return one(frame.rename({"tokens": "amount" if strong else "corpus"}), truth)


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
NOT_LOSS = "metric-grows not-a-loss loss-unit large-loss perplexity-log"
MEGATRON: dict[str, object] = {"law": "chinchilla", "params_from_name": "n([0-9]+)"}
FIT = ("fit",)
TOGETHER = ("extrapolate",)


def _named(column: str) -> dict[str, object]:
    return {"law": "chinchilla", "loss": column}


def _unread(column: str, role: str) -> Way:
    """A column of params or tokens under a name that may not be read."""
    return way(
        f"{role} called {column}", _renamed(**{role: column}), "unread-input",
        says=re.escape(column), refusal=f"{re.escape(column)}|--{role}", asked=AUTO, always=(),
    )  # fmt: skip


SPLITS = (
    way("train and val rows mixed, by mode", _split_rows("mode", "val"), "several-splits", says="mode"),
    way("train and val rows mixed, by split", _split_rows("split", "validation"), "several-splits", says="split"),
    way("train and val rows mixed, by phase", _split_rows("phase", "eval"), "several-splits", says="phase"),
    way("train and val rows mixed, by is_val", _boolean_split("is_val"), "several-splits", says="is_val"),
    way("lines of a test set", _test_line, "several-splits", says="split"),
    way("lines of a test set, Megatron", _megatron, always=(), asked=MEGATRON),
    way("training loss only", _train_column, "training-loss", says="train_loss"),
    way("evaluation losses named by a path", _evaluations, always=()),
)  # fmt: skip

METRICS = (
    way("tokens of one device beside all", _device_tokens, "tokens-of-one-device tokens-share", says="tokens"),
    way("token counter that restarts", _restarted_tokens, "tokens-restarted tokens-fall", says="tokens"),
    way("accuracy as the loss", _as_metric("accuracy", 1 - loss / 12), NOT_LOSS, refusal="grows",
        asked=_named("accuracy"), leaves_enough=False),
    way("accuracy called loss", _as_metric("loss", 1 - loss / 12), NOT_LOSS, refusal="grows", leaves_enough=False),
    way("percent as the loss", _as_metric("accuracy_percent", 100 - 8 * loss), NOT_LOSS, refusal="grows",
        asked=_named("accuracy_percent"), leaves_enough=False),
    way("reward as the loss", _as_metric("reward", 30 - 4 * loss), NOT_LOSS, refusal="grows", asked=_named("reward"),
        leaves_enough=False),
    way("steps as the loss", _as_metric("steps", (tokens / 2**20).round()), NOT_LOSS, refusal="grows|steps",
        asked=_named("steps"), leaves_enough=False),
    way("perplexity by its name", _as_metric("perplexity", loss.exp()), NOT_LOSS, says="perplexity",
        asked=_named("perplexity")),
    way("perplexity called loss", _as_metric("loss", (loss + 1).exp()), NOT_LOSS, says="perplexity"),
    way("bits per byte", _as_metric("bits_per_byte", loss * 0.35), "loss-unit", says="bits",
        asked=_named("bits_per_byte")),
    way("outcomes of 0 and 1", _outcomes, "single-outcomes", refusal="0 and 1|outcome", leaves_enough=False),
    way("names that are also roles", _role_names, always=(), verbs=FIT,
        asked={"loss": "error", "x": "loss", "law": "power"}),
)  # fmt: skip

COUNTED = (
    way("epochs without step", _without_steps("epoch"), "unordered-rows", always=()),
    way("checkpoints by iter", _without_steps("iter"), "unordered-rows", always=()),
    way("checkpoints by checkpoint", _without_steps("checkpoint"), "unordered-rows", always=()),
    way("checkpoints without any order", _without_steps(None), "unordered-rows"),
    way("several revisions per model", _revisions, "unordered-rows", always=()),
    way("summary beside its parts", _summary, "summary-copies rows-excluded"),
    way("rows copied several times", _copied_rows, "repeated-points", says="params"),
    way("the same file several times", _copied_file, "copied-files repeated-points"),
    way("other seeds under one name", _seeds_of_one_name, "unordered-rows"),
    way("rows with a NaN loss", _nan_row, "rows-excluded", says="loss"),
    way("rows with no loss at all", _unlogged, "rows-excluded", says="loss"),
    way("values of one step on different rows", _split_steps, "repeated-steps", always=()),
    way("log calls as steps", _log_calls, "log-calls", says="_step", asked=CURVE, refusal="step", verbs=FIT,
        leaves_enough=False),
    way("folders of W&B runs", _wandb_folders, always=()),
    way("a table of MLflow", _mlflow, always=()),
)  # fmt: skip

UNREAD = (
    *(_unread(column, "tokens") for column in ("D_tokens", "n_tok", "D (B)", "train.tokens")),
    *(_unread(column, "params") for column in ("N", "#params", "model.n_params", "trainable_params", "N_params")),
    way("unit slip of one run", _unit_slip, "unit-slip", says="params", always=()),
    way("params in millions without a unit", _millions, "tiny-unit", says="params", refusal="unit|at most"),
    way("target whose tokens were not read", _without_tokens, refusal="tokens", asked=AUTO, verbs=TOGETHER,
        leaves_enough=False),
    way("target far off the tokens per param", _plain, "off-ratio off-hull", says="tokens", verbs=TOGETHER,
        asked_of={"extrapolate": {"at": "params=1e8,tokens=6e13"}}),
    way("target without its unit", _plain, "below-data", says="params|tokens", refusal="unit", verbs=TOGETHER,
        asked_of={"extrapolate": {"at": "params=12,tokens=600"}}),
    way("budget without its unit", _plain, "far-reach", refusal="unit|budget|FLOPs", verbs=("optimal-allocation",),
        asked_of={"optimal-allocation": {"budget": 1e40}}),
)  # fmt: skip

LOGGED = (*SPLITS, *METRICS, *COUNTED, *UNREAD)
