"""What `scaling extrapolate` says: a page for each group, with facts and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from scaling_cli.flops import scale_name
from scaling_cli.numbers.format import amount, escape, figure, group_name, percent
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.extrapolate.rows import sections
from scaling_cli.report.extrapolate.suite import suite_records, suite_section, whole
from scaling_cli.report.pages.facts import method_words, runs_and_points, spans, stated
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.results.forecast import Extrapolation, InsidePart, LawWeight, Prediction, Then
from scaling_cli.results.report import Report

HEADER = (
    "loss", "loss_low", "loss_high", "prediction_low", "prediction_high", "spread_low", "spread_high", "reach",
    "outside", "observed", "level", "estimator", "target",
)  # fmt: skip
LEAST_SHIFT = 5e-5  # of log loss: smaller ones print as zero
NOTED = 3.0  # factor beyond the data above which the reach is stated

ExtrapolateReport: TypeAlias = Report[Extrapolation]


def pages(report: ExtrapolateReport) -> Iterator[Page]:
    """A page for each group; with several losses or tasks, the table of all of them before what each rests on."""
    is_suite = any(result.suite for result in report.results)
    return (
        _suite_page(report, result)
        if is_suite
        else Page(facts(report, result), sections(result), details=details(result))
        for result in report.results
    )


def _suite_page(report: ExtrapolateReport, result: Extrapolation) -> Page:
    own = [replace(section, is_detail=True) for section in sections(result)]
    table = [suite_section(result, result.suite)] if result.suite else []
    group = group_name(whole(result).group) if result.suite else ""
    return Page(stated(("group", group)), [*table, *own], details=[*facts(report, result), *details(result)])


def records(report: ExtrapolateReport) -> Iterable[Row]:
    """One row per prediction; with several losses or tasks, for each of them."""
    if any(result.suite for result in report.results):
        return suite_records(report)
    roles = tuple(dict.fromkeys(role for result in report.results for row in result.predictions for role in row.at))
    metrics = tuple(dict.fromkeys(result.then.metric for result in report.results if result.then is not None))
    tasks = tuple(f"{escape(name)}{end}" for name in metrics for end in ("", "_low", "_high"))
    return grouped(report, (*map(escape, roles), *HEADER, *tasks), lambda result: _predictions(result, roles, metrics))


def charts(report: ExtrapolateReport) -> list[Chart]:
    """Runs, forecast, band and targets of each group, with the edge of the data marked."""
    from scaling_cli.report.extrapolate.plot import extrapolate_charts

    return [chart for result in report.results for chart in extrapolate_charts(result, _loss(report, result))]


def panels(report: ExtrapolateReport) -> Panels:
    """The forecast of each group, with its track record beside it."""
    from scaling_cli.report.extrapolate.panels import extrapolate_panels
    from scaling_cli.report.extrapolate.plot import extrapolate_charts

    return [
        row
        for result in report.results
        for row in extrapolate_panels(result, extrapolate_charts(result, _loss(report, result)))
    ]


def _loss(report: ExtrapolateReport, result: Extrapolation) -> str:
    """The column of the loss, or the one of this result where there are several."""
    whole = report.columns.get("loss", "loss")
    own = result.group.get("loss")
    return own if own is not None and own in whole.split(", ") else whole


def facts(report: ExtrapolateReport, result: Extrapolation) -> Facts:
    """What was done and how well such forecasts did on smaller runs, in the order in which to read it."""
    return stated(
        ("group", group_name(result.group)),
        ("estimator", _estimator(result)),
        ("data", runs_and_points(result.runs, result.points, report.inputs)),
        ("interval", _interval(result)),
        ("track record", _track(result)),
        ("score", _score(result)),
    )


def details(result: Extrapolation) -> Facts:
    """Where the data lie, and how forecasts among them are made."""
    roles = [role for role in result.ranges if role not in ("loss", "step") or role in result.inputs.values()]
    return stated(
        ("inside", _inside(result.inside, result) if result.inside else ""),
        ("range", ", ".join(spans(result.ranges, roles))),
        ("reach", _reach(result)),
    )


def _track(result: Extrapolation) -> str:
    if not result.track:
        return ""
    errors = [f"1/{figure(record.reach, 2)} ({percent(record.rmse_log)})" for record in result.track]
    return f"rms error on larger runs, if fitted to runs up to {', '.join(errors)} of the largest run"


def _reach(result: Extrapolation) -> str:
    reach = max((prediction.reach or 0.0 for prediction in result.predictions), default=0.0)
    return f"up to {figure(reach, 3)} times the largest run" if reach > NOTED else ""


def _estimator(result: Extrapolation) -> str:
    if result.estimator == "describe":
        return escape("; ".join((f"describe: the plain fit of {result.law}", *result.changed)))
    weights = _weights(result.laws)
    how = ", ".join(result.changed) or "large runs weigh more, weak priors"
    if len(weights) == 1:
        return escape(f"forecast: {result.laws[0].law}; {how}")
    weighted = f"weighted by errors on held-out runs{_simplest(result)}"
    return escape(f"forecast: mean of {', '.join(weights)}, {weighted}; {how}{_shift(result)}")


def _simplest(result: Extrapolation) -> str:
    """How the plain fit of the simplest law is weighted, if it takes part."""
    least_squares = any(law.law.endswith("(least squares)") for law in result.laws)
    return " and by the probability that the simplest law holds" if least_squares else ""


def _shift(result: Extrapolation) -> str:
    """By how much the forecast was lowered or raised; empty if this would print as zero."""
    if result.shift_log is None or abs(result.shift_log) < LEAST_SHIFT:
        return ""
    way = "lowered" if result.shift_log > 0 else "raised"
    return f"; {way} by {percent(abs(result.shift_log))}, to correct the error that such forecasts have in common"


def _inside(inside: InsidePart, result: Extrapolation) -> str:
    role = scale_name(result.inputs)
    named = ", ".join(_weights(inside.laws)) if len(inside.laws) > 1 else "the same law"
    return f"below {escape(role)} {amount(role, inside.below)}, {named}; all runs have equal weight"


def _weights(laws: Sequence[LawWeight]) -> list[str]:
    return [f"{law.law} {percent(law.weight)}" for law in laws]


def _interval(result: Extrapolation) -> str:
    how = result.interval
    level = percent(how.level, 4)
    if how.method == "none":
        return "none: the saved fit has no replicates"
    if how.method == "draws":
        drawn = f"{method_words(how.resampling)} " if how.resampling else ""
        return f"{level}, {how.replicates:,} {drawn}replicates of the fit"
    replicates = f"{how.replicates:,} bootstrap replicates"
    if how.origins:
        return f"{level}, from errors on held-out runs at {how.origins} cut-offs and {replicates}"
    return f"{level}, from {replicates} and the spread of the laws; too few runs to hold some out"


def _score(result: Extrapolation) -> str:
    score = result.score
    if score is None:
        return ""
    covered = "" if score.coverage is None else f", {percent(score.coverage)} inside the prediction interval"
    return (
        f"{score.points} targets: mean error {percent(score.mape)}, rms {percent(score.rmse_log)}, "
        f"forecasts {percent(abs(score.bias_log))} too {'high' if score.bias_log > 0 else 'low'} on average{covered}"
    )


def _predictions(result: Extrapolation, roles: tuple[str, ...], metrics: tuple[str, ...]) -> Iterator[Row]:
    for row in result.predictions:
        loss, new, laws = row.loss, row.prediction, row.model_spread
        yield (
            *(row.at.get(role) for role in roles), loss.estimate, loss.low, loss.high, new.low, new.high, laws.low,
            laws.high, row.reach, row.outside, row.observed, result.interval.level, row.estimator,
            escape(row.name or ""), *(cell for metric in metrics for cell in _metric(result.then, metric, row)),
        )  # fmt: skip


def _metric(then: Then | None, name: str, row: Prediction) -> Row:
    """The task metric that follows from a forecast loss, with the ends of its interval."""
    found = then.at(row.at) if then is not None and then.metric == name else None
    return (None, None, None) if found is None else (found.metric.estimate, found.metric.low, found.metric.high)
