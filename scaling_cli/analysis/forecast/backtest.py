"""The forecast's track record on held-out larger runs, compared with simple baselines.

Each row trains on the runs up to C_max / rho, with its own rolling origins, weights and intervals, and predicts all
larger runs. Splits are never random, because a forecast must extend beyond its data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.stacked import FEWEST_POINTS, StackedForecast, forecast_asking
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window, windows
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import Asking, certain, side_by_side
from scaling_cli.laws import Law
from scaling_cli.record import replace
from scaling_cli.results.forecast import Backtest

BACKTEST_REACHES = (2.0, 4.0, 10.0, 30.0)
FEWEST_FOR_LINE = 3
SAME_SCALE = 0.01  # in log: closer scales are one, since logged budgets differ by rounding


def backtest(points: ForecastPoints, laws: Sequence[Law], like: StackedForecast) -> Asking[tuple[Backtest, ...]]:
    """A row for each factor that leaves enough runs to train on; level and seed are those of the forecast `like`."""
    origins = windows(points, BACKTEST_REACHES, FEWEST_POINTS + 1)
    return tuple(certain((yield from side_by_side([_row(points, origin, laws, like) for origin in origins]))))


def _row(points: ForecastPoints, origin: Window, laws: Sequence[Law], like: StackedForecast) -> Asking[Backtest]:
    trained, held = points.at(origin.trained), points.at(~origin.trained)
    resampling = replace(like.resampling, group=0)
    made = yield from forecast_asking(trained, resampling, laws=laws, level=like.level)
    bands = made.bands(held.columns, held.scale)
    log_loss = np.log(held.observed)
    missed = bands.estimate - log_loss
    return Backtest(
        cutoff=float(trained.scale.max()),
        reach=float(held.scale.max() / trained.scale.max()),
        trained=len(trained),
        held_out=len(held),
        mape=float(np.mean(np.abs(np.expm1(missed)))),
        rmse_log=_rms(missed),
        bias_log=float(np.mean(missed)),
        coverage=float(np.mean(np.abs(missed) <= bands.prediction)),
        baselines={name: _rms(values - log_loss) for name, values in baselines(trained, held.scale).items()},
    )


def baselines(trained: ForecastPoints, scale: Array) -> dict[str, Array]:
    """Log losses `(n,)` at `scale` by three baselines.

    They are the last point, a line in logs through the last factor of two in scale, and a line in logs through all. All
    use the best run of each scale, so that the runs of an IsoFLOP curve count as one budget.
    """
    x, y = _frontier(np.log(trained.scale), np.log(trained.observed))
    end = x >= min(x.max() - np.log(2.0), x[-min(FEWEST_FOR_LINE, len(x))])
    return {
        "last point": np.full(len(scale), y[-1]),
        "last factor of 2": _line(x[end], y[end], np.log(scale)),
        "power law": _line(x, y, np.log(scale)),
    }


def _frontier(x: Array, y: Array) -> tuple[Array, Array]:
    """The lowest loss at each scale, in order of scale; scales closer than `SAME_SCALE` are one."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    starts = np.flatnonzero(np.diff(x, prepend=-np.inf) > SAME_SCALE)
    return np.maximum.reduceat(x, starts), np.minimum.reduceat(y, starts)


def _line(x: Array, y: Array, at: Array) -> Array:
    centred = x - x.mean()
    size = float(centred @ centred)
    slope = float(centred @ y) / size if size > 0 else 0.0
    line: Array = y.mean() + slope * (at - x.mean())
    return line


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
