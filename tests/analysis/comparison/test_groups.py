"""The range over which drift is measured, and losses of two groups that are not measured in the same way."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.comparison import groups
from scaling_cli.analysis.comparison.groups import margin_of
from scaling_cli.analysis.comparison.many import common
from scaling_cli.analysis.comparison.profile import ParameterProfile, profile_asking
from scaling_cli.analysis.comparison.ranking import _letter, letters_of
from scaling_cli.analysis.comparison.suspect import unit_doubts
from scaling_cli.caveats import caveat
from scaling_cli.errors import UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.results.comparison import Margin, Multiplier
from tests.analysis.comparison.test_models import group


def along(*spans):
    """Groups of runs along compute."""
    return [SimpleNamespace(problem=SimpleNamespace(columns={"compute": np.array(span)})) for span in spans]


def margin(*spans, size=2.0, to=None):
    return margin_of(along(*spans), SimpleNamespace(inputs={"x": "compute"}), size, to)


class TestMargin:
    def test_drift_starts_where_the_shared_range_ends_and_goes_on_as_far_again(self):
        assert margin((1e18, 1e20), (1e19, 1e21)) == Margin("compute", 1e20, pytest.approx(1e21), 2.0)

    def test_groups_without_a_shared_range_use_all_of_it(self):
        assert margin((1e18, 1e19), (1e20, 1e21)) == Margin("compute", 1e21, pytest.approx(1e24), 2.0)

    def test_the_end_that_was_asked_for_counts(self):
        assert margin((1e18, 1e20), to=1e23) == Margin("compute", 1e20, 1e23, 2.0)

    @pytest.mark.parametrize("to", [5e19, 1e20])
    def test_an_end_within_the_data_has_its_drift_from_their_start(self, to):
        assert margin((1e18, 1e20), to=to) == Margin("compute", 1e18, to, 2.0)

    @pytest.mark.parametrize("to", [1e17, 1e18])
    def test_an_end_below_the_data_is_refused(self, to):
        with pytest.raises(UsageError, match="below the data"):
            margin((1e18, 1e20), to=to)

    def test_a_margin_below_one_is_a_difference_of_exponents(self):
        assert margin((1e18, 1e20), size=0.02) == Margin("compute", None, pytest.approx(1e22), None, 0.02)
        assert margin((1e18, 1e20), size=1.0).start == 1e20

    def test_surfaces_are_compared_along_compute(self):
        columns = {"params": np.array([1e6, 1e7]), "tokens": np.array([1e8, 1e9])}
        surface = [SimpleNamespace(problem=SimpleNamespace(columns=columns))]
        found = margin_of(surface, SimpleNamespace(inputs={"params": "n", "tokens": "d"}), 2.0, None)
        assert (found.role, found.start, found.to) == ("compute", pytest.approx(6e16), pytest.approx(6e18))


class TestLetters:
    def test_letters_go_on_with_numbers(self):
        assert [_letter(i) for i in (0, 25, 26, 51, 52)] == ["a", "z", "a2", "z2", "a3"]

    def test_groups_that_do_not_differ_are_one_set(self):
        assert letters_of(3, []) == [frozenset({0, 1, 2})]

    def test_a_group_may_be_in_two_sets(self):
        assert set(letters_of(3, [(0, 2)])) == {frozenset({0, 1}), frozenset({1, 2})}

    def test_groups_that_all_differ_are_alone(self):
        assert set(letters_of(3, [(0, 1), (0, 2), (1, 2)])) == {frozenset({i}) for i in range(3)}


def parabola(centre, error, reach=10.0):
    """The profile of a parameter whose statistic is the square of its distance in errors."""
    values = centre + error * np.linspace(-reach, reach, 41)
    return ParameterProfile(centre, error, values, (values - centre) / error, error)


class TestCommon:
    def test_a_shared_value_costs_the_sum_of_the_rises(self):
        values, rise = common([parabola(0.0, 1.0), parabola(3.0, 2.0)], np.array([1.0, 1.0]))
        assert rise == pytest.approx(values**2 + ((values - 3) / 2) ** 2)
        assert values[np.argmin(rise)] == pytest.approx(0.6, abs=0.05)

    def test_rises_are_in_units_of_each_groups_noise(self):
        values, rise = common([parabola(0.0, 1.0), parabola(0.0, 1.0)], np.array([1.0, 2.0]))
        assert rise == pytest.approx(1.25 * values**2)

    def test_the_values_are_those_of_both_profiles(self):
        values, _ = common([parabola(0.0, 1.0), parabola(5.0, 1.0)], np.ones(2))
        assert (values[0], values[-1]) == (pytest.approx(-5), pytest.approx(10))
        assert (np.diff(values) > 0).all()

    def test_profiles_far_apart_are_followed_between_their_ends(self):
        values, _ = common([parabola(0.0, 1.0), parabola(50.0, 1.0)], np.ones(2))
        assert (values[0], values[-1]) == (pytest.approx(10), pytest.approx(40))


class Curve:
    """A straight line of log loss."""

    def __init__(self, height, slope=-0.1, span=(0.0, 10.0)):
        self.height, self.slope, self.span = height, slope, span

    def log_loss(self, log_x):
        return self.height + self.slope * log_x


NATS = np.log(1 / np.log(2))


def codes(curves=(), *pairs):
    names = [SimpleNamespace(name=name) for name in "abc"[: len(curves)]]
    data = SimpleNamespace(groups=names, curves=list(curves), margin=SimpleNamespace(role="compute"))
    return [(each.code, each.message) for each in unit_doubts(data, pairs)]


def pair(*multipliers, beyond=1.0):
    rows = [Multiplier(2.0, value, None, None, 1e20, is_extrapolated=False) for value in multipliers]
    last = Multiplier(1.0, beyond, None, None, 1e22, is_extrapolated=True)
    return SimpleNamespace(left="left", right="right", compute_multiplier=(*rows, last))


class TestUnits:
    @pytest.mark.parametrize(("one", "other"), [(NATS, 0.0), (0.0, NATS), (NATS + 0.009, 0.0)])
    def test_losses_that_differ_by_the_ratio_of_bits_to_nats_are_told(self, one, other):
        ((code, message),) = codes([Curve(one), Curve(other)])
        assert code == "bits-and-nats"
        high, low = ("a", "b") if one > other else ("b", "a")
        assert message == caveat("bits-and-nats", None, high=high, low=low, ratio=1 / np.log(2)).message

    @pytest.mark.parametrize(
        "other", [Curve(0.011), Curve(-0.011), Curve(0.0, -0.105), Curve(0.0, span=(10.0, 20.0)), Curve(NATS)]
    )
    def test_other_ratios_or_ranges_are_not(self, other):
        assert codes([Curve(NATS), other]) == []

    @pytest.mark.parametrize(("multipliers", "left"), [((101.0, 150.0), True), ((0.0099, 0.005), False)])
    def test_a_multiplier_that_is_always_large_is_told_from_the_side_that_needs_more(self, multipliers, left):
        ((code, message),) = codes((), pair(*multipliers))
        assert code == "large-multiplier"
        assert (message.index("left") < message.index("right")) == left

    @pytest.mark.parametrize("multipliers", [(99.0, 150.0), (0.0101, 0.005), (100.0,), (0.01,), ()])
    def test_one_that_is_somewhere_smaller_is_not(self, multipliers):
        assert codes((), pair(*multipliers, beyond=1e6)) == []


MEMBERS = [group("a", points=20), group("b", points=20, c=1.2, seed=1)]


def test_the_width_of_a_floor_is_a_share_of_the_loss_above_it_in_the_middle():
    (member,) = MEMBERS[:1]
    above = np.median(member.problem.predictions(member.theta[None])[0]) - 1.5
    closed = {"c": parabola(1.5, 0.01)}
    assert groups._floor_width(member, closed, 4.0, 1.0) == pytest.approx(0.04 / above)
    assert groups._floor_width(member, closed, 4.0, 2.0) == pytest.approx(0.08 / above)
    below = {"c": ParameterProfile(1.5, 0.01, closed["c"].values, np.maximum(closed["c"].roots, -1.0), 0.01)}
    assert groups._floor_width(member, below, 4.0, 1.0) == pytest.approx(1.52 / above)  # zero is its lower end
    open_above = {"c": ParameterProfile(1.5, 0.01, closed["c"].values, np.minimum(closed["c"].roots, 1.0), 0.01)}
    assert groups._floor_width(member, open_above, 4.0, 1.0) is None
    assert groups._floor_width(group("a", law="power"), closed, 4.0, 1.0) is None


@pytest.mark.parametrize(
    ("width", "ends", "reason"),
    [(0.3, (-0.2, -0.1), None), (0.45, (-0.2, -0.1), "is 45 % of the loss above the floor"),
     (0.301, (-0.2, -0.1), "must be at most 30 %"), (None, (-0.2, -0.1), "the floor (irreducible loss) has no end"),
     (0.1, (None, -0.1), "the interval of b has no end"), (0.1, (-0.2, None), "the interval of b has no end")],
)  # fmt: skip
def test_an_exponent_is_known_if_its_interval_has_ends_and_the_floors_is_narrow(monkeypatch, width, ends, reason):
    monkeypatch.setattr(groups, "_floor_width", lambda *_: width)
    monkeypatch.setattr(ParameterProfile, "interval", lambda *_: ends)
    monkeypatch.setattr(groups, "loss_curves", lambda *_: None)
    monkeypatch.setattr(groups, "margin_of", lambda members, first, size, to: (first.name, size, to))
    results = [
        SimpleNamespace(name=name, group={"g": name}, runs=7, points=8, parameters={}, derived={}, noise=0.1, ranges={})
        for name in "ab"
    ]
    found = groups.comparison_data(
        MEMBERS, results, scales=np.array([0.003, 0.004]), cut=4.0, level=0.9, margin=2.0, to=1e24
    )
    assert [each.is_identified for each in found.groups] == [reason is None] * 2
    assert [each.floor_width for each in found.groups] == [width] * 2
    assert [each.code for each in found.caveats] == ([] if reason is None else ["floor-open"] * 2)
    assert all(reason in each.message for each in found.caveats)
    assert (found.margin, found.level, found.exponents) == (("a", 2.0, 1e24), 0.9, ("b",))
    assert [(each.name, each.group, each.runs, each.points) for each in found.groups] == [
        ("a", {"g": "a"}, 7, 8), ("b", {"g": "b"}, 7, 8),
    ]  # fmt: skip
    for member, profiles, scale in zip(MEMBERS, found.profiles, (0.003, 0.004), strict=True):
        assert list(profiles) == ["b", "c"]
        own = alone(profile_asking(member, "b", scale))
        assert (profiles["b"].estimate, profiles["b"].error) == pytest.approx((own.estimate, own.error))
        assert profiles["b"].roots == pytest.approx(own.roots)
