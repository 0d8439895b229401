"""Gates find numbers and words by short names, and what they cannot judge they do not pass."""

from __future__ import annotations

import pytest

from scaling_cli.cli.gates import parse_gate
from scaling_cli.cli.places import kind, lookup, names, steps
from scaling_cli.document.write import plain
from scaling_cli.errors import UsageError
from tests.factories import chinchilla_result

FORECAST = {
    "group": {},
    "runs": 30,
    "estimator": "forecast",
    "predictions": [
        {"at": {"compute": 1e22}, "loss": {"estimate": 2.1, "low": 2.0, "high": 2.2}, "observed": None},
        {"at": {"compute": 1e23}, "loss": {"estimate": 1.9, "low": 1.8, "high": 2.0}, "observed": 1.95},
    ],
    "score": None,
    "backtest": [{"cutoff": 1e20, "mape": 0.01, "baselines": {"nearest": 0.02}}],
    "waste": {"0.05": [1.0, 3.0]},
    "is_paired": True,
}


@pytest.mark.parametrize(
    ("test", "where"),
    [
        ("loss.high > 2.1", "predictions.0.loss.high is 2.2"),
        ("loss < 2", "predictions.1.loss is 1.9"),
        ("loss > 2.2", ""),
        ("predictions.1.loss.high > 1.5", "predictions.1.loss.high is 2"),
        ("predictions[compute=1e23].loss < 2", "predictions[compute=1e23].loss is 1.9"),
        ("predictions[ compute = 1e22 ].loss < 2", ""),
        ("mape > 0.005", "backtest.0.mape is 0.01"),
        ("waste.0.05.1 >= 3", "waste.0.05.1 is 3"),
        ("waste.0.05 > 2", "waste.0.05.1 is 3"),
        ("observed > 5", "predictions.0.observed is missing"),
        ("score.mape > 5", "score is missing"),
        ("estimator == forecast", "estimator is forecast"),
        ("estimator != forecast", ""),
        ("is_paired == true", "is_paired is true"),
        ("runs < 1k", "runs is 30"),
    ],
)
def test_a_gate_names_the_first_place_that_trips_it(test, where):
    assert parse_gate(test).trips(FORECAST) == where


@pytest.mark.parametrize(
    ("test", "said", "hint"),
    [
        ("los > 3", "the result has no los", "loss, "),
        ("estimator > 3", "estimator is 'forecast', not a number", "estimator"),
        ("runs == many", "runs is 30, not a word", "runs"),
        ("computes > 3", "the result has no computes", "The names are compute, "),
        ("predictions[compute=1e30].loss > 3", "the result has no", "The rows have compute 1e+22, 1e+23."),
        ("baselines > 3", "baselines is not a number.", "nearest"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(test, said, hint):
    with pytest.raises(UsageError) as caught:
        parse_gate(test).trips(FORECAST)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_name_of_several_things_lists_them():
    with pytest.raises(UsageError, match="several") as caught:
        parse_gate("params > 1e9").trips(plain(chinchilla_result()))
    assert caught.value.hint == "Write one of inputs.params, identifiability.decades.params, ranges.params."


def test_every_name_in_a_hint_is_understood():
    for result in (FORECAST, plain(chinchilla_result())):
        for name in names(result):
            places = {kind(place) for place, _ in lookup(result, steps(name))}
            assert len(places) == 1, name


@pytest.mark.parametrize("text", ["alpha low", "verdict > different", "alpha <", "< 2", "alpha > inf"])
def test_what_is_no_test_is_refused(text):
    with pytest.raises(UsageError, match="is not a test"):
        parse_gate(text)


GROUPS = {
    "parameters": {
        "A[v[2]]": {"estimate": 5.0, "low": 4.0, "high": 6.0},
        "A[adam w]": {"estimate": 7.0, "low": 6.0, "high": 8.0},
        "A[o'neil]": {"estimate": 9.0, "low": 8.0, "high": 10.0},
    },
    "comparisons": [{"left": "v[2]", "right": "adam w", "p": 0.01}, {"left": "adam w", "right": "x]", "p": 0.2}],
    "baselines": {"last point": 0.1, "last factor of 2": 0.2},
}


@pytest.mark.parametrize(
    ("test", "where"),
    [
        ('"A[v[2]]".low < 5', 'parameters."A[v[2]]".low is 4'),
        ("A['v[2]'] < 5.5", "parameters.A['v[2]'] is 5"),
        ("A[adam w] > 6", "parameters.A[adam w] is 7"),
        ('"A[adam w]" > 8', ""),
        ("A[o'neil].high > 9", "parameters.A[o'neil].high is 10"),
        ("comparisons[left='v[2]'].p < 0.05", "comparisons[left='v[2]'].p is 0.01"),
        ("comparisons[right='x]'].p < 0.05", ""),
        ("comparisons[left=adam w].p > 0.1", "comparisons[left=adam w].p is 0.2"),
        ("right == 'adam w'", "comparisons.0.right is adam w"),
        ('left == "x]"', ""),
        ("'last factor of 2' > 0.1", "baselines.'last factor of 2' is 0.2"),
        ("baselines.'last point' > 0.1", ""),
    ],
)
def test_quotes_are_around_what_has_signs_of_its_own(test, where):
    assert parse_gate(test).trips(GROUPS) == where


def test_names_in_a_hint_can_be_typed_whatever_the_groups_are_called():
    assert 'parameters."A[v[2]]"' in names(GROUPS)
    for name in names(GROUPS):
        assert parse_gate(f"{name} == 77" if "left" not in name and "right" not in name else f"{name} == z")
        assert len({kind(place) for place, _ in lookup(GROUPS, steps(name))}) == 1, name


def test_the_values_of_rows_in_a_hint_can_be_typed():
    with pytest.raises(UsageError) as caught:
        parse_gate("comparisons[right=y].p < 1").trips(GROUPS)
    assert caught.value.hint == 'The rows have right "adam w", "x]".'
    assert parse_gate('comparisons[right="adam w"].p < 1').trips(GROUPS)


def test_a_name_with_a_bracket_without_quotes_is_answered_with_quotes():
    with pytest.raises(UsageError) as caught:
        parse_gate("A[v[2]] < 5")
    assert "in quotes" in caught.value.hint
