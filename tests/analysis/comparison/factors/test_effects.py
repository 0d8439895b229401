"""Sizes of effects, against the exponents of the cells' own fits and their errors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import f as fisher
from scipy.stats import t as student

from scaling_cli.analysis.comparison.factors.design import Factor, Term, terms_of
from scaling_cli.analysis.comparison.factors.effects import Contrast, _covariance, _cut, _precision, effect_of
from scaling_cli.analysis.comparison.factors.noise import settled_fits
from scaling_cli.analysis.comparison.factors.term_test import judged_term, ready
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design

LEVEL = 0.9


def setting(design, seed=0):
    """The cells of one data set, fitted by least squares."""
    plain = [replace(member, delta=np.inf, is_tuned=False) for member in design.members()]
    target = design.targets(plain, seed + 1)[seed:]
    fits = settled_fits(plain, [member.theta[None] for member in plain], target)
    ends = np.cumsum([0, *(member.points for member in plain)])
    members = [
        replace(
            member,
            theta=theta[0],
            problem=replace(member.problem, target=target[0, start:end], observed=np.exp(target[0, start:end])),
        )
        for member, theta, start, end in zip(plain, fits.thetas, ends[:-1], ends[1:], strict=True)
    ]
    return ready(members, is_paired=False, replicates=99, seed=0)


def exponents(made):
    """The exponents of the cells' own fits and their variances, by the noise that the tests see."""
    place = made.members[0].problem.law.names.index("b")
    return (
        np.array([theta[0, place] for theta in made.fits.thetas]),
        np.array([each[0, place] for each in made.errors]) ** 2,
    )


def effect(made, term, terms, name="b"):
    test = judged_term(made, term, terms, (name,))
    return test, effect_of(made, term, terms, test, name, LEVEL)


def test_two_levels_differ_by_their_own_exponents_with_the_interval_of_their_test():
    design = Design((2,), (14, 18), effects=(("f", 0.02),))
    made, (term,) = setting(design), terms_of(design.factors())
    test, size = effect(made, term, [term])
    own, variance = exponents(made)
    error = np.sqrt(variance.sum())
    assert (size.contrast.high, size.contrast.low) == ((1,), (0,))
    assert size.effect.estimate == pytest.approx(own[1] - own[0], rel=1e-5)
    cut = np.sqrt(fisher.ppf(LEVEL, 1, test.distribution.freedom) * test.distribution.inflation(LEVEL))
    half = (size.effect.high - size.effect.low) / 2
    assert half == pytest.approx(cut * error, rel=0.02)  # profiles bend a little
    assert (size.effect.high + size.effect.low) / 2 == pytest.approx(size.effect.estimate, abs=0.1 * half)
    freedom = test.distribution.freedom
    reach = student.ppf(0.95, freedom) + student.ppf(0.8, freedom)
    assert size.detects == pytest.approx(reach * error * np.sqrt(test.distribution.inflation(LEVEL)), rel=1e-3)


def test_of_three_levels_the_two_that_differ_most_are_shown_by_scheffes_cut():
    design = Design((3,), (14, 18, 16))
    made, (term,) = setting(design), terms_of(design.factors())
    test, size = effect(made, term, [term])
    own, variance = exponents(made)
    high, low = sorted((int(own.argmax()), int(own.argmin())), reverse=True)
    assert (size.contrast.high, size.contrast.low) == ((high,), (low,))
    assert size.effect.estimate == pytest.approx(own[high] - own[low], rel=1e-4)
    freedom = test.distribution.freedom
    cut = 2 * fisher.ppf(LEVEL, 2, freedom) * test.distribution.inflation(LEVEL)
    half = (size.effect.high - size.effect.low) / 2
    error = np.sqrt(variance[[high, low]].sum())
    assert half == pytest.approx(np.sqrt(cut) * error, rel=0.03)
    reach = student.ppf(0.95, freedom) + student.ppf(0.8, freedom)
    scheffe = np.sqrt(cut / fisher.ppf(LEVEL, 1, freedom))
    assert size.detects == pytest.approx(reach * error * scheffe, rel=1e-3)


def test_an_interaction_is_the_difference_of_two_differences():
    design = Design((2, 2), (14,), effects=(("f:g", 0.02),))
    made, terms = setting(design), terms_of(design.factors())
    _, size = effect(made, terms[2], terms)
    own, _ = exponents(made)
    assert size.effect.estimate == pytest.approx(own[3] - own[2] - own[1] + own[0], rel=1e-4)
    assert size.contrast.words(terms[2]) == "(1 - 0) x (1 - 0)"


def test_a_main_effect_is_the_same_at_every_level_of_the_other_factor():
    """Without an interaction: the weighted mean of both differences."""
    design = Design((2, 2), (14,), effects=(("f", 0.02),))
    made, terms = setting(design), terms_of(design.factors())
    _, size = effect(made, terms[0], terms)
    own, variance = exponents(made)
    rows = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1.0]]) / np.sqrt(variance)[:, None]
    best = np.linalg.lstsq(rows, own / np.sqrt(variance), rcond=None)[0]
    # The fit of all cells together bends a little where the regression of exponents is straight.
    assert size.effect.estimate == pytest.approx(best[1], rel=0.02)


def test_an_effect_along_a_number_is_per_unit_of_it():
    design = Design((3,), (14,))
    made = setting(design)
    lr = Factor("lr", (), np.arange(3), np.array([1.0, 2.0, 4.0]))
    term = Term((lr,))
    _, size = effect(made, term, [term])
    own, variance = exponents(made)
    rows = np.column_stack([np.ones(3), [1.0, 2.0, 4.0]]) / np.sqrt(variance)[:, None]
    slope = np.linalg.lstsq(rows, own / np.sqrt(variance), rcond=None)[0][1]
    assert size.effect.estimate == pytest.approx(slope, rel=0.05, abs=1e-4)
    assert size.contrast.words(term) == "per unit of lr"


def test_contrasts_are_named_by_their_levels():
    optimizer = Factor("optimizer", ("adamw", "muon", "sgd"), np.array([0, 1, 2]))
    data = Factor("data", ("web", "code"), np.array([0, 1, 0]))
    assert Contrast((2,), (0,)).words(Term((optimizer,))) == "sgd - adamw"
    assert Contrast((1, 1), (0, 0)).words(Term((optimizer, data))) == "(muon - adamw) x (code - web)"


def test_three_levels_by_two_show_the_largest_of_all_interactions():
    design = Design((3, 2), (14,))
    made, terms = setting(design), terms_of(design.factors())
    _, size = effect(made, terms[2], terms)
    own = exponents(made)[0].reshape(3, 2)
    gaps = {(i, j): (own[j, 1] - own[j, 0]) - (own[i, 1] - own[i, 0]) for i in range(3) for j in range(i + 1, 3)}
    low, high = max(gaps, key=lambda pair: abs(gaps[pair]))
    assert (size.contrast.high, size.contrast.low) == ((high, 1), (low, 0))
    assert size.effect.estimate == pytest.approx(gaps[low, high], rel=1e-4)


def test_the_errors_of_least_absolute_deviations_are_those_of_gaussian_noise_of_the_median_size():
    made = setting(Design((2,), (14, 18)))
    (term,) = terms_of(Design((2,), (14,)).factors())
    test = judged_term(made, term, [term], ("b",))
    plain = _precision(made)
    assert plain == pytest.approx(made.fits.weights(made.members)[0])
    lad = replace(made, members=tuple(replace(member, delta=1e-12) for member in made.members))
    found = _precision(lad)
    for member, theta, part in zip(made.members, made.fits.thetas, (slice(0, 14), slice(14, 32)), strict=True):
        residuals = np.abs(member.problem.residuals(theta)[0][0])
        size = np.sqrt(np.pi / 2) * 1.4826 * np.median(residuals) * np.sqrt(len(residuals) / (len(residuals) - 3))
        assert found[part] == pytest.approx(member.problem.weights / made.fits.shape[0, part] ** 2 / size**2, rel=1e-3)
    half = replace(made, members=(lad.members[0], made.members[1]))
    assert _precision(half) == pytest.approx(found)
    covariance = _covariance(lad, test.wider, test.phi)
    slopes = test.wider.residuals(test.phi[None])[1][0] * np.sqrt(found)[:, None]
    assert covariance == pytest.approx(np.linalg.inv(slopes.T @ slopes), rel=1e-5)
    at_bound = replace(test.wider, low=np.where(np.arange(len(test.phi)) == 0, test.phi[0], test.wider.low))
    held = _covariance(lad, at_bound, test.phi)
    assert not held[0].any()
    assert held[1:, 1:] == pytest.approx(np.linalg.inv((slopes.T @ slopes)[1:, 1:]), rel=1e-5)


def test_the_cut_of_several_columns_is_scheffes_in_units_of_the_null_distribution():
    test = SimpleNamespace(distribution=SimpleNamespace(freedom=14.0, inflation=lambda level: 1 + level))
    assert _cut(test, 0.9, 3) == pytest.approx(3 * fisher.ppf(0.9, 3, 14) * 1.9)
