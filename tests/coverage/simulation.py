"""How often intervals hold the truth, by simulation; `python -m tests.coverage.simulation` prints the docs' table.

Chances of success are drawn from a Beta law, and counts from those, so coverage at every k is known. The truth of the
power law is the line that least squares draws through the true curve.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scaling_cli.analysis.coverage_curve import Sampled, coverage_rows
from scaling_cli.analysis.coverage_laws import describe, fit_laws
from scaling_cli.coverage.beta_binomial import log_failure
from scaling_cli.coverage.counts import Resampling, make_counts
from scaling_cli.coverage.curves import fit_power_law, log_grid
from scaling_cli.coverage.estimate import error_over_attempts

K = np.array([1, 10, 100, 1000])
FORECAST = 10_000


@dataclass(frozen=True)
class Case:
    alpha: float
    beta: float
    problems: int
    attempts: int = 1000


CASES = (Case(0.3, 12, 128), Case(0.3, 12, 40), Case(0.18, 28, 128), Case(0.9, 3.5, 60))


def truths(case: Case) -> dict[str, float]:
    """What each interval should hold."""
    grid = log_grid(case.attempts)
    curve = -np.expm1(log_failure(case.alpha, case.beta, grid.astype(float)))
    line = fit_power_law(grid.astype(float), curve[None])
    known = {f"coverage at {k:,}": float(-np.expm1(log_failure(case.alpha, case.beta, float(k)))) for k in K}
    further = float(-np.expm1(log_failure(case.alpha, case.beta, float(FORECAST))))
    return known | {"alpha": case.alpha, "power-law b": float(line.exponent[0]), f"forecast at {FORECAST:,}": further}


def hits(case: Case, seed: int, replicates: int) -> Iterator[tuple[str, bool]]:
    """Whether each interval of one simulated log holds the truth, and the naive one of the curve's exponent."""
    rng = np.random.default_rng([seed, case.problems])
    p = rng.beta(case.alpha, case.beta, case.problems)
    n = np.full(case.problems, case.attempts)
    data = Sampled(make_counts(n, rng.binomial(n, p)), None, Resampling(replicates, seed))
    truth = truths(case)
    rows, _ = coverage_rows(data, K, 0.95, "pointwise", "bound")
    for row in rows:
        assert row.low is not None
        assert row.high is not None
        yield f"coverage at {row.k:,}", row.low <= truth[f"coverage at {row.k:,}"] <= row.high
    error = error_over_attempts(data.counts, np.array([100]))[0]
    fixed = (1 - (1 - p) ** 100).mean()
    yield "over attempts, at 100", abs(rows[2].estimate - fixed) <= 1.96 * error
    fitted, _ = fit_laws(data, ("beta-binomial", "power-law"), 0.95, None)
    laws = describe(fitted, 1, case.attempts)
    for name, law, parameter in (("alpha", "beta-binomial", "alpha"), ("power-law b", "power-law", "b")):
        value = laws[law].parameters[parameter]
        yield name, value.low <= truth[name] <= value.high
    _, low, high = fitted.coverage("beta-binomial", np.array([FORECAST], dtype=float))
    yield f"forecast at {FORECAST:,}", bool(low[0] <= truth[f"forecast at {FORECAST:,}"] <= high[0])
    yield (
        "power-law b, naive",
        abs(laws["power-law"].parameters["b"].estimate - truth["power-law b"]) <= 1.96 * naive(data),
    )


def naive(data: Sampled) -> float:
    """The standard error of the exponent if the points of one curve were independent."""
    grid = data.fitting_grid()
    curve = data.coverage(grid)
    inside = (curve > 0) & (curve < 1)
    x, y = np.log(grid[inside]), np.log(-np.log(curve[inside]))
    slope, cut = np.polyfit(x, y, 1)
    spread = np.sum((y - cut - slope * x) ** 2) / (len(x) - 2)
    return float(np.sqrt(spread / np.sum((x - x.mean()) ** 2)))


def shares(case: Case, logs: int, replicates: int = 400) -> dict[str, float]:
    """How often each interval holds the truth."""
    found: dict[str, list[bool]] = {}
    for seed in range(logs):
        for name, is_hit in hits(case, seed, replicates):
            found.setdefault(name, []).append(is_hit)
    return {name: float(np.mean(each)) for name, each in found.items()}


def main() -> None:
    """Print the table."""
    table = {case: shares(case, logs=400) for case in CASES}
    heads = [f"Beta({case.alpha}, {case.beta}), {case.problems} problems" for case in CASES]
    print("| 95 % interval of | " + " | ".join(heads) + " |\n| --- " + "| --- " * len(heads) + "|")
    for name in table[CASES[0]]:
        print(f"| {name} | " + " | ".join(f"{100 * table[case][name]:.1f} %" for case in CASES) + " |")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
