"""Files of the names that commands on the pages use for the reader's own, so that these commands run, too.

Each maker is for the commands that hold its words; the last that fits is used. It gives the tables by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.laws import find_law
from tests import ROOT
from tests.analysis.allocation import test_pools
from tests.analysis.coverage import test_exchange, test_verifications
from tests.verbs.test_fit_steps import curves

Tables = Mapping[str, pl.DataFrame | str]


def runs(**columns: object) -> pl.DataFrame:
    """Twenty-five runs with params, tokens, compute and a loss."""
    generator = np.random.default_rng(3)
    sizes, amounts = (each.ravel() for each in np.meshgrid(np.geomspace(3e7, 3e9, 5), np.geomspace(1e9, 1e11, 5)))
    loss = (1.82 + 480 / sizes**0.35 + 2100 / amounts**0.37) * np.exp(0.003 * generator.standard_normal(25))
    frame = pl.DataFrame({"params": sizes, "tokens": amounts, "compute": 6 * sizes * amounts, "loss": loss})
    return frame.with_columns(**columns)


def shaped() -> pl.DataFrame:
    """The same runs, with the shape of the model and steps of a batch in place of params and tokens."""
    layers = pl.Series(np.repeat([6, 8, 12, 16, 24], 5))
    return runs(layers=layers, batch_size=pl.lit(256)).select(
        "layers", "batch_size", "loss", "compute",
        step=(pl.col("tokens") / 256 / 2048).round(), width=(pl.col("params") / 12 / layers).sqrt().round(),
    )  # fmt: skip


def along(points: int = 14, **columns: object) -> pl.DataFrame:
    """Runs along compute."""
    compute = np.geomspace(1e18, 1e22, points)
    loss = (1.6 + 60 * compute**-0.08) * np.exp(0.002 * np.random.default_rng(1).standard_normal(points))
    return pl.DataFrame({"compute": compute, "loss": loss}).with_columns(**columns)


def crossed() -> pl.DataFrame:
    """Runs of two optimizers, two architectures and two corpora."""
    kinds = [(o, a, d) for o in ("adam", "muon") for a in ("dense", "moe") for d in ("web", "code")]
    return pl.concat(
        along(8, optimizer=pl.lit(o), architecture=pl.lit(a), data=pl.lit(d)).with_columns(
            pl.col("loss") * np.exp(0.002 * np.random.default_rng(place).standard_normal(8))
        )
        for place, (o, a, d) in enumerate(kinds)
    )


def schedule() -> Tables:
    """A run whose learning rate decays: its log so far, and the rest of it."""
    law, steps = find_law("multi-power-schedule"), np.arange(100, 24_001, 100.0)
    values = next(fit.parameters for fit in law.published if fit.name == "100M")
    rate = 3e-4 * np.where(steps < 16_000, 1.0, 1 - 0.9 * (steps - 16_000) / 8_000)
    loss = law.predict(values, {"step": steps, "lr": rate})
    log = pl.DataFrame({"run_id": "a", "step": steps, "lr": rate, "loss": loss * np.exp(0.001 * np.sin(steps))})
    return {
        "log.csv": log.filter(pl.col("step") <= 20_000),
        "rest.csv": log.filter(pl.col("step") > 20_000).drop("loss"),
    }


def scored() -> pl.DataFrame:
    """Runs with two losses and two tasks that follow one of them."""
    task = 0.25 + 0.75 / (1 + ((pl.col("loss") - 1.2) * 1.2).exp())
    return runs(web_loss=pl.col("loss"), code_loss=0.8 * pl.col("loss"), hellaswag=task, gsm8k=task - 0.2).drop("loss")


def public(name: str) -> str:
    """A file of public data, which is not in the repository."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path.read_text(encoding="utf-8")


GROUPS = pl.concat([runs(optimizer=pl.lit("adam")), runs(optimizer=pl.lit("muon")).with_columns(pl.col("loss") * 0.99)])
ONE_METRIC = pl.concat(
    [
        runs().rename({"loss": "value"}).with_columns(metric=pl.lit("val_loss")),
        runs().rename({"loss": "value"}).with_columns(metric=pl.lit("accuracy"), value=pl.lit(0.5)),
    ]
)
SUITE = """[tasks.hellaswag]
loss = "web_loss"
chance = 0.25

[tasks.gsm8k]

[averages]
reasoning = ["hellaswag", "gsm8k"]
"""
MAKERS: Mapping[str, Callable[[], Tables]] = {
    "--law chinchilla:besiroglu": dict,
    "schema fit": dict,
    "--factors optimizer,architecture,data": lambda: {"runs.csv": crossed()},
    "--covariate": lambda: {
        "runs.csv": pl.concat(along(8, lr=pl.lit(rate)) for rate in (1e-4, 3e-4, 1e-3)),
    },
    "--by recipe": lambda: {
        "runs.csv": pl.concat(along(2, recipe=pl.lit(name)) for name in ("old", "new")),
    },
    "--targets planned.csv": lambda: {
        "runs.csv": GROUPS,
        "planned.csv": pl.DataFrame({"params": [7e9], "tokens": [1.4e11], "optimizer": ["muon"]}),
    },
    "--then hellaswag --chance": lambda: {
        "runs.csv": along(hellaswag=0.25 + 0.75 / (1 + ((pl.col("loss") - 2.0) * 2).exp())),
    },
    "--law multi-power-schedule": schedule,
    "extrapolate fit.json": lambda: {"fit.json": scaling.fit(runs(), replicates=50).to_json()},
    "optimizer=muon": lambda: {"runs.csv": GROUPS},
    "--suite suite.toml": lambda: {"runs.csv": scored(), "suite.toml": SUITE},
    "--loss web_loss": lambda: {"runs.csv": scored()},
    "--steps-to": lambda: {"curves.csv": curves(0.003)},
    "--by file": lambda: {"adamw.csv": along(), "muon.csv": along().with_columns(pl.col("loss") * 0.97)},
    "--tokens step * batch_size": lambda: {"runs.csv": shaped().drop("compute")},
    "--loss log(perplexity)": lambda: {
        "runs.csv": runs().with_columns(gpu_hours=pl.col("compute") / 3600 / 4e14, perplexity=pl.col("loss").exp())
        .drop("compute", "loss")
    },
    "--loss eval/c4": lambda: {
        "runs.csv": runs(peak=pl.lit(1e-3)).rename({"loss": "eval/c4", "params": "model.n", "peak": "optimizer.peak"}),
    },
    "logs/": lambda: {
        f"logs/gpt-{row['params'] / 1e6:.0f}M-{place}.csv": pl.DataFrame([row]).drop("params", "compute")
        for place, row in enumerate(runs().to_dicts())
    },
    "long.csv": lambda: {"long.csv": ONE_METRIC},
    "snell.csv": lambda: {"snell.csv": test_exchange.log(names=("small", "large14x"))},
    "settings.csv": lambda: {
        "settings.csv": test_verifications.logged(60).rename({"s": "n_solutions", "v": "n_verifications"}),
    },
    "verdicts.csv": lambda: {"verdicts.csv": test_verifications.verdicts().rename({"attempt": "solution"})},
    "exponents final.csv": lambda: {"final.csv": public("routing_clark/final.csv")},
    "exponents models.csv": lambda: {"models.csv": public("gadre/models.csv")},
    "pools.csv": lambda: {"pools.csv": test_pools.runs()},
}  # fmt: skip


def lay_out(command: str, folder: Path) -> bool:
    """Write the files that a command names; whether there is a maker for it."""
    fitting = [make for words, make in MAKERS.items() if words in command]
    if not fitting:
        return False
    for name, content in fitting[-1]().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            content.write_csv(path)
    return True
