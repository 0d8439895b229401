"""Nested models of groups: how many parameters each has, what it leaves unexplained, and the statistic that follows."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.models import solve_in_chunks
from scaling_cli.analysis.comparison.nested import centred, fit_contrast, models, nested, null_distribution_of
from scaling_cli.fitting.drawing import Resampling
from tests.analysis.comparison.test_models import group

GROUPS = [group("a"), group("b", b=-0.18, c=1.5, points=14, seed=1), group("c", c=1.6, points=17, seed=2)]


@pytest.fixture(scope="module")
def fits():
    return {name: fit_contrast(contrast) for name, contrast in nested(GROUPS, is_paired=False).items()}


def test_each_model_shares_what_its_name_says(fits):
    rows = models(fits)
    assert [(row.name, row.shared, row.parameters) for row in rows] == [
        ("one-curve", ("a", "b", "c"), 3),
        ("separate-coefficients", ("b", "c"), 3 + 2),
        ("shared-exponent", ("b",), 6 + 1),
        ("shared-floor", ("c",), 6 + 1),
        ("all-separate", (), 9),
    ]


def test_deviances_are_sums_of_squares_in_units_of_the_noise(fits):
    scales = fits["shared-floor"].scales
    alone = sum(
        2 * solve_in_chunks(member.problem, member.theta[None], delta=np.inf).value[0] / scale**2
        for member, scale in zip(GROUPS, scales, strict=True)
    )
    rows = {row.name: row.deviance for row in models(fits)}
    assert rows["all-separate"] == pytest.approx(alone, rel=1e-6)
    assert rows["one-curve"] > rows["separate-coefficients"] > rows["shared-exponent"] > rows["all-separate"]
    for name, fit in fits.items():
        assert fit.statistic * fit.contrast.fewer == pytest.approx(rows[name] - rows["all-separate"], rel=1e-6)


def test_one_curve_is_the_best_fit_of_all_points(fits):
    fit = fits["one-curve"]
    assert fit.contrast.fewer == 6
    first = GROUPS[0].problem.uncentred(fit.alone[0][None])[0]
    for theta, member in zip(fit.alone, GROUPS, strict=True):
        raw = member.problem.uncentred(theta[None])[0]
        assert raw == pytest.approx(first, rel=1e-6)
        assert theta == pytest.approx(centred(member.problem, raw))


def test_what_is_shared_is_equal_in_all_groups(fits):
    floors = [theta[2] for theta in fits["shared-floor"].alone]
    assert np.ptp(floors) == 0
    exponents = [theta[1] for theta in fits["shared-exponent"].alone]
    assert np.ptp(exponents) == 0
    assert np.ptp([theta[2] for theta in fits["shared-exponent"].alone]) > 0


def test_a_law_without_floors_shares_exponents_alone():
    found = nested([group("a", law="power"), group("b", law="power", seed=1)], is_paired=False)
    assert {name: contrast.fewer for name, contrast in found.items()} == {"one-curve": 2, "shared-exponent": 1}


def test_without_resampling_the_distribution_is_f_with_the_freedom_of_welch(fits):
    null = null_distribution_of(None, fits["shared-exponent"])
    assert (null.method, null.fewer) == ("F", 2)
    assert 0 < null.freedom <= sum(member.freedom for member in GROUPS)
    drawn = null_distribution_of(Resampling(20, 0, 0), fits["shared-exponent"])
    assert drawn.method == "wild-bootstrap"
    assert len(drawn.draws) + drawn.failed == 20
    assert drawn.freedom == null.freedom
