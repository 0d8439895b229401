"""Principal components of columns in an observational law, and groups that are left out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, UsageError

COLUMNS = ("mmlu", "arc", "hellaswag")
ASKED = {"law": "observational", "x": ",".join(COLUMNS), "loss": "accuracy", "space": "linear", "interval": "none"}


def models(noise: float = 0.02, odd: float = 0.0) -> pl.DataFrame:
    """Scores of four families that follow one ability; the last family's accuracy is off by `odd`."""
    generator = np.random.default_rng(0)
    rows = []
    for number, family in enumerate(("llama", "pythia", "qwen", "yi")):
        for ability in np.linspace(-1.0 + 0.1 * number, 1.2, 8):
            scores = np.array([0.5, 0.4, 0.6]) + np.array([0.2, 0.15, 0.3]) * ability
            scores = scores + noise * generator.standard_normal(3) * np.array([0.2, 0.15, 0.3])
            accuracy = 1 / (1 + np.exp(-(1.5 * ability - 0.5))) + odd * (family == "yi")
            rows.append({"family": family, **dict(zip(COLUMNS, scores, strict=True)), "accuracy": accuracy})
    return pl.DataFrame(rows)


def test_one_component_is_that_of_numpy():
    table = models()
    result = scaling.fit(table, **ASKED, components=1).results[0]
    values = table.select(COLUMNS).to_numpy()
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    left, sizes, right = np.linalg.svd(standard, full_matrices=False)
    scores = left[:, 0] * sizes[0] * np.sign(right[0].sum())
    plain = scaling.fit(
        table.with_columns(pc1=pl.Series(scores)), **(ASKED | {"x": "pc1"})
    ).results[0]  # fmt: skip
    assert result.parameters["w_pc1"].estimate == pytest.approx(plain.parameters["w_pc1"].estimate, rel=1e-3)
    assert result.parameters["a"].estimate == pytest.approx(plain.parameters["a"].estimate, abs=1e-3)
    assert "the first component has" in result.reason


def test_the_units_of_columns_do_not_matter():
    table = models()
    plain = scaling.fit(table, **ASKED, components=2).results[0]
    percent = scaling.fit(table.with_columns(mmlu=100 * pl.col("mmlu")), **ASKED, components=2).results[0]
    for name in ("a", "w_pc1", "w_pc2"):
        assert percent.parameters[name].estimate == pytest.approx(plain.parameters[name].estimate, rel=1e-3, abs=1e-3)


def test_a_saved_fit_of_components_predicts_from_the_columns(tmp_path):
    path = str(tmp_path / "fit.json")
    scaling.fit(models(0.0), **ASKED, components=1).save(path)
    report = scaling.extrapolate(path, at="mmlu=0.9,arc=0.7,hellaswag=1.2,compute=1e24")
    assert report.results[0].predictions[0].loss.estimate == pytest.approx(1 / (1 + np.exp(-2.5)), rel=0.01)


def test_a_family_that_differs_is_predicted_badly_when_it_is_left_out():
    alike = scaling.fit(models(), **ASKED, components=1, leave_out="family").results[0].left_out
    assert [one.group for one in alike] == ["llama", "pythia", "qwen", "yi"]
    assert all(one.points == 8 and one.rmse < 0.03 for one in alike)
    odd = {
        one.group: one
        for one in scaling.fit(models(odd=0.15), **ASKED, components=1, leave_out="family").results[0].left_out
    }
    assert odd["yi"].rmse == pytest.approx(0.15, abs=0.03)
    assert odd["yi"].bias_log > 0.1


def test_any_law_may_leave_groups_out():
    compute = np.geomspace(1e18, 1e21, 20)
    table = pl.DataFrame({
        "compute": compute, "loss": 20 * compute**-0.05, "site": np.repeat(["a", "b"], 10),
    })  # fmt: skip
    result = scaling.fit(table, law="power", x="compute", interval="none", leave_out="site").results[0]
    assert [one.rmse_log == pytest.approx(0.0, abs=1e-6) for one in result.left_out] == [True, True]
    few = table.with_columns(site=pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("a")).otherwise(pl.lit("b")))
    result = scaling.fit(few, law="power", x="compute", interval="none", leave_out="site").results[0]
    assert result.left_out[1].rmse_log is None


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"components": 4}, UsageError, "--x names 3 columns"),
        ({"components": 0}, UsageError, "--components"),
        ({"components": 1, "law": "power", "x": "mmlu"}, UsageError, "is for --law observational"),
        ({"components": 1, "x": None}, UsageError, "is for --law observational"),
        ({"components": 1, "x": "mmlu,flat"}, DataError, "flat has one value"),
        ({"components": 2, "x": "mmlu,twin"}, UsageError, "1 directions only"),
        ({"components": 1, "x": "mmlu,nothing"}, (DataError, UsageError), "nothing"),
        ({"leave_out": "flat"}, DataError, "has one value"),
        ({"leave_out": "nothing"}, (DataError, UsageError), "nothing"),
    ],
)
def test_what_has_no_components_or_groups_is_refused(options, error, said):
    table = models().with_columns(flat=pl.lit(1.0), twin=2 * pl.col("mmlu") + 1)
    asked = {name: value for name, value in (ASKED | options).items() if value is not None}
    with pytest.raises(error, match=said):
        scaling.fit(table, **asked)
