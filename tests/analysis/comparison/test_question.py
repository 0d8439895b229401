"""The groups of a comparison as members: their coordinates, their delta, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.comparison.question import (
    ComparisonQuestion,
    check_law,
    law_caveats,
    named_members,
    shared_names,
    what_was_compared,
)
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.objective import LAD_DELTA
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from tests.analysis.comparison.test_models import group

MADE = [group("a", points=9), group("b", points=11, c=1.3, seed=1)]
QUESTION = SimpleNamespace(
    is_tuned=False, reference=None, shared_floor=False, shared=(), is_paired=False, is_exact=False
)


def asked(**more):
    return SimpleNamespace(**{**vars(QUESTION), **more})


def fit_of(member, *, name="huber", delta=0.01, **values):
    parameters = dict(zip(("a", "b", "c"), member.problem.parameters(member.theta[None])[0], strict=True)) | values
    return SimpleNamespace(
        parameters={key: Estimate(value) for key, value in parameters.items()}, group={"g": member.name},
        objective=SimpleNamespace(name=name, delta=delta, space="log"), law="power-constant", formula="f", inputs={},
    )  # fmt: skip


def problems(*members):
    return [member.problem for member in members]


def test_members_have_the_coordinates_of_their_fits_on_their_own_centre():
    found = named_members(problems(*MADE), [fit_of(each) for each in MADE], asked(is_tuned=True))
    for member, made in zip(found, MADE, strict=True):
        assert member.theta == pytest.approx(made.theta, rel=1e-6)
        assert (member.name, member.delta, member.is_tuned) == (made.name, 0.01, True)
    low = np.array([-5.0, -0.1, 0.0])
    bound = [replace(each.problem, low=low) for each in MADE]
    inside = named_members(bound, [fit_of(each) for each in MADE], asked())
    assert [member.theta[1] for member in inside] == [-0.1, -0.1]


def test_delta_is_that_of_the_objective():
    for name, given, delta in (("huber", 0.02, 0.02), ("least-squares", None, np.inf), ("lad", None, LAD_DELTA)):
        (member, _) = named_members(problems(*MADE), [fit_of(each, name=name, delta=given) for each in MADE], asked())
        assert member.delta == delta


def test_a_coefficient_of_zero_is_as_low_as_the_bounds_allow():
    free = [replace(each.problem, low=np.full(3, -np.inf)) for each in MADE]
    found = named_members(free, [fit_of(MADE[0], a=0.0), fit_of(MADE[1])], asked())[0]
    assert found.theta[0] < -900
    assert np.isfinite(found.theta).all()


def test_too_few_groups_and_unknown_references_are_refused():
    results = [fit_of(each) for each in MADE]
    with pytest.raises(FitError, match="but only one could be"):
        named_members(problems(MADE[0]), results[:1], asked())
    with pytest.raises(FitError, match="but none could be"):
        named_members([], [], asked())
    with pytest.raises(UsageError, match="No group is called 'z'") as refused:
        named_members(problems(*MADE), results, asked(reference="z"))
    assert "a, b" in refused.value.hint
    assert len(named_members(problems(*MADE), results, asked(reference="b"))) == 2


def test_floors_are_shared_where_the_law_has_some():
    check_law(problems(*MADE)[0], asked(shared_floor=True))
    plain = group("a", points=9, law="power")
    check_law(plain.problem, asked())
    with pytest.raises(UsageError, match="power has no floor that groups could share"):
        check_law(plain.problem, asked(shared_floor=True))


def test_what_is_shared_is_in_the_order_of_the_law():
    law = find_law("chinchilla")
    assert shared_names(law, asked()) == ()
    assert shared_names(law, asked(shared_floor=True)) == ("E",)
    assert shared_names(law, asked(shared=("B", "A"))) == ("A", "B")
    assert shared_names(law, asked(shared=("B",), shared_floor=True)) == ("E", "B")


def test_exponents_without_a_floor_are_called_apparent_where_the_loss_falls():
    falling, rising = group("a", points=9, law="power"), group("b", points=9, law="power", b=0.15)
    assert [each.code for each in law_caveats([falling, falling])] == ["apparent-exponents"]
    assert [each.code for each in law_caveats([rising, falling])] == ["apparent-exponents"]
    assert law_caveats([rising, rising]) == []
    assert law_caveats(MADE) == []


def test_the_first_fit_says_what_was_compared_and_all_are_counted():
    results = []
    for i, each in enumerate(MADE):
        more = {"runs": 5 + i, "points": 9 + i, "reason": f"because {i}", "interval": i}
        results.append(SimpleNamespace(**{**vars(fit_of(each)), **more}))
    assert what_was_compared(results) == {
        "group": {}, "runs": 11, "points": 19, "law": "power-constant", "formula": "f", "inputs": {},
        "reason": "because 0", "interval": 0,
    }  # fmt: skip


@pytest.mark.parametrize("margin", [0.0, -0.1, 1.0, np.nan, np.inf])
def test_a_margin_is_a_factor_or_a_difference(margin):
    with pytest.raises(UsageError, match="--margin is"):
        ComparisonQuestion(0.95, 99, 0, margin=margin)
    assert [ComparisonQuestion(0.95, 99, 0, margin=value).margin for value in (0.01, 1.1)] == [0.01, 1.1]
    assert ComparisonQuestion(0.95, 99, 0).margin == 1.25
