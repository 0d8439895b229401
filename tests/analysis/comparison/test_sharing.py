"""Groups that share parameters besides the exponents that are compared."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.comparison.groups import ComparisonData
from scaling_cli.analysis.comparison.models import parts
from scaling_cli.analysis.comparison.nested import fit_contrast
from scaling_cli.analysis.comparison.sharing import (
    covariance,
    identified,
    on_one_centre,
    same_exponent_of,
    with_shared,
)
from scaling_cli.caveats import caveat
from scaling_cli.errors import UsageError
from scaling_cli.results.comparison import Group
from tests.analysis.comparison.test_models import group

SHARED = "E,B,beta"


def experts(alphas, noise=0.003, seed=0):
    """Runs of chinchilla's law whose groups differ in A and alpha only."""
    generator = np.random.default_rng(seed)
    rows = []
    for name, alpha in alphas.items():
        for params in np.geomspace(1e8, 1e10, 5):
            for tokens in np.geomspace(2e9, 2e11, 4):
                loss = 1.7 + 400 * params**-alpha + 410 / tokens**0.28
                rows.append((name, params, tokens, loss * np.exp(noise * generator.standard_normal())))
    return pl.DataFrame(rows, schema=["group", "params", "tokens", "loss"], orient="row")


def compare(data, **options):
    return scaling.compare_exponents(
        data, **{"by": ["group"], "law": "chinchilla", "replicates": 99, "seed": 1, **options}
    )


def width(report, name="alpha"):
    (pair,) = report.results[0].comparisons
    found = pair.exponent_difference
    found = found[name] if isinstance(found, dict) else found
    return found.high - found.low


@pytest.fixture(scope="module")
def same():
    return experts({"few": 0.34, "many": 0.34})


def test_what_is_shared_makes_the_difference_of_the_rest_more_precise(same):
    alone, together = compare(same), compare(same, share=SHARED)
    result = together.results[0]
    assert result.shared == ("E", "B", "beta")
    assert result.floor == "shared"
    assert result.exponents == ("alpha",)
    assert 3 * width(together) < width(alone)
    assert (
        result.comparisons[0].exponent_difference["alpha"].low
        < 0
        < result.comparisons[0].exponent_difference["alpha"].high
    )


def test_groups_are_shown_with_the_fit_of_all_of_them(same):
    groups = compare(same, share=SHARED).results[0].groups
    assert groups[0].parameters["E"] == groups[1].parameters["E"]
    assert groups[0].parameters["alpha"] != groups[1].parameters["alpha"]
    joint = scaling.fit(same, by=["group"], law="chinchilla", share=SHARED, replicates=99, seed=1).results[0]
    assert groups[0].parameters["alpha"].estimate == pytest.approx(joint.parameters["alpha[few]"].estimate, rel=1e-6)


def test_a_difference_in_the_rest_is_found():
    pair = compare(experts({"few": 0.34, "many": 0.36}), share=SHARED).results[0].comparisons[0]
    assert pair.verdict == "different"


def test_three_groups_are_compared_within_the_fit_of_all():
    report = compare(experts({"a": 0.34, "b": 0.34, "c": 0.365}), share=SHARED)
    verdicts = {(pair.left, pair.right): pair.verdict for pair in report.results[0].comparisons}
    assert verdicts["a", "c"] == verdicts["b", "c"] == "different"
    assert verdicts["a", "b"] != "different"


def test_what_the_data_reject_is_not_shared():
    report = compare(experts({"few": 0.34, "many": 0.36}), share="A,alpha", exponent="beta")
    assert "share-rejected" in {found.code for found in report.caveats}
    assert report.results[0].shared == ()
    assert report.results[0].tests["same_shared"].p_value < 0.05


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": "gamma"}, "no free parameter"),
        ({"share": "alpha,beta"}, "every exponent"),
        ({"share": "alpha", "exponent": "alpha"}, "every exponent"),
        ({"share": "E", "by": (), "factors": ["group"]}, "--factors"),
        ({"share": "E", "law": "power-constant", "fix": {"b": -0.3, "c": 1.7}}, "--fix"),
    ],
)
def test_what_cannot_be_shared_is_refused(same, options, said):
    with pytest.raises(UsageError, match=said):
        compare(same, **options)


@pytest.mark.slow
def test_equal_exponents_are_rejected_as_often_as_the_level_says():
    sets, rejected = 400, 0
    for seed in range(sets):
        pair = compare(experts({"few": 0.34, "many": 0.34}, seed=1000 + seed), share=SHARED).results[0].comparisons[0]
        rejected += pair.p_value <= 0.05
    assert abs(rejected / sets - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / sets)


def test_a_floor_that_cannot_be_shared_is_said_by_the_option_that_asked():
    generator = np.random.default_rng(5)
    rows = [
        (name, compute, (1.5 * (compute / 1e18) ** -b + c) * np.exp(0.002 * generator.standard_normal()))
        for name, b, c in (("a", 0.15, 1.7), ("b", 0.15, 2.2), ("c", 0.2, 1.7), ("d", 0.2, 2.2))
        for compute in np.geomspace(1e18, 1e22, 12)
    ]
    runs = pl.DataFrame(rows, schema=["group", "compute", "loss"], orient="row")
    report = compare(runs, law="power-constant", share="c")
    assert {found.code for found in report.caveats} & {"share-rejected", "shared-floor-rejected"} == {"share-rejected"}
    # 99 replicates are too few for six pairs, but all exponents together clearly differ.
    assert "one exponent fits all" not in report.results[0].sentence
    assert "the data reject one exponent for all" in report.results[0].sentence


THREE = [group("a"), group("b", b=-0.18, low=1e19, points=14, seed=1), group("c", c=1.6, points=17, seed=2)]


def test_groups_on_one_centre_have_the_curves_that_they_had():
    moved = on_one_centre(THREE)
    shifts = [member.problem.shift for member in moved]
    assert shifts[0] == pytest.approx(shifts[1])
    assert THREE[0].problem.shift != pytest.approx(THREE[1].problem.shift)
    for before, after in zip(THREE, moved, strict=True):
        assert after.problem.uncentred(after.theta[None]) == pytest.approx(before.problem.uncentred(before.theta[None]))
        assert after.problem.observed.tolist() == before.problem.observed.tolist()
        assert after.problem.predictions(after.theta[None]) == pytest.approx(
            before.problem.predictions(before.theta[None])
        )


def test_tests_of_shared_parameters_count_what_they_share():
    shared = with_shared(THREE, ("a", "c"), is_paired=False)
    assert (shared.fewer, len(shared.null.low), shared.wider) == (2 * 2, 9 - 4, None)
    every = same_exponent_of(THREE, ("c",), None, is_paired=False)
    assert (every.fewer, len(every.null.low), len(every.wider.low)) == (2, 9 - 4, 9 - 2)
    pair = same_exponent_of(THREE, ("c",), (0, 2), is_paired=False)
    assert (pair.fewer, len(pair.null.low), len(pair.wider.low)) == (1, 9 - 3, 9 - 2)
    assert pair.null.index[0][1] == pair.null.index[2][1] != pair.null.index[1][1]


@pytest.mark.parametrize(("noise", "is_known"), [(0.003, True), (0.1, False)])
def test_a_floor_that_the_fit_of_all_groups_leaves_open_is_said_of_each(noise, is_known):
    members = [group(name, noise=noise, seed=seed) for seed, name in enumerate("ab")]
    fit = fit_contrast(same_exponent_of(members, ("c",), None, is_paired=False))
    groups = tuple(Group(name, {"lab": name}, 20, 20, {}, {}, None, True, 9.0, {}) for name in "ab")
    old = (caveat("floor-open", None, reason="of its own fit"), caveat("low-power", None, weak=1, pairs=2, share=0.25))
    found = identified(ComparisonData(tuple(members), (), (), groups, None, 1.2, 0.95, old), fit)
    error = np.sqrt(np.diag(covariance(fit)))
    for place, (member, each) in enumerate(zip(members, found.groups, strict=True)):
        index = fit.contrast.wider.index[place]
        floor, losses = fit.fitted[index[2]], member.problem.predictions(fit.fitted[None, index])[0]
        width = 2 * 1.959964 * error[index[2]] / (np.median(losses) - floor)
        assert each.floor_width == pytest.approx(width, rel=1e-5)
        assert each.is_identified == is_known == (width <= 0.3)
    assert found.caveats[0].code == "low-power"
    assert [(each.code, each.group) for each in found.caveats[1:]] == (
        [] if is_known else [("floor-open", {"lab": name}) for name in "ab"]
    )


def test_the_covariance_is_that_of_least_squares_weighted_by_each_groups_noise():
    fit = fit_contrast(same_exponent_of(THREE, ("c",), None, is_paired=False))
    wider = fit.contrast.wider
    noise = np.concatenate([np.full(each.points, scale) for each, scale in zip(THREE, fit.scales, strict=True)])
    jacobian = wider.residuals(fit.fitted[None])[1][0] * (np.sqrt(wider.weights) / noise)[:, None]
    wanted = np.linalg.inv(jacobian.T @ jacobian)
    assert covariance(fit) == pytest.approx(wanted, rel=1e-6)
    assert len(parts(wider.members)) == 3
