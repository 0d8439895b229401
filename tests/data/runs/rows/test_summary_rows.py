"""A summary file beside the files of its runs counts each run once."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs.rows.summary_rows import without_copies
from tests.data.loading import load_runs

SIZES = np.geomspace(1e7, 1e9, 8)


def losses(seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.004, len(SIZES))
    return (1.8 + 400 / SIZES**0.34) * np.exp(noise)


def codes(table):
    return [caveat.code for caveat in table.caveats]


def write_parts(folder, seed=0, **more):
    for size, loss in zip(SIZES, losses(seed), strict=True):
        part = folder / f"{size:.0f}"
        part.mkdir()
        summary = {"n_params": size, "val_loss": float(loss), "steps": 1000} | more
        (part / "summary.json").write_text(json.dumps(summary))


def write_curves(folder):
    for size, loss in zip(SIZES, losses(), strict=True):
        steps = np.arange(1, 11) * 100
        curve = {"step": steps, "params": size, "val_loss": loss * (1000 / steps) ** 0.1}
        pl.DataFrame(curve).write_csv(folder / f"curve-{size:.0f}.csv")


@pytest.mark.sample
@pytest.mark.parametrize("digits", [12, 4])
@pytest.mark.parametrize("write", [write_parts, write_curves])
@pytest.mark.parametrize("total", ["total.csv", "total.json"])
def test_a_summary_beside_its_parts_counts_no_run_twice(tmp_path, digits, write, total):
    write(tmp_path)
    summary = pl.DataFrame({"n_params": SIZES, "val_loss": losses().round(digits), "lr": 1e-3 / SIZES})
    if write is write_curves:
        summary = summary.rename({"n_params": "params"})
    if total.endswith("csv"):
        summary.write_csv(tmp_path / total)
    else:
        summary.write_json(tmp_path / total)
    table = load_runs(tmp_path)
    assert table.frame.height == len(SIZES)
    assert table.frame["run_id"].n_unique() == len(SIZES)
    assert table.frame["step"].null_count() == table.frame["lr"].null_count() == 0
    assert codes(table) == ["summary-copies"]
    assert "8 of 16 points have the same loss and params as a point from another file" in table.caveats[0].message


def test_settings_of_zero_in_both_do_agree(tmp_path):
    write_parts(tmp_path, dropout=0.0)
    rows = {"n_params": SIZES, "val_loss": losses(), "lr": 1e-3 / SIZES}
    for dropout, copies in ((0.0, 8), (0.1, 0)):
        pl.DataFrame({**rows, "dropout": dropout}).write_csv(tmp_path / "total.csv")
        assert load_runs(tmp_path).frame.height == 16 - copies


def test_other_runs_of_the_same_sizes_beside_parts_all_count(tmp_path):
    write_parts(tmp_path)
    pl.DataFrame({"n_params": SIZES, "val_loss": losses(seed=1)}).write_csv(tmp_path / "other.csv")
    table = load_runs(tmp_path)
    assert table.frame.height == 2 * len(SIZES)
    assert codes(table) == []


def test_one_agreement_by_chance_is_no_copy(tmp_path):
    write_parts(tmp_path)
    others = losses(seed=1)
    others[0] = losses()[0]
    pl.DataFrame({"n_params": SIZES, "val_loss": others}).write_csv(tmp_path / "other.csv")
    assert load_runs(tmp_path).frame.height == 2 * len(SIZES)


def joined(parts, summary):
    """Points of runs with steps, and then those of a summary without them but with learning rates."""
    frames = [
        pl.DataFrame({"run_id": [f"p{i}" for i in range(len(parts))], "params": [size for size, _ in parts],
                      "loss": [loss for _, loss in parts], "step": 9.0, "lr": None}),
        pl.DataFrame({"run_id": [f"s{i}" for i in range(len(summary))], "params": [size for size, _ in summary],
                      "loss": [loss for _, loss in summary], "step": None,
                      "lr": [i / 10 for i in range(len(summary))]}),
    ]  # fmt: skip
    kinds = dict.fromkeys(("params", "loss", "step", "lr"), pl.Float64)
    return pl.concat([frame.cast(kinds) for frame in frames])


PARTS = [(1e7 * 2**i, 4.0 - i / 3) for i in range(8)]


def remaining(parts, summary, files=()):
    points, said = without_copies(joined(parts, summary), files)
    assert [caveat.code for caveat in said] == (["summary-copies"] if len(points) < len(parts) + len(summary) else [])
    return points


def test_a_copy_leaves_its_values_to_the_point_that_stays():
    is_part = pl.col("run_id").str.starts_with("p")
    points = joined(PARTS, PARTS).with_columns(tokens=pl.when(is_part).then(1e9))  # parts know more
    points, _ = without_copies(points, ())
    assert points["run_id"].to_list() == [f"p{i}" for i in range(8)]
    assert points["lr"].to_list() == [i / 10 for i in range(8)]
    assert points["step"].to_list() == [9.0] * 8


@pytest.mark.parametrize(("factor", "is_copy"), [(1 + 2.9e-4, True), (1 + 3.1e-4, False), (1 - 2.9e-4, True)])
def test_losses_in_a_summary_may_be_rounded(factor, is_copy):
    rounded = [(size, loss * factor) for size, loss in PARTS]
    assert (remaining(PARTS, rounded).height == 8) == is_copy


@pytest.mark.parametrize(("factor", "is_copy"), [(1.0099, True), (1.011, False), (0.991, True)])
def test_amounts_in_a_summary_may_be_rounded_to_a_percent(factor, is_copy):
    rounded = [(size * factor, loss) for size, loss in PARTS]
    assert (remaining(PARTS, rounded).height == 8) == is_copy


@pytest.mark.parametrize(
    ("exact", "rounded", "others", "copies"),
    [
        (0, 4, 1, 4),  # four in five
        (0, 3, 1, 0),  # three in four
        (0, 3, 0, 3),
        (0, 2, 0, 0),  # two may agree by chance
        (2, 0, 2, 2),  # half, exactly
        (2, 0, 3, 0),
        (1, 0, 0, 0),
        (2, 1, 1, 2),  # a rounded one among exact ones is no proof
    ],
)
def test_most_points_of_a_summary_must_have_a_copy(exact, rounded, others, copies):
    summary = [
        *PARTS[:exact],
        *((size, loss * (1 + 1e-4)) for size, loss in PARTS[exact : exact + rounded]),
        *((3e12 + i, 9.0 + i) for i in range(others)),
    ]
    # The points of the summary know less here, so they are the copies.
    points = joined(PARTS, summary).with_columns(lr=pl.lit(None, pl.Float64))
    assert points.height - without_copies(points, ())[0].height == copies


def test_points_of_other_sizes_or_of_the_same_columns_are_no_copies():
    assert remaining(PARTS, [(size * 3, loss) for size, loss in PARTS]).height == 16
    points = joined(PARTS, [])
    assert without_copies(pl.concat([points, points]), ())[0].height == 16
    assert without_copies(points.head(1), ())[0].height == 1
    assert without_copies(points.drop("params"), ())[1] == ()


def test_points_without_an_amount_are_no_copies():
    points = joined(PARTS, PARTS).with_columns(params=pl.lit(None, pl.Float64))
    assert without_copies(points, ())[0].height == 16


def test_points_that_differ_in_text_or_in_another_number_are_no_copies():
    points = joined(PARTS, PARTS)
    for differing in (
        pl.when(pl.col("run_id").str.starts_with("p")).then(pl.lit("adam")).otherwise(pl.lit("muon")).alias("opt"),
        pl.when(pl.col("run_id").str.starts_with("p")).then(1.0).otherwise(2.0).alias("tokens"),
    ):
        assert without_copies(points.with_columns(differing), ())[0].height == 16


def test_a_point_may_lie_three_places_from_its_copy_in_the_order_of_losses():
    # Other sizes have almost the same losses, so that copies are not neighbours.
    near = [(size * times, loss * (1 + times * 1e-6)) for times in (5, 7) for size, loss in PARTS]
    summary = [(size, loss * (1 + 3e-5)) for size, loss in PARTS]
    points = joined(PARTS + near, summary).with_columns(lr=pl.lit(None, pl.Float64))
    assert without_copies(points, ())[0]["run_id"].to_list() == [f"p{i}" for i in range(24)]


def test_the_file_that_is_one_run_stays_where_both_know_as_much():
    points = joined(PARTS, PARTS).with_columns(step=pl.lit(None, pl.Float64), lr=pl.lit(None, pl.Float64))
    files = [f"s{i}" for i in range(8)]
    kept, _ = without_copies(points, files)
    assert kept["run_id"].to_list() == files
