from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.forecast.downstream import fit_link
from scaling_cli.analysis.forecast.suite import Task
from scaling_cli.analysis.forecast.targets import Target, parse_at, place
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.uncertainty import Resampling

SURFACE = {"params": "params", "tokens": "tokens"}


def losses(columns):
    """A surface whose best split has as many tokens as params."""
    return np.log(columns["params"] ** -0.3 + columns["tokens"] ** -0.3)


def test_suffixes_are_read():
    assert parse_at("params=70B,tokens=1.4T") == [Target({"params": 7e10, "tokens": 1.4e12})]


def test_a_range_is_several_targets():
    found = [each.at["compute"] for each in parse_at("compute=1e20..1e23")]
    assert found == pytest.approx(np.geomspace(1e20, 1e23, 7))


def test_amounts_of_one_role_are_a_target_each():
    both = [Target({"compute": 1e22}), Target({"compute": 1e23})]
    assert parse_at("compute=1e22,1e23") == parse_at("compute=1e22,compute=1e23") == both
    assert parse_at("params=7B,tokens=1T,2T") == [Target({"params": 7e9, "tokens": each}) for each in (1e12, 2e12)]


@pytest.mark.parametrize("text", ["70B", "params=", "=3", "params=-1", "params=x"])
def test_what_is_no_target_is_refused(text):
    with pytest.raises(UsageError):
        parse_at(text)


def test_params_and_compute_give_tokens():
    places = place([Target({"params": 1e9, "compute": 6e20})], SURFACE, np.array([1e8]), losses, ranges={})
    assert places.columns["tokens"] == pytest.approx([1e11])
    assert places.split == ()


def test_compute_alone_is_split_as_the_laws_would():
    places = place([Target({"compute": 6e20})], SURFACE, np.array([1e9, 1e11]), losses, ranges={})
    assert places.columns["params"][0] == pytest.approx(1e10, rel=0.05)
    assert places.split == (6e20,)


def test_a_lone_input_is_asked_for():
    with pytest.raises(UsageError, match="lacks tokens"):
        place([Target({"params": 1e9})], SURFACE, None, losses, ranges={})


def test_an_unknown_role_is_refused():
    with pytest.raises(UsageError, match="width"):
        place([Target({"params": 1e9, "tokens": 1e9, "width": 3})], SURFACE, None, losses, ranges={})


def test_params_and_tokens_are_compute_to_a_curve_along_compute():
    places = place([Target({"params": 1e9, "tokens": 1e10})], {"x": "compute"}, None, losses, ranges={})
    assert places.scale == pytest.approx([6e19])


def test_a_link_finds_the_sigmoid_behind_it_and_keeps_chance():
    loss = np.linspace(0.7, 1.2, 14)
    metric = 0.25 + 0.6 / (1 + np.exp(9 * (loss - 0.9)))
    task, runs = Task("task", chance=0.25), np.arange(14)
    found = fit_link(task, "loss", loss, metric, runs, run_count=14, resampling=Resampling(40, 0, 0))
    value = found.values(found.fitted.theta[None], np.array([0.8]))[0, 0]
    assert value == pytest.approx(0.25 + 0.6 / (1 + np.exp(-0.9)), abs=1e-3)
    assert found.is_outside(np.array([0.3, 0.69, 0.9, 2.0])).tolist() == [True, False, False, True]


def test_a_link_needs_runs():
    with pytest.raises(FitError, match="too few"):
        fit_link(
            Task("task"), "loss", np.ones(3), np.ones(3), np.arange(3), run_count=3, resampling=Resampling(40, 0, 0)
        )


KNOWN = {"tokens": (1e9, 1e11), "compute": (1e18, 1e20)}


@pytest.mark.parametrize(
    ("role", "ranges", "says"),
    [
        ("params", KNOWN, "--params COLUMN"),
        ("lr", KNOWN, "--map lr=COLUMN"),
        ("params", KNOWN | {"params": (1e8, 1e8)}, "Add runs with other params"),
        ("params", KNOWN | {"params": (1e8, 1e9)}, "--law chinchilla"),
    ],
)
def test_an_amount_that_the_law_would_ignore_is_refused(role, ranges, says):
    with pytest.raises(UsageError, match=f"{role} would be ignored") as caught:
        place([Target({"tokens": 1.4e12, role: 7e10})], {"x": "tokens"}, None, losses, ranges=ranges)
    assert says in caught.value.hint
    assert "--at tokens=1.4e+12" in caught.value.hint


def test_an_amount_that_all_runs_have_in_common_is_answered():
    ranges = KNOWN | {"params": (124439808.0, 124439808.0)}
    places = place([Target({"tokens": 1e12, "params": 124e6})], {"x": "tokens"}, None, losses, ranges=ranges)
    assert places.targets[0].at == {"tokens": 1e12}


def test_compute_that_contradicts_params_and_tokens_is_refused():
    target = Target({"compute": 1e22, "params": 7e10, "tokens": 1.4e12})
    with pytest.raises(UsageError, match=r"tokens is 5.88e23"):
        place([target], {"x": "compute"}, None, losses, ranges={})
