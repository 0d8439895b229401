"""Targets that continue runs under a law of the learning-rate schedule."""

import pytest

from scaling_cli.analysis.forecast.continuation import place_on_runs
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.errors import UsageError

AT = {"step": 2000.0, "lr": 1e-4}


def test_the_only_run_of_a_log_needs_no_name():
    assert place_on_runs([Target(AT)], ["a"]).columns["run"].tolist() == [0.0]


def test_a_target_names_one_of_several_runs():
    assert place_on_runs([Target(AT, run="b")], ["a", "b"]).columns["run"].tolist() == [1.0]
    with pytest.raises(UsageError, match="run 'c', which is not in the log"):
        place_on_runs([Target(AT, run="c")], ["a", "b"])
    with pytest.raises(UsageError, match="has 2 runs, and a target does not name") as raised:
        place_on_runs([Target(AT)], ["a", "b"])
    assert "the same name in every row" in raised.value.hint


def test_a_target_needs_its_schedule():
    with pytest.raises(UsageError, match="needs the schedule"):
        place_on_runs([Target({"step": 2000.0})], ["a"])
