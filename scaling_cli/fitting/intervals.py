"""The intervals of a fit, by the method the user chose."""

from __future__ import annotations

import numpy as np

from scaling_cli import jobs
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import Asking
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.linear import Spread, exact, run_influences, sandwich
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.uncertainty import Replicates, replicates_asking
from scaling_cli.options.fitting import REPLICATED
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, IntervalMethod

NOTABLE_GAP = 0.02  # of its width: an estimate this far outside its interval is worth a caveat
ROUNDING = 1e-6  # relative: estimates from exact data differ from those of their replicates by less
NO_EFFECT = 1e-100  # summed squares below it are those of a quantity that no run moves


class Intervals(Record):
    """The ends `(q,)` of each quantity's interval, in printed units, NaN where there are none; and the replicates.

    `beside` names the quantities whose estimate lay outside their interval before it was extended to the estimate.
    """

    low: Array
    high: Array
    how: IntervalMethod
    replicates: Replicates | None = None
    beside: tuple[str, ...] = ()


def intervals_asking(
    fitted: Fitted,
    method: str,
    level: float,
    resampling: Resampling,
    *,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Asking[Intervals]:
    """Intervals of the parameters and of the derived quantities.

    Raises:
        UsageError: The method is `t`, and the fit is not one for which t intervals are exact.
    """
    quantities = Quantities(fitted.problem)
    nothing = np.full(len(quantities.names), np.nan)
    if method == "none":
        return Intervals(nothing, nothing, IntervalMethod("none", level, 0, None))
    if method not in REPLICATED:
        low, high = _ends(fitted, quantities, method, level)
        unit = "run" if method == "sandwich" else None
        return _around(fitted, quantities, low, high, IntervalMethod(method, level, 0, unit))
    drawn = yield from replicates_asking(
        fitted, resampling, is_wild=method == "wild", workers=workers, on_progress=on_progress
    )
    how = IntervalMethod(method, level, len(drawn.theta), "run", drawn.failed, drawn.retried, drawn.moved)
    if not len(drawn.theta):
        return Intervals(nothing, nothing, how, drawn)
    values = quantities.scaled(drawn.theta)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])[:, None]
    if method == "bca":
        tails = _corrected(fitted, quantities, values, tails)
    low, high = _quantiles(values, np.broadcast_to(tails, (2, values.shape[1])))
    return _around(fitted, quantities, low, high, how, drawn)


def _around(
    fitted: Fitted,
    quantities: Quantities,
    low: Array,
    high: Array,
    how: IntervalMethod,
    drawn: Replicates | None = None,
) -> Intervals:
    """The ends in printed units, each moved out to the estimate where the estimate lies beyond it.

    An interval beside its estimate contradicts it: the replicates were refitted to data that the law itself made, and
    did not return to it. Then neither is known, so the interval covers both. Leaving it out would hide how far they are
    from each other, and shifting it onto the estimate would hide the bias.
    """
    centre = quantities.scaled(fitted.theta[None])[0]
    width = np.maximum(high - low, 0.0)
    beyond = (centre < low - NOTABLE_GAP * width) | (centre > high + NOTABLE_GAP * width)
    is_notable = beyond & (np.maximum(low - centre, centre - high) > ROUNDING * np.maximum(np.abs(centre), 1.0))
    names = tuple(name for name, is_beside in zip(quantities.names, is_notable, strict=True) if is_beside)
    low, high = np.minimum(low, centre), np.maximum(high, centre)
    return Intervals(quantities.unscaled(low), quantities.unscaled(high), how, drawn, names)


def estimates(names: tuple[str, ...], values: Array, low: Array, high: Array) -> dict[str, Estimate]:
    """The value of each quantity with the ends of its interval, where there are any."""
    # Ends at the estimate may differ from it by rounding.
    rows = zip(names, values.tolist(), np.minimum(low, values).tolist(), np.maximum(high, values).tolist(), strict=True)
    return {name: Estimate(value, _known(left), _known(right)) for name, value, left, right in rows}


def _known(end: float) -> float | None:
    return end if np.isfinite(end) else None


def _ends(fitted: Fitted, quantities: Quantities, method: str, level: float) -> tuple[Array, Array]:
    """Ends of the intervals on the quantities' own scale."""
    from scipy.special import stdtrit

    if method == "profile":
        from scaling_cli.fitting.profile import profile

        return profile(fitted, level)
    spread: Spread = exact(fitted) if method == "t" else sandwich(fitted)
    centre = quantities.scaled(fitted.theta[None])[0]
    reach = float(stdtrit(spread.freedom, (1 + level) / 2)) * spread.errors(fitted)
    reach = np.where(reach > 0, reach, np.nan)
    return centre - reach, centre + reach


def _corrected(fitted: Fitted, quantities: Quantities, values: Array, tails: Array) -> Array:
    """The shares `(2, q)` at which bias-corrected and accelerated intervals end (Efron 1987).

    The bias is that of the replicates' median; the acceleration is the skewness of the influences of single runs.
    """
    from scipy.special import ndtr, ndtri

    centre = quantities.scaled(fitted.theta[None])[0]
    below = (values < centre).mean(axis=0) + 0.5 * (values == centre).mean(axis=0)
    bias = ndtri(np.clip(below, 0.5 / len(values), 1 - 0.5 / len(values)))
    effects = run_influences(fitted) @ quantities.gradients(fitted.theta[None])[0].T
    # A parameter at its bound has no influences, so its interval is left at the percentiles (caveat `at-bound`).
    effects = np.where(np.isfinite(effects).all(axis=0), effects, 0.0)
    size = np.maximum((effects**2).sum(axis=0), NO_EFFECT)
    acceleration = (effects**3).sum(axis=0) / (6 * size**1.5)
    point = bias + ndtri(tails)
    shares = ndtr(bias + point / (1 - acceleration * point))
    return np.asarray(np.where(size > NO_EFFECT, shares, tails))


def _quantiles(values: Array, shares: Array) -> tuple[Array, Array]:
    """Two quantiles of each column of `values` `(replicates, q)`, at the column's `shares` `(2, q)`.

    On average, Weibull's quantiles leave out exactly the share asked for. The usual quantiles, which lie between the
    first and the last replicate, leave out half a percentage point more with 400 replicates.
    """
    ordered = np.sort(values, axis=0)
    places = np.clip(shares * (len(values) + 1) - 1, 0, len(values) - 1)  # from 0
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    columns = np.arange(values.shape[1])
    part = places - below
    ends = ordered[below, columns] * (1 - part) + ordered[above, columns] * part
    low, high = np.where(np.isnan(ordered[-1]), np.nan, ends)
    return low, high
