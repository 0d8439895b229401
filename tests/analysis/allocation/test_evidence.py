"""What an allocation rests on: configurations, saved parameters, and columns that the rule counts with."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.analysis.allocation.evidence import (
    _by_configuration,
    _by_input,
    evidence_from,
    fitted_law,
    saved_law,
)
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.points.group import groups_of
from scaling_cli.results.fit import Estimate
from tests.data.loading import load_runs

GROUP = {"lab": "ours"}


def test_runs_of_equal_params_and_last_tokens_are_one_configuration():
    points = AllocationPoints(
        np.array([1.0, 1, 1, 1, 2, 1]), np.array([5.0, 6, 5, 6, 6, 5]), np.zeros(6), np.ones(6),
        np.array([0, 0, 1, 1, 2, 3]),
    )  # fmt: skip
    found = _by_configuration(points)
    assert len(set(found.clusters)) == 3
    assert found.clusters[0] == found.clusters[1] == found.clusters[2] == found.clusters[3]
    assert len({found.clusters[0], found.clusters[4], found.clusters[5]}) == 3  # of other params, or other tokens
    assert (found.resampled == found.clusters).all()
    assert (points.resampled == points.runs).all()
    assert found.runs is points.runs


def test_ranges_are_known_by_column_and_by_input():
    ranges = {"d_model": (64.0, 512.0), "loss": (2.0, 3.0)}
    assert _by_input(ranges, {"width": "d_model", "tokens": "tokens"}) == {**ranges, "width": (64.0, 512.0)}


NAMES = ("alpha", "beta", "E", "A", "B")
VALUES = {"alpha": 0.34, "beta": 0.28, "E": 1.7, "A": 400.0, "B": 410.0}


def saved(names=NAMES, draws=None):
    return SavedFit(
        "chinchilla", {name: Estimate(VALUES[name]) for name in names}, inputs={"params": "params", "tokens": "tokens"},
        ranges={"params": (1e7, 1e9)}, draws=draws,
    )  # fmt: skip


def test_saved_parameters_are_read_by_name_with_the_estimate_first():
    draws = tuple(tuple(VALUES[name] * factor for name in NAMES) for factor in (1.1, 1.2))
    found = saved_law(saved(draws=draws))
    expected = np.array([VALUES[name] for name in found.law.names])
    assert found.parameters == pytest.approx(np.stack([expected, 1.1 * expected, 1.2 * expected]))
    assert saved_law(saved()).parameters == pytest.approx(expected[None])
    assert found.ranges == {"params": (1e7, 1e9)}
    assert found.chinchilla.alpha == pytest.approx([0.34, 0.374, 0.408])
    with pytest.raises(DataError, match="has parameters alpha, beta, E, A, not"):
        saved_law(saved(NAMES[:4]))


def test_a_result_of_a_fit_is_read_the_same_way():
    class Result:
        law, inputs, parameters = "chinchilla", saved().inputs, saved().parameters
        draws, ranges = ((1.0, 2.0, 3.0, 4.0, 5.0),), {"params": (1e7, 1e9)}

    found = fitted_law(Result)
    assert found.parameters[0] == pytest.approx([VALUES[name] for name in found.law.names])
    assert found.parameters[1].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    Result.draws = None
    assert len(fitted_law(Result).parameters) == 1


RNG = np.random.default_rng(0)
PARAMS, TOKENS = np.geomspace(1e7, 1e9, 12), np.tile([1e9, 3e9, 1e10], 4)


def evidence(curves=None, frame=None, **options):
    options = {"law": "chinchilla", **options}
    asked = OptimalAllocation(**options)
    loss = 1.7 + 400 / PARAMS**0.34 + 410 / TOKENS**0.28
    frame = pl.DataFrame({"params": PARAMS, "tokens": TOKENS, "loss": loss}) if frame is None else frame
    keep = tuple(name for name in frame.columns if name not in ("params", "tokens", "loss", "compute", "run_id"))
    ((_, points),) = groups_of(load_runs(frame, keep=keep), ())
    lines = None if curves is None else next(groups_of(load_runs(curves, checkpoints="all"), ()))[1]
    return evidence_from(points, GROUP, asked, lines)


def frame(**columns):
    loss = 1.7 + 400 / PARAMS**0.34 + 410 / TOKENS**0.28
    return pl.DataFrame({"params": PARAMS, "tokens": TOKENS, "loss": loss, **columns})


def test_points_have_the_compute_of_the_rule_and_the_column_of_plain_runs():
    data, shapes = evidence()
    order = np.argsort(data.points.log_params)
    assert np.exp(data.points.log_params[order]) == pytest.approx(PARAMS)
    assert np.exp(data.points.log_tokens[order]) == pytest.approx(TOKENS)
    assert np.exp(data.points.log_compute[order]) == pytest.approx(6 * PARAMS * TOKENS)
    assert data.largest == pytest.approx((6 * PARAMS * TOKENS).max())
    assert (shapes, data.doubts, data.curves, data.followers) == ({}, (), None, {})
    own, _ = evidence(frame=frame(compute=7 * PARAMS * TOKENS))
    assert own.largest == pytest.approx((7 * PARAMS * TOKENS).max())
    ruled, _ = evidence(frame=frame(compute=7 * PARAMS * TOKENS), flops_rule="8 * params * tokens")
    assert ruled.largest == pytest.approx((8 * PARAMS * TOKENS).max())
    assert ruled.grouped.ranges["compute"] == pytest.approx(((8 * PARAMS * TOKENS).min(), (8 * PARAMS * TOKENS).max()))
    assert (data.grouped.group, data.grouped.weights, data.grouped.prior) == (GROUP, None, "none")


RULE = "6 * params * tokens * (1 + layers / 50)"


def test_columns_of_the_rule_are_powers_of_params():
    layers = 0.5 * PARAMS**0.2
    data, shapes = evidence(frame=frame(layers=layers), flops_rule=RULE)
    assert shapes == {"layers": pytest.approx((0.2, np.log(0.5)))}
    assert data.doubts == ()
    assert data.largest == pytest.approx((6 * PARAMS * TOKENS * (1 + layers / 50)).max())
    _, held = evidence(frame=frame(layers=layers), flops_rule=RULE, hold={"layers": 12})
    assert held == {}


@pytest.mark.parametrize(("spread", "is_doubted"), [(0.1, False), (1.0, True)])
def test_a_column_that_params_do_not_decide_is_doubted_where_compute_depends_on_it(spread, is_doubted):
    layers = 20.0 * np.exp(spread * np.tile([1.0, -1.0], 6))
    data, _ = evidence(frame=frame(layers=layers), flops_rule=RULE)
    assert [each.code for each in data.doubts] == ["rule-column-varies"] * is_doubted
    assert all("from 7.358 to 54.37" in each.message and each.group == GROUP for each in data.doubts)


def test_a_column_without_logs_needs_a_value():
    layers = np.where(PARAMS < 2e7, 0.0, 20.0)
    with pytest.raises(UsageError, match="is not above 0 in all runs"):
        evidence(frame=frame(layers=layers), flops_rule=RULE)
    assert evidence(frame=frame(layers=layers), flops_rule=RULE, hold={"layers": 12})[1] == {}
    with pytest.raises(UsageError, match="needs columns layers"):
        evidence(flops_rule=RULE)


def test_curves_count_where_a_run_has_several_rows():
    curves = pl.concat(
        [frame(run_id=[f"r{i}" for i in range(12)]).with_columns(tokens=pl.col("tokens") * share) for share in (0.5, 1)]
    )
    ends = frame(run_id=[f"r{i}" for i in range(12)])
    data, _ = evidence(curves=curves, frame=ends, approach="all")
    assert len(data.curves.loss) == 24
    assert evidence(curves=ends, frame=ends, approach="all")[0].curves is None
    both = data.by_configuration()
    assert len(set(both.points.clusters)) == len(set(both.curves.clusters)) == 12
    assert data.by_configuration().grouped is data.grouped


def test_a_law_that_gives_an_input_its_value_is_fitted_once_for_equal_runs():
    width = 3.0 * PARAMS**0.3
    doubled = pl.concat([frame(width=width), frame(width=width).with_columns(loss=pl.col("loss") * 1.01)])
    data, _ = evidence(
        frame=doubled.with_columns(run_id=pl.int_range(24).cast(str)),
        law="E + A/params^alpha + B/tokens^beta + k*log(width)", hold={"width": "chinchilla"},
    )  # fmt: skip
    (found,) = data.followers.values()
    assert found.group == {**GROUP, "column": "width"}
    assert len(found.problem.observed) == 12
    assert sorted(found.problem.observed) == pytest.approx(width)
    assert found.inputs == {"params": "params", "tokens": "tokens"}
