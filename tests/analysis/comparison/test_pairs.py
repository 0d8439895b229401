"""Pairs of groups: differences of exponents, of what follows from them, and the groups that a pair is made of."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.comparison.nested import fit_contrast, same_exponent
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.pairs import Pair, _joint_difference, _own_difference, _split_difference, pair_of
from scaling_cli.analysis.comparison.profile import profile_asking
from scaling_cli.analysis.comparison.sharing import covariance, same_exponent_of
from scaling_cli.fitting.ask import alone
from scaling_cli.results.fit import Estimate
from tests.analysis.comparison.test_models import group

GROUPS = [group("a"), group("b", b=-0.18, c=1.5, points=14, seed=1), group("c", c=1.6, points=17, seed=2)]
NULL = NullDistribution(1, 40.0)


def surface(alphas, betas):
    """A fit of a surface whose replicates have these exponents; the first is the estimate."""
    draws = [(1.7, alpha, 400.0, beta) for alpha, beta in zip(alphas[1:], betas[1:], strict=True)]
    split = betas[0] / (alphas[0] + betas[0])
    parameters = dict.fromkeys(("E", "alpha", "A", "beta"))
    return SimpleNamespace(parameters=parameters, derived={"params_exponent": Estimate(split)}, draws=draws)


def test_the_split_of_two_surfaces_differs_as_their_replicates_do():
    rng = np.random.default_rng(0)
    alphas, betas = rng.uniform(0.3, 0.4, (2, 51)), rng.uniform(0.25, 0.35, (2, 51))
    short = surface(alphas[1][:41], betas[1][:41])
    data = SimpleNamespace(results=[None, surface(alphas[0], betas[0]), short], level=0.8)
    found = _split_difference(data, Pair(1, 2, 0.0, NULL, np.ones(2), {}))
    splits = betas / (alphas + betas)
    wanted = np.quantile((splits[0] - splits[1])[1:41], [0.1, 0.9])
    assert (found.estimate, found.low, found.high) == pytest.approx((splits[0, 0] - splits[1, 0], *wanted))
    data.results[2].draws = []
    alone = _split_difference(data, Pair(1, 2, 0.0, NULL, np.ones(2), {}))
    assert (alone.estimate, alone.low, alone.high) == (pytest.approx(splits[0, 0] - splits[1, 0]), None, None)


def test_a_difference_between_groups_of_their_own_has_the_errors_of_both():
    scales = np.array([0.003, 0.004])
    profiles = [{"b": alone(profile_asking(each, "b", 0.002))} for each in GROUPS]
    found, error = _own_difference(SimpleNamespace(profiles=profiles), Pair(2, 1, 0.0, NULL, scales, {}), "b")
    assert found.estimate == pytest.approx(GROUPS[2].theta[1] - GROUPS[1].theta[1])
    own = [profiles[2]["b"].error * 0.003 / 0.002, profiles[1]["b"].error * 0.004 / 0.002]
    assert error == pytest.approx(np.hypot(*own))


def test_a_difference_within_one_fit_has_the_error_of_their_covariance():
    fit = fit_contrast(same_exponent_of(GROUPS, ("c",), (2, 0), is_paired=False))
    pair = pair_of(5, 7, fit, NULL, places=(2, 0))
    left, right = (fit.contrast.wider.index[place][1] for place in (2, 0))
    found, error = _joint_difference(pair, "b")
    known = covariance(fit)
    assert error**2 == pytest.approx(known[left, left] + known[right, right] - 2 * known[left, right])
    assert found.estimate == pytest.approx(fit.fitted[left] - fit.fitted[right])
    assert (pair.left, pair.right, pair.statistic) == (5, 7, fit.statistic)
    assert pair.sizes == {"b": pytest.approx(abs(fit.null[fit.contrast.null.index[2][1]]))}


def test_two_groups_alone_share_the_size_of_their_exponent():
    fit = fit_contrast(same_exponent(GROUPS[:2], is_paired=False))
    pair = pair_of(0, 1, fit, NULL)
    assert pair.places == (0, 1)
    assert pair.sizes["b"] == pytest.approx(abs(fit.alone[0][1]))
    assert pair.scales.tolist() == fit.scales.tolist()
