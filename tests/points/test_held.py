import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.points.choose import Choice, check_floors, choose
from scaling_cli.points.held import compared, hold


def runs(**columns):
    tokens = np.geomspace(1e9, 1e11, 12)
    return pl.DataFrame({"run_id": [f"r{i}" for i in range(12)], "tokens": tokens, "loss": 2 + tokens**-0.1, **columns})


def test_a_parameter_of_a_law_that_could_not_be_chosen_names_the_column_to_give():
    frame = runs()
    with pytest.raises(UsageError, match="'alpha' is a parameter of chinchilla") as caught:
        hold(choose(frame, "auto", None), {"alpha": 0.34}, (), frame)
    assert "--params COLUMN" in caught.value.hint


def test_a_parameter_of_no_law_lists_those_of_the_law():
    frame = runs()
    with pytest.raises(UsageError, match="no parameter 'zeta'") as caught:
        hold(choose(frame, "auto", None), {"zeta": 1.0}, (), frame)
    assert "a, b, c" in caught.value.hint


def test_a_law_that_was_named_keeps_its_own_message():
    frame = runs()
    with pytest.raises(UsageError, match="no parameter 'alpha'"):
        hold(choose(frame, "power", "tokens"), {"alpha": 0.34}, (), frame)


CHINCHILLA = Choice(find_law("chinchilla"), {"params": "params", "tokens": "tokens"}, "because")


def kinds(choice):
    return {parameter.name: parameter.kind for parameter in choice.law.parameters}


def test_nothing_held_leaves_the_choice():
    assert hold(CHINCHILLA, {}, (), runs()) is CHINCHILLA
    assert "alpha" not in hold(CHINCHILLA, {"alpha": 0.3}, (), runs()).law.names
    assert len(hold(CHINCHILLA, {}, (("alpha", "beta"),), runs()).law.names) == 4


def test_where_all_columns_are_known_the_law_is_to_be_named():
    frame = runs(params=np.geomspace(1e7, 1e9, 12))
    with pytest.raises(UsageError, match="'alpha' is a parameter of chinchilla") as caught:
        hold(choose(frame, "auto", None), {"alpha": 0.34}, (), frame)
    assert caught.value.hint.startswith("Give --law chinchilla, or hold one of a, b, c.")


def test_one_exponent_may_be_compared_alone_whatever_it_is():
    before = kinds(CHINCHILLA)
    assert [name for name, kind in before.items() if kind == "exponent"] == ["alpha", "beta"]
    assert kinds(compared(CHINCHILLA, "alpha")) == before | {"beta": "other"}
    assert kinds(compared(CHINCHILLA, "A")) == before | {"A": "exponent", "alpha": "other", "beta": "other"}
    assert compared(CHINCHILLA, None) is CHINCHILLA
    assert kinds(compared(CHINCHILLA, None, ["beta", "E"])) == before | {"beta": "other"}
    with pytest.raises(UsageError, match="no free parameter 'alhpa'") as caught:
        compared(CHINCHILLA, "alhpa")
    assert "Did you mean 'alpha'?" in caught.value.hint
    with pytest.raises(UsageError, match="E of chinchilla is the irreducible loss, not an exponent"):
        compared(CHINCHILLA, "E")


@pytest.mark.parametrize(("floor", "is_refused"), [(2.5, False), (2.6, True), (9.0, True)])
def test_a_floor_above_most_losses_cannot_be_held(floor, is_refused):
    frame = pl.DataFrame({"loss": [2.0, 2.2, 2.55, 3.0]})
    if not is_refused:
        check_floors(CHINCHILLA, {"E": floor}, frame)
        return
    with pytest.raises(UsageError, match="losses lie below that") as caught:
        check_floors(CHINCHILLA, {"E": floor}, frame)
    assert "Hold it below 2, the smallest loss" in caught.value.hint


def test_other_parameters_than_floors_may_be_anything():
    check_floors(CHINCHILLA, {"A": 1e9}, pl.DataFrame({"loss": [2.0]}))
