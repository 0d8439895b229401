"""How often intervals hold the truth, by simulation; `python -m tests.coverage.simulation` prints the docs' table.

Chances of success are drawn from a Beta law, and counts from those, so coverage at every k is known. The truth of the
power law is the line that least squares draws through the true curve at the k it was fitted to.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scaling_cli.analysis.coverage.curve import Sampled, coverage_rows
from scaling_cli.analysis.coverage.laws import describe, fit_laws
from scaling_cli.coverage.beta_binomial import log_failure
from scaling_cli.coverage.counts import Array, Indices, ProblemResampling, make_counts
from scaling_cli.coverage.curves import fit_power_law
from scaling_cli.coverage.estimate import error_over_attempts

REPLICATES = 399  # 2.5 % from either end is a replicate, as it is of 1,999
REACH = 10  # of the forecast, in attempts made


@dataclass(frozen=True)
class Case:
    alpha: float
    beta: float
    problems: int
    attempts: int = 1000

    @property
    def k(self) -> dict[str, int]:
        """Where coverage is asked for."""
        n = self.attempts
        return {"k = 1": 1, "n / 10": n // 10, "n / 2": n // 2, "n": n}

    def coverage(self, k: Indices | int) -> Array:
        """The truth."""
        return -np.expm1(log_failure(self.alpha, self.beta, np.asarray(k, dtype=float)))

    def __str__(self) -> str:
        return f"Beta({self.alpha:g}, {self.beta:g}), {self.problems} problems, n = {self.attempts:,}"


CASES = (
    Case(0.3, 12, 128),
    Case(0.3, 12, 40),
    Case(0.3, 12, 20),
    Case(0.18, 28, 128),
    Case(0.6, 7, 60, 50),
    Case(0.5, 0.5, 164, 200),
    Case(2, 2, 100, 10),
    Case(0.9, 3.5, 60),
)


def hits(case: Case, seed: int) -> Iterator[tuple[str, bool]]:
    """Whether each interval of one simulated log holds the truth, and the naive one of the curve's exponent."""
    rng = np.random.default_rng([seed, case.problems, case.attempts])
    p = rng.beta(case.alpha, case.beta, case.problems)
    n = np.full(case.problems, case.attempts)
    data = Sampled(make_counts(n, rng.binomial(n, p)), None, ProblemResampling(REPLICATES, seed))
    rows = {row.k: row for row in coverage_rows(data, np.unique(list(case.k.values())), 0.95, "pointwise", "bound")[0]}
    for name, k in case.k.items():
        assert rows[k].low is not None
        assert rows[k].high is not None
        yield name, rows[k].low <= case.coverage(k) <= rows[k].high
    k = case.k["n / 10"]
    error = error_over_attempts(data.counts, np.array([k]))[0]
    yield "over attempts, n / 10", abs(rows[k].estimate - (1 - (1 - p) ** k).mean()) <= 1.96 * error
    yield from _of_laws(case, data)


def _of_laws(case: Case, data: Sampled) -> Iterator[tuple[str, bool]]:
    fitted, _ = fit_laws(data, ("beta-binomial", "power-law"), 0.95, None)
    laws = describe(fitted, 1, case.attempts)
    if "beta-binomial" in laws:
        value = laws["beta-binomial"].parameters["alpha"]
        yield "alpha", value.low <= case.alpha <= value.high
        k = REACH * case.attempts
        _, low, high = fitted.coverage("beta-binomial", np.array([k], dtype=float))
        yield f"forecast at {REACH} n", bool(low[0] <= case.coverage(k) <= high[0])
    if "power-law" in laws:
        grid = data.fitting_grid()
        truth = float(fit_power_law(grid.astype(float), case.coverage(grid)[None]).exponent[0])
        value = laws["power-law"].parameters["b"]
        yield "power-law b", value.low <= truth <= value.high
        yield "b, naive", abs(value.estimate - truth) <= 1.96 * naive(data)


def naive(data: Sampled) -> float:
    """The standard error of the exponent if the points of one curve were independent."""
    grid = data.fitting_grid()
    curve = data.coverage(grid)
    inside = (curve > 0) & (curve < 1)
    x, y = np.log(grid[inside]), np.log(-np.log(curve[inside]))
    slope, cut = np.polyfit(x, y, 1)
    spread = np.sum((y - cut - slope * x) ** 2) / (len(x) - 2)
    return float(np.sqrt(spread / np.sum((x - x.mean()) ** 2)))


def shares(case: Case, logs: int) -> dict[str, float]:
    """How often each interval holds the truth."""
    found: dict[str, list[bool]] = {}
    for seed in range(logs):
        for name, is_hit in hits(case, seed):
            found.setdefault(name, []).append(is_hit)
    return {name: float(np.mean(each)) for name, each in found.items()}


def main() -> None:
    """Print the table."""
    logs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    names: list[str] = []
    for case in CASES:
        found = shares(case, logs)
        if not names:
            names = list(found)
            print("| log | " + " | ".join(names) + " |\n| --- " + "| --- " * len(names) + "|")
        cells = [f"{100 * found[name]:.1f} %" if name in found else "" for name in names]
        print(f"| {case} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
