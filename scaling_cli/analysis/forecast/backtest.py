"""The forecast's track record on runs it was not shown, beside that of simpler ones.

Each row trains on the runs up to C_max / rho, with rolling origins, weights and intervals of their own, and predicts
all runs above. Splits are never random: what is asked of a forecast is to go on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.stacked import FEWEST_POINTS, Forecast, forecast
from scaling_cli.analysis.forecast.windows import Points, windows
from scaling_cli.arrays import Array
from scaling_cli.laws import Law
from scaling_cli.results.forecast import Backtest

BACKTEST_REACHES = (2.0, 4.0, 10.0, 30.0)
FEWEST_FOR_LINE = 3
SAME_SCALE = 0.01  # in log: budgets as they are written differ by rounding


def backtest(points: Points, laws: Sequence[Law], like: Forecast) -> tuple[Backtest, ...]:
    """A row for each factor that leaves enough to train on; level and seed are those of `like`."""
    found = []
    for origin in windows(points, BACKTEST_REACHES, FEWEST_POINTS + 1):
        trained, held = points.at(origin.trained), points.at(~origin.trained)
        made = forecast(
            trained, laws=laws, level=like.level, replicates=like.resampling.replicates, seed=like.resampling.seed
        )
        bands = made.bands(held.columns, held.scale)
        log_loss = np.log(held.observed)
        missed = bands.estimate - log_loss
        found.append(
            Backtest(
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
        )
    return tuple(found)


def baselines(trained: Points, scale: Array) -> dict[str, Array]:
    """Log losses `(n,)` at `scale`: the last point again, lines through the last factor of two and through all.

    They see the best run of each scale: an IsoFLOP curve is one budget, not a slope.
    """
    x, y = _frontier(np.log(trained.scale), np.log(trained.observed))
    end = x >= min(x.max() - np.log(2.0), x[-min(FEWEST_FOR_LINE, len(x))])
    return {
        "last point": np.full(len(scale), y[-1]),
        "last factor of 2": _line(x[end], y[end], np.log(scale)),
        "power law": _line(x, y, np.log(scale)),
    }


def _frontier(x: Array, y: Array) -> tuple[Array, Array]:
    """The lowest loss of each scale, in order; scales closer than `SAME_SCALE` are one."""
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
