"""Random factors of runs, for the null distribution of a term."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.factors.cells import designed, frames
from scaling_cli.analysis.comparison.factors.draws import drawn_statistics, factors_of, involved, tangent
from scaling_cli.analysis.comparison.factors.noise import settled_fits
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design

BOTH, MEAN, OTHER = np.eye(2), np.ones((2, 1)), np.array([[1.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize("runs", [4, 11, 12, 30])
def test_factors_have_mean_zero_and_variance_one_and_are_those_of_runs(runs):
    points = np.repeat(np.arange(runs), 2)
    drawn = factors_of(np.random.default_rng(0), 4000, points)
    assert drawn.shape == (4000, 2 * runs)
    assert (drawn[:, ::2] == drawn[:, 1::2]).all()
    # Standard errors of both are about 1 / sqrt(4000).
    assert np.abs(drawn.mean(axis=0)).max() < 0.08
    assert np.abs((drawn**2).mean(axis=0) - 1).max() < 0.12
    sizes = np.unique(np.abs(drawn).round(6))
    assert len(sizes) == (1 if runs >= 12 else 3)


def setting(names=("b",), design=OTHER, counts=(12, 20)):
    """Two cells under a law with one b for both, and a wider one with a b for each; and a data set without effect."""
    cells = Design((2,), counts, floors=(1.5,))
    members = [replace(member, delta=np.inf, is_tuned=False) for member in cells.members()]
    framed = frames(members)
    base = designed(members, dict.fromkeys(names, MEAN), framed)
    wider = designed(members, dict.fromkeys(names, design), framed)
    target = cells.targets(members, 1)
    fits = settled_fits(members, [member.theta[None] for member in members], target)
    from scaling_cli.fitting.solve import minimise

    first = np.zeros((1, len(base.low)))
    for name, place in base.places.items():
        own = [member.theta[member.problem.law.names.index(name)] for member in members]
        first[0, place] = own if len(place) == 2 else np.mean(own)
    found = minimise(base, first, delta=np.inf, target=fits.target, weights=fits.weights(members))
    return base, wider, fits, found.theta[0]


def test_a_test_of_an_exponent_involves_it_alone_and_one_of_a_coefficient_also_its_exponent():
    base, *_ = setting()
    assert involved(base, ("b",)) == ("b",)
    base, *_ = setting(("a",))
    assert set(involved(base, ("a",))) == {"a", "b"}


def test_drawn_statistics_of_independent_points_follow_f():
    """One parameter more, and the noise from the cells' residuals: the mean of F is close to one."""
    base, wider, fits, phi = setting()
    line = tangent(base, phi, fits, 0, ("b",))
    assert line.freedom.tolist() == [9.0, 17.0]
    factors = np.random.default_rng(0).standard_normal((4000, len(line.residuals)))
    drawn = drawn_statistics(line, base, wider, ("b",), factors, 1)
    assert drawn.shape == (4000,)
    assert (drawn >= 0).all()
    assert drawn.mean() == pytest.approx(1.0, abs=0.35)
    again = drawn_statistics(line, base, wider, ("b",), 3 * factors, 1)
    assert again == pytest.approx(drawn, rel=1e-6)  # the noise is measured in every replicate
    halved = drawn_statistics(line, base, wider, ("b",), factors, 2)
    assert halved == pytest.approx(drawn / 2, rel=1e-6)


def test_equal_models_explain_as_much():
    base, _, fits, phi = setting()
    line = tangent(base, phi, fits, 0, ("b",))
    factors = np.random.default_rng(0).standard_normal((50, len(line.residuals)))
    assert drawn_statistics(line, base, base, ("b",), factors, 1) == pytest.approx(np.zeros(50), abs=1e-8)
