"""The whole answer about factors: tests of all cells, beside what each factor moves."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import least_squares
from scipy.stats import t as student

import scaling_cli as scaling
from scaling_cli.analysis.comparison.factors.term_test import ready
from scaling_cli.analysis.comparison.models import parts
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design


def runs(floors=(1.7, 1.7), exponents=(-0.15, -0.15), sizes=(5.0, 5.0), points=16, noise=0.002):
    generator = np.random.default_rng(0)
    x = np.geomspace(1e18, 1e22, points)
    rows = [
        pl.DataFrame({"f": name, "compute": x, "loss": (c + a * (x / 1e20) ** b)
                      * np.exp(noise * generator.standard_normal(points))})
        for name, c, b, a in zip("uv", floors, exponents, sizes, strict=True)
    ]  # fmt: skip
    return pl.concat(rows)


def compared(data, **options):
    return scaling.compare_exponents(data, **{"factors": "f", "replicates": 99, "seed": 1, **options}).results[0]


@pytest.fixture(scope="module")
def same():
    return compared(runs())


def test_two_cells_are_tested_as_their_factor_is(same):
    (factor,) = same.factors
    assert same.tests["same_exponent"].p_value == pytest.approx(factor.exponent.p_value)
    assert same.tests["same_floor"].p_value == pytest.approx(factor.floor.p_value)
    assert {name: (test.null, test.against) for name, test in same.tests.items()} == {
        "same_exponent": ("shared-exponent", "all-separate"),
        "same_exponent_and_floor": ("separate-coefficients", "all-separate"),
        "same_floor": ("shared-floor", "all-separate"),
        "same_curve": ("one-curve", "all-separate"),
        "no_floor": ("no-floor", "all-separate"),
    }
    assert all(test.p_value > 0.05 for name, test in same.tests.items() if name != "no_floor")
    assert same.tests["no_floor"].p_value < 1e-6
    assert (same.floor, same.exponents, same.models, same.comparisons) == ("separate", ("b",), (), ())


@pytest.mark.parametrize(
    ("changed", "rejected"),
    [
        ({"exponents": (-0.15, -0.2)}, {"same_exponent", "same_exponent_and_floor", "same_curve", "no_floor"}),
        ({"sizes": (5.0, 6.0)}, {"same_curve", "no_floor"}),
    ],
)
def test_what_differs_is_what_is_rejected(changed, rejected):
    found = compared(runs(**changed, noise=0.001))
    assert {name for name, test in found.tests.items() if test.p_value < 0.01} >= rejected
    if "sizes" in changed:
        assert found.tests["same_exponent"].p_value > 0.01


def test_a_law_without_floors_has_no_test_of_them():
    found = compared(runs(floors=(0.0, 0.0)), law="power")
    assert set(found.tests) == {"same_exponent", "same_curve"}
    assert found.floor == "none"
    assert found.factors[0].floor is None


def test_the_floor_of_a_cell_is_as_wide_as_t_says_at_the_level_asked_for(same):
    """Both cells have 16 runs and three parameters, so that their noise has 26 degrees of freedom."""
    narrow = compared(runs(), level=0.5)
    ratio = student.ppf(0.975, 26) / student.ppf(0.75, 26)
    for wide, group in zip(same.groups, narrow.groups, strict=True):
        assert wide.floor_width / group.floor_width == pytest.approx(ratio, rel=0.1)


def test_a_floor_that_all_groups_share_is_as_wide_as_their_joint_fit_says():
    """Its interval over the loss above it in the middle of each group, by the Jacobian of another solver's fit."""
    data = runs(sizes=(5.0, 6.0))
    found = scaling.compare_exponents(data, by=["f"], law="power-constant", share="c", replicates=99, seed=1).results[0]
    logs = np.log(data["loss"].to_numpy()).reshape(2, 16)
    z = np.log(np.geomspace(1e18, 1e22, 16) / 1e20)

    def residuals(theta):
        return np.concatenate(
            [np.log(theta[4] + np.exp(theta[2 * g] + theta[2 * g + 1] * z)) - logs[g] for g in (0, 1)]
        )

    best = least_squares(residuals, [1.6, -0.15, 1.8, -0.15, 1.7], x_scale="jac")
    variance = 2 * best.cost / (32 - 5) * np.linalg.inv(best.jac.T @ best.jac)
    for g, group in enumerate(found.groups):
        middle = np.median(best.x[4] + np.exp(best.x[2 * g] + best.x[2 * g + 1] * z)) - best.x[4]
        # The noise of each group is its own, and the objective cuts off the largest residuals.
        assert group.floor_width == pytest.approx(2 * 1.96 * np.sqrt(variance[4, 4]) / middle, rel=0.25)
        assert group.is_identified == (group.floor_width <= 0.3)


@pytest.mark.parametrize("share", [0.0, 0.35, 0.5, 0.65, 0.9])
def test_matched_runs_are_resampled_together_where_their_errors_clearly_agree(share):
    """Products of standardised errors, summed over all pairs of cells, over the root of their number: above 2."""
    design = Design((3,), (14,))
    generator = np.random.default_rng(7)
    common = generator.standard_normal(14)
    members = []
    for plain in design.members():
        own = generator.standard_normal(14)
        target = plain.problem.target + 0.003 * (np.sqrt(share) * common + np.sqrt(1 - share) * own)
        problem = replace(plain.problem, target=target, observed=np.exp(target))
        members.append(replace(plain, problem=problem, is_tuned=False))
    made = ready(members, is_paired=True, replicates=9, seed=0)
    rows = []
    for member, theta, part in zip(members, made.fits.thetas, parts(members), strict=True):
        errors = member.problem.residuals(theta)[0][0] / made.fits.shape[0, part]
        rows.append(np.clip(errors / np.sqrt(np.mean(errors**2)), -3, 3))
    total = sum(float(rows[i] @ rows[j]) for i in range(3) for j in range(i + 1, 3))
    assert made.is_matched == (total / np.sqrt(3 * 14) > 2)
    assert made.is_clustered == made.is_matched
    if share in (0.0, 0.9):
        assert made.is_matched == (share > 0.5)
    if made.is_matched:
        assert (made.factors[:, :14] == made.factors[:, 14:28]).all()
    else:
        assert (made.factors[:, :14] != made.factors[:, 14:28]).any()
