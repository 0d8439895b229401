"""Coverage of one group with intervals: designs, places along the curve, short problems and what is said of them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import expit, logit

from scaling_cli.analysis.coverage import laws as laws_module
from scaling_cli.analysis.coverage.curve import (
    Sampled,
    _logit_interval,
    coverage_doubts,
    coverage_rows,
    default_k,
    drawn_curve,
    number_or_none,
    sampled,
)
from scaling_cli.analysis.coverage.laws import fit_laws
from scaling_cli.coverage import counts as counts_module
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.coverage.curves import EXPONENTIATED, POWER
from scaling_cli.coverage.estimate import clopper_pearson
from scaling_cli.errors import UsageError

RESAMPLING = ProblemResampling(300, seed=0)


def data(n, c, *, batch=None, cluster=None):
    cluster = None if cluster is None else np.array(cluster)
    return Sampled(make_counts(np.broadcast_to(n, len(c)).copy(), np.array(c), cluster), batch, RESAMPLING)


def rows_of(data, k, short="bound", band="pointwise", level=0.9):
    return coverage_rows(data, np.array(k), level, band, short)


def stopped_counts():
    """Fifteen problems in batches of 2, which stopped at a success after 1, 2 or 3 batches; two were never solved."""
    n, c = [2] * 6 + [4] * 5 + [6] * 4, [1, 2, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 0, 0]
    return make_counts(np.array(n), np.array(c))


@pytest.mark.parametrize(
    ("longest", "k"),
    [(1, [1]), (2, [1, 2]), (8, [1, 2, 4, 8]), (10, [1, 2, 4, 8, 10]), (99, [1, 2, 4, 8, 16, 32, 64, 99]),
     (100, [1, 10, 100]), (1000, [1, 10, 100, 1000]), (1024, [1, 10, 100, 1000, 1024])],
)  # fmt: skip
def test_k_are_powers_up_to_the_longest(longest, k):
    assert default_k(longest).tolist() == k


def test_a_design_is_detected_unless_it_is_given():
    counts = stopped_counts()
    found, caveats = sampled(counts, None, "auto", RESAMPLING)
    assert (found.batch, found.design, found.longest) == (2, "stop-at-success", 6)
    assert [each.code for each in caveats] == ["stop-at-success"]
    found, caveats = sampled(counts, None, "fixed", RESAMPLING)
    assert (found.batch, found.design, found.longest, caveats) == (None, "fixed", 2, [])
    even = make_counts(np.full(12, 4), np.ones(12, dtype=int))
    assert sampled(even, None, "auto", RESAMPLING)[0].batch is None
    with pytest.raises(UsageError, match="does not fit the log"):
        sampled(even, None, "stop-at-success", RESAMPLING)


def sampled_on(early=25):
    """Problems with 4 attempts, all of them solved, and 12 more attempts at each of those that were not."""
    n, c = [4] * early + [16] * 12, [1] * (early - 1) + [2] + [3] * 6 + [0] * 6
    first = [3] * early + [9] * 6 + [0] * 6
    return make_counts(np.array(n), np.array(c)), np.array(first)


@pytest.mark.parametrize("design", ["auto", "stop-at-success"])
def test_of_a_log_sampled_on_where_nothing_was_solved_the_attempts_up_to_the_first_success_count(design):
    counts, first = sampled_on()
    found, (doubt,) = sampled(counts, first, design, RESAMPLING)
    assert (found.batch, found.longest) == (1, 16)
    assert found.counts.n.tolist() == [3] * 25 + [9] * 6 + [16] * 6
    assert doubt.code == "sampled-until-solved"
    assert "product-limit estimate" in doubt.message
    assert found.coverage(np.array([2, 3, 8, 16])) == pytest.approx([0.0, 25 / 37, 25 / 37, 31 / 37])


@pytest.mark.parametrize("order", [None, "lost"])
def test_without_the_order_of_attempts_a_log_sampled_on_is_said_to_be_biased(order):
    counts, first = sampled_on()
    first = None if order is None else np.where(first > 0, first + 16, 0)
    found, (doubt,) = sampled(counts, first, "auto", RESAMPLING)
    assert (found.batch, found.counts) == (None, counts)
    assert "biased" in doubt.message
    assert "a column that numbers the attempts" in doubt.message
    with pytest.raises(UsageError, match="does not show which attempt at each problem was the first to succeed"):
        sampled(counts, first, "stop-at-success", RESAMPLING)


def test_a_few_problems_sampled_on_are_no_pattern_unless_the_design_is_given():
    counts, first = sampled_on(early=3)
    assert sampled(counts, first, "auto", RESAMPLING)[0].batch is None
    assert sampled(counts, first, "stop-at-success", RESAMPLING)[0].batch == 1


def test_a_law_is_fitted_where_enough_problems_are_left_unsolved():
    """Of twenty or more problems five must be left, and of fewer a quarter."""
    for problems, fewest in ((40, 5.0), (8, 2.0)):
        group = data(64, [64] * (problems // 2) + [4] * (problems // 2))
        grid = group.fitting_grid()
        left = problems * (1 - group.coverage(np.arange(1, 65)))
        assert left[grid[-1] - 1] >= fewest
        assert (left[grid - 1] >= fewest).all()
        later = np.arange(grid[-1] + 1, 65)
        assert (left[later - 1] >= fewest).sum() < len(later) / 2


def test_a_log_that_stopped_is_fitted_as_far_as_five_problems_were_sampled():
    n = np.array([1] * 10 + [2, 3, 4, 5, 6, 7])
    stopped = Sampled(make_counts(n, np.ones(16, dtype=int)), 1, RESAMPLING)
    assert stopped.fitting_grid()[-1] == 3
    few = Sampled(make_counts(np.array([2, 3, 4]), np.ones(3, dtype=int)), 1, RESAMPLING)
    assert few.fitting_grid()[-1] == 2


def test_rows_beyond_the_shortest_problem_are_bounds():
    rows, draws = rows_of(data([2, 4, 4], [1, 0, 3]), [1, 2, 3])
    assert [row.k for row in rows] == [1, 2, 3]
    assert rows[0].estimate == pytest.approx((1 / 2 + 0 + 3 / 4) / 3)
    # At 3 attempts, the short problem counts as solved in both bounds.
    assert (rows[2].estimate, rows[2].low, rows[2].high) == (None, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert np.isnan(draws[:, 2]).all()
    assert np.isfinite(draws[:, :2]).all()


def test_short_problems_can_be_dropped():
    rows, draws = rows_of(data([2, 4, 4, 4], [1, 0, 3, 1]), [1, 3, 5], short="drop")
    assert [row.k for row in rows] == [1, 3, 5]
    assert rows[1].estimate == pytest.approx((0 + 1 + 3 / 4) / 3)  # by hand: pass@3 of 0, 3 and 1 in 4
    assert rows[2].estimate is None
    assert np.isfinite(draws[:, :2]).all()
    assert np.isnan(draws[:, 2]).all()


def test_rows_have_the_errors_of_problems_and_attempts_and_the_chance_that_all_succeed():
    rows, _ = rows_of(data(4, [1, 2, 3, 4, 0, 2]), [1, 2])
    p = np.array([1, 2, 3, 4, 0, 2]) / 4
    assert rows[0].se_problems == pytest.approx(p.std(ddof=1) / np.sqrt(6))
    # By hand, an unbiased estimate of p (1 - p) is n / (n - 1) times that of the shares; here each has one attempt.
    assert rows[0].se_attempts == pytest.approx(np.sqrt(np.sum(p * (1 - p) / 3)) / 6)
    pairs = np.array([0, 1, 3, 6, 0, 1]) / 6
    assert rows[1].all_succeed == pytest.approx(pairs.mean())


def test_without_any_spread_the_interval_is_that_of_a_share_of_problems():
    for c, solved in ((4, 30), (0, 0)):
        rows, _ = rows_of(data(4, [c] * 30), [1])
        assert rows[0].estimate == (1.0 if c else 0.0)
        assert (rows[0].low, rows[0].high) == pytest.approx(clopper_pearson(solved, 30, 0.9))
    # Where each problem has a rate of one half, those of 15 of 30; the wider ends where that is no whole number.
    rows, _ = rows_of(data(2, [1] * 31), [1])
    assert (rows[0].low, rows[0].high) == pytest.approx(
        (clopper_pearson(15, 31, 0.9)[0], clopper_pearson(16, 31, 0.9)[1])
    )


def test_a_share_of_clusters_has_fewer_units():
    rows, _ = rows_of(data(4, [4] * 30, cluster=np.repeat(np.arange(10), 3)), [1])
    assert rows[0].low == pytest.approx(clopper_pearson(10, 10, 0.9)[0])


def test_a_band_is_wider_than_each_interval():
    group = data(16, np.arange(40) % 10)
    each, band = (rows_of(group, [1, 4, 16], band=band)[0] for band in ("pointwise", "simultaneous"))
    assert all(wide.high - wide.low > one.high - one.low for one, wide in zip(each, band, strict=True))


def test_a_log_that_stopped_has_the_product_limit_and_its_draws():
    group = Sampled(stopped_counts(), 2, RESAMPLING)
    rows, draws = rows_of(group, [2, 4, 6, 8])
    assert [row.k for row in rows] == [2, 4, 6, 8]
    assert [row.estimate for row in rows[:3]] == pytest.approx([6 / 15, 11 / 15, 13 / 15])
    assert [row.se_problems for row in rows[:3]] == pytest.approx(np.nanstd(draws[:, :3], axis=0))
    assert all(row.low < row.estimate < row.high for row in rows[:3])
    # The interval is symmetric in log odds and holds nine of ten replicates.
    first = draws[:, 0][(draws[:, 0] > 0) & (draws[:, 0] < 1)]
    reach = np.quantile(np.abs(logit(first) - logit(6 / 15)), 0.9)
    assert (rows[0].low, rows[0].high) == pytest.approx((expit(logit(6 / 15) - reach), expit(logit(6 / 15) + reach)))
    # Beyond the log at least those are solved that were.
    assert (rows[3].estimate, rows[3].low, rows[3].high) == (None, pytest.approx(13 / 15), 1.0)


def test_a_log_that_stopped_without_any_failure_has_the_interval_of_a_share():
    group = Sampled(make_counts(np.ones(30, dtype=int), np.ones(30, dtype=int)), 1, RESAMPLING)
    rows, _ = rows_of(group, [1])
    assert (rows[0].estimate, rows[0].low, rows[0].high) == (1.0, pytest.approx(clopper_pearson(30, 30, 0.9)[0]), 1.0)


@pytest.mark.parametrize("estimate", [0.0, 1.0])
def test_an_interval_in_log_odds_needs_a_share_and_draws_inside(estimate):
    assert np.isnan(_logit_interval(estimate, np.array([0.4, 0.6]), 0.9)).all()
    assert np.isnan(_logit_interval(0.5, np.array([0.0, 1.0, estimate]), 0.9)).all()
    draws = np.array([0.3, 0.5, 0.9, 0.0, 1.0])
    low, high = _logit_interval(0.6, draws, 0.9)
    reach = np.quantile(np.abs(logit(draws[:3]) - logit(0.6)), 0.9)
    assert (low, high) == pytest.approx((expit(logit(0.6) - reach), expit(logit(0.6) + reach)))


def test_a_drawn_curve_leaves_out_coverages_of_zero():
    curve = drawn_curve(data(64, [0, 1, 8, 32] * 5), 0.9, 100)
    assert (curve.x[0], curve.x[-1]) == (1.0, 64.0)
    assert 20 < len(curve.x) <= 48
    assert list(curve.y) == sorted(curve.y)
    assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))
    assert drawn_curve(data(4, [0, 0, 0]), 0.9, 100).x == ()


def test_a_drawn_curve_has_the_intervals_of_the_table():
    log = data(64, [0, 1, 8, 32] * 5)
    curve = drawn_curve(log, 0.9, 100)
    found, _ = coverage_rows(log, np.array(curve.x, dtype=int), 0.9, "pointwise", "bound")
    assert curve.y == tuple(row.estimate for row in found)
    assert [low < y < high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True)].count(True) > 20
    for row, low, high in zip(found, curve.low, curve.high, strict=True):
        assert (low, high) == (row.low, row.high)


@pytest.mark.parametrize(("replicates", "drawn"), [(50, 50), (3000, 200)])
def test_a_drawn_curve_takes_the_replicates_asked_for_and_at_most_200(replicates, drawn):
    group = Sampled(stopped_counts(), 2, RESAMPLING)
    alike = Sampled(group.counts, 2, ProblemResampling(drawn, seed=0))
    rows = {row.k: row for row in rows_of(alike, range(1, 7))[0]}
    curve = drawn_curve(group, 0.9, replicates)
    assert curve.low == tuple(rows[int(k)].low for k in curve.x)
    assert curve.high == tuple(rows[int(k)].high for k in curve.x)


def test_nan_becomes_none():
    assert number_or_none(np.nan) is None
    assert number_or_none(0.0) == 0.0


def doubts(data, k=(1,), short="bound"):
    rows, _ = rows_of(data, list(k), short)
    return {each.code: each.message for each in coverage_doubts(data, rows, short, None)}


def test_short_problems_are_counted():
    group = data([2] * 3 + [4] * 27, [1] * 30)
    assert "short-problems" not in doubts(group, k=(1, 2))
    assert doubts(group, k=(1, 3))["short-problems"].startswith("3 of 30 problems")
    assert "short-problems-dropped" in doubts(group, k=(1, 3), short="drop")


def test_the_number_of_short_problems_is_that_of_each_k():
    group = data([2] * 3 + [4] * 27, [1] * 30)
    found = doubts(group, k=(1, 3, 4, 9))
    assert found["short-problems"].startswith(
        "3 of 30 problems have fewer attempts than k = 3, 4, 9 (and 30 fewer than 9)"
    )
    assert "--short drop" in found["short-problems"]


def test_problems_are_left_out_only_where_others_remain():
    group = data([2] * 3 + [4] * 27, [1] * 30)
    dropped = doubts(group, k=(3, 9), short="drop")
    assert dropped["short-problems-dropped"].startswith(
        "3 of 30 problems have fewer attempts than k = 3 and are left out"
    )
    assert dropped["short-problems"].startswith("30 of 30 problems have fewer attempts than k = 9, so")
    for short in ("bound", "drop"):
        assert "--short drop" not in doubts(group, k=(9,), short=short)["short-problems"]


@pytest.mark.parametrize(
    ("c", "code"),
    [
        ([0] * 30, "all-alike"),
        ([4] * 30, "all-alike"),
        ([4] * 29 + [1], "all-solved"),
        ([4] * 29 + [0], "deterministic-sampling"),
        ([1] * 30, "all-solved"),
        ([1] * 29 + [0], None),
    ],
)
def test_what_counts_cannot_say_is_a_caveat(c, code):
    assert list(doubts(data(4, c))) == ([] if code is None else [code])


def test_what_all_attempts_have_in_common_is_said():
    assert "No problem is solved" in doubts(data(4, [0] * 30))["all-alike"]
    assert "Every attempt succeeded" in doubts(data(4, [4] * 30))["all-alike"]
    assert "4" in doubts(data(4, [1] * 30))["all-solved"]


def test_one_attempt_each_is_not_deterministic():
    assert doubts(data(1, [1] * 29 + [0])) == {}


@pytest.mark.parametrize(("problems", "codes"), [(2, ["few-problems"]), (19, ["few-problems"]), (20, []), (40, [])])
def test_few_problems_are_a_caveat(problems, codes):
    assert list(doubts(data(4, ([0, 2] * 20)[:problems]))) == codes


def test_one_problem_is_another_caveat():
    assert "one-problem" in doubts(data(4, [2]))
    assert "few-problems" not in doubts(data(4, [2]))


def test_few_clusters_count_as_few_problems():
    message = doubts(data(4, [0, 2] * 20, cluster=np.repeat(np.arange(8), 5)))["few-problems"]
    assert "8 clusters" in message


def test_more_replicates_need_hardly_more_memory_for_the_laws_of_the_curve(monkeypatch):
    monkeypatch.setattr(counts_module, "CHUNK_REPLICATES", 200)
    monkeypatch.setattr(laws_module, "CHUNK_VALUES", 4_000)
    counts = make_counts(np.full(60, 50), np.arange(60) % 37)
    peaks = []
    for replicates in (200, 2_000):
        data = Sampled(counts, None, ProblemResampling(replicates))
        tracemalloc.start()
        fitted, _ = fit_laws(data, (POWER, EXPONENTIATED), 0.95, None)
        fitted.coverage(EXPONENTIATED, np.arange(1.0, 100.0))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0], peaks
