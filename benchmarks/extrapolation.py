"""Errors of forecasts of larger runs, on public curves and surfaces of loss.

All forecasts use the default of `scaling extrapolate`; nothing is chosen for a curve or family. Held-out runs do not
enter a fit, a weight or an interval. Errors are the root mean square error of log loss on curves (72 vision curves of
Alabdulmohsin et al. 2022), and the mean absolute percentage error of the loss on surfaces of params and tokens.

    python -m benchmarks extrapolation [FOLDER OF DATA SETS] [curves|surfaces|law|few|ladder]

`law` simulates runs that follow one law, up to a hundred times their range. `few` thins the curves to so few runs that
there are hardly any rolling origins. `ladder` forecasts tasks of OLMo 2 13B from its ladder of small models; see
ladder.py.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl

from benchmarks.ladder import ladder
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import Array
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LEVEL = 0.9
OTHER_LEVELS = (0.5, 0.95, 0.99)  # half-widths are multiples of a standard deviation
RESAMPLES = 1000
FEW, FEW_SPAN = (5, 6, 7, 8), 64.0  # runs that are kept of a curve, and the factor that they span
RATIOS = (3, 10, 30)  # of the largest compute to that of the largest trained run
FEWEST_RUNS, FEWEST_SIZES = 8, 3
LEAST_SQUARES, HUBER = Objective("least-squares"), Objective("huber", 1e-3)
DATA_SETS, NOISES, COUNTS = 120, (0.002, 0.004, 0.008), (8, 12, 20, 40)
OLMO_LOSSES = ("c4_en", "dolma_books", "dolma_stack", "pile", "wikitext_103", "dolma_common-crawl")


@dataclass(frozen=True)
class Case:
    """Runs to fit (`points`) and runs to forecast (`held`)."""

    family: str
    name: str
    points: ForecastPoints
    held: ForecastPoints


def curves(folder: Path) -> Iterator[Case]:
    """The vision curves, with their authors' split."""
    table = pl.read_parquet(folder / "extrapolation_benchmark" / "vision.parquet").sort("curve_id", "seen_examples")
    for (name,), rows in table.group_by("curve_id", maintain_order=True):
        trained, held = (_curve(rows.filter(pl.col("split") == split)) for split in ("train", "test"))
        yield Case(str(name).split("|")[1].split("_")[0], str(name), trained, held)


def _curve(rows: pl.DataFrame) -> ForecastPoints:
    x = rows["seen_examples"].to_numpy()
    return ForecastPoints({"x": x}, rows["loss"].to_numpy(), np.arange(len(x)), x)


def one_law() -> Iterator[Case]:
    """Simulated runs that follow one law, each case with its own exponent, floor and noise."""
    rng = np.random.default_rng(0)
    for i in range(DATA_SETS):
        noise, count = NOISES[i % len(NOISES)], COUNTS[i % len(COUNTS)]
        floor, exponent = 1.7 * np.exp(0.15 * rng.standard_normal()), 0.15 + 0.025 * rng.standard_normal()
        x = np.append(np.geomspace(1, 1e3, count), [3e3, 1e4, 1e5])
        loss = (floor + 2 * x**-exponent) * np.exp(noise * rng.standard_normal(len(x)))
        whole = ForecastPoints({"x": x}, loss, np.arange(len(x)), x)
        trained = x <= 1e3
        yield Case(f"{count} runs", f"{i}", whole.at(trained), whole.at(~trained))


def surfaces(folder: Path) -> Iterator[Case]:
    """Every set of runs, split at C_max / 3, / 10 and / 30 if enough runs remain to fit."""
    for family, name, rows in _surface_sets(folder):
        params, tokens, compute, loss = (rows[key].to_numpy() for key in ("params", "tokens", "compute", "loss"))
        whole = ForecastPoints({"params": params, "tokens": tokens}, loss, np.arange(len(loss)), compute)
        for ratio in RATIOS:
            below = compute <= compute.max() / ratio
            if below.sum() >= FEWEST_RUNS and len(np.unique(params[below])) >= FEWEST_SIZES:
                yield Case(family, f"{name} / {ratio}", whole.at(below), whole.at(~below))


def _surface_sets(folder: Path) -> Iterator[tuple[str, str, pl.DataFrame]]:
    chinchilla = pl.read_csv(folder / "chinchilla_besiroglu" / "chinchilla.csv")
    yield "chinchilla", "240", _columns(chinchilla.filter(~pl.col("dropped_by_besiroglu")), compute="flops")
    yield "chinchilla", "245", _columns(chinchilla, compute="flops")
    models = pl.read_csv(folder / "gadre" / "models.csv")
    for dataset in models["dataset"].unique().sort():
        for loss in ("loss_c4", "loss_openlm"):
            yield "gadre", f"{dataset} {loss}", _columns(models.filter(pl.col("dataset") == dataset), loss=loss)
    for file in ("hot_final_grid", "cooldown_end"):
        rows = pl.read_parquet(folder / "gemstones" / f"{file}.parquet")
        yield "gemstones", file, _columns(rows, params="params_total")
    ladder = pl.read_parquet(folder / "olmo_ladder" / "ladder_all.parquet").drop_nulls(
        ["params", "chinchilla_multiplier", "throughput/total_tokens"]
    )
    for name in OLMO_LOSSES:
        loss = f"eval/{name}-validation/CrossEntropyLoss"
        last = ladder.drop_nulls(loss).sort("step").group_by("size", "chinchilla_multiplier").last()
        yield "olmo", name, _columns(last.sort("params", "step"), tokens="throughput/total_tokens", loss=loss)
    porian = pl.read_csv(folder / "porian" / "isoflop_points.csv")
    for config in porian["config_id"].unique().sort():
        # The eight configurations that count params in the standard way and evaluate on held-out text.
        if config.endswith("standard|val"):
            yield "porian", config, _columns(porian.filter(pl.col("config_id") == config), compute="flops")


def _columns(
    rows: pl.DataFrame,
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    compute: str | None = None,
) -> pl.DataFrame:
    named = rows.select(
        pl.col(params).cast(float).alias("params"),
        pl.col(tokens).cast(float).alias("tokens"),
        pl.col(loss).cast(float).alias("loss"),
        *([pl.col(compute).cast(float).alias("compute")] if compute else []),
    ).drop_nulls()
    return named if compute else named.with_columns(compute=6.0 * pl.col("params") * pl.col("tokens"))


def law_forecast(name: str, objective: Objective, case: Case) -> Array:
    """Log losses predicted by a plain fit of one law."""
    law = find_law(name)
    problem = problem_from_arrays(law, dict(case.points.columns), case.points.observed, case.points.runs)
    theta = problem.raw(optimum(problem, objective).theta[None])
    return law.evaluate(theta, law.prepare(case.held.columns))[0][0]


def last_point(case: Case) -> Array:
    """The loss of the largest run."""
    return np.full(len(case.held), np.log(case.points.observed[case.points.scale.argmax()]))


def last_octave(case: Case) -> Array:
    """A straight line in logs through the last factor of two."""
    points = case.points
    end = points.scale >= points.scale.max() / 2
    if end.sum() < 3:
        end = np.argsort(np.argsort(points.scale)) >= len(points) - 3
    line = np.polyfit(np.log(points.scale[end]), np.log(points.observed[end]), 1)
    return np.polyval(line, np.log(case.held.scale))


def default(case: Case) -> Bands:
    """The forecast of `scaling extrapolate`."""
    return forecast(case.points, level=LEVEL).bands(case.held.columns, case.held.scale)


Forecaster = Callable[[Case], Array]
CURVE_METHODS: dict[str, Forecaster] = {
    "power law (m1)": lambda case: law_forecast("power", LEAST_SQUARES, case),
    "last point": last_point,
    "m2, least squares": lambda case: law_forecast("power-constant", LEAST_SQUARES, case),
    "m2, huber 1e-3": lambda case: law_forecast("power-constant", HUBER, case),
    "m3": lambda case: law_forecast("m3", LEAST_SQUARES, case),
    "line through last factor of 2": last_octave,
    "m4": lambda case: law_forecast("m4", LEAST_SQUARES, case),
    "bnsl": lambda case: law_forecast("bnsl", LEAST_SQUARES, case),
}
SURFACE_METHODS: dict[str, Forecaster] = {
    "chinchilla, huber 1e-3": lambda case: law_forecast("chinchilla", HUBER, case),
    "chinchilla, least squares": lambda case: law_forecast("chinchilla", LEAST_SQUARES, case),
}


def rmsle(predicted: Array, case: Case) -> float:
    """Root mean square error of log loss."""
    return float(np.sqrt(np.mean((predicted - np.log(case.held.observed)) ** 2)))


def percentage(predicted: Array, case: Case) -> float:
    """Mean absolute percentage error of the loss."""
    return float(100 * np.mean(np.abs(np.exp(predicted) / case.held.observed - 1)))


def run(cases: list[Case], methods: dict[str, Forecaster], error: Callable[[Array, Case], float]) -> None:
    """Print errors by method and family, wins of the default, and the coverage of its intervals."""
    started = time.process_time()
    bands = [default(case) for case in cases]
    seconds = time.process_time() - started
    errors = {name: np.array([error(method(case), case) for case in cases]) for name, method in methods.items()}
    errors["scaling extrapolate"] = np.array(
        [error(band.estimate, case) for band, case in zip(bands, cases, strict=True)]
    )
    families = np.array([case.family for case in cases])
    named = sorted(set(families.tolist()))
    print(f"{'method':<32}{'median':>9}{'mean':>9}{'by family':>11}  wins" + "".join(f"{name:>11}" for name in named))
    for name, values in errors.items():
        means = [values[families == family].mean() for family in named]
        wins = np.mean(errors["scaling extrapolate"] < values) if name != "scaling extrapolate" else None
        shown = "   -" if wins is None else f"{100 * wins:3.0f}%"
        print(
            f"{name:<32}{np.median(values):9.4f}{values.mean():9.4f}{np.mean(means):11.4f}  {shown}"
            + "".join(f"{value:11.4f}" for value in means)
        )
    standard_error = _standard_error(errors["scaling extrapolate"])
    print(
        f"wins: share of cases in which scaling extrapolate is better; standard error of its median "
        f"{standard_error:.4f}"
    )
    _coverage(cases, bands, families, named)
    print(f"forecasts with intervals: {seconds:.1f} CPU seconds for {len(cases)} cases\n")


def coverage(cases: list[Case], bands: list[Bands]) -> tuple[Array, Array, Array]:
    """The share of held-out runs covered, the median full width, and the width in hindsight, each shaped (cases,)."""
    missed = [np.abs(band.estimate - np.log(case.held.observed)) for band, case in zip(bands, cases, strict=True)]
    inside = np.array([np.mean(row <= band.prediction) for row, band in zip(missed, bands, strict=True)])
    widths = np.array([np.median(2 * band.prediction) for band in bands])
    return inside, widths, np.array([2 * np.quantile(row, LEVEL) for row in missed])


def _coverage(cases: list[Case], bands: list[Bands], families: Array, named: list[str]) -> None:
    inside, widths, hindsight = coverage(cases, bands)
    print(
        f"{100 * LEVEL:.0f} % prediction intervals cover {100 * inside.mean():.1f} %, median full width "
        f"{np.median(widths):.4f} in log loss; in hindsight {np.median(hindsight):.4f} would be enough"
    )
    for level in OTHER_LEVELS:
        wider = NormalDist().inv_cdf(0.5 + level / 2) / NormalDist().inv_cdf(0.5 + LEVEL / 2)
        other = [replace(band, prediction=band.prediction * wider) for band in bands]
        print(f"  at {100 * level:.0f} % they cover {100 * coverage(cases, other)[0].mean():.1f} %")
    for family in named:
        mine = families == family
        print(
            f"  {family:<12}{100 * inside[mine].mean():5.0f} %  width {np.median(widths[mine]):.4f}, "
            f"in hindsight {np.median(hindsight[mine]):.4f}"
        )


def few(cases: list[Case]) -> None:
    """Print the coverage of new runs by how many rolling origins there are, on curves thinned to few runs."""
    covered_by: dict[int, list[float]] = {}
    for case in cases:
        for count in FEW:
            thin = _thinned(case.points, count)
            if len(thin) < min(FEW):
                continue
            made = forecast(thin, level=LEVEL)
            bands = made.bands(case.held.columns, case.held.scale)
            missed = np.abs(bands.estimate - np.log(case.held.observed))
            covered_by.setdefault(len(made.errors), []).append(float(np.mean(missed <= bands.prediction)))
    for origins, covered in sorted(covered_by.items()):
        print(f"{origins} origins: {100 * np.mean(covered):.0f} % of held-out runs over {len(covered)} thinned curves")
    print()


def _thinned(points: ForecastPoints, count: int) -> ForecastPoints:
    """The points nearest to a grid below the largest scale that is even in logs."""
    largest = points.scale.max()
    grid = np.geomspace(largest / FEW_SPAN, largest, count)
    return points.at(np.unique([np.abs(np.log(points.scale / at)).argmin() for at in grid]))


def _standard_error(values: Array) -> float:
    """Standard error of the median, by resampling cases."""
    rng = np.random.default_rng(0)
    return float(np.std([np.median(rng.choice(values, len(values))) for _ in range(RESAMPLES)]))


def main() -> None:
    """Run the parts that the arguments name, or all of them."""
    parts = ("curves", "surfaces", "law", "few", "ladder")
    given = [argument for argument in sys.argv[1:] if argument not in parts]
    folder = Path(given[0]) if given else Path(__file__).parents[2] / "shared" / "data"
    asked = [argument for argument in sys.argv[1:] if argument in parts] or list(parts)
    if "curves" in asked:
        print("Curves: root mean square error of log loss beyond the data")
        run(list(curves(folder)), CURVE_METHODS, rmsle)
    if "surfaces" in asked:
        print("Surfaces of params and tokens: mean absolute percentage error beyond the data")
        run(list(surfaces(folder)), SURFACE_METHODS, percentage)
    if "law" in asked:
        print("Simulated runs of one law: root mean square error of log loss at 3, 10 and 100 times the largest run")
        run(list(one_law()), CURVE_METHODS, rmsle)
    if "few" in asked:
        print("Curves of few runs: coverage of 90 % prediction intervals beyond the data")
        few(list(curves(folder)))
    if "ladder" in asked:
        print("Ladder: tasks of OLMo 2 13B at 5T tokens from models up to 1.3B")
        ladder(folder)


if __name__ == "__main__":
    main()
