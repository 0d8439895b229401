"""Several evaluations of one run are averaged, and say how noisy an evaluation is."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, UsageError

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
