"""Attempts that are numbered under a general name, such as `sample`, and settings of sampling that are pooled."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling

ATTEMPTS, PROBLEMS = 12, 30


def log(name):
    rng = np.random.default_rng(5)
    chance = np.repeat(rng.beta(0.5, 1.5, PROBLEMS), ATTEMPTS)
    rows = {"problem": np.repeat(np.arange(PROBLEMS), ATTEMPTS), name: np.tile(np.arange(ATTEMPTS), PROBLEMS)}
    return pl.DataFrame(rows | {"passed": rng.random(chance.size) < chance})


def asked(rows, path, **options):
    rows.write_csv(path) if path.suffix == ".csv" else rows.write_ndjson(path)
    return scaling.inference_coverage(path, fit="none", replicates=100, **options)


@pytest.mark.sample
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("name", ["sample", "sample_idx", "rollout", "completion_index"])
def test_attempts_that_are_logged_twice_count_once(tmp_path, name, suffix):
    rows = log(name)
    answer = asked(pl.concat([rows, rows.head(200), rows]), tmp_path / f"log.{suffix}")
    assert answer.results[0].attempts.max == ATTEMPTS
    assert "repeated-attempts" in {caveat.code for caveat in answer.caveats}
    once = asked(rows, tmp_path / f"once.{suffix}")
    assert answer.results[0].coverage == once.results[0].coverage
    assert "repeated-attempts" not in {caveat.code for caveat in once.caveats}


@pytest.mark.parametrize("cells", [pl.col("problem"), pl.lit("text of the answer"), pl.lit(0)])
def test_a_column_of_that_name_with_something_else_numbers_no_attempts(tmp_path, cells):
    rows = log("number").with_columns(cells.alias("sample")).drop("number")
    answer = asked(rows, tmp_path / "log.csv")
    assert answer.results[0].attempts.max == ATTEMPTS


@pytest.mark.parametrize("name", ["temperature", "top_p", "num_fewshot"])
def test_settings_that_are_pooled_are_named(tmp_path, name):
    rows = log("sample").with_columns((pl.col("sample") % 2 + 0.5).alias(name))
    answer = asked(rows, tmp_path / "log.csv")
    said = {caveat.code: caveat.message for caveat in answer.caveats}
    assert f"--by {name}" in said["pooled-settings"]
    apart = asked(rows, tmp_path / "log.csv", by=name)
    assert "pooled-settings" not in {caveat.code for caveat in apart.caveats}
