"""Fit a law to runs and use its numbers: python examples/fit_a_law.py"""

from __future__ import annotations

from pathlib import Path

import scaling_cli as scaling

RUNS = Path(__file__).parents[1] / "sample_data" / "isoflop_runs.csv"

report = scaling.fit(RUNS, law="chinchilla", replicates=200)
(result,) = report.results
for name, value in result.parameters.items():
    print(f"{name}: {value.estimate:.4g}, 95 % interval {value.low:.4g} to {value.high:.4g}")

# What to know before using it: each caveat has a stable code and says what to do.
for caveat in report.caveats:
    print(f"{caveat.code}: {caveat.message}")

# Predict with the fitted parameters.
estimates = {name: value.estimate for name, value in result.parameters.items()}
params, tokens = 70e9, 1.4e12
loss = estimates["E"] + estimates["A"] / params ** estimates["alpha"] + estimates["B"] / tokens ** estimates["beta"]
print(f"loss at 70B params and 1.4T tokens: {loss:.4f}")
