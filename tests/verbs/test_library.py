"""The verbs as they are called from Python."""

from __future__ import annotations

import pickle
from pathlib import Path

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError

SAMPLES = Path(__file__).parents[2] / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"


def test_a_report_of_no_group_is_an_error_that_says_what_the_first_lacks():
    with pytest.raises(FitError) as caught:
        scaling.fit(RUNS, by="run_id")
    assert caught.value.message.startswith("None of 100 groups could be answered; of run_id=")
    assert caught.value.hint


def test_a_report_of_some_groups_holds_the_failures_of_the_others():
    runs = pl.read_csv(RUNS).with_columns(pl.when(pl.int_range(pl.len()) < 2).then(1).otherwise(2).alias("half"))
    report = scaling.fit(runs, by="half", interval="none")
    assert [each.group["half"] for each in report.failures] == ["1"]
    assert [each.group["half"] for each in report.results] == ["2"]


def test_verbs_can_be_sent_to_workers():
    assert pickle.loads(pickle.dumps(scaling.fit)) is scaling.fit
