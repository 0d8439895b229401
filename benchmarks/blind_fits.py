"""Blind fits of 200 seeded data sets over all laws, against the best of 200 starts of scipy, with CPU seconds a law.

    python -m benchmarks blind_fits             # all laws, 8 CPU minutes
    python -m benchmarks blind_fits --sets 40   # fewer data sets
    python -m benchmarks blind_fits sparsity    # laws that have one of these words

A data set has 80 points at random inputs, with parameters drawn as published fits have them, and noise of 0.5 % in the
loss. The blind fit is that of `scaling fit`: it knows neither the parameters nor a start. The referee is
scipy.optimize.least_squares on the same residuals, with the law's own derivatives and bounds: 150 starts at random
within the bounds (within 6 of the middle of the data where a bound is open), and 50 scattered around the truth, which a
user does not know. A fit reaches the best if its sum of squares is at most 1e-5 above it, relatively.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import binom

from scaling_cli.errors import ScalingError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import LAWS, Law
from tests.laws.designs import draw_design, draw_parameters

POINTS, NOISE = 80, 0.005
SETS, STARTS, NEAR_TRUTH = 200, 200, 50
SAME = 1e-5  # relative: sums of squares closer than this are the same
OPEN = 6.0  # coordinates on either side where a bound is open
SCATTER = 0.3  # of the coordinates, around the truth
MOST_STEPS = 100  # of one start of scipy
REACHED = 0.99


@dataclass
class Row:
    """One law: its data sets, those on which the blind fit reached the best, and CPU seconds of both."""

    law: str
    sets: int = 0
    reached: int = 0
    better: int = 0
    seconds: float = 0.0
    scipy_seconds: float = 0.0


def made(law: Law, number: int) -> tuple[Problem, np.ndarray, np.random.Generator]:
    """A data set of a law as a problem, and the truth in the problem's coordinates."""
    generator = np.random.default_rng([zlib.crc32(law.name.encode()), 5000 + number])
    columns, truth = draw_design(law, generator, POINTS), draw_parameters(law, generator)
    observed = law.predict(dict(zip(law.names, truth, strict=True)), columns)
    observed = observed * np.exp(NOISE * generator.standard_normal(len(observed)))
    runs = np.arange(len(observed)) if "run" not in columns else columns["run"].astype(int)
    problem = problem_from_arrays(law, columns, observed, runs)
    return problem, (law.to_coordinates(truth[None]) @ problem.shift.T + problem.offset)[0], generator


def squares(problem: Problem, theta: np.ndarray) -> float:
    """The sum of squares of the residuals."""
    with np.errstate(all="ignore"):
        residuals = problem.residuals(theta[None])[0][0]
    return float(np.sum(residuals**2)) if np.isfinite(residuals).all() else np.inf


def best_of_scipy(problem: Problem, truth: np.ndarray, generator: np.random.Generator) -> float:
    """The lowest sum of squares of all starts of scipy."""
    low, high = problem.low, problem.high
    starts = [
        truth + SCATTER * generator.standard_normal(len(truth)) if number < NEAR_TRUTH
        else generator.uniform(np.maximum(low, -OPEN), np.minimum(high, OPEN))
        for number in range(STARTS)
    ]  # fmt: skip
    inside = [np.clip(start, low + 1e-9, high - 1e-9) for start in starts]
    best = squares(problem, np.clip(truth, low, high))
    for start in inside:
        try:
            with np.errstate(all="ignore"):
                found = least_squares(
                    lambda theta: residuals(problem, theta), start, jac=lambda theta: slopes(problem, theta),
                    bounds=(low, high), x_scale="jac", max_nfev=MOST_STEPS, xtol=1e-12, ftol=1e-12, gtol=1e-12,
                )  # fmt: skip
        except (ValueError, np.linalg.LinAlgError):
            continue
        best = min(best, squares(problem, found.x))
    return best


def residuals(problem: Problem, theta: np.ndarray) -> np.ndarray:
    """Residuals for scipy, which wants numbers everywhere."""
    return np.nan_to_num(problem.residuals(theta[None])[0][0], nan=1e3, posinf=1e3, neginf=-1e3)


def slopes(problem: Problem, theta: np.ndarray) -> np.ndarray:
    """Derivatives of the residuals for scipy."""
    return np.nan_to_num(-problem.residuals(theta[None])[1][0], nan=0.0, posinf=0.0, neginf=0.0)


def measured(law: Law, numbers: range) -> Row:
    """The row of one law."""
    row = Row(law.name)
    for number in numbers:
        problem, truth, generator = made(law, number)
        began = time.process_time()
        try:
            ours = squares(problem, optimum(problem, Objective("least-squares")).theta)
        except ScalingError as error:  # a refusal counts as a miss, and is shown
            print(f"{law.name} {number}: {error}", file=sys.stderr)
            ours = np.inf
        row.seconds += time.process_time() - began
        began = time.process_time()
        best = best_of_scipy(problem, truth, generator)
        row.scipy_seconds += time.process_time() - began
        row.sets += 1
        row.reached += ours <= best * (1 + SAME) + 1e-12
        row.better += ours < best * (1 - SAME)
        if ours > best * (1 + SAME) + 1e-12:
            print(f"{law.name} {number}: {ours:.8g} against {best:.8g}", file=sys.stderr)
    return row


def main() -> None:
    """Print a row for each law, then the share of all data sets on which the blind fit reached the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="laws that have one of these words")
    parser.add_argument("--sets", type=int, default=SETS, help="data sets over all laws")
    asked = parser.parse_args()
    laws = [law for law in LAWS if not asked.words or any(word in law.name for word in asked.words)]
    print(f"{'law':<28} {'parameters':>10} {'reached':>9} {'lower':>6} {'CPU s a fit':>12} {'scipy, 200 starts':>18}")
    rows = []
    for place, law in enumerate(laws):
        count = asked.sets // len(laws) + (place < asked.sets % len(laws))
        row = measured(law, range(count))
        rows.append(row)
        if row.sets:
            print(
                f"{law.name:<28} {len(law.names):>10} {f'{row.reached}/{row.sets}':>9} {row.better:>6} "
                f"{row.seconds / row.sets:>12.3f} {row.scipy_seconds / row.sets:>18.2f}",
                flush=True,
            )
    sets, reached = sum(row.sets for row in rows), sum(row.reached for row in rows)
    low, high = binom.interval(0.95, sets, reached / sets)
    print(
        f"{reached} of {sets} data sets reach the best of scipy's {STARTS} starts: {reached / sets:.1%} "
        f"(95 % of such counts lie between {low:.0f} and {high:.0f}); {sum(row.better for row in rows)} end lower"
    )


if __name__ == "__main__":
    main()
