"""The verbs as they are called from Python."""

from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError, UsageError
from tests import ROOT

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"


def test_a_report_of_no_group_is_an_error_that_says_what_the_first_lacks():
    with pytest.raises(FitError) as caught:
        scaling.fit(RUNS, by="run_id")
    assert caught.value.message.startswith("None of 100 groups could be answered; run_id=")
    assert caught.value.hint


def test_a_report_of_some_groups_holds_the_failures_of_the_others():
    runs = pl.read_csv(RUNS).with_columns(pl.when(pl.int_range(pl.len()) < 2).then(1).otherwise(2).alias("half"))
    report = scaling.fit(runs, by="half", interval="none")
    assert [each.group["half"] for each in report.failures] == ["1"]
    assert [each.group["half"] for each in report.results] == ["2"]


def test_verbs_can_be_sent_to_workers():
    assert pickle.loads(pickle.dumps(scaling.fit)) is scaling.fit


@pytest.mark.parametrize(
    ("verb", "options", "said", "hint"),
    [
        ("fit", {"lawe": "power"}, "fit takes no 'lawe'", "law"),
        ("fit", {"loss": "val"}, "fit takes no 'loss'", "mapping={'loss': 'column'}"),
        ("fit", {"map": {}}, "fit takes no 'map'", "mapping={'loss': 'column'}"),
        ("fit", {"law": None}, "fit: law is None", "Leave it out"),
        ("fit", {"level": "0.95"}, "fit: level is '0.95', a str", "a number"),
        ("fit", {"replicates": 10.5}, "fit: replicates is 10.5, a float", "a whole number"),
        ("fit", {"checkpoints": 3}, "fit: checkpoints is 3", "text"),
        ("fit", {"loss_unit": "nits"}, "no unit of loss named 'nits'", "'nats'"),
        ("fit", {"zzz": 3}, "fit takes no 'zzz'", "It takes runs, law, x"),
        ("extrapolate", {"target": "a.csv"}, "extrapolate takes no 'target'", "targets"),
        ("optimal_allocation", {"budgets": [1e21]}, "optimal_allocation takes no 'budgets'", "budget"),
        ("inference_coverage", {"target": [0.8]}, "inference_coverage takes no 'target'", "targets"),
        ("inference_coverage", {"band": None}, "inference_coverage: band is None", "Leave it out"),
        ("inference_coverage", {"k": (1, "many")}, "'many' is not a number", "70B"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_by_name(verb, options, said, hint):
    by = {"by": ["model"], "replicates": 100} if verb == "inference_coverage" else {}
    runs = SAMPLES / "samples.csv" if by else RUNS
    with pytest.raises(UsageError) as caught:
        getattr(scaling, verb)(runs, **by, **options)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]


def test_a_missing_argument_is_named():
    with pytest.raises(UsageError, match="compare_exponents: missing a required"):
        scaling.compare_exponents(RUNS)


@pytest.mark.parametrize("k", ["1,10", (1, 10), np.array([10, 1])], ids=str)
def test_k_may_be_numbers(k):
    report = scaling.inference_coverage(SAMPLES / "samples.csv", by=["model"], k=k, replicates=100)
    assert [each.k for each in report.results[0].coverage] == [1, 10]
    assert report.options["k"] in ("1,10", "10,1")
