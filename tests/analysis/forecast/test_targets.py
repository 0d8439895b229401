from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.forecast.downstream import fit_link
from scaling_cli.analysis.forecast.suite import Task
from scaling_cli.analysis.forecast.targets import Target, parse_at, place
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.drawing import Resampling

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


def test_each_combination_of_amounts_is_a_target():
    found = parse_at("params=7B,70B,tokens=1T,2T")
    assert [tuple(each.at.values()) for each in found] == [(7e9, 1e12), (7e9, 2e12), (7e10, 1e12), (7e10, 2e12)]


def test_known_names_are_read_in_any_case_and_others_as_they_are():
    assert parse_at("Params=7B, TOKENS=1T") == [Target({"params": 7e9, "tokens": 1e12})]
    (found,) = parse_at("Width=3")
    assert (found.at, found.labels) == ({"Width": 3.0}, {"Width": "3"})


def test_words_are_levels_of_columns_and_ranges_have_no_word():
    (found,) = parse_at("compute=1e20,optimizer=muon")
    assert (found.at, found.labels) == ({"compute": 1e20}, {"optimizer": "muon"})
    assert found.of_groups(["optimizer"]) == Target({"compute": 1e20}, group={"optimizer": "muon"})
    with pytest.raises(UsageError, match="has optimizer 'muon', which is not a number"):
        found.of_groups(["data"])
    assert all(each.labels == {} for each in parse_at("width=1..64"))
    (number,) = parse_at("compute=1e20,seed=3")
    assert number.of_groups(["seed"]) == Target({"compute": 1e20}, group={"seed": "3"})
    assert number.of_groups([]).at == {"compute": 1e20, "seed": 3.0}


@pytest.mark.parametrize("text", ["width=3x", "compute=0", "compute=1..0"])
def test_what_is_no_positive_number_is_refused(text):
    with pytest.raises(UsageError):
        parse_at(text)


def test_tokens_and_compute_give_params():
    places = place([Target({"tokens": 1e11, "compute": 6e20})], SURFACE, None, losses, ranges={})
    assert places.columns["params"] == pytest.approx([1e9])
    assert places.scale == pytest.approx([6e20])


@pytest.mark.parametrize(
    ("params", "best"),
    [(None, 1e10), (np.array([1e9, 1e11]), 1e10), (np.array([1e3, 1e4]), 1e7), (np.array([1e14]), 1e11)],
)
def test_a_budget_is_split_within_a_thousand_times_the_params_of_the_data(params, best):
    (found,) = place([Target({"compute": 6e20})], SURFACE, params, losses, ranges={}).columns["params"]
    assert found == pytest.approx(best, rel=0.1)


@pytest.mark.parametrize("amount", [1e200, 1e-200])
def test_amounts_beyond_what_can_be_computed_are_refused(amount):
    with pytest.raises(UsageError, match="too large" if amount > 1 else "too small"):
        place([Target({"compute": amount})], SURFACE, None, losses, ranges={})


@pytest.mark.parametrize(("ratio", "is_refused"), [(0.79, True), (0.81, False), (1.59, False), (1.61, True)])
def test_compute_may_differ_from_six_params_tokens_as_that_of_runs_does(ratio, is_refused):
    target = Target({"compute": ratio * 6e20, "params": 1e10, "tokens": 1e10})
    if is_refused:
        with pytest.raises(UsageError, match="tokens is 6e20"):
            place([target], {"x": "compute"}, None, losses, ranges={})
        return
    assert place([target], {"x": "compute"}, None, losses, ranges={}).scale == pytest.approx([ratio * 6e20])


def test_places_can_be_chosen():
    places = place([Target({"compute": x}) for x in (1e20, 1e21, 1e22)], {"x": "compute"}, None, losses, ranges={})
    kept = places.at(np.array([True, False, True]))
    assert [each.at["compute"] for each in kept.targets] == [1e20, 1e22]
    assert kept.scale.tolist() == kept.columns["x"].tolist() == [1e20, 1e22]


def test_a_law_of_other_columns_needs_compute_for_its_reach():
    inputs = {"a": "width", "b": "depth"}
    places = place([Target({"width": 3.0, "depth": 4.0, "compute": 1e20})], inputs, None, losses, ranges={})
    assert ({name: values.tolist() for name, values in places.columns.items()}, places.scale.tolist()) == (
        {"a": [3.0], "b": [4.0]}, [1e20],
    )  # fmt: skip
    with pytest.raises(UsageError, match="lacks compute, by which"):
        place([Target({"width": 3.0, "depth": 4.0})], inputs, None, losses, ranges={})
    with pytest.raises(UsageError, match="lacks depth, which the law needs"):
        place([Target({"width": 3.0})], inputs, None, losses, ranges={})


def test_the_input_of_a_law_of_one_follows_from_two_amounts():
    """Params that all runs have in common may be given with compute to a law of tokens."""
    for given, column, value in (
        ({"compute": 6e20, "params": 1e9}, "tokens", 1e11),
        ({"compute": 6e20, "tokens": 1e11}, "params", 1e9),
    ):
        other = next(role for role in given if role != "compute")
        ranges = {other: (given[other],) * 2, "compute": (6e20,) * 2}
        places = place([Target(given)], {"x": column}, None, losses, ranges=ranges)
        assert places.scale == pytest.approx([value])


def repeated(columns):
    """A surface on which 1e10 unique tokens and less are worth less, the more so the fewer they are."""
    return losses(columns) + 0.1 * np.maximum(10 - np.log10(columns["unique_tokens"]), 0)


def test_another_input_of_the_law_is_held_where_a_budget_is_split():
    inputs = {**SURFACE, "unique_tokens": "unique_tokens"}
    target = Target({"compute": 6e20, "unique_tokens": 1e9})
    places = place([target], inputs, np.array([1e8, 1e10]), repeated, ranges={})
    assert places.columns["unique_tokens"].tolist() == [1e9]
    assert places.columns["params"] == pytest.approx(places.columns["tokens"], rel=0.15)
    for at in ({"compute": 6e20}, {"params": 1e9, "tokens": 1e10}, {"params": 1e9, "compute": 1e20}):
        with pytest.raises(UsageError, match=r"A target lacks unique_tokens\.") as caught:
            place([Target(at)], inputs, None, repeated, ranges={})
        assert "compute=1e24,unique_tokens=AMOUNT" in caught.value.hint


@pytest.mark.parametrize(
    ("question", "said"),
    [({"at": "compute=1e22"}, "lacks unique_tokens"), ({}, "No run to forecast is given"),
     ({"target_loss": 2.5}, "--target-loss needs a law of one input, or of params and tokens")],
)  # fmt: skip
def test_a_law_with_a_third_input_asks_for_it(question, said):
    params, tokens = np.repeat([1e8, 3e8, 1e9], 8), np.tile([1e9, 3e9, 1e10, 3e10], 6)
    unique = tokens / np.tile(np.repeat([1.0, 10.0], 4), 3)
    seen = unique * (1 + 15 * (1 - np.exp(-(tokens / unique - 1) / 15)))
    runs = {"params": params, "tokens": tokens, "unique_tokens": unique,
            "loss": 1.8 + 400 / params**0.34 + 400 / seen**0.28}  # fmt: skip
    fit = scaling.fit(runs, law="data-constrained", interval="none")
    for given in (fit, runs):
        law = {} if given is fit else {"law": "data-constrained"}
        with pytest.raises(UsageError, match=said):
            scaling.extrapolate(given, **law, **question, replicates=20)


@pytest.mark.parametrize(
    ("compute", "ratios", "is_refused"),
    [(6e20, {}, False), (9e20, {}, False), (1e21, {}, True), (1e20, {}, True), (1e20, {"ratios": (0.1, 2)}, False)],
)
def test_compute_beside_params_and_tokens_may_differ_from_them_as_that_of_runs_does(compute, ratios, is_refused):
    target = Target({"params": 1e10, "tokens": 1e10, "compute": compute})
    if is_refused:
        with pytest.raises(UsageError, match=r"6 \* params \* tokens is 6e20"):
            place([target], SURFACE, None, losses, ranges={}, **ratios)
    else:
        places = place([target], SURFACE, None, losses, ranges={}, **ratios)
        assert places.scale.tolist() == [compute]


def test_runs_whose_compute_counts_otherwise_may_be_forecast_by_it():
    params, tokens = np.repeat([1e8, 3e8, 1e9], 4), np.tile([1e9, 3e9, 1e10, 3e10], 3)
    runs = pl.DataFrame({"params": params, "tokens": tokens, "compute": 0.6 * params * tokens,
                         "loss": 1.8 + 400 / params**0.34 + 400 / tokens**0.28})  # fmt: skip
    report = scaling.extrapolate(runs, at="params=3e9,tokens=6e10,compute=1.08e20", replicates=20)
    assert report.results[0].predictions[0].at["compute"] == 1.08e20
    with pytest.raises(UsageError, match="A target has 1e24 compute"):
        scaling.extrapolate(runs, at="params=3e9,tokens=6e10,compute=1e24", replicates=20)
