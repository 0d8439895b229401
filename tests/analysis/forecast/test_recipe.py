"""What the options of the estimator change, in words."""

from __future__ import annotations

import pytest

from scaling_cli.analysis.forecast.recipe import Recipe, changes, recipe_of
from scaling_cli.options.extrapolate import Extrapolate


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ()),
        ({"objective": "huber"}, ()),
        ({"objective": "lad", "delta": 0.01}, ("objective lad", "delta 0.01")),
        (
            {"space": "linear", "weight": "n", "estimator": "describe"},
            ("residuals of the loss", "points weighted by n"),
        ),
        ({"scale_weight": 0.5}, ("points weighted by scale^0.5",)),
        ({"scale_weight": 0.0}, ("points weighted by scale^0",)),
        ({"prior": "weak"}, ("weak priors",)),
        ({"prior": "none"}, ("no priors",)),
        (
            {"fix": {"E": 1.75}, "tie": (("alpha", "beta"),), "estimator": "describe", "law": "chinchilla"},
            ("E = 1.75 held", "alpha = beta held"),
        ),
    ],
)
def test_each_option_that_was_given_is_named(options, words):
    assert changes(Extrapolate(**options)) == words


def test_a_recipe_has_what_was_asked_and_the_usual_objective():
    assert recipe_of(Extrapolate()).objective == "huber"
    assert recipe_of(Extrapolate(objective="lad", delta=0.02, scale_weight=1.0, prior="none")) == Recipe(
        "lad", 0.02, 1.0, "none"
    )
