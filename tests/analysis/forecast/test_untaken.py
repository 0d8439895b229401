"""Targets that a law cannot take, or of which it would ignore an amount."""

from __future__ import annotations

import pytest

from scaling_cli.analysis.forecast.untaken import refuse_untaken, refuse_unused
from scaling_cli.data.names import COLUMN
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law

CHINCHILLA = find_law("chinchilla")
INPUTS = {"params": "params", "tokens": "tokens"}
RANGES = {"params": (1e8, 1e9), "tokens": (2e9, 2e9)}


def test_a_target_at_zero_is_refused_where_the_law_takes_a_logarithm():
    refuse_untaken(CHINCHILLA, INPUTS, [{"params": 1e9, "tokens": 1e11}, {"params": 7e10}])
    with pytest.raises(UsageError, match="A target has tokens 0, which chinchilla cannot take") as refused:
        refuse_untaken(CHINCHILLA, INPUTS, [{"params": 1e9, "tokens": 1e11}, {"params": 1e9, "tokens": 0.0}])
    assert refused.value.hint == "Give values above 0."
    with pytest.raises(UsageError, match="A target has width -3"):
        refuse_untaken(find_law("power"), {"x": f"{COLUMN}width"}, [{"width": -3.0}])


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"params": 7e10, "tokens": 2e9}, None),  # all runs have these tokens
        ({"params": 7e10, "tokens": 2.019e9}, None),
        ({"params": 7e10, "tokens": 2.03e9}, "all runs have tokens 2e\\+09"),
        ({"params": 7e10, "compute": 6e20}, "no column of the runs was read as compute"),
    ],
)
def test_an_amount_that_the_law_would_ignore_is_refused_unless_all_runs_have_it(at, said):
    if said is None:
        refuse_unused(at, "params", RANGES, has_runs=True)
        return
    with pytest.raises(UsageError, match=said):
        refuse_unused(at, "params", RANGES, has_runs=True)


@pytest.mark.parametrize(
    ("at", "column", "has_runs", "hint"),
    [
        ({"params": 7e10, "lr": 1e-3}, "params", True, "Name the column of lr with --map lr=COLUMN, or ask for params"),
        ({"params": 7e10, "step": 9.0}, "params", True, "Name the column of step with --step COLUMN, or ask"),
        ({"params": 7e10, "tokens": 3e9}, "params", True, "Add runs with other tokens, or ask for params alone"),
        ({"tokens": 2e9, "params": 7e10}, "tokens", True, "Name a law of params and tokens, such as --law chinchilla"),
        ({"tokens": 2e9, "params": 7e10}, "tokens", False, "Ask for tokens alone, with --at tokens=2e+09, or give the"),
    ],
)
def test_a_remedy_fits_why_an_amount_would_be_ignored(at, column, has_runs, hint):
    with pytest.raises(UsageError) as refused:
        refuse_unused(at, column, RANGES, has_runs=has_runs)
    assert hint in refused.value.hint
