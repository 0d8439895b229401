"""Laws of coverage put together by hand: their order, their ends, their slopes, and what is too far away."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import norm, t

from scaling_cli.analysis.coverage.combined import combined_at, far_doubt, forecast
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import (
    LAWS,
    FittedLaws,
    ceiling_doubts,
    describe,
    fit_laws,
    law_names,
    near_ceiling_doubts,
)
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.coverage.curves import (
    EXPONENTIATED,
    POWER,
    CurveLaw,
    fit_exponentiated,
    fit_power_law,
    log_grid,
)
from scaling_cli.coverage.distributions import BETA_BINOMIAL
from scaling_cli.coverage.inflated import ZERO_INFLATED
from scaling_cli.errors import UsageError
from scaling_cli.record import replace

K = np.array([1.0, 10.0, 1000.0])
SLOPES = np.array([0.3, *np.linspace(0.2, 0.4, 40)])


def power(slopes=SLOPES, name=POWER, last=100):
    return CurveLaw(name, np.log(np.linspace(2.0, 2.2, len(slopes))), np.asarray(slopes), 3, last)


def fitted(level=0.9, slopes=SLOPES, measured=(1, 0.0, 0.0), units=40, **more):
    return FittedLaws({}, {POWER: power(slopes), **more}, level, units, measured)


def ends(values, level=0.9, units=40):
    """Quantiles of replicates, widened as Student's t and the units that each draws ask for."""
    tail = norm.cdf(-np.sqrt(units / (units - 1)) * t.ppf((1 + level) / 2, units - 1))
    return np.quantile(values, [tail, 1 - tail], axis=0, method="weibull")


def test_a_law_of_the_curve_has_the_ends_of_its_replicates():
    values, low, high = fitted().coverage(POWER, K)
    curves = np.exp(-np.linspace(2.0, 2.2, 41)[:, None] * K ** -SLOPES[:, None])
    assert values == pytest.approx(curves[0])
    wanted = ends(curves[1:])
    assert low == pytest.approx(np.minimum(np.maximum.accumulate(wanted[0]), curves[0]))
    assert high == pytest.approx(np.maximum.accumulate(np.maximum(wanted[1], curves[0])))
    for alone in (fitted(level=None), fitted(slopes=SLOPES[:1])):
        assert [part.tolist() for part in alone.coverage(POWER, K)] == [alone.coverage(POWER, K)[0].tolist()] * 3


def test_what_was_measured_holds_at_more_attempts_and_not_at_fewer():
    plain, seen = fitted().coverage(POWER, K), fitted(measured=(10, 0.31, 0.6)).coverage(POWER, K)
    assert seen[0].tolist() == plain[0].tolist()
    assert plain[1][1] < 0.31 < plain[0][1] < plain[2][1] < 0.6
    assert (seen[1][0], seen[2][0]) == (plain[1][0], plain[2][0])
    assert (seen[1][1], seen[2][1]) == (0.31, 0.6)
    assert seen[1][2] == max(plain[1][2], 0.31)
    assert seen[2][2] == plain[2][2] > 0.6


def test_an_estimate_has_an_interval_from_two_replicates_on():
    values = np.array([1.0, 0.5, 2.0])
    found = fitted().estimate(values)
    assert (found.estimate, found.low, found.high) == pytest.approx((1.0, *ends(values[1:])))
    for alone in (fitted().estimate(values[:2]), fitted(level=None).estimate(values)):
        assert (alone.estimate, alone.low, alone.high) == (1.0, None, None)


def test_laws_have_parameters_and_slopes_over_the_points_that_they_were_fitted_to():
    other = power(SLOPES + 0.1, EXPONENTIATED, last=50)
    found = describe(fitted(**{EXPONENTIATED: other}), 2, 200)
    assert list(found) == [POWER, EXPONENTIATED]
    plain, bent = found.values()
    assert {name: value.estimate for name, value in plain.parameters.items()} == pytest.approx({"A": 2.0, "b": 0.3})
    assert {name: value.estimate for name, value in bent.parameters.items()} == pytest.approx({"a": -2.0, "b": -0.4})
    low, high = ends(-(SLOPES[1:] + 0.1))
    assert (bent.parameters["b"].low, bent.parameters["b"].high) == pytest.approx((low, high))
    assert plain.asymptotic_exponent.estimate == 0.3
    assert (plain.slope, bent.slope) == (type(plain.slope)(2, 100, 0.3), type(plain.slope)(2, 50, pytest.approx(0.4)))
    assert (plain.dropped, plain.log_likelihood) == (3, None)


def test_nothing_is_forecast_beyond_a_hundred_times_the_attempts_unless_forced():
    rows, doubts = forecast(fitted(), (POWER, EXPONENTIATED), [1000, 1001], 10, force=False, group=None)
    assert [(row.k, row.law, row.estimate is None) for row in rows] == [
        (1000, POWER, False), (1000, EXPONENTIATED, True), (1001, POWER, True), (1001, EXPONENTIATED, True),
    ]  # fmt: skip
    assert rows[0].estimate == pytest.approx(np.exp(-2.0 * 1000**-0.3))
    assert [doubt.code for doubt in doubts] == ["far-extrapolation"]
    rows, doubts = forecast(fitted(), (POWER,), [1001], 10, force=True, group=None)
    assert rows[0].estimate is not None
    assert "is a guess at best" in doubts[0].message
    assert "is not forecast" in far_doubt(1001, 10, None, is_shown=False).message
    assert forecast(fitted(), (POWER,), [1000], 10, force=False, group=None)[1] == []
    assert forecast(fitted(), (POWER,), [], 10, force=False, group=None) == ([], [])
    assert combined_at(fitted(), 50, 10, force=True).estimate is None  # without the mixture nothing is combined


def test_names_choose_laws():
    assert law_names("all") == LAWS
    assert law_names("none") == ()
    assert law_names(POWER) == (POWER,)
    assert set(law_names("auto")) < set(LAWS)
    with pytest.raises(UsageError, match="No law"):
        law_names("cubic")
    assert fitted().names == [POWER]
    assert fitted()
    assert not FittedLaws({}, {}, 0.9, 40)


def sampled(n=64, problems=60, seed=0):
    rng = np.random.default_rng(seed)
    counts = make_counts(np.full(problems, n), rng.binomial(n, rng.beta(0.4, 1.2, problems)))
    return Sampled(counts, None, ProblemResampling(30, 0, 0))


def test_laws_of_the_curve_are_fitted_to_its_estimate_and_to_each_replicate():
    data = sampled()
    laws, caveats = fit_laws(data, (POWER, EXPONENTIATED), 0.9, None)
    assert caveats == []
    grid = data.fitting_grid()
    for name, fit in ((POWER, fit_power_law), (EXPONENTIATED, fit_exponentiated)):
        law = laws.curves[name]
        alone = fit(grid.astype(float), data.coverage(grid)[None])
        assert (law.exponent[0], law.log_coefficient[0]) == pytest.approx((alone.exponent[0], alone.log_coefficient[0]))
        assert len(law.exponent) == 31
        assert law.exponent[1:].std() > 0
        assert law.dropped == alone.dropped + len(log_grid(64)) - len(grid)
    none, _ = fit_laws(replace(data, resampling=ProblemResampling(0, 0, 0)), (POWER,), 0.9, None)
    assert none.curves[POWER].exponent == pytest.approx(laws.curves[POWER].exponent[:1])


def test_a_law_that_cannot_be_fitted_leaves_the_others():
    even = Sampled(make_counts(np.full(40, 32), np.tile([3, 4], 20)), None, ProblemResampling(30, 0, 0))
    laws, caveats = fit_laws(even, (BETA_BINOMIAL, POWER), 0.9, {"model": "small"})
    assert laws.names == [POWER]
    assert [(each.code, each.group) for each in caveats] == [("overdispersion-not-identified", {"model": "small"})]


def test_the_slope_of_a_law_of_difficulty_is_that_of_its_transformed_coverage():
    laws, _ = fit_laws(sampled(), (BETA_BINOMIAL,), 0.9, None)
    found = describe(laws, 2, 50)[BETA_BINOMIAL]
    alpha, beta = (found.parameters[name].estimate for name in ("alpha", "beta"))
    k = np.array([2.0, 50.0])
    transformed = np.log(-np.log1p(-np.exp(betaln(alpha, beta + k) - betaln(alpha, beta))))
    assert found.slope.estimate == pytest.approx((transformed[0] - transformed[1]) / np.log(25))
    assert (found.slope.start, found.slope.end) == (2, 50)
    assert found.asymptotic_exponent == found.parameters["alpha"]


def test_a_power_law_of_a_part_of_the_curve_is_noted():
    data = sampled()
    for last, codes in ((64, []), (32, ["near-ceiling"])):
        laws = FittedLaws({}, {POWER: power(last=last)}, 0.9, 40)
        assert [each.code for each in near_ceiling_doubts(laws, data, None)] == codes
    assert near_ceiling_doubts(laws, replace(data, batch=4), None) == []
    assert near_ceiling_doubts(FittedLaws({}, {}, 0.9, 40), data, None) == []


def test_a_share_of_unsolvable_problems_that_may_be_zero_is_noted():
    fits = describe(fit_laws(sampled(), (ZERO_INFLATED,), 0.9, None)[0], 1, 64)
    share = fits[ZERO_INFLATED].parameters["unsolvable"]
    for low, codes in ((0.0, ["ceiling-not-identified"]), (0.01, [])):
        changed = replace(fits[ZERO_INFLATED], parameters={"unsolvable": replace(share, low=low)})
        assert [each.code for each in ceiling_doubts({ZERO_INFLATED: changed}, None)] == codes
    assert ceiling_doubts({}, None) == []


def test_a_higher_lower_end_at_fewer_attempts_holds_at_more_even_between_those_asked_for():
    """The ends of a law of difficulty need not rise; here they are highest around five attempts."""

    def coverage(k):
        near = np.abs(k - 5) < 1.5
        return np.full(len(k), 0.5), np.where(near, 0.4, 0.1), np.where(near, 0.9, 0.6)

    laws = FittedLaws({BETA_BINOMIAL: SimpleNamespace(coverage=coverage)}, {}, 0.9, 40)
    values, low, high = laws.coverage(BETA_BINOMIAL, np.array([1.0, 100.0]))
    assert values.tolist() == [0.5, 0.5]
    assert low.tolist() == [0.1, 0.4]
    assert high.tolist() == [0.6, 0.9]
    assert laws.coverage(BETA_BINOMIAL, np.array([1.0]))[1].tolist() == [0.1]
