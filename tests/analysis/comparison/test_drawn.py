"""Which pairs are compared, by which test, and what is said of tests that are coarse or weak."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.comparison import answer, drawn
from scaling_cli.analysis.comparison.many import MANY_PAIRS
from scaling_cli.analysis.comparison.nested import same_exponent
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.record import replace
from scaling_cli.results.comparison import NestedTest
from scaling_cli.results.fit import Estimate
from tests.analysis.comparison.test_models import group

SERIAL = SimpleNamespace(is_serial=True)
QUESTION = SimpleNamespace(replicates=199, seed=7, level=0.95, is_exact=False, is_paired=False, workers=SERIAL,
                           on_progress=None, shared=(), reference=None)  # fmt: skip


def asked(**more):
    return SimpleNamespace(**{**vars(QUESTION), **more})


def with_runs(count, **more):
    return replace(group("a", law="power", points=count), **more)


def test_draws_are_needed_for_few_runs_shared_errors_and_absolute_deviations():
    many = [with_runs(30), with_runs(31)]
    assert drawn.resampling_of(many, asked()) is None
    few = drawn.resampling_of([with_runs(29), many[0]], asked())
    assert (few.replicates, few.seed) == (199, 7)
    twice = replace(many[0], problem=replace(many[0].problem, runs=np.arange(30) // 2))
    sixty = with_runs(60)
    clustered = replace(sixty, problem=replace(sixty.problem, runs=np.arange(60) // 2))
    for members, question in (
        ([many[0], twice], asked()),
        ([many[0], clustered], asked()),
        ([many[0], with_runs(40, delta=1e-12)], asked()),
        (many, asked(is_paired=True)),
    ):
        assert drawn.resampling_of(members, question) is not None
        assert drawn.resampling_of(members, replace_exact(question)) is None


def replace_exact(question):
    return SimpleNamespace(**{**vars(question), "is_exact": True})


def test_a_fit_that_occurs_twice_is_drawn_once(monkeypatch):
    counted = []
    monkeypatch.setattr(drawn, "null_distribution_of", lambda resampling, fit: counted.append(fit.name) or fit.name)
    one, two = SimpleNamespace(name="one"), SimpleNamespace(name="two")
    assert drawn.null_distributions([one, two, one, two, two], None, asked()) == ["one", "two", "one", "two", "two"]
    assert sorted(counted) == ["one", "two"]


def test_what_users_share_is_given_up_at_a_tenth_of_the_size_or_if_the_test_cannot_say():
    def given_up(p, level=0.95, draws=0):
        return drawn.gives_up(NestedTest(1.0, p, "F", "a", "b", draws), asked(level=level))

    assert [given_up(p) for p in (0.0049, 0.0051, 0.04, None)] == [True, False, False, True]
    assert given_up(0.024, 0.75)
    assert not given_up(0.026, 0.75)
    assert [given_up(1 / 100, draws=99), given_up(2 / 100, draws=99), given_up(1 / 10, draws=9)] == [True, False, False]


def test_a_test_has_the_statistic_the_p_value_and_the_draws():
    found = drawn.test_of(SimpleNamespace(statistic=3.0), NullDistribution(1, 9.0, np.arange(9.0)), "n", "w")
    assert (found.statistic, found.replicates, found.method) == (3.0, 9, "wild-bootstrap")
    assert found.p_value == pytest.approx(0.7)
    assert drawn.test_of(SimpleNamespace(statistic=3.0), NullDistribution(1, 9.0), "n", "w").replicates == 0


def test_every_pair_is_compared_or_every_other_group_with_the_reference():
    members = [SimpleNamespace(name=name) for name in "xyz"]
    assert answer._pairs(members, None) == [(0, 1), (0, 2), (1, 2)]
    assert answer._pairs(members, "y") == [(0, 1), (2, 1)]


@pytest.mark.parametrize(("groups", "is_many"), [(5, False), (6, True)])
@pytest.mark.parametrize("special", [{}, {"is_exact": True}, {"shared": ("c",)}])
def test_more_than_ten_pairs_are_tested_with_the_noise_of_all_groups(monkeypatch, groups, is_many, special):
    """Unless parameters are shared, or the test is exact."""
    assert MANY_PAIRS == 10
    called = []

    class Stop(Exception):  # noqa: N818
        pass

    def stop(name):
        def stopped(*_):
            called.append(name)
            raise Stop

        return stopped

    members = [group(str(i), points=8) for i in range(groups)]
    monkeypatch.setattr(answer, "named_members", lambda *_: members)
    monkeypatch.setattr(answer, "marked", lambda found: found)
    monkeypatch.setattr(answer, "shared_names", lambda _, question: question.shared)
    monkeypatch.setattr(answer, "_many", stop("many"))
    monkeypatch.setattr(answer, "_few", stop("few"))
    with pytest.raises(Stop):
        answer.compare([], [], asked(**special))
    assert called == ["many" if is_many and not special else "few"]


@pytest.mark.parametrize(("pairs", "replicates", "least"), [(4, 199, None), (5, 198, 5 / 199), (6, 199, 0.03),
                                                            (300, 199, 1.0)])  # fmt: skip
def test_p_values_are_coarse_where_twice_the_least_reaches_the_size(pairs, replicates, least):
    """The least adjusted p-value of 199 replicates is the number of pairs over 200."""
    drawn_ones = [NullDistribution(1, 9.0, np.arange(9.0))] * pairs
    found = answer._coarseness(drawn_ones, asked(replicates=replicates))
    assert bool(found) == (least is not None)
    if found:
        assert found[0].code == "coarse-p-values"
        assert f"{least:.2g}" in found[0].message
    assert answer._coarseness([NullDistribution(1, 9.0)] * pairs, asked()) == []


def test_power_is_low_where_a_quarter_of_the_exponent_would_not_be_seen():
    groups = [SimpleNamespace(name=name, parameters={"b": Estimate(-0.2), "c": Estimate(1.0)}) for name in "xyz"]
    data = SimpleNamespace(groups=groups, exponents=("b",))

    def weak(*detectable):
        rows = [SimpleNamespace(left="x", minimum_detectable_difference={"b": each}) for each in detectable]
        return answer._power_caveats(rows, data)

    assert weak(0.049, 0.04) == []
    (found,) = weak(0.051, None, 0.01, 0.06, 0.04)
    assert found.code == "low-power"
    assert "For 3 of 5 pairs" in found.message


def test_two_groups_are_one_pair_whose_fit_is_that_of_all(monkeypatch):
    fitted = []
    monkeypatch.setattr(answer, "fit_contrast", lambda contrast: fitted.append(contrast) or contrast)
    two = [group("a", points=8), group("b", points=8)]
    assert answer._pair_fits(two, [(0, 1)], "all", asked()) == ["all"]
    three = [*two, group("c", points=9)]
    found = answer._pair_fits(three, [(0, 1), (2, 1)], "all", asked())
    assert [[member.name for member in each.groups] for each in found] == [["a", "b"], ["c", "b"]]
    assert found[0].fewer == same_exponent(two, is_paired=False).fewer
    turned = answer._pair_fits(two, [(1, 0)], "all", asked())
    assert [member.name for member in turned[0].groups] == ["b", "a"]


def test_floors_are_shared_if_all_of_them_are():
    with_floor, without = [group("a", points=8)], [group("a", points=8, law="power")]
    assert answer._floor(without, ()) == "none"
    assert answer._floor(with_floor, ()) == answer._floor(with_floor, ("b",)) == "separate"
    assert answer._floor(with_floor, ("c",)) == answer._floor(with_floor, ("b", "c")) == "shared"


def test_what_cannot_be_shared_is_said_with_its_p_value():
    found = answer._rejected(("c",), asked(), NestedTest(1.0, 0.0123, "F", "a", "b"))
    assert found.code == "shared-floor-rejected"
    assert "0.012" in found.message
    named = answer._rejected(("a", "c"), asked(shared=("a", "c")), NestedTest(1.0, None, "F", "a", "b"))
    assert named.code == "share-rejected"
    assert "a, c" in named.message
    assert "unknown" in named.message
