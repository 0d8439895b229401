"""From runs to a decision: what a budget buys, and how far off it may be: python examples/plan_a_budget.py"""

from __future__ import annotations

from pathlib import Path

import scaling_cli as scaling

RUNS = Path(__file__).parents[1] / "sample_data" / "isoflop_runs.csv"

# Params and tokens for two budgets, with intervals.
split = scaling.optimal_allocation(RUNS, budget="1e22,1e24", replicates=200)
for choice in split.results[0].allocations:
    params, tokens = choice.params, choice.tokens
    print(f"{choice.compute:.0e} FLOPs: {params.estimate:.3g} params, {tokens.estimate:.3g} tokens")
    print(f"  params may be {params.low:.3g} to {params.high:.3g}")

# The loss to expect there, and how accurate such forecasts have been on these runs.
forecast = scaling.extrapolate(RUNS, at="compute=1e22", backtest=True, replicates=200)
(prediction,) = forecast.results[0].predictions
print(f"loss at 1e22 FLOPs: {prediction.loss.estimate:.3f}")
for row in forecast.results[0].backtest:
    print(f"  from runs up to {row.cutoff:.1e} FLOPs, {row.held_out} larger runs: error {100 * row.mape:.2f} %")
