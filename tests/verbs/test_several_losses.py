"""Several losses of the same runs in one call, with the differences of their parameters over shared draws."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from tests.cli.running import run

COMPUTE = np.geomspace(1e18, 1e21, 14)
ASKED = {"law": "power", "x": "compute"}


def runs(seed: int = 0, common: float = 0.02, own: float = 0.0005, second: float = -0.06) -> pl.DataFrame:
    """Losses that fall with exponents -0.05 and `second`, with noise of each run that both share, and some that is
    not shared."""
    generator = np.random.default_rng(seed)
    shared = common * generator.standard_normal(len(COMPUTE))
    noise = [shared + own * generator.standard_normal(len(COMPUTE)) for _ in range(2)]
    losses = [20 * COMPUTE**power * np.exp(each) for power, each in zip((-0.05, second), noise, strict=True)]
    return pl.DataFrame({"compute": COMPUTE, "web_loss": losses[0], "code_loss": losses[1]})


def both(table, **options):
    return scaling.fit(table, **{**ASKED, "loss": ["web_loss", "code_loss"], "replicates": 200, **options})


def test_each_loss_has_the_fit_that_it_has_alone():
    table = runs()
    report = both(table)
    assert [result.group for result in report.results] == [{"loss": "web_loss"}, {"loss": "code_loss"}]
    for name, result in zip(("web_loss", "code_loss"), report.results, strict=True):
        alone = scaling.fit(table, **ASKED, loss=name, replicates=200).results[0]
        assert result.parameters == alone.parameters
        assert result.draws == alone.draws


def test_noise_that_the_losses_share_does_not_widen_their_difference():
    first, second = both(runs()).results
    assert first.differences == {}
    found = second.differences["b"]
    assert found.estimate == pytest.approx(second.parameters["b"].estimate - first.parameters["b"].estimate)
    alone = second.parameters["b"]
    assert found.high - found.low < 0.2 * (alone.high - alone.low)
    assert found.low < -0.01 < found.high


@pytest.mark.slow
def test_intervals_of_differences_hold_the_truth_as_often_as_they_say():
    """`pytest -m slow tests/verbs/test_several_losses.py`: 300 tables, where most noise is shared."""
    count = 300
    inside = 0
    for seed in range(count):
        found = both(runs(seed, common=0.01, own=0.003)).results[1].differences["b"]
        inside += found.low <= -0.01 <= found.high
    low, high = binom.interval(0.999, count, 0.95)
    assert low <= inside <= high, inside


def test_one_loss_as_a_function_of_another_takes_the_floors_of_both():
    """Floors that the losses alone do not determine (they trade off with K) come from each loss along compute."""
    generator = np.random.default_rng(5)
    compute = np.geomspace(1e18, 1e22, 20)
    web = 1.9 + 60 * compute**-0.09
    code = 1.2 + 1.3 * (web - 1.9) ** 0.8
    noise = 0.001 * generator.standard_normal((2, 20))
    table = pl.DataFrame({"compute": compute, "web_loss": web * np.exp(noise[0]), "code_loss": code * np.exp(noise[1])})
    second = both(table, law="power-constant", level=0.99).results[1].loss_to_loss
    for name, truth in {"E0": 1.9, "E1": 1.2, "K": 1.3, "kappa": 0.8}.items():
        assert second[name].low < truth < second[name].high
        assert second[name].high - second[name].low < 1.5 * truth


def test_a_loss_that_some_runs_lack_has_no_shared_draws():
    table = runs().with_columns(code_loss=pl.when(pl.int_range(pl.len()) > 1).then("code_loss"))
    second = both(table).results[1]
    assert second.differences["b"].estimate is not None
    assert second.differences["b"].low is None


def test_without_replicates_differences_have_no_interval():
    second = both(runs(), interval="none").results[1]
    assert second.differences["b"].low is None
    assert second.differences["b"].estimate is not None


def test_groups_are_compared_within_themselves():
    table = pl.concat(
        [runs(seed, second=second).with_columns(kind=pl.lit(name)) for seed, (name, second) in
         enumerate((("a", -0.06), ("b", -0.03)))]
    )  # fmt: skip
    report = both(table, by="kind")
    found = {result.group["kind"]: result.differences["b"].estimate for result in report.results if result.differences}
    assert found["a"] == pytest.approx(-0.01, abs=2e-3)
    assert found["b"] == pytest.approx(0.02, abs=2e-3)


def test_one_column_that_does_not_exist_leaves_the_other():
    report = both(runs(), loss=["web_loss", "code_los"])
    assert [result.group["loss"] for result in report.results] == ["web_loss"]
    assert [failure.group["loss"] for failure in report.failures] == ["code_los"]
    with pytest.raises(UsageError, match="web_los"):
        both(runs(), loss=["web_los", "code_los"])


def test_shared_parameters_are_of_one_loss():
    with pytest.raises(UsageError, match="--loss names several"):
        both(runs().with_columns(kind=pl.lit("a")), by="kind", share="b")


def test_the_page_and_the_rows_show_the_differences(tmp_path):
    path = tmp_path / "runs.csv"
    runs().write_csv(path)
    words = ["fit", str(path), "--loss", "web_loss", "--loss", "code_loss", "--law", "power", "--x", "compute"]
    page = run(*words, "--format", "plain", "--replicates", "40").stdout
    assert "Differences from web_loss, over the same draws" in page
    rows = run(*words, "--format", "csv", "--replicates", "40").stdout
    assert "difference" in rows
    each = run(*words, "--per-file", "--format", "jsonl", "--replicates", "40").stdout
    assert each.count("differences") >= 1
