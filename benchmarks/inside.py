"""Errors of `scaling extrapolate` inside the data, where small runs lie: of the forecast, and of equal weights.

Of the runs in a band of scales, every other one is held out and all others are fitted, on the curves and surfaces of
extrapolation.py. Errors are the root mean square error of log loss over the held-out runs of a case.

    python -m benchmarks inside [FOLDER OF DATA SETS]
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.extrapolation import LEVEL, Case, curves, law_forecast, surfaces
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.interpolation import join_interpolation
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.objective import Objective

BANDS = ((0.0, 1 / 128), (1 / 128, 1 / 32), (1 / 32, 1 / 8), (1 / 8, 1.0))  # of the largest scale
PLAIN = Objective("huber")


def cases(points: ForecastPoints, band: tuple[float, float]) -> Iterator[Case]:
    """One case, if the band has at least two runs besides the smallest and the largest."""
    share = points.scale / points.scale.max()
    between = (points.scale > 1.001 * points.scale.min()) & (share < 0.999)
    places = np.flatnonzero(between & (share > band[0]) & (share <= band[1]))
    if len(places) > 1:
        kept = np.ones(len(points), dtype=bool)
        kept[places[::2]] = False
        yield Case("", "", points.at(kept), points.at(~kept))


def whole(case: Case) -> ForecastPoints:
    """All runs of a case, fitted and held out."""
    parts = (case.points, case.held)
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in case.points.columns}
    loss, scale = (np.concatenate([getattr(part, name) for part in parts]) for name in ("observed", "scale"))
    return ForecastPoints(columns, loss, np.arange(len(loss)), scale)


def row(made: list[Case], law: str) -> str:
    """Median errors of the forecast, the plain fit and equal weights, and the coverage of new runs."""
    errors, covered = [], []
    for case in made:
        observed = np.log(case.held.observed)
        both = alone(join_interpolation(forecast(case.points, level=LEVEL)))
        bands = (both.forecast.bands(case.held.columns, case.held.scale), both.interpolation.bands(case.held.columns))
        plain = law_forecast(law, PLAIN, case)
        errors.append([_rms(values - observed) for values in (bands[0].estimate, plain, bands[1].estimate)])
        covered.append([_share(band, observed) for band in bands])
    shown = "".join(f"{value:10.4f}" for value in np.median(errors, axis=0))
    return shown + "".join(f"{100 * value:9.0f}%" for value in np.mean(covered, axis=0)) + f"{len(made):7}"


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _share(band: Bands, observed: Array) -> float:
    return float(np.mean(np.abs(band.estimate - observed) <= band.prediction))


def main() -> None:
    """Print one row for each band, for curves and for surfaces."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "data"
    once = {case.name.split(" / ")[0]: case for case in surfaces(folder)}
    sets = (
        ("curves", "power-constant", list(curves(folder))),
        ("surfaces", "chinchilla", list(once.values())),
    )
    print(f"{'held out at':<24}  forecast     plain    inside  covered   inside  cases")
    for name, law, known in sets:
        for band in BANDS:
            made = [part for case in known for part in cases(whole(case), band)]
            print(f"{name + f', {band[0]:.3f} to {band[1]:.3f}':<24}{row(made, law)}", flush=True)


if __name__ == "__main__":
    main()
