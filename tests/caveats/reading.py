"""For each caveat about logs and amounts: data for which it must appear, and similar data for which it must not."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import scaling_cli as scaling

loss, tokens, params = pl.col("loss"), pl.col("tokens"), pl.col("params")


def grid(noise=0.003, seed=0):
    """Twenty-five finished runs."""
    rng = np.random.default_rng(seed)
    sizes, amounts = (
        axis.ravel() for axis in np.meshgrid(np.geomspace(5e7, 2e9, 5), np.geomspace(1e9, 5e10, 5), indexing="ij")
    )
    lost = 1.8 + 400 * sizes**-0.34 + 1500 * amounts**-0.36
    lost = lost * np.exp(noise * rng.standard_normal(25))
    return pl.DataFrame({"run": [f"r{n}" for n in range(25)], "params": sizes, "tokens": amounts, "loss": lost})


def logged(rows=10):
    """The runs with the rows of their training, whose learning rate decays to a tenth."""
    share = pl.DataFrame({"share": np.arange(1, rows + 1) / rows})
    frame = grid().join(share, how="cross").with_columns(step=(pl.col("share") * 1000).cast(pl.Int64))
    frame = frame.with_columns(tokens * pl.col("share"), loss=loss * (1.3 - 0.3 * pl.col("share")))
    return frame.with_columns(lr=3e-4 * (1 - 0.9 * pl.col("share"))).drop("share")


def filled_forward():
    """Logs with a validation at every third of the rows, which the next rows repeat."""
    evaluated = pl.when(pl.col("step") % 300 == 0).then(loss * 1.02).forward_fill().over("run")
    return logged().select(pl.all(), val_loss=evaluated).rename({"loss": "train_loss"})


def stepless_evaluations():
    """Logs in which each evaluation follows the training row of its step, without a step of its own."""
    train = logged().rename({"loss": "train_loss"}).with_columns(val_loss=pl.lit(None, pl.Float64), order=pl.lit(0))
    empty = {"step": pl.Int64, "tokens": pl.Float64, "train_loss": pl.Float64}
    evaluation = train.with_columns(
        *(pl.lit(None, kind).alias(name) for name, kind in empty.items()),
        val_loss=pl.col("train_loss") * 1.02,
        order=pl.lit(1),
    )
    rows = pl.concat([train.with_row_index("place"), evaluation.with_row_index("place")])
    return rows.sort("place", "order").drop("place", "order")


def of(frame, **options):
    """The caveats of reading a table."""
    return scaling.columns(frame, **options).caveats


def fitted(frame, **options):
    """The caveats of a fit without intervals."""
    return scaling.fit(frame, **({"law": "chinchilla", "interval": "none"} | options)).caveats


def files(tables, **options):
    """The caveats of reading several files."""
    with TemporaryDirectory() as folder:
        for name, frame in tables.items():
            frame.write_csv(Path(folder) / name)
        return of(folder, **options)


def where(condition, value, frame, column="loss"):
    """The table with another value in some rows."""
    return frame.with_columns(pl.when(condition).then(value).otherwise(column).alias(column))


def batches(size):
    """Runs with a batch size in place of tokens."""
    return logged().with_columns(batch_size=size).drop("tokens")


FIRST = pl.col("run") == "r0"
LATE = FIRST & (pl.col("step") > 700)
REVERSED = loss.reverse()
SPLIT = pl.concat([logged().with_columns(mode=pl.lit("val")), logged().with_columns(mode=pl.lit("train"))])
PARTS = {f"{n}.csv": part for n, part in enumerate(logged().partition_by("run"))}
NAMELESS_PARTS = {name: part.drop("run") for name, part in PARTS.items()}
SUMMARY = logged().filter(pl.col("step") == 1000).select("params", "tokens", "loss")
NAMED_BY_SIZE = grid().with_columns(run=pl.format("gpt-{}M-{}", (params / 1e6).round(1), pl.int_range(pl.len())))
TWO_KINDS = pl.concat([grid(seed=n).with_columns(loss * f, run=pl.format(f"{n}-{{}}", "run"), kind=pl.lit(f"k{n}"))
                       for n, f in enumerate((1.0, 1.2))])  # fmt: skip


def decayed(effect):
    """Runs with weight decays of their own, which change the loss by `effect` for each power of ten."""
    decay = np.random.default_rng(8).uniform(-3, 0, len(grid()))
    return grid().with_columns(loss * (1 + effect * pl.Series(decay)), weight_decay=pl.Series(10**decay))


SAME_KINDS = TWO_KINDS.with_columns(loss=pl.when(pl.col("kind") == "k1").then(loss / 1.2).otherwise(loss))
EPOCHS = grid().with_columns(unique_tokens=tokens / 2)


def nameless(rows):
    """Curves of five sizes without names of runs."""
    share = pl.DataFrame({"step": np.arange(1, rows + 1) * 100})
    frame = pl.DataFrame({"params": np.geomspace(5e7, 2e9, 5)}).join(share, how="cross")
    frame = frame.with_columns(tokens=pl.col("step") * 2**20 * 1.0)
    return frame.with_columns(loss=1.8 + 400 * params**-0.34 + 400 * tokens**-0.3)


def one_file_for_all(second):
    """Two files with one run name; the second starts with a loss that is `second` times that of the first."""
    one = logged().filter(FIRST).with_columns(run=pl.lit("a"))
    return {"x/a.csv": one, "y/a.csv": one.with_columns(loss * second)}


def nested(tables):
    """The caveats of files in folders."""
    with TemporaryDirectory() as folder:
        for name, frame in tables.items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            frame.write_csv(Path(folder) / name)
        return of(folder)


CASES = {
    "rows-excluded": (lambda: of(where(FIRST, None, grid())), lambda: of(grid())),
    "compute-mismatch": (
        lambda: of(grid().with_columns(compute=2.0 * params * tokens)),
        lambda: of(grid().with_columns(compute=6.0 * params * tokens)),
    ),
    "partial-compute": (
        lambda: of(grid().with_columns(compute=pl.when(FIRST).then(None).otherwise(6.0 * params * tokens))),
        lambda: of(grid().with_columns(compute=6.0 * params * tokens)),
    ),
    "compute-drift": (
        lambda: of(grid().with_columns(compute=6.0 * params * tokens * (params / 5e7) ** 0.1)),
        lambda: of(grid().with_columns(compute=6.0 * params * tokens * (params / 5e7) ** 0.01)),
    ),
    "unit-slip": (
        lambda: of(where(FIRST, params / 1000, grid(), "params")),
        lambda: of(where(FIRST, params / 2, grid(), "params")),
    ),
    "tiny-value": (lambda: of(where(FIRST, 0.5, grid(), "tokens")), lambda: of(where(FIRST, 2e5, grid(), "tokens"))),
    "tiny-unit": (lambda: of(grid().with_columns(params / 1e6)), lambda: of(grid())),
    "loss-unit": (
        lambda: of(grid().rename({"loss": "bits_per_byte"}), loss="bits_per_byte"),
        lambda: of(grid().rename({"loss": "val_loss"}).with_columns(val_ppl=pl.col("val_loss").exp()), loss="val_loss"),
    ),
    "perplexity-log": (
        lambda: of(grid().with_columns(loss.exp()), loss_unit="perplexity"),
        lambda: of(grid().with_columns(loss.exp())),
    ),
    "large-loss": (lambda: of(grid().with_columns((loss * 1.3).exp())), lambda: of(grid().with_columns(loss * 3))),
    "not-a-loss": (
        lambda: of(grid().rename({"loss": "wer"}), loss="wer"),
        lambda: of(grid().rename({"loss": "nll"}), loss="nll"),
    ),
    "single-outcomes": (
        lambda: fitted(
            grid().with_columns(loss=(loss > 2.5).cast(pl.Float64)), law="power", x="tokens", space="linear"
        ),
        lambda: of(grid().with_columns(loss=(loss > 2.5).cast(pl.Float64) + 0.5)),
    ),
    "metric-grows": (lambda: of(grid().with_columns(loss * -1 + 10)), lambda: of(grid())),
    "training-loss": (
        lambda: of(grid().rename({"loss": "train_loss"})),
        lambda: of(grid().rename({"loss": "train_loss"}), loss="train_loss"),
    ),
    "several-splits": (lambda: of(SPLIT), lambda: of(SPLIT, where="mode = 'val'")),
    "log-calls": (
        lambda: of(nameless(20).rename({"step": "_step"}).drop("params", "tokens"), run="none"),
        lambda: of(nameless(20).rename({"step": "_step"}), run="none"),
    ),
    "tokens-of-one-device": (
        lambda: of(grid().with_columns(total_tokens=8 * tokens)),
        lambda: of(grid().with_columns(total_tokens=8.3 * tokens)),
    ),
    "tokens-share": (
        lambda: of(grid().rename({"tokens": "tokens_per_gpu"}), tokens="tokens_per_gpu"),
        lambda: of(grid().rename({"tokens": "tokens_seen"}), tokens="tokens_seen"),
    ),
    "tokens-restarted": (
        lambda: of(where(LATE, tokens - tokens.filter(pl.col("step") == 700).first().over("run"), logged(), "tokens")),
        lambda: of(logged()),
    ),
    "changing-factor": (
        lambda: of(batches(pl.when(LATE).then(512).otherwise(256)), tokens="step * batch_size * 2048"),
        lambda: of(batches(pl.lit(256)), tokens="step * batch_size * 2048"),
    ),
    "steps-restarted": (
        lambda: of(where(LATE, pl.col("step") - 700 + 10, logged(), "step")),
        lambda: of(logged()),
    ),
    "tokens-fall": (
        lambda: of(where(FIRST & (pl.col("step") == 1000), 0.6 * tokens, logged(), "tokens")),
        lambda: of(logged()),
    ),
    "repeated-steps": (lambda: of(pl.concat([logged(), logged()])), lambda: of(logged())),
    "inferred-runs": (lambda: of(nameless(20)), lambda: of(nameless(20).with_columns(run=params.cast(pl.String)))),
    "unnamed-runs": (lambda: of(nameless(4)), lambda: of(nameless(4), run="params")),
    "unnamed-curve": (
        lambda: of(nameless(20).filter(params == params.min()).drop("params")),
        lambda: of(nameless(20).filter(params == params.min()).drop("params"), run="none"),
    ),
    "diverged-runs": (
        lambda: of(where(LATE, float("nan"), logged())),
        lambda: of(where(FIRST & (pl.col("step") == 500), float("nan"), logged())),
    ),
    "lost-runs": (
        lambda: of(where(FIRST, None, logged())),
        lambda: of(where(pl.col("step") % 500 != 0, None, logged())),
    ),
    "kept-diverged": (
        lambda: of(where(LATE, float("nan"), logged()), keep_diverged=True),
        lambda: of(logged(), keep_diverged=True),
    ),
    "last-rows-rise": (
        lambda: of(where(pl.col("step") == 1000, 1.15 * loss, logged())),
        lambda: of(where((pl.col("step") == 1000) & FIRST, 1.15 * loss, logged())),
    ),
    "risen-loss": (lambda: of(where(LATE, 2 * loss, logged())), lambda: of(where(LATE, 1.05 * loss, logged()))),
    "summary-copies": (
        lambda: files(PARTS | {"all.csv": SUMMARY}),
        lambda: files(PARTS | {"all.csv": SUMMARY.with_columns(loss * 1.01)}),
    ),
    "table-of-logs": (
        lambda: files(PARTS | {"all.csv": SUMMARY.with_columns(loss * 1.01)}),
        lambda: files(PARTS | {"all.csv": SUMMARY.with_columns(loss * 1.01, pl.col("tokens") * 2)}),
    ),
    "carried-losses": (
        lambda: of(filled_forward()),
        lambda: of(filled_forward().with_columns(pl.col("val_loss").round(2))),
    ),
    "statistics": (
        lambda: of(where(FIRST, pl.lit("mean"), grid().with_columns(seed=pl.lit("1")), "seed")),
        lambda: of(where(FIRST, pl.lit("2"), grid().with_columns(seed=pl.lit("1")), "seed")),
    ),
    "evaluations-averaged": (
        lambda: of(
            pl.concat(
                [
                    grid().with_columns(
                        eval_seed=pl.lit(seed),
                        run=pl.format("r{}", pl.int_range(pl.len())),
                        loss=pl.col("loss") * factor,
                    )
                    for seed, factor in ((1, 1.0), (2, 1.01))
                ]
            )
        ),
        lambda: of(grid().with_columns(eval_seed=pl.lit(1))),
    ),
    "steps-from-rows-before": (
        lambda: of(stepless_evaluations()),
        lambda: of(logged()),
    ),
    "unordered-rows": (
        lambda: of(logged().drop("step", "lr").with_columns(tokens.max().over("run"))),
        lambda: of(logged().drop("lr")),
    ),
    "unfinished-runs": (
        lambda: of(grid().with_columns(state=pl.when(FIRST).then(pl.lit("crashed")).otherwise(pl.lit("finished")))),
        lambda: of(grid().with_columns(state=pl.lit("finished"))),
    ),
    "short-of-plan": (
        lambda: of(logged().with_columns(max_steps=pl.when(FIRST).then(2000).otherwise(1000))),
        lambda: of(logged().with_columns(max_steps=1040)),
    ),
    "copied-files": (
        lambda: files({"a.csv": grid(), "b.csv": grid()}),
        lambda: files({"a.csv": grid(), "b.csv": grid(seed=1)}),
    ),
    "split-files": (
        lambda: files(
            {"a_val.csv": NAMELESS_PARTS["0.csv"], "a_train.csv": NAMELESS_PARTS["0.csv"].with_columns(loss - 0.1)}
        ),
        lambda: files({"a_val.csv": NAMELESS_PARTS["0.csv"], "a_train.csv": [*NAMELESS_PARTS.values()][-1]}),
    ),
    "shorter-copies": (
        lambda: files(NAMELESS_PARTS | {"0_backup.csv": NAMELESS_PARTS["0.csv"].head(6)}),
        lambda: files(NAMELESS_PARTS | {"0_backup.csv": NAMELESS_PARTS["0.csv"].head(6).with_columns(loss * 1.001)}),
    ),
    "names-anew": (lambda: nested(one_file_for_all(1.1)), lambda: nested(one_file_for_all(1.0))),
    "repeated-points": (
        lambda: of(pl.concat([grid(), grid().with_columns(run=pl.format("copy-{}", "run"))])),
        lambda: of(pl.concat([grid(), grid(seed=1).with_columns(run=pl.format("copy-{}", "run"))])),
    ),
    "undecayed-lr": (
        lambda: of(where(pl.col("step") > 500, 3e-4, logged(), "lr")),
        lambda: of(logged()),
    ),
    "mid-schedule": (
        lambda: of(logged(), checkpoints="all"),
        lambda: of(logged().with_columns(lr=3e-4), checkpoints="all"),
    ),
    "best-checkpoint": (lambda: of(logged(), checkpoints="best"), lambda: of(logged(rows=1), checkpoints="best")),
    "sample-missed": (
        lambda: of(logged(), sample_at="tokens=4e10"),
        lambda: of(logged().with_columns(tokens=pl.col("step") * 1e6), sample_at="tokens=5e8"),
    ),
    "best-over": (
        lambda: fitted(
            TWO_KINDS.with_columns(lr=pl.when(pl.col("kind") == "k0").then(1e-3).otherwise(3e-3)).drop("kind"),
            best_over="lr",
        ),
        lambda: fitted(grid()),
    ),
    "unread-input": (
        lambda: fitted(grid().rename({"tokens": "n_tok"}), law="auto"),
        lambda: fitted(grid().rename({"tokens": "n_tok"}), law="auto", tokens="n_tok"),
    ),
    "active-params": (
        lambda: fitted(grid().with_columns(active_params=params / 4)),
        lambda: fitted(grid().with_columns(active_params=params / 4), params="active_params"),
    ),
    "ignored-input": (
        lambda: fitted(grid().with_columns(bits=pl.when(FIRST).then(8.0).otherwise(16.0))),
        lambda: fitted(grid().with_columns(bits=16.0)),
    ),
    "unreached-losses": (
        lambda: scaling.fit(logged(), law="power", x="params", steps_to=[2.5, 3.0], interval="none").caveats,
        lambda: (
            scaling.fit(
                where(pl.col("step") == 100, 2 * loss, logged()), law="power", x="params", steps_to=4.0, interval="none"
            ).caveats
        ),
    ),
    "sizes-in-names": (
        lambda: fitted(NAMED_BY_SIZE.drop("params"), law="auto"),
        lambda: fitted(NAMED_BY_SIZE.drop("params"), law="auto", params_from_name="([0-9.]+[MB])"),
    ),
    "continued-runs": (
        lambda: of(logged().with_columns(run=pl.when(pl.col("step") > 500).then(pl.col("run") + "b").otherwise("run"))),
        lambda: of(logged()),
    ),
    "unread-setting": (
        lambda: fitted(decayed(0.05)),
        lambda: fitted(decayed(0.0)),
    ),
    "partly-known": (
        lambda: fitted(grid().with_columns(tokens=pl.when(pl.int_range(pl.len()) % 3 == 0).then("tokens")), law="auto"),
        lambda: fitted(grid().with_columns(tokens=pl.when(pl.int_range(pl.len()) % 3 > 0).then("tokens")), law="auto"),
    ),
    "ignored-steps": (
        lambda: fitted(grid().with_columns(step=pl.col("tokens") / 1e6).drop("tokens"), law="auto"),
        lambda: fitted(grid().with_columns(step=pl.col("params") / 1e6).drop("tokens"), law="auto"),
    ),
    "pooled-sweep": (
        lambda: fitted(
            TWO_KINDS.with_columns(lr=pl.when(pl.col("kind") == "k0").then(1e-3).otherwise(3e-3)).drop("kind")
        ),
        lambda: fitted(grid().with_columns(lr=3e-4 * (params / 5e7) ** -0.2)),
    ),
    "tied-to-tokens": (
        lambda: fitted(grid().with_columns(lr=3e-4 * (pl.col("tokens") / 1e9) ** -0.2)),
        lambda: fitted(grid().with_columns(lr=3e-4 * (params / 5e7) ** -0.2)),
    ),
    "pooled-groups": (lambda: fitted(TWO_KINDS), lambda: fitted(SAME_KINDS)),
    "unexplained-spread": (
        lambda: fitted(TWO_KINDS.drop("kind").with_columns(run=pl.format("r{}", pl.int_range(pl.len())))),
        lambda: fitted(SAME_KINDS.drop("kind")),
    ),
    "repeated-data": (
        lambda: fitted(EPOCHS.with_columns(unique_tokens=tokens / 8)),
        lambda: fitted(EPOCHS),
    ),
    "late-rise": (
        lambda: fitted(where(FIRST, 3 * loss, EPOCHS.with_columns(unique_tokens=tokens / 8))),
        lambda: fitted(EPOCHS.with_columns(unique_tokens=tokens / 8).with_columns(loss + 1)),
    ),
}
