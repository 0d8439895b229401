"""Data filtering: which pools of data to use for a number of samples, and how often each is repeated."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.allocation.pools import Pools, choices
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law

A, FLOOR = 30.0, 0.1
POOLS = {"best": (-0.24, 2.0), "good": (-0.23, 3.0), "rest": (-0.12, 6.0)}  # b and tau
ASKED = {"law": "utility-decay", "loss": "error", "loss_unit": "other", "by": "pool", "share": "a,d"}


def runs(noise=0.003, seed=0):
    """Runs on samples of three pools, of several sizes, repeated up to ten times."""
    law = find_law("utility-decay")
    frames = []
    for name, (b, tau) in POOLS.items():
        sizes, epochs = np.meshgrid([1.6e6, 6.4e6, 25.6e6], [1.0, 2, 3, 4, 6, 8, 10], indexing="ij")
        columns = {"unique_samples": sizes.ravel(), "epochs": epochs.ravel()}
        error = law.predict({"a": A, "b": b, "tau": tau, "d": FLOOR}, columns)
        frames.append(pl.DataFrame({**columns, "error": error}).with_columns(pool=pl.lit(name)))
    frame = pl.concat(frames)
    return frame.with_columns(pl.col("error") * np.exp(noise * np.random.default_rng(seed).standard_normal(len(frame))))


def as_published(names, size, epochs):
    """The error by the recursion of Goyal et al. over whole epochs of pools of one size."""
    count = len(names)

    def utility(epoch):
        return np.mean([POOLS[name][0] * 0.5 ** ((epoch - 1) / (count * POOLS[name][1])) for name in names])

    above = A * (count * size) ** utility(1)
    for epoch in range(2, epochs + 1):
        above *= (epoch / (epoch - 1)) ** utility(epoch)
    return FLOOR + above


def truth(sizes=(1e7, 1e7, 1e7)):
    b, tau = (np.array([pair[place] for pair in POOLS.values()])[None] for place in (0, 1))
    return Pools(tuple(POOLS), np.array(sizes), np.array([A]), np.array([FLOOR]), b, tau)


@pytest.mark.parametrize("epochs", [1, 2, 5, 12])
def test_pools_together_have_the_error_of_the_paper(epochs):
    sets = [found for size in (1, 2, 3) for found in itertools.combinations(POOLS, size)]
    for names in sets:
        used = np.array([list(POOLS).index(name) for name in names])
        found = truth().error(used, epochs * len(names) * 1e7)[0]
        assert found == pytest.approx(as_published(names, 1e7, epochs), rel=1e-12)


def test_a_part_of_a_pool_is_worth_as_much_as_a_pool_of_that_size():
    whole = truth((1e7, 1e7, 1e7)).error(np.array([1]), 1e6)
    assert whole == pytest.approx(truth((1e7, 1e6, 1e7)).error(np.array([1]), 1e6))


def test_two_halves_of_one_pool_are_worth_the_pool():
    """Pools of one kind with 3 and 7 million samples, against one with 10: of equal utility, and of equal half-life."""
    alike = Pools(("left", "right"), np.array([3e6, 7e6]), np.array([A]), np.array([FLOOR]),
                  np.full((1, 2), -0.2), np.array([[3 * 0.3, 3 * 0.7]]))  # fmt: skip
    whole = Pools(
        ("all",), np.array([1e7]), np.array([A]), np.array([FLOOR]), np.full((1, 1), -0.2), np.full((1, 1), 3.0)
    )
    assert alike.error(np.array([0, 1]), 5.5e7) == pytest.approx(whole.error(np.array([0]), 5.5e7))


def test_the_best_set_of_many_pools_is_found_by_their_order():
    count = 14
    b = -np.linspace(0.3, 0.1, count)[None]
    many = Pools(tuple(f"p{i}" for i in range(count)), np.full(count, 1e6), np.array([A]), np.array([FLOOR]), b,
                 np.full((1, count), 2.0))  # fmt: skip
    best = choices(many, 1e8, 0.95)[0]
    assert best.pools == tuple(f"p{i}" for i in range(len(best.pools)))
    assert best.epochs == pytest.approx(100 / len(best.pools))


def test_with_more_samples_more_pools_are_best_and_errors_hold_the_truth():
    report = scaling.optimal_allocation(runs(), budget=(25.6e6, 5.12e9), level=0.99, **ASKED)
    few, many = report.results[0].allocations
    assert few.pools[0].pools == ("best",)
    assert many.pools[0].pools == ("best", "good")
    assert many.pools[0].epochs == pytest.approx(100)
    for row in (few, many):
        assert len(row.pools) == 7
        for choice in row.pools:
            used = np.array([list(POOLS).index(name) for name in choice.pools])
            expected = truth((25.6e6,) * 3).error(used, row.samples)[0]
            assert choice.loss.low < expected < choice.loss.high
        shares = [choice.best_share for choice in row.pools]
        assert sum(shares) == pytest.approx(1.0)
        assert max(shares) == shares[0]
    assert report.results[0].sentence.startswith("With 25.6M samples: best alone, 1 epoch, for an error of ")
    assert "best and good together, 100 epochs" in report.results[0].sentence
    assert {"pools-overlap", "far-samples"} <= {found.code for found in report.caveats}
    (overlap,) = (found.message for found in report.caveats if found.code == "pools-overlap")
    assert "best and good" in overlap  # the pools of the largest budget that takes several


def test_a_saved_fit_gives_the_same_answer(tmp_path):
    path = tmp_path / "pools.json"
    scaling.fit(runs(), replicates=40, **ASKED).save(path)
    saved = scaling.optimal_allocation(str(path), budget=2.56e8)
    direct = scaling.optimal_allocation(runs(), budget=2.56e8, replicates=40, **ASKED)
    assert saved.results[0].allocations == direct.results[0].allocations
    half = scaling.optimal_allocation(str(path), budget=2.56e8, hold="unique_samples=12.8M").results[0]
    assert half.allocations[0].pools[0].epochs * half.allocations[0].pools[0].unique_samples == pytest.approx(2.56e8)
    assert half.allocations[0].pools[-1].unique_samples == pytest.approx(12.8e6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"budget": 1e9, "share": ()}, "only a law of params and tokens"),
        ({"budget": 1e9, "share": "d"}, "Each pool has its own a"),
        ({}, "needs a budget in samples"),
        ({"budget": "1e6usd"}, "needs a budget in samples"),
        ({"budget": 1e9, "max_params": 1e9}, "--max-params cannot be used"),
        ({"budget": 1e9, "hold": "tokens=3"}, "--hold tokens cannot be used"),
        ({"budget": 1e9, "target_loss": 0.5}, "--target-loss cannot be used"),
        ({"budget": 1e9, "flops_rule": "6 * params * tokens * 2"}, "--flops-rule"),
        ({"budget": 1e9, "approach": "isoflop"}, "--share cannot be combined with --approach isoflop"),
    ],
)
def test_what_pools_cannot_answer_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        scaling.optimal_allocation(runs(), interval="none", **{**ASKED, **options})


def test_groups_that_share_exponents_have_splits_of_their_own():
    generator = np.random.default_rng(3)
    frames = []
    for name, size in (("dense", 482.0), ("moe", 330.0)):
        params, tokens = (each.ravel() for each in np.meshgrid(np.geomspace(1e7, 1e9, 5), np.geomspace(1e8, 1e11, 5)))
        loss = (1.8 + size / params**0.35 + 2000 / tokens**0.37) * np.exp(0.003 * generator.standard_normal(25))
        frames.append(pl.DataFrame({"arch": name, "params": params, "tokens": tokens, "loss": loss}))
    report = scaling.optimal_allocation(
        pl.concat(frames), law="chinchilla", by="arch", share="E,alpha,beta,B", budget=1e21, replicates=60,
    )  # fmt: skip
    for result, size in zip(report.results, (482.0, 330.0), strict=True):
        (row,) = result.allocations
        best = (0.35 * size / (0.37 * 2000)) ** (1 / 0.72) * (1e21 / 6) ** (0.37 / 0.72)
        assert row.params.low < best < row.params.high
    assert [result.group for result in report.results] == [{"arch": "dense"}, {"arch": "moe"}]
