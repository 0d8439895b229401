"""The tables of `scaling extrapolate`, as text: track record first, since it decides what the rest is worth."""

from __future__ import annotations

from scaling_cli.numbers.format import MISSING, amount, escape, figure, percent, rounded
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Extrapolation


def sections(result: Extrapolation) -> list[Section]:
    """Every table that the result fills."""
    made = (_backtest(result), _predictions(result), _inverse(result), _then(result))
    return [section for section in made if section.sheet.rows]


def _band(band: Band) -> str:
    return rounded(Estimate(None, band.low, band.high)).interval


def _predictions(result: Extrapolation) -> Section:
    roles = list(dict.fromkeys(role for each in result.predictions for role in each.at))
    named = any(each.name for each in result.predictions)
    observed = any(each.observed is not None for each in result.predictions)
    level = percent(result.interval.level, 4)
    header = [
        *(["target"] if named else []),
        *map(escape, roles), "loss", "law", "new run", "laws apart", "reach",
        *(["by"] if result.inside else []), *(["observed"] if observed else []),
    ]  # fmt: skip
    rows = []
    for each in result.predictions:
        shown = rounded(each.loss)
        rows.append((
            *([escape(each.name or MISSING)] if named else []),
            *(amount(role, each.at[role]) if role in each.at else MISSING for role in roles),
            shown.estimate,
            shown.interval,
            _band(each.prediction),
            _band(each.model_spread),
            MISSING if each.reach is None else f"{figure(each.reach, 3)}x",
            *([each.estimator] if result.inside else []),
            *([figure(each.observed)] if observed else []),
        ))  # fmt: skip
    title = f"forecasts, {level} intervals of the law's mean and of a new run, and the span of the laws"
    return Section(title, Sheet(tuple(header), tuple(rows), symbols=0), left=int(named))


def _backtest(result: Extrapolation) -> Section:
    names = list(dict.fromkeys(name for each in result.backtest for name in each.baselines))
    header = ("up to", "runs", "held", "reach", "error", "rms", "bias", "in band", *names)
    rows = [
        (
            figure(each.cutoff, 3), f"{each.trained:,}", f"{each.held_out:,}", f"{figure(each.reach, 3)}x",
            _share(each.mape), _share(each.rmse_log), f"{100 * each.bias_log:+.1f}%",
            _share(each.coverage, 0), *(_share(each.baselines[name]) for name in names),
        )
        for each in result.backtest
    ]  # fmt: skip
    return Section(
        "backtest: trained up to a scale, errors on the runs held back, and the rms of simpler forecasts",
        Sheet(header, tuple(rows), symbols=0),
    )


def _share(share: float | None, decimals: int = 1) -> str:
    """A percentage without a space, which a narrow table would fold at."""
    return MISSING if share is None else f"{100 * share:.{decimals}f}%"


def _inverse(result: Extrapolation) -> Section:
    roles = list(dict.fromkeys(role for each in result.inverse for role in each.at))
    rows = []
    for each in result.inverse:
        shown = rounded(each.compute)
        named = (amount(role, each.at[role]) if role in each.at else MISSING for role in roles if role != each.scale)
        rows.append((figure(each.target_loss), shown.estimate, shown.interval, percent(each.reachable), *named))
    scale = result.inverse[0].scale if result.inverse else ""
    header = ("target loss", scale, "interval", "reachable", *(escape(role) for role in roles if role != scale))
    return Section("scale that reaches a loss", Sheet(tuple(header), tuple(rows), symbols=0))


def _then(result: Extrapolation) -> Section:
    then = result.then
    if then is None:
        return Section("", Sheet((), (), symbols=0))
    roles = list(dict.fromkeys(role for each in then.predictions for role in each.at))
    rows = []
    for each in then.predictions:
        shown = rounded(each.metric)
        named = (amount(role, each.at[role]) if role in each.at else MISSING for role in roles)
        rows.append((*named, figure(each.loss), shown.estimate, shown.interval))
    low, high = then.loss_range
    return Section(
        escape(f"{then.metric} by {then.law} from {then.points} points, loss {figure(low)} to {figure(high)}, "
               f"rms {figure(then.rmse, 3)}"),
        Sheet((*map(escape, roles), "loss", escape(then.metric), "interval"), tuple(rows), symbols=0),
    )  # fmt: skip
