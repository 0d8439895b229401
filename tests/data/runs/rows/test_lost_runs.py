"""Runs without a usable row are named, whatever hides their rows, and no others are."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError


def curve(number: int, evaluations: int, *, with_train: bool = True) -> pl.DataFrame:
    """A log with a training loss at each step and `evaluations` evaluations, one in ten steps."""
    params = 1e7 * 2**number
    steps = pl.Series(range(10, 10 * 10 * max(evaluations, 0) + 51, 10))
    tokens = steps * 2e5 * 2**number
    loss = 1.7 + 400 * params**-0.34 + 1000 * tokens**-0.34
    frame = pl.DataFrame({"run": f"run{number}", "params": params, "tokens": tokens, "step": steps})
    validation = pl.when(pl.col("step") % 100 == 0).then(loss)
    return frame.with_columns(*([loss.alias("train_loss")] if with_train else []), val_loss=validation)


def runs(counts: list[int], *, with_train: bool = True) -> list[pl.DataFrame]:
    return [curve(number, count, with_train=with_train) for number, count in enumerate(counts)]


def lost(given: object, **options: object) -> list[str]:
    found = scaling.columns(given, **options).caveats
    return [each.message.partition(" have")[0].partition(" has")[0] for each in found if each.code == "lost-runs"]


@pytest.mark.parametrize("with_train", [True, False])
@pytest.mark.parametrize("checkpoints", ["final", "all", "best"])
def test_a_run_without_an_evaluation_is_named(with_train, checkpoints):
    table = pl.concat(runs([5, 5, 0, 5, 0, 5], with_train=with_train))
    assert lost(table, checkpoints=checkpoints) == ["2 of 6 runs (run2, run4)"]
    assert lost(pl.concat(runs([5, 2, 3, 5, 1, 5], with_train=with_train)), checkpoints=checkpoints) == []


def test_a_run_that_is_a_file_is_named_by_it(tmp_path):
    for number, frame in enumerate(runs([5, 5, 0, 5])):
        frame.drop("run").write_csv(tmp_path / f"log-{number}.csv")
    assert lost(str(tmp_path)) == ["1 of 4 runs (log-2)"]


def test_copies_and_runs_that_a_condition_drops_are_not_lost(tmp_path):
    for number, frame in enumerate(runs([5, 5, 4, 5])):
        noisy = frame.drop("run").with_columns(pl.col("val_loss", "train_loss") * (1 + 1e-3 * ((number * 7) % 5)))
        noisy.write_csv(tmp_path / f"log-{number}.csv")
        if number == 2:
            noisy.head(25).write_csv(tmp_path / f"log-{number}_backup.csv")
    assert lost(str(tmp_path)) == []
    assert lost(pl.concat(runs([5, 5, 5, 5])), where="run != 'run2'") == []


def test_rows_of_one_run_each_are_counted_once():
    table = pl.concat(frame.tail(6).head(1) for frame in runs([5, 5, 5, 5])).drop("step", "train_loss")
    empty = table.with_columns(val_loss=pl.when(pl.col("run") == "run2").then(None).otherwise("val_loss"))
    codes = [found.code for found in scaling.columns(empty).caveats]
    assert "rows-excluded" in codes
    assert "lost-runs" not in codes


def test_a_refused_fit_names_the_files_that_could_not_be_read(tmp_path):
    for number in (1, 2):
        (tmp_path / f"run{number}.csv").write_text(f"params,tokens,loss\n{number}e7,2e9,3.{9 - number}\n")
    (tmp_path / "cut.csv").write_text('{"a":')
    (tmp_path / "header.csv").write_text("params,tokens,loss\n")
    for call, options in (
        (scaling.fit, {}),
        (scaling.extrapolate, {"at": "compute=1e22"}),
        (scaling.optimal_allocation, {"budget": 1e22}),
        (scaling.plan, {"budget": 1e21, "goal": "params@1e24"}),
    ):
        with pytest.raises(ScalingError) as caught:
            call(str(tmp_path), **options)
        told = [failure.error for failure in caught.value.unread]
        assert len(told) == 2
        assert any("not valid JSON" in each for each in told)
        assert any("header.csv has no rows" in each for each in told)


def test_a_file_with_a_header_alone_is_told_beside_an_answer(tmp_path):
    for number in range(1, 7):
        (tmp_path / f"run{number}.csv").write_text(f"params,tokens,loss\n{number}e7,2e9,3.{9 - number}\n")
    (tmp_path / "header.csv").write_text("params,tokens,loss\n")
    failures = scaling.fit(str(tmp_path), interval="none").failures
    assert [failure.error.endswith("header.csv has no rows.") for failure in failures] == [True]


def test_a_header_alone_is_told_in_a_folder_of_sampling_logs(tmp_path):
    rows = "".join(f"p{number},10,{number}\n" for number in range(1, 9))
    (tmp_path / "a.csv").write_text("problem,n,c\n" + rows)
    (tmp_path / "b.csv").write_text("problem,n,c\n")
    failures = scaling.inference_coverage(str(tmp_path), replicates=100).failures
    assert [failure.error.endswith("b.csv has no rows.") for failure in failures] == [True]


def excluded(table: pl.DataFrame, **options: object) -> list[str]:
    found = scaling.fit(table, law="power", x="params", interval="none", **options).caveats
    return [each.message.split(": ", 1)[1] for each in found if each.code == "rows-excluded"]


@pytest.mark.parametrize(
    ("bad", "why"), [(0.0, "non-positive loss"), (None, "no loss"), (float("nan"), "non-finite loss")]
)
def test_groups_of_which_nothing_can_be_used_are_named(bad, why):
    table = pl.DataFrame({"params": [1e7, 2e7, 4e7, 8e7, 16e7] * 3, "opt": sorted([*"abc"] * 5),
                          "loss": [3.0, 2.9, 2.75, 2.7, 2.6] * 3}, strict=False)  # fmt: skip
    spoilt = table.with_columns(loss=pl.when(pl.col("opt") != "a").then(bad).otherwise("loss"))
    (said,) = excluded(spoilt, by="opt")
    assert said.startswith(f"10 with {why}, which leaves nothing of the groups b; c. Correct")
    some = pl.concat([spoilt, table.filter(pl.col("opt") == "c")])
    assert "leaves nothing of the group b." in excluded(some, by="opt")[0]
    assert "leaves nothing" not in excluded(spoilt)[0]


def test_groups_that_lack_an_input_of_the_law_are_named():
    table = pl.DataFrame({"params": [1e7, 2e7, 4e7, 8e7, None, None], "opt": [*"aaaabb"], "kind": [*"xxxxyz"],
                          "loss": [3.0, 2.9, 2.75, 2.7, 2.6, 2.5]})  # fmt: skip
    assert "with no params, which leaves nothing of the group b." in excluded(table, by="opt")[0]
    both = excluded(table, by=("opt", "kind"))[0]
    assert "leaves nothing of the groups opt=b, kind=y; opt=b, kind=z." in both
