"""Which targets are for which groups."""

from __future__ import annotations

import pytest

from scaling_cli.analysis.forecast.question import ForecastQuestion, unmatched
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.errors import UsageError

MUON, ADAM = {"optimizer": "muon"}, {"optimizer": "adam"}
BOTH = Target({"compute": 1e22})
ONE = Target({"compute": 1e21}, group=MUON)


def test_a_target_is_for_its_group_or_for_all():
    ask = ForecastQuestion((BOTH, ONE))
    assert ask.targets_for(MUON) == [BOTH, ONE]
    assert ask.targets_for(ADAM) == [BOTH]
    assert ask.targets_for({}) == [BOTH]
    assert ForecastQuestion((Target({}, group={**MUON, "data": "web"}),)).targets_for(MUON) == []


def test_targets_of_no_group_are_counted():
    assert unmatched(ForecastQuestion((BOTH, ONE)), [MUON, ADAM]) == []
    (found,) = unmatched(ForecastQuestion((BOTH, ONE, ONE, Target({}, group={"optimizer": "sgd"}))), [ADAM])
    assert found.code == "unmatched-targets"
    assert "3" in found.message
    assert unmatched(ForecastQuestion(), []) == []


def test_levels_of_columns_become_groups():
    ask = ForecastQuestion((Target({"compute": 1e21}, labels={"optimizer": "muon"}), BOTH)).of_groups([MUON, ADAM])
    assert ask.targets == (ONE, BOTH)
    assert ask.names_groups
    assert not ForecastQuestion((BOTH,)).of_groups([MUON]).names_groups
    assert ForecastQuestion((ONE,)).of_groups([ADAM]).targets == (ONE,)  # of a file of targets: counted by `unmatched`
    with pytest.raises(UsageError, match="optimizer 'sgd', which no runs have") as caught:
        ForecastQuestion((BOTH, Target({"compute": 1e21}, labels={"optimizer": "sgd"}))).of_groups([MUON, ADAM])
    assert "muon or adam" in caught.value.hint


def test_a_group_is_concerned_by_targets_of_its_own_and_by_target_losses():
    named = ForecastQuestion((ONE,)).of_groups([MUON, ADAM])
    assert (named.concerns(MUON), named.concerns(ADAM)) == (True, False)
    assert ForecastQuestion((ONE,), (2.0,), names_groups=True).concerns(ADAM)
    assert ForecastQuestion(()).concerns(ADAM)
    assert ForecastQuestion((ONE, BOTH), names_groups=True).concerns(ADAM)


@pytest.mark.parametrize(
    ("ask", "has_place"),
    [
        (ForecastQuestion(), False),
        (ForecastQuestion((BOTH,)), True),
        (ForecastQuestion(target_losses=(2.0,)), True),
        (ForecastQuestion(backtest=True), True),
    ],
)
def test_a_target_a_loss_or_a_backtest_is_a_place(ask, has_place):
    assert ask.has_place is has_place
