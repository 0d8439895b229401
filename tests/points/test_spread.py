"""How losses at equal inputs differ, and which columns are tried as the reason."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.points import pooled
from scaling_cli.points.pooled import input_doubts
from tests.data.loading import load_runs

COLUMNS = ("params", "tokens")


def runs(loss, cells, **changes):
    facts = {"loss": np.array(loss, dtype=float), "inputs": {}, "labels": {}, "amounts": {}, "swept": {}}
    return pooled._Group(**(facts | {"cells": np.array(cells)} | changes))


def test_the_ends_of_each_cell():
    low, high = pooled._ends(np.array([3.0, 1.0, 2.0, 5.0]), np.array([1, 0, 1, 1]))
    assert low.tolist() == [1.0, 2.0]
    assert high.tolist() == [1.0, 5.0]


def test_the_largest_difference_is_a_share():
    group = runs(np.log([2.0, 2.2, 5.0, 5.1]), [0, 0, 1, 1])
    assert pooled._spread(group) == pytest.approx(0.1)


def test_the_spread_at_equal_inputs_is_about_the_means_of_cells():
    loss = [1.0, 1.2, 3.0, 3.1, 3.2, 7.0, 8.0, 9.0]
    spare = [0, 0, 1, 1, 1, 2, 3, 4]
    assert pooled._pure_spread(runs(loss, spare)) == 0.0  # three runs beyond the cells
    cells = [0, 0, 1, 1, 1, 2, 2, 2]
    rest = np.sum([0.1**2 * 2, 0.1**2 * 2, 2.0])
    assert pooled._pure_spread(runs(loss, cells)) == pytest.approx(np.sqrt(rest / 5))
    assert pooled._pure_spread(runs(loss, [0, 0, 1, 1, 1, 2, 2, 3])) > 0


@pytest.mark.parametrize(("values", "differs"), [([1.0, 1.05], False), ([1.0, 1.06], True), ([1.0, np.nan], False)])
def test_a_rate_differs_within_a_cell_by_more_than_a_twentieth(values, differs):
    assert pooled._differs_in_cells(runs([0, 0, 0], [0, 0, 1]), np.array([*values, 9.0])) == differs


@pytest.mark.parametrize(
    ("labels", "is_tried"),
    [
        ([0, 1] * 6, True),
        ([0] * 12, False),  # one level
        ([0, 1, 2, 3] * 3, True),
        ([0, 1, 2, 3, 4] * 2 + [0, 1], False),  # more levels than a third of the runs
        ([0] * 6 + [1] * 6, False),  # one after the other
        ([0] * 4 + [1, 0] * 2 + [1] * 4, True),  # a third of the runs lie among those of the other level
        ([0] * 5 + [1, 0] + [1] * 5, False),
    ],
)
def test_levels_must_repeat_and_lie_among_each_other(labels, is_tried):
    group = runs(np.zeros(12), np.arange(12), inputs={"x": np.arange(12.0), "constant": np.zeros(12)})
    assert pooled._is_candidate(group, np.array(labels)) == is_tried


def test_levels_along_tokens_per_param_are_not_tried():
    params, ratio = np.tile(np.arange(6.0), 2), np.repeat([0.0, 100.0], 6)
    labels = np.repeat([0, 1], 6)
    other = {"params": params, "tokens": np.tile(np.arange(6.0), 2)}
    assert pooled._is_candidate(runs(np.zeros(12), np.arange(12), inputs=other), labels)
    along = {"params": params, "tokens": params + ratio}
    assert not pooled._is_candidate(runs(np.zeros(12), np.arange(12), inputs=along), labels)


@pytest.mark.parametrize(("cells", "terms"), [([0, 0, 1, 1, 2, 2, 3, 3], 4), ([0, 0, 1, 1, 2, 2, 3, 4], 3)])
def test_inputs_that_repeat_are_taken_out_cell_by_cell_and_others_by_a_surface(cells, terms):
    values = np.arange(8.0)
    group = runs(values, cells, inputs={"x": np.linspace(0, 1, 8)})
    left, count = pooled._remover(group)
    rest = left(values[:, None])[:, 0]
    if terms == 4:
        assert count == 4
        assert rest.tolist() == [-0.5, 0.5] * 4
    else:
        assert count == 2  # a line through eight points
        assert rest == pytest.approx(np.zeros(8), abs=1e-12)


def test_a_name_that_is_no_column_is_given_as_the_role():
    table = load_runs(pl.DataFrame({"params (M)": [1.0, 2.0], "tokens": [1e9, 2e9], "loss": [3.0, 2.0]}))
    assert pooled._column(table, "params") == "params (M)"
    assert pooled._column(table, "compute") == "compute"  # 6*params*tokens
    assert pooled._column(table, "width") == "width"


def frame(runs=12, **columns):
    size = np.geomspace(1e7, 1e9, 3)
    rows = {"params": np.repeat(size, runs // 3), "tokens": np.full(runs, 1e10), "compute": np.full(runs, 1e18)}
    return pl.DataFrame(rows | {"loss": np.linspace(3.0, 2.0, runs)} | columns)


@pytest.mark.parametrize(
    "change",
    [
        {"params": [0.0] + [1e7] * 11},
        {"params": ["x"] * 12},
        {"loss": [-1.0] * 12},
    ],
)
def test_runs_without_logs_or_inputs_are_not_judged(change):
    points = frame().with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"))
    points = points.with_columns(**{name: pl.Series(values) for name, values in change.items()})
    assert pooled._group(points, pl.DataFrame(), COLUMNS, ()) is None


def test_four_runs_are_the_fewest_to_judge():
    points = frame().with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"))
    assert pooled._group(points.head(4), pl.DataFrame(), COLUMNS, ()) is not None
    assert pooled._group(points.head(3), pl.DataFrame(), COLUMNS, ()) is None


def test_rows_of_one_run_are_averaged():
    points = frame().with_columns(pl.Series("run_id", [f"r{i // 2}" for i in range(12)]))
    group = pooled._group(points, pl.DataFrame({"dataset": ["x", "x", "y", "y"] * 3}), COLUMNS, ())
    assert len(group.loss) == 6
    assert group.labels["dataset"].tolist() == [0, 1] * 3
    assert group.cells.tolist() == list(range(6))
    assert group.inputs["params"] == pytest.approx(np.log(points["params"].to_numpy())[::2])


def spread_of(size):
    """Doubts about groups of four seeds whose losses differ by this standard deviation."""
    off = np.tile(np.array([-1.0, -1.0, 1.0, 1.0]) * size * np.sqrt(3 / 4), 3)
    table = load_runs(frame().drop("compute").with_columns(loss=pl.Series(np.exp(np.repeat([1.2, 1.0, 0.8], 4) + off))))
    return [found.code for found in input_doubts(table, ("params",), (), ())]


@pytest.mark.parametrize(("size", "is_said"), [(0.029, False), (0.031, True)])
def test_a_spread_beyond_three_percent_is_said(size, is_said):
    assert ("unexplained-spread" in spread_of(size)) == is_said
