"""Several evaluations of one run are averaged, and say how noisy an evaluation is."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.data.runs.rows.evaluations import averaged
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace

COMPUTE = np.geomspace(1e18, 1e21, 12)
ASKED = {"law": "power", "x": "compute", "interval": "none"}


def runs(evaluations: int = 4, noise: float = 0.005, column: str = "eval_seed", steps: int = 1) -> pl.DataFrame:
    generator = np.random.default_rng(0)
    rows = []
    for number, compute in enumerate(COMPUTE):
        run = 0.01 * generator.standard_normal()
        for step in range(1, steps + 1):
            for evaluation in range(evaluations):
                off = run + noise * generator.standard_normal() + 0.3 * (steps - step)
                row = {"run_id": f"r{number}", column: evaluation, "compute": compute, "loss": 20 * compute**-0.05}
                row["loss"] *= np.exp(off)
                rows.append(row | ({"step": step} if steps > 1 else {}))
    return pl.DataFrame(rows)


def means(table: pl.DataFrame, *keys: str) -> pl.DataFrame:
    return table.group_by("run_id", "compute", *keys, maintain_order=True).agg(pl.col("loss").mean())


def said(report, code: str) -> list[str]:
    return [each.message for each in report.caveats if each.code == code]


@pytest.mark.parametrize(("column", "options"), [("eval_seed", {}), ("shuffle", {"evaluation": "shuffle"})])
def test_the_fit_is_that_of_the_mean_of_each_run(column, options):
    table = runs(column=column)
    report = scaling.fit(table, **ASKED, **options)
    plain = scaling.fit(means(table), **ASKED)
    for name, value in plain.results[0].parameters.items():
        assert report.results[0].parameters[name].estimate == pytest.approx(value.estimate, rel=1e-8)
    assert report.results[0].points == 12
    (message,) = said(report, "evaluations-averaged")
    noise = float(re.search(r"differ by ([\d.]+) %", message)[1])
    assert noise == pytest.approx(0.5, rel=0.3)
    assert "up to 4 evaluations" in message
    assert not said(report, "unordered-rows")


def test_of_curves_the_evaluations_of_each_step_are_averaged():
    table = runs(steps=3)
    report = scaling.fit(table, **ASKED)
    plain = scaling.fit(means(table, "step"), **ASKED)
    for name, value in plain.results[0].parameters.items():
        assert report.results[0].parameters[name].estimate == pytest.approx(value.estimate, rel=1e-8)
    assert not said(report, "repeated-steps")


def test_groups_and_kept_columns_stay_apart():
    table = pl.concat([runs().with_columns(kind=pl.lit(kind)) for kind in ("a", "b")])
    report = scaling.fit(table, **ASKED, by="kind")
    assert [result.points for result in report.results] == [12, 12]


def test_one_evaluation_a_run_is_no_mean():
    report = scaling.fit(runs(evaluations=1), **ASKED)
    assert not said(report, "evaluations-averaged")


def test_an_evaluation_that_is_not_finite_takes_its_run_out():
    table = runs().with_columns(
        loss=pl.when((pl.col("run_id") == "r3") & (pl.col("eval_seed") == 2)).then(float("nan")).otherwise("loss")
    )
    assert scaling.fit(table, **ASKED).results[0].points == 11


def test_text_is_read_as_numbers():
    table = runs().with_columns(pl.col("loss").cast(pl.String))
    numbers = scaling.fit(runs(), **ASKED).results[0].parameters["b"].estimate
    assert scaling.fit(table, **ASKED).results[0].parameters["b"].estimate == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"evaluation": "eval_sed"}, UsageError, "Unknown column 'eval_sed'"),
        ({"evaluation": "compute"}, UsageError, "used for something else"),
        ({"evaluation": "eval_seed", "run": "none"}, DataError, "needs the run"),
    ],
)
def test_a_column_that_cannot_be_that_of_the_evaluation_is_refused(options, error, match):
    with pytest.raises(error, match=match):
        scaling.fit(runs(), **ASKED, **options)


EVALUATED = pl.DataFrame({
    "run": ["a", "a", "b", "b"],
    "step": [1, 1, 1, 2],
    "eval_seed": [0, 1, 0, 1],
    "note": ["x", "y", "z", "w"],
    "loss": [1.0, 3.0, 5.0, 4.0],
})  # fmt: skip


def rows_of(frame=EVALUATED, asked=None, by=(), keep=(), **changes):
    plan = replace(make_plan(frame.columns, {}, by, keep), **changes)
    rows = averaged(LogRows(frame.lazy(), frame.schema, plan), asked)
    return rows.frame.collect(), rows.schema, rows.caveats


def test_rows_that_differ_only_in_the_evaluation_become_their_mean():
    rows, schema, (found,) = rows_of()
    assert rows.select("run", "step", "loss", "note").rows() == [
        ("a", 1, 2.0, "x"),
        ("b", 1, 5.0, "z"),
        ("b", 2, 4.0, "w"),
    ]
    assert "eval_seed" not in schema
    assert schema["loss"] == pl.Float64
    assert "up to 2 evaluations" in found.message


@pytest.mark.parametrize(
    "frame", [EVALUATED.filter(pl.col("eval_seed") == 0), EVALUATED.rename({"eval_seed": "shuffle"}), EVALUATED.clear()]
)
def test_rows_without_several_evaluations_stay(frame):
    rows, schema, said = rows_of(frame)
    assert rows.equals(frame)
    assert schema == frame.schema
    assert said == ()


def test_a_column_that_is_kept_or_grouped_is_no_evaluation():
    assert rows_of(keep=["eval_seed"])[2] == ()
    assert rows_of(by=["eval_seed"])[2] == ()
    assert rows_of(keep=["note"])[0].height == 4  # kept columns are never averaged over


def test_without_runs_nothing_is_averaged_unless_it_was_asked_for():
    frame = EVALUATED.drop("run")
    assert rows_of(frame)[2] == ()
    with pytest.raises(DataError, match="--evaluation needs the run"):
        rows_of(frame, asked="eval_seed")
