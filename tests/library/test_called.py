"""The verbs as they are called from Python."""

from __future__ import annotations

import inspect
import pickle
import re

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError, UsageError
from scaling_cli.options.commands import LIBRARY
from tests import ROOT

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"


def test_a_report_of_no_group_is_an_error_that_says_what_the_first_lacks():
    runs = pl.read_csv(RUNS).with_columns(pl.int_range(pl.len()).floordiv(2).alias("pair"))
    with pytest.raises(FitError) as caught:
        scaling.fit(runs, by="pair")
    assert caught.value.message.startswith("None of 50 groups gave a result; the first: pair=0: ")
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
        ("fit", {"lawe": "power"}, "There is no option 'lawe'", "law"),
        ("fit", {"law": None}, "--law is None", "Leave it out"),
        ("fit", {"level": "many"}, "--level: 'many' is not a number", "40%"),
        ("fit", {"replicates": 10.5}, "--replicates is 10.5", "a whole number"),
        ("fit", {"checkpoints": 3}, "--checkpoints is 3", "final"),
        ("fit", {"loss_unit": "nits"}, "--loss-unit is 'nits'", "nats"),
        ("fit", {"zzz": 3}, "There is no option 'zzz'", "Options are law, loss"),
        ("fit", {"loss": "a", "mapping": {"loss": "b"}}, "loss is given two columns, 'a' and 'b'", "one column"),
        ("fit", {"map": {"loss": "a"}, "mapping": {"loss": "a"}}, "given 'map' twice", "leave it out"),
        ("extrapolate", {"targe": "a.csv"}, "There is no option 'targe'", "target"),
        ("optimal_allocation", {"budgets": [1e21]}, "There is no option 'budgets'", "budget"),
        ("inference_coverage", {"band": None}, "--band is None", "Leave it out"),
        ("inference_coverage", {"k": (1, "many")}, "--k: 'many' is not a number", "70B"),
        ("inference_coverage", {"targets": 0.8, "target": 0.8}, "given 'target' twice", "'target"),
        ("fit", {"fix": 1.5}, "--fix is 1.5, of type float", "Give a dict, or text"),
        ("fit", {"fix": {"E": float("nan")}}, "--fix is nan", "Give a number"),
        ("fit", {"replicates": float("nan")}, "--replicates is nan", "Give a number"),
        ("fit", {"replicates": float("inf")}, "--replicates is inf", "Give a number"),
        ("fit", {"delta": np.array([1.0, 2.0])}, "--delta is array([1., 2.])", "Give a number"),
        ("extrapolate", {"targets": pl.read_csv(RUNS)}, "--targets is of type DataFrame", "Give the path of a file"),
        ("plan", {"goal": "alpha", "sizes": True}, "--sizes is True, of type bool", "Give a number"),
        ("extrapolate", {"target_loss": float("inf")}, "--target-loss is inf", "Give a number"),
        ("optimal_allocation", {"budget": float("inf")}, "--budget is inf", "Give FLOPs above 0"),
        ("inference_coverage", {"k": [1.5]}, "1.5", "whole"),
        ("fit", {"on_progress": 3}, "on_progress is 3", "such as print"),
        ("fit", {"label": "a"}, "label is 'a'", "{'file': 'a.csv'}"),
        ("inference_coverage", {"exchange": 3}, "exchange is 3", "help"),
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


def test_runs_are_needed_and_options_go_by_name():
    with pytest.raises(UsageError, match=r"fit needs runs: write scaling.fit\(runs, ...\)"):
        scaling.fit(data=RUNS)
    with pytest.raises(UsageError, match="one positional argument"):
        scaling.fit(RUNS, "chinchilla")


def test_errors_of_each_kind_are_caught_by_the_names_in_docstrings():
    with pytest.raises(scaling.UsageError):
        scaling.fit(RUNS, law="none")
    with pytest.raises(scaling.DataError):
        scaling.fit({"params": [1]})
    with pytest.raises(scaling.FitError) as caught:
        scaling.fit(RUNS, by="run_id")
    assert isinstance(caught.value, scaling.ScalingError)
    assert {"DataError", "FitError", "ScalingError", "UsageError"} <= set(dir(scaling))


def test_sizes_of_a_plan_may_be_numbers():
    asked = {"law": "chinchilla:besiroglu", "budget": 1e20, "goal": "alpha", "max_runs": 8}
    sizes = [1e7, 30_000_000, "100M", np.float64(3e8)]
    runs = scaling.plan(sizes=sizes, **asked)["runs"]
    assert {run.params for run in runs} <= {1e7, 3e7, 1e8, 3e8}
    assert runs == scaling.plan(sizes="10M,30M,100M,300M", **asked)["runs"]


def test_a_missing_option_is_named():
    with pytest.raises(UsageError, match="It is not clear which groups to compare"):
        scaling.compare_exponents(RUNS)


@pytest.mark.parametrize("k", ["1,10", (1, 10), np.array([10, 1])], ids=str)
def test_k_may_be_numbers(k):
    report = scaling.inference_coverage(SAMPLES / "samples.csv", by=["model"], k=k, fit="none", replicates=100)
    assert [each.k for each in report.results[0].coverage] == [1, 10]
    assert report.options["k"] in ("1,10", "10,1")


@pytest.mark.parametrize("name", LIBRARY)
def test_help_names_what_a_caller_can_give_and_nothing_else(name):
    verb = getattr(scaling, name)
    given = set(inspect.signature(verb).parameters)
    said = re.findall(r"^    (\w+): ", verb.__doc__.replace("Raises:", ""), flags=re.MULTILINE)
    assert {each for each in said if not each.endswith("Error")} == given
    assert verb.__doc__.index("\nReturns:\n    An `Answer`") < verb.__doc__.index("\nRaises:")
