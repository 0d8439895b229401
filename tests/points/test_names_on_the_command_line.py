"""A name in an option is a column of the file first, and a role only if there is no such column."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError

LOSSES = np.linspace(2, 4, 12)


def table(**columns):
    return pl.DataFrame({"run_id": [f"r{i}" for i in range(12)], **columns})


LINK = table(loss=LOSSES, accuracy=0.9 * (LOSSES / 2) ** -1.5)


def exponent(report):
    return report.results[0].parameters["b"].estimate


@pytest.mark.parametrize("law", ["auto", "power"])
def test_x_is_the_column_of_the_file_and_not_the_role(law):
    report = scaling.fit(LINK, loss="accuracy", x="loss", law=law, interval="none")
    assert exponent(report) == pytest.approx(-1.5, rel=1e-4)
    assert report.results[0].inputs == {"x": "column loss"}


def test_a_formula_takes_the_column_of_the_file():
    report = scaling.fit(LINK, loss="accuracy", law="A*loss**-b", interval="none")
    assert exponent(report) == pytest.approx(1.5, rel=1e-4)


def test_a_role_that_is_mapped_elsewhere_leaves_the_column_of_its_name():
    rows = table(tokens=LOSSES * 1e9, seen=LOSSES[::-1] * 1e9, loss=3 * LOSSES**-0.5)
    report = scaling.fit(rows, tokens="seen", x="tokens", law="power", interval="none")
    assert exponent(report) == pytest.approx(-0.5, rel=1e-4)


def test_a_forecast_takes_amounts_of_that_column_by_its_name():
    report = scaling.extrapolate(
        LINK, loss="accuracy", x="loss", law="power", at="loss=5", interval="none", estimator="describe"
    )
    assert report.results[0].predictions[0].loss.estimate == pytest.approx(0.9 * 2.5**-1.5, rel=1e-3)


def test_targets_in_a_file_are_amounts_of_that_column(tmp_path):
    (tmp_path / "targets.csv").write_text("run_id,loss\na,5\n")
    report = scaling.extrapolate(
        LINK, loss="accuracy", x="loss", law="power", targets=tmp_path / "targets.csv", interval="none",
        estimator="describe",
    )  # fmt: skip
    assert report.results[0].predictions[0].loss.estimate == pytest.approx(0.9 * 2.5**-1.5, rel=1e-3)


def test_weights_are_the_column_of_the_file():
    rows = LINK.with_columns((pl.col("accuracy") * 0 + 1).alias("w"))
    odd = rows.with_columns(pl.when(pl.int_range(12) == 0).then(3 * pl.col("accuracy")).otherwise("accuracy"))
    odd = odd.with_columns(pl.when(pl.int_range(12) == 0).then(1e-9).otherwise(1.0).alias("tokens"), w=pl.col("loss"))
    report = scaling.fit(
        odd, loss="accuracy", x="loss", tokens="w", weight="tokens", law="power", objective="least-squares",
        interval="none",
    )  # fmt: skip
    assert exponent(report) == pytest.approx(-1.5, rel=1e-4)


def test_groups_are_the_column_of_the_file():
    rows = table(loss=["a", "b"] * 6, accuracy=LINK["accuracy"], tokens=LOSSES * 1e9)
    report = scaling.fit(rows, loss="accuracy", by="loss", law="power", interval="none")
    assert [result.group for result in report.results] == [{"loss": "a"}, {"loss": "b"}]


@pytest.mark.parametrize(("loss", "x"), [("loss", "loss"), ("accuracy", "accuracy")])
def test_a_column_is_not_fitted_on_itself(loss, x):
    with pytest.raises(UsageError, match="both the input and the loss"):
        scaling.fit(LINK, loss=loss, x=x)


def test_a_role_is_not_fitted_on_itself_where_the_file_has_no_such_column():
    with pytest.raises(UsageError, match="both the input and the loss"):
        scaling.fit(LINK.rename({"loss": "nats"}), loss="accuracy", x="loss")
