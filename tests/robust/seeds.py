"""A sound file of every format that is read, small enough to be damaged thousands of times."""

from __future__ import annotations

import functools
import gzip
import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.document.write import to_json
from tests.data.files.test_formats import VERSION, event, simple
from tests.data.files.test_text_logs import PROGRAMS, curve
from tests.data.files.test_unpacked import zstd

E, A, B, ALPHA, BETA = 1.8, 480.0, 2100.0, 0.35, 0.37


def table() -> pl.DataFrame:
    """Twenty runs of two groups around five budgets."""
    rng = np.random.default_rng(15)
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 4)
    params = np.sqrt(compute / 120) * np.tile([0.3, 0.8, 1.5, 4.0], 5)
    tokens = compute / 6 / params
    loss = (E + A / params**ALPHA + B / tokens**BETA) * np.exp(0.003 * rng.standard_normal(20))
    columns = {"params": params.round(), "tokens": tokens.round(), "loss": loss.round(6)}
    return pl.DataFrame({"run_id": [f"run-{i:02d}" for i in range(20)], "group": ["a", "b"] * 10, **columns})


def curves() -> pl.DataFrame:
    """Four runs with six checkpoints each."""
    runs = table().head(4).select("run_id", "params").join(pl.DataFrame({"step": range(100, 700, 100)}), how="cross")
    loss = E + A / runs["params"] ** ALPHA + B / (runs["step"] * 1e6) ** BETA
    return runs.with_columns(tokens=pl.col("step") * 1_000_000, loss=loss.round(5), lr=pl.lit(1e-3))


def attempts() -> pl.DataFrame:
    """Eight attempts at each of twelve problems."""
    rng = np.random.default_rng(16)
    chance = rng.beta(0.7, 2, 12)
    rows = [
        {"model": "m", "problem_id": f"p{i}", "attempt": k, "correct": int(rng.random() < chance[i])}
        for i in range(12)
        for k in range(8)
    ]
    return pl.DataFrame(rows)


@functools.cache
def runs() -> Mapping[str, bytes]:
    """Files of training runs by name."""
    plain, rows = table(), table().to_dicts()
    text = plain.write_csv().encode()
    lines = plain.write_ndjson().encode()
    states = [
        {"step": row["step"], "loss": row["loss"], "eval_loss": row["loss"]} for row in curves().head(6).to_dicts()
    ]
    files = {
        "runs.csv": text,
        "curves.csv": curves().write_csv().encode(),
        "runs.tsv": plain.write_csv(separator="\t").encode(),
        "comma.csv": plain.write_csv(separator=";", decimal_comma=True).encode(),
        "runs.csv.gz": gzip.compress(text, mtime=0),
        "runs.csv.zst": zstd(text),
        "runs.jsonl": lines,
        "runs.jsonl.gz": gzip.compress(lines, mtime=0),
        "runs.json": json.dumps(rows).encode(),
        "lists.json": json.dumps(plain.to_dict(as_series=False)).encode(),
        "trainer_state.json": json.dumps({"global_step": 600, "total_flos": 1e15, "log_history": states}).encode(),
        "events.out.tfevents.1.host": VERSION + b"".join(event(i, simple("loss", 4 - 0.1 * i)) for i in range(20)),
        "table.md": b"| run | params | loss |\n|---|---|---|\n" + b"".join(
            f"| {row['run_id']} | {row['params']:.0f} | {row['loss']} |\n".encode() for row in rows
        ),
        "chart.csv": b'"Step","a - loss","a - loss__MIN","a - loss__MAX"\n' + b"".join(
            b'"%d","%f","3","4"\n' % (i, 4 - 0.1 * i) for i in range(12)
        ),
        "wandb-summary.json": b'{"_step": 9, "_runtime": 3, "loss": 3.2, "params": 1000000, "tokens": 1000000000}',
        "results_lm.json": json.dumps(
            {"results": {"arc": {"acc,none": 0.3}}, "config": {"model": "m"}, "versions": {}, "n-shot": {}}
        ).encode(),
    }  # fmt: skip
    stream = io.BytesIO()
    plain.write_parquet(stream)
    files["runs.parquet"] = stream.getvalue()
    for program in PROGRAMS:
        files[f"{program.__name__}.log"] = ("\n".join(program(*curve(1))) + "\n").encode()
    return files


@functools.cache
def samples() -> Mapping[str, bytes]:
    """Files of repeated sampling by name."""
    plain = attempts()
    counts = plain.group_by("problem_id", maintain_order=True).agg(n=pl.len(), c=pl.col("correct").sum())
    lists = plain.group_by("problem_id", maintain_order=True).agg("correct")
    matrix = np.array(lists["correct"].to_list(), dtype=np.uint8)
    inspected = [
        {"id": row["problem_id"], "epoch": row["attempt"] + 1, "scores": {"s": {"value": "CI"[1 - row["correct"]]}}}
        for row in plain.to_dicts()
    ]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("summaries.json", json.dumps(inspected))
    stored = io.BytesIO()
    np.save(stored, matrix)
    responses = [
        {"doc_id": row["problem_id"], "filter": "none", "resps": [[""] * 8], "metrics": ["pass@1"],
         "pass@1": sum(row["correct"]) / 8}
        for row in lists.to_dicts()
    ]  # fmt: skip
    plus = {
        name: [{"base_status": "pass"}, {"base_status": "fail", "plus_status": "fail"}] for name in lists["problem_id"]
    }
    return {
        "attempts.csv": plain.write_csv().encode(),
        "attempts.jsonl": plain.write_ndjson().encode(),
        "counts.csv": counts.write_csv().encode(),
        "counts.jsonl.gz": gzip.compress(counts.write_ndjson().encode(), mtime=0),
        "lists.jsonl": lists.write_ndjson().encode(),
        "matrix.npy": stored.getvalue(),
        "log.eval": archive.getvalue(),
        "inspect.json": json.dumps({"eval": {"task": "t"}, "samples": inspected}).encode(),
        "samples_lm.jsonl": "".join(json.dumps(row) + "\n" for row in responses).encode(),
        "evalplus.json": json.dumps({"date": "x", "eval": plus}).encode(),
        "monkeys.yaml": b"is_corrects:\n- true\n- false\n- false\nsamples:\n- x\n",
    }


@functools.cache
def fits() -> Mapping[str, bytes]:
    """Saved fits by name."""
    both = scaling.fit(table(), replicates=40)
    grouped = scaling.fit(table(), by="group", law="power", x="params", interval="none")
    return {"fit.json": to_json(both).encode(), "groups.json": to_json(grouped).encode()}


@functools.cache
def forecasts() -> Mapping[str, bytes]:
    """Saved forecasts by name, and runs that were made later."""
    made = scaling.extrapolate(table(), at=["params=1e9,tokens=2e10", "compute=1e21"], replicates=20)
    later = pl.DataFrame({"params": [1e9, 2e9], "tokens": [2e10, 4e10], "loss": [2.5, 2.4]})
    return {"forecast.json": to_json(made).encode(), "later.csv": later.write_csv().encode()}


TARGETS = {"targets.csv": b"params,tokens,loss\n70000000000,1400000000000,1.95\n1e9,2e10,\n"}
