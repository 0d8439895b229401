"""Tests of many pairs: by the groups' own profiles where runs are plenty, and how many draws others need."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import f

from scaling_cli.analysis.comparison import many
from scaling_cli.analysis.comparison.factors.term_test import ready
from scaling_cli.analysis.comparison.many import many_ready
from scaling_cli.analysis.comparison.models import joint_problem, solve_in_chunks
from scaling_cli.analysis.comparison.profile import ParameterProfile, profile_asking, standard_errors
from scaling_cli.fitting.ask import alone
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design
from tests.analysis.comparison.factors.test_effects import exponents, setting

QUESTION = SimpleNamespace(replicates=999, has_replicates=False, level=0.95, is_paired=False, seed=0)


def pair_of(design):
    made = setting(design)
    members = made.members
    profiles = [
        {"b": alone(profile_asking(member, "b", float(scale)))}
        for member, scale in zip(members, made.fits.spreads[0], strict=True)
    ]
    data = SimpleNamespace(exponents=("b",), profiles=profiles)
    (pair,) = many.tested_pairs(made, data, [(0, 1)])
    return made, pair


@pytest.mark.parametrize("uneven", [1.0, 5.0])
def test_pairs_of_many_runs_are_those_of_welch(uneven):
    made, pair = pair_of(Design((2,), (40, 60), uneven=uneven, effects=(("f", 0.004),)))
    judged = [
        standard_errors(member, float(scale))[1] ** 2 for member, scale in zip(made.members, pair.scales, strict=True)
    ]
    judged = np.array(judged)
    null = joint_problem(made.members, ("b",))
    weights = np.repeat(pair.scales**-2.0, [member.points for member in made.members]) * null.weights
    first = null.gathered([member.theta[None] for member in made.members])
    together = solve_in_chunks(null, first, delta=np.inf, weights=weights[None]).value[0]
    alone = sum(
        solve_in_chunks(member.problem, member.theta[None], delta=np.inf).value[0] / scale**2
        for member, scale in zip(made.members, pair.scales, strict=True)
    )
    assert pair.statistic == pytest.approx(2 * (together - alone), rel=0.02)
    known = made.fits.known[0]
    freedom = min(judged.sum() ** 2 / (judged**2 / known).sum(), 37 + 57)
    assert pair.distribution.freedom == pytest.approx(freedom, rel=1e-2)
    assert pair.distribution.tail(4.0) == pytest.approx(f.sf(4.0, 1, pair.distribution.freedom))
    assert pair.scales == pytest.approx(made.fits.spreads[0])
    own, variance = exponents(made)
    assert pair.sizes["b"] == pytest.approx(abs((own / variance).sum() / (1 / variance).sum()), rel=1e-6)
    assert (pair.left, pair.right) == (0, 1)


def test_a_group_of_fewer_runs_is_fitted_with_the_other_and_says_nearly_the_same():
    few, plenty = pair_of(Design((2,), (29, 60)))[1], pair_of(Design((2,), (30, 60)))[1]
    assert few.distribution.stretch != 1.0  # as a term of two levels, with the distribution of weighted means
    assert plenty.distribution.stretch == 1.0
    made, _ = pair_of(Design((2,), (29, 60)))
    own, variance = exponents(made)
    assert few.statistic == pytest.approx((own[0] - own[1]) ** 2 / variance.sum(), rel=0.05)


def test_draws_are_as_many_as_the_smallest_adjusted_p_value_needs():
    members = [replace(each, is_tuned=False, delta=np.inf) for each in Design((2,), (8,)).members()]
    alone = many_ready(members, 45, QUESTION)
    assert len(alone.factors) == 999  # runs are independent, so that no draw is needed
    pairs = SimpleNamespace(**{**vars(QUESTION), "level": 0.8})
    twice = [replace(each, problem=replace(each.problem, runs=np.repeat(np.arange(4), 2))) for each in members]
    assert len(many_ready(twice, 45, pairs).factors) in (9000, 9001)
    assert len(many_ready(twice, 2, QUESTION).factors) == 1600
    assert len(many_ready(twice, 1000, QUESTION).factors) == 100_000
    asked = SimpleNamespace(**{**vars(QUESTION), "has_replicates": True})
    assert len(many_ready(twice, 45, asked).factors) == 999


def test_checkpoints_and_matched_runs_share_errors():
    members = [replace(each, is_tuned=False, delta=np.inf) for each in Design((2,), (8,)).members()]
    assert not ready(members, is_paired=False, replicates=9, seed=0).is_clustered
    twice = [replace(each, problem=replace(each.problem, runs=np.repeat(np.arange(4), 2))) for each in members]
    made = ready(twice, is_paired=False, replicates=9, seed=0)
    assert made.is_clustered
    assert (made.factors[:, 0] == made.factors[:, 1]).all()
    assert len(np.unique(made.factors[0])) > 1


def normal(estimate, error, ends=40.0):
    """The profile of a parameter whose objective is a parabola."""
    steps = np.linspace(-ends, ends, 161)
    return ParameterProfile(estimate, error, estimate + error * steps, error * steps / error, error)


def test_the_least_rise_of_parabolas_is_that_of_the_mean_weighted_by_precision():
    estimates, errors, scales = np.array([0.1, 0.14, 0.2]), np.array([0.01, 0.02, 0.015]), np.array([1.0, 2.0, 0.5])
    values, rise = many.common([normal(*each) for each in zip(estimates, errors, strict=True)], scales)
    weights = 1 / (errors * scales) ** 2
    mean = (weights * estimates).sum() / weights.sum()
    assert values[rise.argmin()] == pytest.approx(mean, abs=1e-3)
    assert rise.min() == pytest.approx((weights * (estimates - mean) ** 2).sum(), rel=0.01)
    assert (np.diff(values) >= 0).all()
    low = max(estimates - 40 * errors)
    assert (values[0], values[-1]) == pytest.approx((low, min(estimates + 40 * errors)))
    single = normal(0.1, 0.01)
    values, rise = many.common([single, single], np.ones(2))
    assert len(values) == 8 * 160 + 1  # seven more between two nodes
    assert rise[::8] == pytest.approx(2 * single.roots**2)
    apart = [normal(0.0, 0.001), normal(1.0, 0.001)]
    assert many.common(apart, np.ones(2))[0][[0, -1]].tolist() == pytest.approx([0.04, 0.96])


def test_many_groups_are_tested_by_their_profiles_and_fewer_by_their_fits():
    count = many.MOST_TOGETHER + 1
    members = [replace(each, is_tuned=False, delta=np.inf) for each in Design((count,), (7,)).members()]
    made = ready(members, is_paired=False, replicates=9, seed=0)
    rng = np.random.default_rng(0)
    b, c = rng.normal(-0.15, 0.001, count), rng.normal(1.7, 0.02, count)
    profiles = [{"b": normal(x, 0.001), "c": normal(y, 0.02)} for x, y in zip(b, c, strict=True)]
    scales = rng.uniform(0.5, 2.0, count)
    made = replace(made, fits=replace(made.fits, scales=scales[None]))
    tests = many.tests_of_many(made, SimpleNamespace(exponents=("b",), profiles=profiles))
    assert list(tests) == ["same_exponent", "same_floor"]
    for (name, test), values, error in zip(tests.items(), (b, c), (0.001, 0.02), strict=True):
        weights = 1 / (error * scales) ** 2
        mean = (weights * values).sum() / weights.sum()
        statistic = (weights * (values - mean) ** 2).sum() / (count - 1)
        assert test.statistic == pytest.approx(statistic, rel=0.01)
        assert test.p_value == pytest.approx(f.sf(test.statistic, count - 1, 4 * count))
        assert (test.method, test.against) == ("F", "all-separate")
        assert test.null == name.replace("same_", "shared-")
    few = made.subset(range(3))
    assert set(many.tests_of_many(few, SimpleNamespace(exponents=("b",), profiles=profiles))) > set(tests)
