"""How losses at equal inputs differ, and which columns are tried as the reason."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import fdtri

from scaling_cli.points import pooled
from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.points.variance import left_by, surface
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
    for tokens in (params + ratio, ratio - params):  # tokens per param, and compute
        along = {"params": params, "tokens": tokens}
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
    basis = surface([np.log(points["params"].to_numpy()), np.log(points["tokens"].to_numpy())], 12)
    rest = left_by(np.log(points["loss"].to_numpy()), basis)
    assert group.loss == pytest.approx(rest.reshape(6, 2).mean(axis=1))
    assert group.inputs["params"] == pytest.approx(np.log(points["params"].to_numpy())[::2])


def spread_of(size):
    """Doubts about groups of four seeds whose losses differ by this standard deviation."""
    off = np.tile(np.array([-1.0, -1.0, 1.0, 1.0]) * size * np.sqrt(3 / 4), 3)
    table = load_runs(frame().drop("compute").with_columns(loss=pl.Series(np.exp(np.repeat([1.2, 1.0, 0.8], 4) + off))))
    return [found.code for found in input_doubts(table, ("params",), (), ())]


@pytest.mark.parametrize(("size", "is_said"), [(0.029, False), (0.031, True)])
def test_a_spread_beyond_three_percent_is_said(size, is_said):
    assert ("unexplained-spread" in spread_of(size)) == is_said


def two_levels(ratio, spread, cells=20, columns=("kind",)):
    """Cells of four runs with two levels each, whose variance is `ratio` times the variance left within levels.

    The standard deviation at equal inputs is `spread`.
    """
    total = 3 * spread**2  # of a cell, d^2 + 4 e^2
    within = np.sqrt(total / ratio / 4)
    between = np.sqrt(total - 4 * within**2) / 2
    loss = np.tile([between + within, between - within, -between + within, -between - within], cells)
    kinds = np.tile([0, 0, 1, 1], cells)
    labels = {"kind": kinds, "noise": np.tile([0, 1, 1, 0], cells)}
    return runs(loss, np.repeat(np.arange(cells), 4), labels={name: labels[name] for name in columns})


def with_share(share, spread, cells=60):
    """The same, with the adjusted share of variance that the levels explain."""
    return two_levels(1 / (1 - share) * 3 * cells / (3 * cells - 1), spread, cells)


def found(group):
    return [(one.column, one.levels) for one in pooled._explaining(group)]


@pytest.mark.parametrize(("share", "is_found"), [(0.31, True), (0.29, False)])
def test_a_column_explains_three_tenths_of_a_spread_like_that_of_seeds(share, is_found):
    assert found(with_share(share, 0.025)) == ([("kind", 2)] if is_found else [])


@pytest.mark.parametrize(("share", "is_found"), [(0.11, True), (0.09, False)])
def test_a_tenth_is_enough_of_a_larger_spread(share, is_found):
    assert found(with_share(share, 0.035)) == ([("kind", 2)] if is_found else [])
    (one,) = pooled._explaining(with_share(0.4, 0.035))
    assert one.share == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("chance", "columns", "is_found"),
    [
        (0.9, ("kind",), True),
        (1.1, ("kind",), False),
        (0.6, ("kind", "noise"), False),
        (0.45, ("kind", "noise"), True),
    ],
)
@pytest.mark.parametrize(("spread", "cells", "most"), [(0.025, 8, 1e-3), (0.035, 12, 1e-2)])
def test_the_chance_of_a_caveat_by_noise_is_a_thousandth_and_a_hundredth_where_seeds_are_no_cause(
    chance, columns, is_found, spread, cells, most
):
    spare = 3 * cells - 1
    ratio = 1 + fdtri(1, spare, 1 - chance * most) / spare
    # It is divided by the number of columns that are tried.
    assert bool(found(two_levels(ratio, spread, cells, columns=columns))) == is_found


def test_at_most_three_columns_are_named_the_best_first():
    bits = np.array([[place >> bit & 1 for bit in range(4)] for place in range(16)])
    loss = np.tile((bits - 0.5) @ np.array([0.1, 0.4, 0.2, 0.3]), 4)
    labels = {f"c{bit}": np.tile(bits[:, bit], 4) for bit in range(4)}
    noise = 0.001 * np.random.default_rng(0).standard_normal(64)
    group = runs(loss + noise, np.repeat(np.arange(4), 16), labels=labels)
    assert found(group) == [("c1", 2), ("c3", 2), ("c2", 2)]
    assert found(runs(loss, np.repeat(np.arange(4), 16))) == []


@pytest.mark.parametrize(("number", "by_cells"), [(12, True), (13, False)])
def test_cells_are_taken_out_where_a_quarter_of_the_runs_repeat(number, by_cells):
    cells = np.minimum(np.arange(16), number - 1)
    assert pooled._remover(runs(np.arange(16.0), cells))[1] == (number if by_cells else 1)


def test_very_long_logs_are_thinned_and_settings_of_many_values_have_terms(monkeypatch):
    points = frame().with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"), lr=pl.lit(0.1))
    aside = pl.DataFrame({"width": range(12), "depth": [0, 1, 2, 3] * 3})
    whole = pooled._group(points, aside, COLUMNS, ())
    assert list(whole.amounts) == ["width"]  # of more levels than a third of the runs
    assert list(whole.swept) == ["lr"]
    assert list(pooled._group(points, aside, COLUMNS, ("lr",)).swept) == []
    for most, rows in ((12, 12), (11, 12), (6, 6), (4, 4)):
        monkeypatch.setattr(pooled, "MOST_ROWS", most)
        group = pooled._group(points, aside, COLUMNS, ())
        assert len(group.loss) == len(group.cells) == len(group.amounts["width"]) == len(group.swept["lr"]) == rows
        assert len(group.inputs["params"]) == len(group.labels["depth"]) == rows


def test_the_peak_of_a_rate_comes_before_the_rate_of_the_last_row():
    points = frame().with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("run_id"), lr=pl.lit(0.1))
    aside = pl.DataFrame({"lr_peak": [0.3, None] * 6})
    assert pooled._group(points, aside, COLUMNS, ()).swept["lr"].tolist() == [0.3, 0.1] * 6
