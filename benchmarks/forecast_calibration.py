"""How far forecasts of larger runs are off, and how often their intervals hold, on public and on simulated runs.

    python -m benchmarks forecast_calibration [FOLDER OF DATA SETS] [--sets 1000] [--part surfaces,curves]

Prints docs/evidence/forecast-calibration.md, all parts or those named. Surfaces and curves take some five minutes of
processor time; the other parts simulate `--sets` data sets per cell, and with 1,000 take about an hour together.
Standard errors come from resampling: cases for curves and simulated sets, whose cases are separate; families for
surfaces, whose splits are not.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import gammaln, ndtri, stdtrit

from benchmarks import forecast_sets, other_claims
from benchmarks.extrapolation import (
    HUBER,
    LEAST_SQUARES,
    Case,
    curves,
    last_point,
    law_forecast,
    one_law,
    percentage,
    surfaces,
)
from benchmarks.extrapolation import rmsle as curve_error
from benchmarks.other_claims import say, table
from scaling_cli.analysis.forecast.rolling import growth, unit_error
from scaling_cli.analysis.forecast.stacked import StackedForecast, forecast
from scaling_cli.analysis.forecast.surface_errors import FREEDOM, NEAR, SHARE, UNTESTED, UNTESTED_FREEDOM
from scaling_cli.arrays import Array
from scaling_cli.record import replace

LEVEL, LEVELS = 0.9, (0.5, 0.8, 0.9, 0.95)
CUTS = ("3", "10", "30")
SHARES = np.linspace(0.3, 1.4, 23)  # candidates of SHARE
FREEDOMS = (4.0, 5.0, 6.0, 8.0, 12.0)  # and of FREEDOM
NEARS = (0.0, 0.0025, 0.005, 0.0065, 0.0075, 0.01)  # and of NEAR
SHIFT_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
RESAMPLES = 1000
REPLICATES = 20  # on curves, to save time: the command takes 200, which give wider intervals on short curves

HEAD = """# Evidence: how well forecasts hold

`python -m benchmarks forecast_calibration` prints this page. Numbers in brackets are standard errors. A dagger (†)
marks figures that were seen while the method was chosen, so they are somewhat too good; figures without it are on
simulated sets, or on families of runs that were left out when the constants were fitted. Rolling origins, the simplest
law and the shift are steps of [how a forecast is made](extrapolate.md#how-a-forecast-is-made).
"""


@dataclass(frozen=True)
class Made:
    """A case, its forecast, and the forecast and half-widths at `LEVEL` of the held-out runs."""

    case: Case
    forecast: StackedForecast
    estimate: Array
    half: Array

    @property
    def error(self) -> Array:
        """Forecast less observed log loss `(n,)`."""
        return self.estimate - np.log(self.case.held.observed)

    @property
    def cut(self) -> str:
        """The ratio at which a set was cut."""
        return self.case.name.rsplit("/ ", 1)[-1]


def make(cases: Iterable[Case], replicates: int = 200) -> list[Made]:
    """The default forecast of every case."""
    rows = []
    for case in cases:
        made = forecast(case.points, level=LEVEL, replicates=replicates)
        bands = made.bands(case.held.columns, case.held.scale)
        rows.append(Made(case, made, bands.estimate, bands.prediction))
    return rows


def earlier(row: Made) -> Array:
    """The forecast without the simplest law and without a shift."""
    by_law = row.forecast.stack.log_losses(row.case.held.columns)
    return row.forecast.averaged.mean(by_law[: len(row.forecast.averaged.fits)])


def resampled(statistic: Callable[[Array], float], rows: Array, clusters: Sequence[str] | None = None) -> float:
    """The standard error of a statistic of rows `(n, ...)`, by resampling rows, or clusters of them."""
    rng = np.random.default_rng(0)
    names = np.arange(len(rows)) if clusters is None else np.array(clusters)
    places = [np.flatnonzero(names == name) for name in np.unique(names)]
    drawn = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(len(places), size=len(places))
        drawn.append(statistic(rows[np.concatenate([places[index] for index in chosen])]))
    return float(np.std(drawn))


def share(values: Array) -> str:
    """A share in percent with its standard error."""
    error = float(np.std(values) / np.sqrt(len(values)))
    return f"{100 * np.mean(values):.1f} ({100 * error:.1f})"


def covered(row: Made, level: float = LEVEL) -> float:
    """The share of held-out runs in their intervals of a new run."""
    if level == LEVEL:
        return float(np.mean(np.abs(row.error) <= row.half))
    bands = replace(row.forecast, level=level).bands(row.case.held.columns, row.case.held.scale)
    return float(np.mean(np.abs(row.error) <= bands.prediction))


def curve_row(name: str, cases: Iterable[Case]) -> list[str]:
    """Errors of the forecast, of the forecast without the simplest law, of its plain fit and of the last point."""
    made = make(cases, REPLICATES)
    errors = np.array(
        [
            [
                curve_error(values, row.case)
                for values in (
                    row.estimate,
                    earlier(row),
                    law_forecast("power-constant", LEAST_SQUARES, row.case),
                    last_point(row.case),
                )
            ]
            for row in made
        ]
    )
    median, mean = np.median(errors, axis=0), errors.mean(axis=0)
    error = resampled(lambda rows: float(np.median(rows[:, 0])), errors)
    ratio = resampled(lambda rows: float(np.median(rows[:, 0]) / np.median(rows[:, 2])), errors)
    return [
        f"{name} ({len(made)})",
        f"{median[0]:.4f} ({error:.4f})",
        f"{mean[0]:.4f}",
        *(f"{median[index]:.4f} / {mean[index]:.4f}" for index in (1, 2, 3)),
        f"{median[0] / median[2]:.2f} ({ratio:.2f})",
        share(np.array([covered(row) for row in made])),
    ]


def print_curves(folder: Path) -> None:
    """The errors on curves."""
    print("## Curves\n")
    say(
        "Root mean square error of log loss beyond the runs; `before` is the average of laws without the simplest one, "
        "`least squares` the plain fit of `power-constant`; cells with two numbers are median / mean; the ratio is "
        "that of the medians of the forecast and of least squares. The last column is the coverage of nominal 90 % "
        "intervals of a new run in percent, from 20 replicates; the 200 of the command give wider intervals on short "
        "curves."
    )
    head = ("curves (cases)", "median", "mean", "before", "least squares", "last point", "ratio", "covered")
    short: dict[str, list[Case]] = {}
    for case in forecast_sets.short_curves(folder):
        short.setdefault(case.family, []).append(case)
    aside: dict[str, list[Case]] = {}
    for case in forecast_sets.aside_curves(folder):
        aside.setdefault(case.family, []).append(case)
    sets: dict[str, Iterable[Case]] = {
        "vision †": curves(folder),
        "vision, thinned to 5 to 8 runs †": forecast_sets.thinned_curves(folder),
        **{f"{family} †": cases for family, cases in short.items()},
        **{f"{family} †": cases for family, cases in aside.items()},
        "simulated: one law †": one_law(),
        "simulated: one law, varied †": forecast_sets.varied_curves(),
        "simulated: one law, at random scales †": forecast_sets.aside_law(),
        "simulated: six runs of one law, 100x †": forecast_sets.six_runs(),
        "simulated: flattening †": forecast_sets.flattening_curves(),
    }
    table(head, (curve_row(name, cases) for name, cases in sets.items()))


def surface_errors(made: list[Made]) -> Array:
    """Percentage errors `(splits, 4)` of the forecast, the one before, and plain fits of chinchilla."""
    return np.array(
        [
            [
                percentage(values, row.case)
                for values in (
                    row.estimate,
                    earlier(row),
                    law_forecast("chinchilla", HUBER, row.case),
                    law_forecast("chinchilla", LEAST_SQUARES, row.case),
                )
            ]
            for row in made
        ]
    )


def print_surfaces(made: list[Made]) -> None:
    """The errors on surfaces, by family."""
    print("## Surfaces of params and tokens\n")
    say(
        "Mean absolute error of the loss in percent on larger runs, if the forecast is fitted to the runs up to "
        "C_max/3, C_max/10 and C_max/30, where C_max is the largest compute of a set. `before` is an earlier version "
        "of the forecast: the average of laws, without the plain fit of the simplest law and without the shift."
    )
    errors, families = surface_errors(made), [row.case.family for row in made]
    names = sorted(set(families))
    rows = [np.array(families) == name for name in names]
    means = np.array([errors[mask].mean(axis=0) for mask in rows])
    head = ("family (splits)", "forecast", "before", "chinchilla, Huber 1e-3", "chinchilla, least squares")
    table(
        head,
        [
            *(
                [f"{name} ({mask.sum()}) †", *(f"{value:.2f}" for value in mean)]
                for name, mask, mean in zip(names, rows, means, strict=True)
            ),
            ["mean of families †", *(f"{value:.2f}" for value in means.mean(axis=0))],
        ],
    )
    ratio = means[:, 0].mean() / means[:, 2].mean()
    error = resampled(lambda rows: float(rows[:, 0].mean() / rows[:, 2].mean()), means)
    wins = np.mean(errors[:, 0] < errors[:, 2])
    print(
        f"The mean error of the forecast is {100 * ratio:.0f} % ({100 * error:.0f}) of that of chinchilla with Huber "
        f"1e-3,\nand its error is the smaller one on {100 * wins:.0f} % of splits.\n"
    )
    print(
        "Bias (forecast minus observed log loss in percent, averaged over families), and the share of splits on which\n"
        "the forecast is too high:\n"
    )
    ways = (lambda row: earlier(row) - row.estimate + row.error, lambda row: row.error)
    table(
        ("cut", "before", "with the shift", "too high before", "too high"),
        (
            [
                f"C_max/{cut}",
                *(_bias(made, families, cut, way) for way in ways),
                *(_high(made, cut, way) for way in ways),
            ]
            for cut in CUTS
        ),
    )


def _bias(made: list[Made], families: list[str], cut: str, get: Callable[[Made], Array]) -> str:
    means = [
        np.mean([get(row).mean() for row in made if row.case.family == name and row.cut == cut])
        for name in sorted(set(families))
    ]
    return f"{100 * np.mean(means):+.2f} ({100 * np.std(means) / np.sqrt(len(means)):.2f})"


def _high(made: list[Made], cut: str, get: Callable[[Made], Array]) -> str:
    return f"{100 * np.mean([get(row).mean() > 0 for row in made if row.cut == cut]):.0f} %"


def print_shift(made: list[Made]) -> None:
    """What a smaller part of the shift would do, and what is best on the other families does on each family."""
    print("### A smaller shift\n")
    say(
        "Mean error of families and bias in percent, if only a part of the shift is subtracted. The last row takes for "
        "each family the part with the least mean error on the other families."
    )
    plain = [replace(row.forecast, shift=None).mean(row.case.held.columns) for row in made]
    families = np.array([row.case.family for row in made])
    names = sorted(set(families))
    by_family, biases = [], []
    for part in SHIFT_PARTS:
        moved = [
            Made(row.case, row.forecast, free + part * (row.estimate - free), row.half)
            for row, free in zip(made, plain, strict=True)
        ]
        errors = np.array([percentage(row.estimate, row.case) for row in moved])
        by_family.append([float(errors[families == name].mean()) for name in names])
        biases.append([_bias(moved, names, cut, lambda row: row.error) for cut in CUTS])
    table_of = np.array(by_family)
    others = (table_of.sum(axis=1, keepdims=True) - table_of) / (len(names) - 1)
    left_out = table_of[np.argmin(others, axis=0), np.arange(len(names))]
    rows = [
        [f"{100 * part:.0f} %", f"{np.mean(errors):.2f}", *bias]
        for part, errors, bias in zip(SHIFT_PARTS, by_family, biases, strict=True)
    ]
    rows.append(["chosen on the others", f"{left_out.mean():.2f}", *("" for _ in CUTS)])
    table(("part of the shift", "error", *(f"bias, C_max/{cut}" for cut in CUTS)), rows)


@dataclass(frozen=True)
class Parts:
    """What the half-widths of a case are made of `(n,)`: variance of replicates and laws, and the grown unit error."""

    error: Array
    variance: Array
    unit: Array | None
    grown: Array

    def scale(self, share: float, near: float) -> Array:
        """The scale of the error, with this share of the unit error."""
        unit = UNTESTED * self.grown if self.unit is None else share * self.unit
        return np.sqrt(self.variance + near**2 + unit**2)

    def freedom(self, freedom: float) -> float:
        """The degrees of freedom of the error."""
        return UNTESTED_FREEDOM if self.unit is None else freedom


def parts(row: Made) -> Parts:
    """The parts of a case's half-widths, taken apart again."""
    grown = growth(row.case.held.scale / row.case.points.scale.max())
    errors = row.forecast.errors
    unit = unit_error(errors) * grown if errors else None
    student = stdtrit(FREEDOM if errors else UNTESTED_FREEDOM, 0.5 + LEVEL / 2)
    known = NEAR**2 + (SHARE * unit if unit is not None else UNTESTED * grown) ** 2
    return Parts(row.error, np.maximum((row.half / student) ** 2 - known, 0.0), unit, grown)


def fitted_constants(known: list[Parts], weights: Array, near: float) -> tuple[float, float]:
    """The share and the degrees of freedom with the largest likelihood of the errors of cases with origins."""

    def likelihood(share: float, freedom: float) -> float:
        constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - 0.5 * np.log(freedom * np.pi)
        total = 0.0
        for one, weight in zip(known, weights, strict=True):
            scale = one.scale(share, near)
            z = one.error / scale
            total += weight * float(np.mean(constant - np.log(scale) - (freedom + 1) / 2 * np.log1p(z**2 / freedom)))
        return total

    return max(((share, freedom) for share in SHARES for freedom in FREEDOMS), key=lambda pair: likelihood(*pair))


@dataclass(frozen=True)
class Judged:
    """Intervals of cases with constants that were fitted to other families: `covered` `(cases, len(LEVELS))` are shares
    of held-out runs, `widths` `(cases,)` the median full widths at `LEVEL`, and `constants` says what was fitted.
    """

    covered: Array
    widths: Array
    constants: str


def judge(taken: list[Parts], families: Array, near: float) -> Judged:
    """The intervals of each family with the constants that are best for the others."""
    covers, widths, constants = np.zeros((len(taken), len(LEVELS))), np.zeros(len(taken)), []
    has_origin = np.array([one.unit is not None for one in taken])
    for family in np.unique(families):
        fit = np.flatnonzero((families != family) & has_origin)
        weights = np.array([1 / np.sum(families[fit] == families[index]) for index in fit])
        best = fitted_constants([taken[index] for index in fit], weights, near)
        constants.append(f"{family} {best[0]:.2f} and {best[1]:.0f}")
        for index in np.flatnonzero(families == family):
            one = taken[index]
            quantiles = stdtrit(one.freedom(best[1]), 0.5 + np.array(LEVELS) / 2)
            scale = one.scale(best[0], near)
            covers[index] = [np.mean(np.abs(one.error) <= quantile * scale) for quantile in quantiles]
            widths[index] = np.median(2 * quantiles[LEVELS.index(LEVEL)] * scale)
    return Judged(covers, widths, ", ".join(constants))


def print_coverage(made: list[Made]) -> None:
    """The coverage of intervals on surfaces, each family with constants that were fitted to the others."""
    families = np.array([row.case.family for row in made])
    taken = [parts(row) for row in made]
    has_origin = np.array([one.unit is not None for one in taken])
    judged = judge(taken, families, NEAR)
    hindsight = np.array([2 * np.quantile(np.abs(one.error), LEVEL) for one in taken])
    print("## Coverage of intervals on surfaces\n")
    say(
        "Intervals of a new run. Their constants are in `scaling_cli/analysis/forecast/surface_errors.py`. Each family "
        "is judged with `SHARE` (of the error at the rolling origins) and `FREEDOM` (degrees of freedom) fitted to the "
        f"other families ({judged.constants}; fitted to all: {SHARE:g} and {FREEDOM:g}). `NEAR`, `UNTESTED` and "
        "the form of the interval were chosen once for all families, in sight of them, as was the share of the "
        "simplest law. The table shows means over splits, with standard errors from resampling families. `width` is "
        "the median full width of 90 % intervals in log loss, and `hindsight` is the width that would have been enough "
        "for 90 % of the runs of each split, which nobody knows in advance."
    )
    cuts = np.array([row.cut for row in made])
    masks = {
        **{f"C_max/{cut}": cuts == cut for cut in CUTS},
        "all": np.ones(len(made), dtype=bool),
        "without `no-rolling-origin`": has_origin,
        "with `no-rolling-origin`": ~has_origin,
        **{name: families == name for name in np.unique(families)},
    }
    head = ("splits", *(f"{100 * level:.0f} %" for level in LEVELS), "width", "hindsight")
    table(
        head,
        (
            [
                f"{name} ({mask.sum()})",
                *(_clustered(judged.covered[mask, column], families[mask]) for column in range(len(LEVELS))),
                f"{np.median(judged.widths[mask]):.3f}",
                f"{np.median(hindsight[mask]):.3f}",
            ]
            for name, mask in masks.items()
        ),
    )
    known = np.array([2 * ndtri(0.5 + LEVEL / 2) * np.sqrt(np.mean(one.error**2)) for one in taken])
    say(
        f"An interval is given in all {len(made)} splits. Its median width is "
        f"{np.median(judged.widths) / np.median(hindsight):.2f} times that in hindsight. That of intervals from the "
        "true root mean square error of each split, if its errors were normal, would be "
        f"{np.median(known) / np.median(hindsight):.2f} times."
    )
    print_near(taken, families, cuts)


def print_near(taken: list[Parts], families: Array, cuts: Array) -> None:
    """What other values of `NEAR` would do."""
    print("### Another `NEAR`\n")
    say(
        f"Coverage of nominal {100 * LEVEL:.0f} % intervals in percent and their median width, if `NEAR` has another "
        "value (in percent of the loss) and the two other constants are fitted to the other families again."
    )
    rows = []
    for near in NEARS:
        judged = judge(taken, families, near)
        shares = judged.covered[:, LEVELS.index(LEVEL)]
        by_cut = [_clustered(shares[cuts == cut], families[cuts == cut]) for cut in CUTS]
        rows.append([f"{100 * near:g}", *by_cut, f"{np.median(judged.widths):.3f}"])
    table(("`NEAR`", *(f"C_max/{cut}" for cut in CUTS), "width"), rows)


def _clustered(values: Array, families: Array) -> str:
    several = len(np.unique(families)) > 1
    error = resampled(lambda rows: float(rows.mean()), values, families.tolist() if several else None)
    return f"{100 * values.mean():.1f} ({100 * error:.1f})"


def print_one_law() -> None:
    """Errors and coverage on simulated surfaces of one law."""
    made = make(forecast_sets.one_law_surfaces())
    errors = surface_errors(made)
    median = np.median(errors, axis=0)
    ratio = resampled(lambda rows: float(np.median(rows[:, 0]) / np.median(rows[:, 3])), errors)
    print("## Simulated surfaces of one law †\n")
    print("Sixty surfaces of 12 to 36 runs, judged at 3, 10 and 100 times the largest budget.\n")
    head = ("median error in %", "before", "least squares", "ratio to least squares", "nominal 90 % covers")
    row = [
        f"{median[0]:.2f}", f"{median[1]:.2f}", f"{median[3]:.2f}",
        f"{median[0] / median[3]:.2f} ({ratio:.2f})", share(np.array([covered(one) for one in made])),
    ]  # fmt: skip
    table(head, [row])


def print_all_surfaces(folder: Path) -> None:
    """Errors and coverage on surfaces."""
    made = make(surfaces(folder))
    print_surfaces(made)
    print_shift(made)
    print_coverage(made)
    print_one_law()


def main() -> None:
    """Print the page."""
    printed = {
        "surfaces": lambda: print_all_surfaces(asked.folder),
        "curves": lambda: print_curves(asked.folder),
        "logs": lambda: other_claims.print_logs(asked.folder, max(2, asked.sets // 100)),
        "kinds": lambda: other_claims.print_kinds(max(2, 3 * asked.sets // 100)),
        "tests": lambda: other_claims.print_tests(asked.sets),
        "intervals": lambda: other_claims.print_intervals(asked.sets),
        "envelope": lambda: other_claims.print_envelope(max(2, asked.sets // 10)),
    }
    parser = argparse.ArgumentParser(description="Print docs/evidence/forecast-calibration.md, or parts of it.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--sets", type=int, default=1000, help="simulated data sets of each test and interval")
    parser.add_argument("--part", default=",".join(printed), help=f"which of {', '.join(printed)}")
    asked = parser.parse_args()
    print(HEAD)
    for part in asked.part.split(","):
        printed[part]()


if __name__ == "__main__":
    main()
