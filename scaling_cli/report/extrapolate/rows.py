"""The tables of `scaling extrapolate`: the backtest first, because it shows how far to trust the forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scaling_cli.numbers.format import MISSING, amount, asked, figure, percent, rounded, signed_percent
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Extrapolation, Inverse, Prediction, SuiteRow, ThenPrediction


def sections(result: Extrapolation) -> list[Section]:
    """Every table that the result has rows for."""
    tables = (_backtest(result), _predictions(result), _inverse(result), _then(result))
    return [section for section in tables if section.sheet.rows]


def _band(band: Band) -> str:
    return rounded(Estimate(None, band.low, band.high)).interval


def roles_of(predictions: Iterable[Prediction | Inverse | ThenPrediction | SuiteRow]) -> list[str]:
    """The roles in which the predictions are placed."""
    return list(dict.fromkeys(role for prediction in predictions for role in prediction.at))


def place_cells(at: Mapping[str, float], roles: Iterable[str]) -> Cells:
    """The amounts of a place, by role."""
    return tuple(amount(role, at[role]) if role in at else MISSING for role in roles)


def _predictions(result: Extrapolation) -> Section:
    roles = roles_of(result.predictions)
    columns = (
        *words("target"), *numbers(*roles, "loss"), Column("law", "interval"),
        Column("new run", "interval"), Column("span of laws", "interval"), *numbers("reach"), *words("by"),
        *numbers("observed"),
    )  # fmt: skip
    has_names = any(prediction.name for prediction in result.predictions)
    has_observed = any(prediction.observed is not None for prediction in result.predictions)
    rows = []
    for prediction in result.predictions:
        shown = rounded(prediction.loss)
        rows.append((
            (prediction.name or MISSING) if has_names else "",
            *place_cells(prediction.at, roles),
            shown.estimate,
            shown.interval,
            _band(prediction.prediction),
            _band(prediction.model_spread),
            MISSING if prediction.reach is None else f"{figure(prediction.reach, 3)}x",
            prediction.estimator if result.inside else "",
            figure(prediction.observed) if has_observed else "",
        ))  # fmt: skip
    level = percent(result.interval.level, 4)
    title = f"forecasts, with {level} intervals of the mean loss (law) and of a new run, and the span of single laws"
    return Section(title, Sheet(columns, tuple(rows)).without_empty())


def _backtest(result: Extrapolation) -> Section:
    names = list(dict.fromkeys(name for cutoff in result.backtest for name in cutoff.baselines))
    columns = numbers("up to", "runs", "held out", "reach", "error", "rms", "bias", "in interval", *names)
    rows = [
        (
            figure(cutoff.cutoff, 3), f"{cutoff.trained:,}", f"{cutoff.held_out:,}", f"{figure(cutoff.reach, 3)}x",
            percent(cutoff.mape), percent(cutoff.rmse_log), signed_percent(cutoff.bias_log),
            percent(cutoff.coverage), *(percent(cutoff.baselines[name]) for name in names),
        )
        for cutoff in result.backtest
    ]  # fmt: skip
    return Section(
        "backtest: fitted to runs up to a scale; errors on the runs held out, and rms errors of simpler forecasts",
        Sheet(columns, tuple(rows)),
    )


def _inverse(result: Extrapolation) -> Section:
    scale = result.inverse[0].scale if result.inverse else ""
    roles = [role for role in roles_of(result.inverse) if role != scale]
    rows = []
    for inverse in result.inverse:
        shown = rounded(inverse.compute)
        lead = (asked(inverse.target_loss), shown.estimate, shown.interval, percent(inverse.reachable))
        rows.append((*lead, *place_cells(inverse.at, roles)))
    columns = (
        *numbers("target loss", scale),
        Column("interval", "interval"),
        *numbers("reachable", *roles),
    )
    return Section("scale that reaches a loss", Sheet(columns, tuple(rows)))


def _then(result: Extrapolation) -> Section:
    then = result.then
    if then is None:
        return Section("", Sheet((), ()))
    roles = roles_of(then.predictions)
    rows = []
    for prediction in then.predictions:
        shown = rounded(prediction.metric)
        rows.append((*place_cells(prediction.at, roles), figure(prediction.loss), shown.estimate, shown.interval))
    low, high = then.loss_range
    columns = (*numbers(*roles, "loss", then.metric), Column("interval", "interval"))
    return Section(
        f"{then.metric} by {then.law} from {then.points} points, loss {figure(low)} to {figure(high)}, "
               f"rms {figure(then.rmse, 3)}",
        Sheet(columns, tuple(rows)),
    )  # fmt: skip
