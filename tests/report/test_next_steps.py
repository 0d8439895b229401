"""What a file is good for, and the command to run next."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.report.next_steps import next_steps
from tests import ROOT

SAMPLES = ROOT / "sample_data"


@pytest.mark.parametrize(
    ("name", "command"),
    [("isoflop_runs", "scaling fit runs.csv"), ("optimizers", "scaling fit runs.csv --by optimizer")],
)
def test_the_next_command_is_one_that_the_file_can_answer(name, command):
    (result,) = scaling.columns(SAMPLES / f"{name}.csv").results
    steps = dict(next_steps(result, ["runs.csv"], {}))
    assert steps["next"] == command
    assert ("optimal-allocation" in steps["good for"]) == (name == "isoflop_runs")


def test_runs_of_one_ratio_are_not_good_for_splits_and_names_of_runs_are_no_groups():
    params = [1e8, 3e8, 1e9, 3e9, 1e10]
    runs = pl.DataFrame({"model": list("abcde"), "params": params, "tokens": [20 * n for n in params],
                         "loss": [3.4, 2.9, 2.6, 2.4, 2.2]})  # fmt: skip
    (result,) = scaling.columns(runs).results
    steps = dict(next_steps(result, ["a b.csv"], {}))
    assert "optimal-allocation" not in steps["good for"]
    assert steps["next"] == "scaling fit 'a b.csv'"


@pytest.mark.parametrize(("spread", "is_good"), [(0.03, False), (1.0, True)])
def test_grids_that_span_as_many_params_as_tokens_are_good_for_splits(spread, is_good):
    """An IsoFLOP grid reaches as far in params as in tokens; runs near 20 tokens per param also do."""
    places = [(10**size, 10 ** (spread * shift)) for size in (8.0, 8.5, 9.0) for shift in (-0.6, 0.0, 0.6)]
    params = [size * ratio**-0.5 for size, ratio in places]
    tokens = [20 * size * ratio**0.5 for size, ratio in places]
    loss = [2 + 400 / n**0.34 + 400 / d**0.28 for n, d in zip(params, tokens, strict=True)]
    (result,) = scaling.columns(pl.DataFrame({"params": params, "tokens": tokens, "loss": loss})).results
    assert ("optimal-allocation" in dict(next_steps(result, ["runs.csv"], {}))["good for"]) is is_good


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tokens": "tokens / 1"}, " --tokens 'tokens / 1'"),
        ({"loss": "loss", "where": "params > 1e7"}, " --loss loss --where 'params > 1e7'"),
        ({"map": {"lr": "tokens", "epochs": "compute"}}, " --map lr=tokens --map epochs=compute"),
        ({"by": ["params"], "keep_diverged": True}, " --by params --keep-diverged"),
        ({"checkpoints": "final"}, ""),
    ],
)
def test_the_next_command_reads_the_file_as_it_was_read(given, words):
    report = scaling.columns(SAMPLES / "isoflop_runs.csv", **given)
    (result,) = report.results
    assert dict(next_steps(result, ["runs.csv"], report.options))["next"] == "scaling fit runs.csv" + words


def test_groups_that_were_chosen_are_not_suggested_again():
    report = scaling.columns(SAMPLES / "optimizers.csv", by="seed")
    assert dict(next_steps(report.results[0], ["runs.csv"], report.options))["next"] == "scaling fit runs.csv --by seed"


@pytest.mark.parametrize(
    ("columns", "command"),
    [
        (["problem_id", "n", "c", "model"], "scaling inference-coverage runs.csv --by model"),
        (["problem_id", "correct"], "scaling inference-coverage runs.csv"),
        (["problem_id", "n"], None),
        (["n", "c"], None),
    ],
)
def test_a_log_of_attempts_is_good_for_coverage(columns, command):
    origin = SimpleNamespace(origin=" or ".join(columns[1:]))  # columns that were taken for a role of runs
    for others, roles in ((columns, []), (columns[:1], [origin])):
        steps = dict(next_steps(SimpleNamespace(problem="no loss", others=others, roles=roles), ["runs.csv"], {}))
        assert steps.get("next") == command
        assert ("pass@k" in steps.get("good for", "")) == (command is not None)
