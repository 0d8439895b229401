"""Which factors move what: designs, statistics and their null, effects and words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.comparison.factors.approximation import approximated
from scaling_cli.analysis.comparison.factors.cells import designed, frames
from scaling_cli.analysis.comparison.factors.design import Factor, base_of, independent, terms_of, wider_of
from scaling_cli.analysis.comparison.factors.draws import involved, tangent
from scaling_cli.analysis.comparison.factors.noise import differ, settled_fits, shrunk
from scaling_cli.analysis.comparison.factors.statistic import errors_of, fit_term
from scaling_cli.analysis.comparison.factors.term_test import posed
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.solve import minimise
from tests.analysis.comparison.factors.simulations import EFFECTS, NULLS, SIZE, Design, shares
from tests.analysis.comparison.simulations import binomial_bounds


def factor(name, *codes):
    return Factor(name, tuple(map(str, range(max(codes) + 1))), np.array(codes))


def test_a_term_is_tested_against_all_terms_that_do_not_contain_it():
    terms = terms_of([factor("f", 0, 0, 1, 1), factor("g", 0, 1, 0, 1)])
    assert [term.name for term in terms] == ["f", "g", "f:g"]
    assert base_of(terms[0], terms).shape == (4, 2)  # mean and g
    assert base_of(terms[2], terms).shape == (4, 3)  # mean, f and g
    assert wider_of(terms[2], base_of(terms[2], terms)).shape == (4, 4)


def test_a_factor_that_follows_another_adds_no_column():
    terms = terms_of([factor("f", 0, 0, 1), factor("g", 0, 0, 1)])
    assert wider_of(terms[0], base_of(terms[0], terms)).shape == base_of(terms[0], terms).shape
    assert independent(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]])).shape == (2, 2)


def test_the_jacobian_of_a_designed_problem_is_that_of_finite_differences():
    members = Design((2, 2), (6, 8)).members()
    columns = base_of(terms_of(Design((2, 2), (6,)).factors())[2], terms_of(Design((2, 2), (6,)).factors()))
    problem = designed(members, {"b": columns, "a": columns}, frames(members))
    phi = minimise(problem, np.zeros((1, len(problem.low))) + 0.1, delta=np.inf).theta
    step = 1e-6 * np.eye(len(phi[0]))
    ahead, behind = (problem.residuals(phi + sign * step)[0] for sign in (1, -1))
    np.testing.assert_allclose(problem.residuals(phi)[1][0], (behind - ahead).T / 2e-6, atol=1e-6)


def test_a_coefficient_is_compared_at_one_place_wherever_the_runs_of_a_cell_lie():
    rows = [
        {"f": f, "compute": x, "loss": 1.7 + a * x**-0.15}
        for f, a, start in (("u", 500.0, 18), ("v", 400.0, 19))
        for x in np.geomspace(10.0**start, 10.0 ** (start + 3), 12)
    ]
    noise = np.exp(1e-5 * np.random.default_rng(0).standard_normal(24))
    (result,) = scaling.compare_exponents(
        pl.DataFrame(rows).with_columns(pl.col("loss") * noise), factors="f", replicates=99
    ).results
    (effect,) = result.factors
    assert effect.constant.effect["a"].estimate == pytest.approx(0.8, rel=2e-3)
    assert effect.multiplier.estimate == pytest.approx(0.8 ** (1 / 0.15), rel=2e-2)


def test_noise_that_differs_little_is_pooled_and_noise_that_differs_much_is_not():
    freedom = np.full(8, 5.0)
    generator = np.random.default_rng(0)
    drawn = generator.chisquare(5, size=(500, 8))
    equal, prior = shrunk(drawn, freedom)
    assert np.median(prior) > 100
    assert np.median(equal.std(axis=1)) < 0.1
    unequal, prior = shrunk(drawn * np.array([1, 100] * 4), freedom)
    assert np.median(prior) < 5
    assert np.median(unequal[:, 1] / unequal[:, 0]) == pytest.approx(10, rel=0.3)


def test_equal_noise_is_called_different_in_one_of_ten_data_sets():
    low, high = binomial_bounds(4000, 0.1, 0.999)
    drawn = np.random.default_rng(0).chisquare([3, 9, 9, 20], size=(4000, 4))
    assert low <= differ(drawn, np.array([3.0, 9, 9, 20])).mean() <= high
    assert differ(drawn * np.array([1, 100, 1, 100]), np.array([3.0, 9, 9, 20])).mean() > 0.99


@pytest.mark.parametrize("name", ["g", "f:g"])
def test_the_distribution_allows_for_noise_that_each_cell_shows_by_itself(name):
    design = Design((2, 2), (12,), uneven=10.0)
    members = design.members()
    terms = terms_of(design.factors())
    term = next(term for term in terms if term.name == name)
    fits = settled_fits(members, [member.theta[None] for member in members], design.targets(members, 1))
    pose = posed(members, term, terms, ("b",))
    fit = fit_term(pose, fits, errors_of(members, fits))
    line = tangent(pose.base, fit.base[0], fits, 0, involved(pose.wider, pose.tested))
    found = approximated(line, pose, ("b",), fits, 0)
    excess = (fits.spreads / fits.scales)[0] ** 2
    assert found.fewer == pytest.approx(1)
    assert 9 <= found.freedom <= 27  # mostly that of the two noisy cells
    if name == "f:g":  # takes each cell as it is, so that only the noise counts
        assert excess.min() <= found.stretch <= excess.max()
    else:  # and here also weights that are estimated
        assert found.stretch > excess[[1, 3]].min()


def test_noise_that_changes_with_scale_is_seen_and_equal_noise_is_left_alone():
    for spread, least, most in ((1.0, 0.8, 1.25), (4.0, 2.5, 5.0)):
        design = Design((2, 2), (24,), spread=spread)
        members = design.members()
        targets = design.targets(members, 20)
        fits = settled_fits(members, [np.tile(member.theta, (20, 1)) for member in members], targets)
        assert least < np.median(fits.shape[:, 0] / fits.shape[:, 23]) < most


@pytest.mark.parametrize("name", ["balanced, 2 x 2, 12 runs a cell", "unbalanced, 3 x 2, one cell empty"])
def test_terms_that_move_nothing_are_rarely_found(name):
    low, high = binomial_bounds(60, SIZE, 1 - 0.05 / 6)
    for found in shares(NULLS[name], 60):
        assert low <= found.rejects <= high, found


@pytest.mark.slow
@pytest.mark.parametrize("name", NULLS)
def test_the_size_of_every_test_is_five_percent(name):
    tests = sum(len(terms_of(design.factors())) for design in NULLS.values())
    low, high = binomial_bounds(4000, SIZE, 1 - 0.05 / tests)  # no fault in any of them in 95 %
    for found in shares(NULLS[name], 4000):
        assert low <= found.rejects <= high, found


@pytest.mark.slow
@pytest.mark.parametrize("name", EFFECTS)
def test_power_is_nine_tenths_of_that_of_f_which_knows_the_law(name):
    moved = {term for term, _ in EFFECTS[name].effects}
    for found in shares(EFFECTS[name], 4000):
        if found.term in moved:
            assert found.rejects >= 0.9 * found.known, found


def crossed(effect=0.0, extra=0.0, noise=0.002, seed=0, runs=12):
    """Runs of optimizer x data under a x^b + c: data moves b by `effect`, and more with muon by `extra`."""
    generator = np.random.default_rng(seed)
    rows = []
    for optimizer, a in (("adamw", 1.0), ("muon", 0.9)):
        for data, floor in (("code", 1.3), ("web", 1.7)):
            b = -0.15 + (effect + extra * (optimizer == "muon")) * (data == "web")
            for x in np.geomspace(1e18, 1e22, runs):
                loss = floor + a * 1.5 * (x / 1e20) ** b
                rows.append({"optimizer": optimizer, "data": data, "compute": x, "loss": loss})
    losses = pl.Series(np.exp(noise * generator.standard_normal(len(rows))))
    return pl.DataFrame(rows).with_columns(pl.col("loss") * losses)


def effects(frame, **options):
    report = scaling.compare_exponents(frame, **{"factors": "optimizer,data", "replicates": 199, **options})
    return {effect.name: effect for effect in report.results[0].factors}, report


def test_each_factor_is_told_from_the_other_and_the_answer_names_it():
    found, report = effects(crossed(effect=0.04, seed=2))
    assert found["data"].exponent.moves is True
    low, high = found["data"].exponent.effect["b"].low, found["data"].exponent.effect["b"].high
    assert low < 0.04 < high
    assert found["data"].exponent.contrast == "web - code"
    assert found["optimizer"].exponent.moves is not True
    assert found["optimizer"].constant.moves is True
    constant = found["optimizer"].constant.effect["a"]
    assert constant.low < 0.9 < constant.high
    assert "needs" in found["optimizer"].sentence
    assert report.results[0].sentence.startswith("The exponent depends on data")


@pytest.mark.thorough
def test_a_large_p_value_alone_never_says_that_a_factor_does_not_move_the_exponent():
    found, _ = effects(crossed(noise=0.01, runs=8))
    assert found["optimizer"].exponent.moves is None
    assert "is not shown to change" in found["optimizer"].sentence
    wide, _ = effects(crossed(noise=0.0005), margin=0.05)
    assert wide["optimizer"].exponent.moves is False
    effect = wide["optimizer"].exponent.effect["b"]
    assert max(-effect.low, effect.high) <= 0.05


def test_an_interaction_is_said_for_each_level():
    found, _ = effects(crossed(extra=0.06, noise=0.001))
    inner = found["optimizer:data"]
    assert inner.exponent.moves is True
    by = {(level.factor, *level.at.values()): level.exponent.moves for level in inner.levels}
    assert by["data", "muon"] is True
    assert by["data", "adamw"] is not True
    assert "With adamw, data" in inner.sentence or "With code, optimizer" in inner.sentence


def test_a_covariate_has_a_slope_and_may_be_a_logarithm():
    generator = np.random.default_rng(0)
    rows = []
    for lr in (1.0, 10.0, 100.0):
        for x in np.geomspace(1e18, 1e22, 10):
            loss = (x / 1e20) ** (-0.1 - 0.02 * np.log10(lr)) * np.exp(0.002 * generator.standard_normal())
            rows.append({"lr": lr, "compute": x, "loss": loss})
    found, report = effects(pl.DataFrame(rows), factors=(), covariate="log(lr)", law="power")
    slope = found["log(lr)"].exponent.effect["b"]
    assert slope.low < -0.02 / np.log(10) < slope.high
    assert "per unit of log(lr)" in found["log(lr)"].sentence
    assert report.to_polars().height == 2


def test_factors_that_cannot_be_separated_are_named():
    frame = crossed().filter((pl.col("optimizer") == "adamw") == (pl.col("data") == "code"))
    found, _ = effects(frame)
    assert found["optimizer"].exponent is None
    assert "cannot be separated" in found["optimizer"].sentence


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"by": "optimizer"}, UsageError, "cannot be combined"),
        ({"factors": "optimizer", "covariate": "optimizer"}, UsageError, "named twice"),
        ({"factors": (), "covariate": "data"}, UsageError, "needs a number"),
        ({"where": "data = 'web'"}, FitError, "same value in all groups"),
        ({"factors": ()}, UsageError, "which groups"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(options, error, words):
    with pytest.raises(error, match=words) as caught:
        effects(crossed(), **options)
    assert caught.value.hint


def test_an_interaction_with_a_number_shows_its_slope_at_each_level():
    """At level v the exponent changes by 0.01 per unit of lr, at level u not at all."""
    generator = np.random.default_rng(0)
    rows = [
        {"f": f, "lr": lr, "compute": x, "loss": (1.7 + 5 * (x / 1e20) ** (-0.15 + slope * (lr - 2)))}
        for f, slope in (("u", 0.0), ("v", 0.01))
        for lr in (1.0, 2.0, 3.0)
        for x in np.geomspace(1e18, 1e22, 14)
    ]
    noise = np.exp(0.002 * generator.standard_normal(len(rows)))
    (result,) = scaling.compare_exponents(
        pl.DataFrame(rows).with_columns(pl.col("loss") * noise), factors=["f"], covariate=["lr"], replicates=99
    ).results
    effect = next(each for each in result.factors if each.name == "f:lr")
    assert effect.exponent.effect["b"].estimate == pytest.approx(0.01, abs=0.003)
    slopes = {(each.factor, each.at["f"]): each.exponent.effect["b"] for each in effect.levels}
    assert list(slopes) == [("lr", "u"), ("lr", "v")]
    assert slopes["lr", "u"].low < 0 < slopes["lr", "u"].high
    assert slopes["lr", "v"].low < 0.01 < slopes["lr", "v"].high
    assert {each.exponent.contrast for each in effect.levels} == {"per unit of lr"}
    assert "with v, lr changes the exponent by 0.0" in effect.sentence
