"""Parts of a log to which laws are fitted again, and what is said of their errors."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.coverage.backtest import _parts, _row, record_doubts
from scaling_cli.analysis.coverage.combined import COMBINES
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.printed import COMBINED
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.results.coverage import Backtest

STOPPED = make_counts(np.array([2, 4, 6, 8, 8]), np.array([1, 2, 1, 1, 0]))


def test_a_log_that_stopped_is_cut_as_if_it_had_stopped_earlier():
    (part,) = _parts(Sampled(STOPPED, 2, ProblemResampling(9)), 4, 10)
    assert (part.n.tolist(), part.c.tolist()) == ([2, 4, 4, 4, 4], [1, 2, 0, 0, 0])


def test_parts_of_a_log_of_fixed_length_are_attempts_drawn_without_replacement():
    counts = make_counts(np.full(3, 8), np.array([0, 3, 8]))
    drawn = np.array([part.c for part in _parts(Sampled(counts, None, ProblemResampling(9)), 6, 40)])
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 2] == 6).all()
    assert set(drawn[:, 1].tolist()) == {1, 2, 3}  # two of eight attempts are left out
    again = np.array([part.c for part in _parts(Sampled(counts, None, ProblemResampling(9)), 6, 40)])
    other = np.array([part.c for part in _parts(Sampled(counts, None, ProblemResampling(9, seed=1)), 6, 40)])
    assert (again == drawn).all()
    assert (other != drawn).any()


def test_errors_are_the_mean_and_the_mean_size_over_parts_that_could_be_fitted():
    assert _row("power-law", 4, 32, 5, np.array([0.25, -0.5])) == Backtest("power-law", 4, 32, 5, 3, -0.125, 0.375)
    assert _row("power-law", 4, 32, 5, np.array([])) == Backtest("power-law", 4, 32, 5, 5, None, None)


def test_the_error_of_the_combined_forecast_counts_where_its_laws_were_fitted():
    rows = [Backtest(law, 4, 32, 5, 0, error, error) for law, error in (("mixture", 0.01), (COMBINED, 0.2))]
    (found,) = record_doubts(rows, sorted(COMBINES), {"model": "a"})
    assert (found.code, found.group) == ("poor-track-record", {"model": "a"})
    assert record_doubts(rows, ["mixture"], None) == []
    assert record_doubts([], sorted(COMBINES), None) == []
