"""Sections of docs/evidence/forecast-calibration.md on coverage forecasts, tests, intervals of fits and the envelope.

`forecast_calibration` prints them after its own. Each has a standard error, and a number of data sets for its cells.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import calibration, coverage_backtest, coverage_laws, envelope_coverage
from scaling_cli.analysis.coverage.combined import COMBINES, combine, widest
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import LAWS, OF_CURVE, fit_laws
from scaling_cli.analysis.coverage.printed import COMBINED
from scaling_cli.arrays import Array
from scaling_cli.coverage.counts import Counts, ProblemResampling
from scaling_cli.coverage.estimate import mean, solve_rates
from scaling_cli.points.samples import counts_of
from tests.analysis.comparison.simulations import SCARCE, SURFACES, UNEVEN, Cell, binomial_bounds, shares

UNSEEN = 20_000  # number of the first data set of fits that was not used to choose a method
UNSEEN_BY_TESTS = 40_000  # the same of tests: those before showed that draws were too narrow
REACHES = (10, 100)
SEED = 2026  # of simulated logs
TESTED = (UNEVEN[0], UNEVEN[2], *SURFACES[:2], *SCARCE[1:])
INTERVALS = {
    "wild": ("curve-6", "curve-7", "curve-20-uneven", "surface-24-uneven"),
    "profile": ("curve-20", "curve-20-uneven", "surface-24-uneven"),
}


def say(text: str) -> None:
    """Print a paragraph."""
    print(textwrap.fill(text, 118, break_on_hyphens=False, break_long_words=False) + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    print()


def percent(share: float, count: int) -> str:
    """A share of independent data sets in percent, with its standard error."""
    return f"{100 * share:.1f} ({100 * np.sqrt(share * (1 - share) / count):.1f})"


def by_cluster(values: Array, clusters: Array, times: float = 1.0, digits: int = 3) -> str:
    """The mean over clusters of their means, with its standard error."""
    means = np.array([np.nanmean(values[clusters == name]) for name in np.unique(clusters)])
    error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.nan
    return f"{times * means.mean():.{digits}f} ({times * error:.{digits}f})"


def print_logs(folder: Path, samples: int) -> None:
    """Forecasts of coverage from attempts drawn from real logs."""
    print("## Coverage forecasts from real logs †\n")
    say(
        f"Seven Pythia models on 128 MATH problems, 10,000 attempts each, of which n are drawn {samples} times. "
        "Standard errors take each model as one observation; all come from one benchmark. `number` is the share of "
        "forecasts that give a number, and the next column how many of their nominal 95 % intervals contain the truth. "
        "The widest interval with which a number is given was chosen in sight of these logs."
    )
    rows = pl.read_csv(folder / "pythia_math" / "counts.csv")
    groups = [counts_of(group) for _, group in rows.group_by("model", maintain_order=True)]
    head = ("attempts", "error", "best single law", "number, %", "covered, %", "width")
    pairs = [(n, reach * n) for n in coverage_backtest.TRAINED for reach in REACHES if reach * n <= 10_000]
    table(head, (_logs(groups, n, k, samples) for n, k in pairs))


def _logs(groups: Sequence[Counts], n: int, k: int, samples: int) -> list[str]:
    """The row of forecasts from `n` attempts of coverage at `k`."""
    found, laws, models = [], [], []
    at = np.array([float(k)])
    for place, counts in enumerate(groups):
        truth = float(mean(counts, solve_rates(counts, np.array([k])))[0])
        for sample in range(samples):
            drawn = coverage_backtest.draw(counts, n, [1, place, n, sample])
            fitted, _ = fit_laws(Sampled(drawn, None, ProblemResampling(0)), tuple(COMBINES), 0.95, None)
            combined = combine(fitted, at)
            assert combined is not None
            middle, low, high = (float(part[0]) for part in combined)
            found.append((abs(middle - truth), high - low <= widest(k / n), low <= truth <= high, high - low))
            known = {name: abs(float(fitted.coverage(name, at)[0][0]) - truth) for name in fitted.names}
            laws.append([known.get(name, np.nan) for name in OF_CURVE])  # too few solved problems for some laws
            models.append(place)
    values, clusters = np.array(found), np.array(models)
    given = values[:, 1] > 0
    best = int(np.argmin(np.nanmean(laws, axis=0)))
    covered = by_cluster(values[given, 2], clusters[given], 100, 1) if given.any() else ""
    return [
        f"{n} to {k:,}", by_cluster(values[:, 0], clusters), by_cluster(np.array(laws)[:, best], clusters),
        by_cluster(values[:, 1], clusters, 100, 0), covered, f"{np.median(values[:, 3]):.3f}",
    ]  # fmt: skip


def print_kinds(logs: int) -> None:
    """Forecasts of coverage for simulated kinds of chances."""
    print("## Coverage forecasts of simulated kinds of chances\n")
    say(
        f"{logs} logs of each kind and of 60 problems with 32 attempts, 100 with 100, and 128 with 1,000. In the first "
        "table each kind is one observation. `number` is the share of logs in percent for which a number is given, and "
        "`all` the coverage of all problems of the kind. The widest interval with which a number is given was chosen "
        "on all of these kinds, with another seed."
    )
    coverage_laws.print_laws(coverage_laws.score_laws(tuple(coverage_laws.KINDS), logs, SEED), (*LAWS, COMBINED))
    print()


def print_tests(sets: int) -> None:
    """The size of the test of exponents."""
    low, high = binomial_bounds(sets, level=1 - 0.05 / len(TESTED))
    print("## Tests of exponents\n")
    say(
        f"Share of {sets:,} data sets with equal exponents in which the test at 5 % says that they differ, in percent; "
        f"if every test had this size, all {len(TESTED)} shares would lie within {100 * low:.1f} to {100 * high:.1f} "
        "in 95 % of such tables."
    )
    table(("runs", "design", "different", "F alone"), (_test(cell, sets) for cell in TESTED))


def _test(cell: Cell, sets: int) -> list[str]:
    found = shares(cell, sets, start=UNSEEN_BY_TESTS)
    design = "surfaces" if cell.is_surface else "curves"
    if cell.growth != 1:
        design += f", noise {'falls' if cell.growth < 1 else 'grows'} ninefold with scale"
    if cell.noise_ratio != 1:
        design += f", noise of the first group {1 / cell.noise_ratio:.3g} times as large"
    runs = f"{cell.sizes[0]} and {cell.sizes[1]}"
    return [runs, design, percent(found.different, sets), percent(found.different_by_f, sets)]


def print_intervals(sets: int) -> None:
    """The coverage of intervals of fits."""
    print("## Intervals of fits\n")
    say(
        "Coverage of nominal 95 % intervals in percent, fewer data sets for `profile`. Uneven noise is six times "
        "as large for the smallest run as for the largest. [Other designs](calibration.md)."
    )
    head = ("method", "design", "data sets", *calibration.SHOWN.values())
    counts = {"wild": sets, "profile": max(2, 2 * sets // 5)}
    table(head, (_interval(method, name, counts[method]) for method, names in INTERVALS.items() for name in names))


def _interval(method: str, name: str, sets: int) -> list[str]:
    design = calibration.DESIGNS[name]
    held, _, _ = calibration.coverage(design, method, sets, first=UNSEEN)
    return [
        method,
        str(design),
        f"{sets:,}",
        *(percent(held[key], sets) if key in held else "" for key in calibration.SHOWN),
    ]


def print_envelope(sets: int) -> None:
    """The coverage of intervals of an envelope."""
    print("## The envelope of training curves\n")
    say(
        f"Nominal 95 % intervals of the exponent of params and of params at ten times the largest compute, {sets} data "
        "sets a row. Where a schedule decays, 3 % of the loss have not decayed before the last fifth of a run."
    )
    head = ("curves", "refused", "exponent covered", "params at 10x covered", "width", "width at 10x", "bias at 10x")
    table(head, (envelope_coverage.row(design, sets) for design in envelope_coverage.DESIGNS))
