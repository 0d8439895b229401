"""One fit per group, a table of all, and a gate for CI: python examples/many_logs.py"""

from __future__ import annotations

from pathlib import Path

import polars as pl

import scaling_cli as scaling

RUNS = Path(__file__).parents[1] / "sample_data" / "optimizers.csv"

# A table in memory works like a file. A group that cannot be fitted is listed in `failures`; the others are fitted.
runs = pl.read_csv(RUNS)
report = scaling.fit(runs, by="optimizer", replicates=200)
print(report.to_polars().select("optimizer", "parameter", "estimate", "low", "high"))
for failure in report.failures:
    print(f"{failure.group}: {failure.error} ({failure.hint})")

# Does the exponent differ between the optimizers, or only the constant?
comparison = scaling.compare_exponents(runs, by="optimizer", replicates=200)
for pair in comparison.results[0].comparisons:
    print(f"{pair.left} and {pair.right}: {pair.verdict}")
