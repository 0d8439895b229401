"""Few clusters, or few problems, never give an interval that says nothing, falls, or excludes its estimate."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from tests.grids import one_of_each

LEVEL = 0.95


def table(clusters: int, each: int, attempts: int, successes) -> pl.DataFrame:
    """Problems in clusters; `successes` gives those of a cluster from a random generator and the cluster's number."""
    rng = np.random.default_rng(3)
    rows = [
        {"problem": f"{cluster}-{place}", "family": f"f{cluster}", "n": attempts, "c": int(successes(rng, cluster))}
        for cluster in range(clusters)
        for place in range(each)
    ]
    return pl.DataFrame(rows)


DRAWS = {
    "equal problems in each cluster": lambda rng, cluster: [1, 3, 6, 8][cluster % 4],
    "one cluster never solved": lambda rng, cluster: 8 * (cluster > 0),
    "rarely solved": lambda rng, cluster: rng.binomial(8, 0.03),
    "nearly always solved": lambda rng, cluster: rng.binomial(8, 0.97),
    "every problem half solved": lambda rng, cluster: 4,
}


@pytest.mark.parametrize(
    ("draw", "clusters"),
    one_of_each(
        [(draw, clusters) for draw in DRAWS for clusters in (2, 4, 7)],
        name="{}-{}".format,
        kind=lambda draw, _: draw,
    ),
)
def test_every_printed_interval_says_something(draw, clusters):
    rows = table(clusters, 10, 8, DRAWS[draw])
    answer = scaling.inference_coverage(rows, cluster="family", replicates=100)
    result = answer.results[0]
    by_law = {"": list(result.coverage)}
    for row in result.forecast:
        by_law.setdefault(row.law, list(result.coverage)).append(row)
    missing = False
    for parts in by_law.values():
        printed = [row for row in parts if row.low is not None]
        missing |= any(row.low is None and row.estimate is not None for row in parts)
        for row in printed:
            assert row.estimate is None or row.low <= row.estimate <= row.high
            assert row.high - row.low < LEVEL
        for ends in ([row.low for row in printed], [row.high for row in printed]):
            assert (np.diff(ends) >= -1e-12).all()
    for fit in result.fits.values():
        for value in fit.parameters.values():
            assert value.low is None or value.low <= value.estimate <= value.high
            missing |= value.low is None and "mixture" not in fit.parameters and fit.log_likelihood is not None
    if missing:
        assert "no-coverage-interval" in {caveat.code for caveat in answer.caveats}


def test_an_interval_that_would_say_nothing_is_left_out_with_the_reason():
    answer = scaling.inference_coverage(table(2, 10, 8, DRAWS["one cluster never solved"]), cluster="family")
    first = answer.results[0].coverage[0]
    assert first.estimate == 0.5
    assert first.low is None
    assert first.high is None
    said = next(caveat.message for caveat in answer.caveats if caveat.code == "no-coverage-interval")
    assert "coverage at k = 1" in said
    assert "2 clusters" in said


def test_solved_clusters_and_not_solved_problems_make_the_exact_interval():
    """All 40 problems are solved, but four clusters of them say as much as four problems."""
    answer = scaling.inference_coverage(table(4, 10, 8, DRAWS["equal problems in each cluster"]), cluster="family")
    last = answer.results[0].coverage[-1]
    assert last.estimate == 1
    assert last.low == pytest.approx(0.025**0.25, abs=1e-6)


def test_a_comparison_takes_problems_of_a_cluster_together():
    """Ten copies of each of four problems say no more about the difference of two models than the four do."""
    few = table(4, 1, 8, DRAWS["equal problems in each cluster"])
    gained = pl.Series([1, 0, 2, 0])
    models = [few.with_columns(model=pl.lit("a")), few.with_columns(pl.col("c") + gained, model=pl.lit("b"))]
    few = pl.concat(models)
    many = pl.concat([few.with_columns(pl.format("{}-{}", "problem", pl.lit(copy))) for copy in range(10)])
    widths = []
    for rows, more in ((few, {}), (many, {"cluster": "family"})):
        answer = scaling.inference_coverage(rows, by="model", compare="a", fit="none", replicates=100, **more)
        (pair, *_) = next(result.comparisons for result in answer.results if result.comparisons)
        widths.append(pair.difference.high - pair.difference.low)
    assert widths[1] == pytest.approx(widths[0], rel=0.01)
