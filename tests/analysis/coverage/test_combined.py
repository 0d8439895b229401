"""The combined forecast: how it is put together, where it is given, and how often its interval holds there."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage_laws import KINDS, coverage, logs
from scaling_cli.analysis.coverage.combined import (
    COMBINED,
    COMBINES,
    combine,
    combined_at,
    drawn_forecast,
    forecast,
    widest,
)
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import OF_CURVE, fit_laws
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.coverage.distributions import MIXTURE
from scaling_cli.record import replace
from tests.analysis.comparison.simulations import binomial_bounds
from tests.grids import one_in

ATTEMPTS = 32
FEW_SOLVED = [0] * 26 + [1] * 4 + [2] * 2 + [3, 5, 7, 9, 12, 20, 25, 30]
FEWER_SOLVED = [0] * 34 + [1] * 4 + [5, 20]
LOGS = {
    "few solved": FEW_SOLVED,
    "fewer solved": FEWER_SOLVED,
    "half solved": [0] * 60 + [1, 2, 4] + [20, 24, 28] * 19,
    "nearly all solved": [0, 1, *[8, 20, 32] * 12],
}


def fitted(solved, level=0.95, attempts=ATTEMPTS):
    data = Sampled(make_counts(np.full(len(solved), attempts), np.array(solved)), None, ProblemResampling(0))
    laws, _ = fit_laws(data, tuple(COMBINES), level, None)
    return laws


def rows(solved, k, *, force=False):
    """The combined forecast at each k, and the codes of caveats."""
    found, caveats = forecast(fitted(solved), tuple(COMBINES), k, ATTEMPTS, force=force, group=None)
    return [row for row in found if row.law == COMBINED], {caveat.code for caveat in caveats}


def test_wider_intervals_go_with_a_number_up_to_ten_times_the_attempts():
    near, codes = rows(FEW_SOLVED, [10 * ATTEMPTS])
    assert 0.5 < near[0].high - near[0].low <= 0.6
    assert near[0].low < near[0].estimate < near[0].high
    assert not codes
    far, codes = rows(FEW_SOLVED, [10 * ATTEMPTS + 1])
    assert far[0].high - far[0].low > 0.5
    assert far[0].estimate is None
    assert codes == {"laws-disagree"}
    assert rows(FEW_SOLVED, [10 * ATTEMPTS + 1], force=True)[0][0].estimate is not None
    laws = fitted(FEW_SOLVED)
    at = [combined_at(laws, k, ATTEMPTS, force=False).estimate for k in (10 * ATTEMPTS, 10 * ATTEMPTS + 1)]
    assert at == [near[0].estimate, None]


def test_no_number_goes_with_an_interval_that_is_wider_still():
    near, codes = rows(FEWER_SOLVED, [10 * ATTEMPTS])
    assert near[0].high - near[0].low > 0.6
    assert near[0].estimate is None
    assert codes == {"laws-disagree"}


def test_beyond_a_hundred_times_the_attempts_nothing_is_forecast_unless_it_is_asked_for():
    laws, asked = fitted(LOGS["half solved"]), tuple(COMBINES)
    for times, force, is_given in ((100, False, True), (101, False, False), (101, True, True)):
        found, caveats = forecast(laws, asked, [times * ATTEMPTS], ATTEMPTS, force=force, group=None)
        assert {row.law for row in found} == {*asked, COMBINED}
        assert {row.low is not None for row in found} == {is_given}
        assert {row.estimate is not None for row in found} == {is_given}
        assert [each.code for each in caveats] == ["far-extrapolation"] * (times > 100)
        assert (combined_at(laws, times * ATTEMPTS, ATTEMPTS, force=force).low is not None) == is_given
    messages = [
        forecast(laws, asked, [10, 200 * ATTEMPTS], ATTEMPTS, force=force, group=None)[1][0].message
        for force in (False, True)
    ]
    assert "6,400" in messages[0]
    assert "--force" in messages[0]
    assert "--force" not in messages[1]


def test_the_band_of_the_forecast_reaches_from_one_attempt_to_the_end():
    laws = fitted(LOGS["half solved"])
    drawn = drawn_forecast(laws, tuple(COMBINES), ATTEMPTS, 10 * ATTEMPTS, 20)
    assert (drawn.x[0], drawn.x[-1]) == pytest.approx((1, 10 * ATTEMPTS))
    assert ATTEMPTS in drawn.x
    k = np.array(drawn.x)
    for own, found in zip((drawn.y, drawn.low, drawn.high), combine(laws, k), strict=True):
        assert own == pytest.approx(found)
    alone = drawn_forecast(laws, (MIXTURE,), ATTEMPTS, 10 * ATTEMPTS, 20)
    assert alone.y == pytest.approx(laws.coverage(laws.names[0], np.array(alone.x))[0])
    assert drawn_forecast(laws, (MIXTURE,), ATTEMPTS, ATTEMPTS, 20) is None
    assert drawn_forecast(replace(laws, curves={}, distributions={}), (MIXTURE,), ATTEMPTS, 99, 20) is None


def test_an_interval_that_says_nothing_at_its_level_leaves_no_forecast():
    k = 10 * ATTEMPTS
    _, low, high = (float(part[0]) for part in combine(fitted(FEW_SOLVED, 0.5), np.array([float(k)])))
    for level in (high - low) * np.array([0.99, 1.01]):
        laws = replace(fitted(FEW_SOLVED, 0.5), level=level)
        given = combined_at(laws, k, ATTEMPTS, force=True)
        assert (given.low, given.high) == ((low, high) if level > high - low else (None, None))
        assert (given.estimate is not None) == (level > high - low)
    assert combined_at(fitted(FEW_SOLVED, None), k, ATTEMPTS, force=True).estimate is not None


@pytest.mark.parametrize(("reach", "width"), [(1.5, 0.6), (10, 0.6), (10.1, 0.5), (100, 0.5), (1e4, 0.5)])
def test_the_widest_interval_depends_on_how_far_the_forecast_goes(reach, width):
    assert widest(reach) == width


@pytest.mark.parametrize(("kind", "side"), [("two betas", "below"), ("40 % unsolvable", "above")])
def test_laws_of_the_curve_count_within_the_interval_of_the_families(kind, side):
    log = list(logs(kind, 1, 14))[-1]
    laws, _ = fit_laws(Sampled(log.data.counts, None, ProblemResampling(0)), tuple(COMBINES), 0.95, None)
    k = log.k.astype(float)
    mixed = laws.coverage(MIXTURE, k)[0]
    curves = np.array([laws.coverage(name, k)[0] for name in OF_CURVE])
    low, high = laws.distributions[MIXTURE].of_families(k)
    assert (low < mixed).all()
    assert (mixed < high).all()
    assert ((curves < low) if side == "below" else (curves > high)).all()
    nearest = low if side == "below" else high
    middle, *_ = combine(laws, k)
    np.testing.assert_allclose(middle, (mixed + nearest) / 2)
    truth = coverage(log.p, log.k)
    assert (np.abs(middle - truth) < np.abs((mixed + curves.mean(axis=0)) / 2 - truth)).all()


@pytest.mark.parametrize("name", one_in(3, LOGS))
def test_the_forecast_never_falls_and_does_not_depend_on_the_level(name):
    k = np.geomspace(1, 100 * ATTEMPTS, 50)
    middle, low, high = combine(fitted(LOGS[name]), k)
    assert (np.diff(middle) >= -1e-12).all()
    assert (low <= middle).all()
    assert (middle <= high).all()
    for level in (0.5, None):
        np.testing.assert_array_equal(combine(fitted(LOGS[name], level), k)[0], middle)


@pytest.mark.slow
def test_where_a_number_is_given_its_interval_holds_in_every_kind():
    given = []
    for kind in KINDS:
        held = []
        for log in logs(kind, 40, 13):
            data = Sampled(log.data.counts, None, ProblemResampling(0))
            _, low, high = combine(fit_laws(data, tuple(COMBINES), 0.95, None)[0], log.k[:1].astype(float))
            is_given = high[0] - low[0] <= widest(10)
            given.append(is_given)
            if is_given:
                held.append(bool(low[0] <= coverage(log.p, log.k[:1])[0] <= high[0]))
        if held:
            assert np.mean(held) >= binomial_bounds(len(held), share=0.9, level=0.99)[0], kind
    assert np.mean(given) >= 0.6
