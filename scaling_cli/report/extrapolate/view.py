"""What `scaling extrapolate` found, in every format: facts, then tables, drawing last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from scaling_cli.numbers.format import amount, escape, figure, group_name, percent, rounded
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.extrapolate.rows import sections
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import LINE_ANSWERS, Page, Row, grouped, more
from scaling_cli.results.forecast import Extrapolation, InsidePart, LawWeight
from scaling_cli.results.report import Report

HEADER = (
    "loss", "loss_low", "loss_high", "prediction_low", "prediction_high", "spread_low", "spread_high", "reach",
    "outside", "observed", "level", "estimator", "target",
)  # fmt: skip
NOTED = 3.0  # factor beyond the data from which it is said

ExtrapolateReport: TypeAlias = Report[Extrapolation]


def pages(report: ExtrapolateReport) -> Iterator[Page]:
    """A page for each group."""
    return (Page(facts(report, each), sections(each)) for each in report.results)


def table(report: ExtrapolateReport, look: Look) -> str:
    """The rich tables."""
    from rich.console import RenderableType
    from rich.text import Text

    from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, ruled_table

    pieces: list[RenderableType] = []
    for result in report.results:
        pieces += [facts_grid(facts(report, result)), Text("")]
        for section in sections(result):
            drawing = ruled_table(look)
            for i, title in enumerate(section.sheet.header):
                drawing.add_column(Text(title), justify="left" if i < section.left else "right", overflow="fold")
            for row in section.sheet.rows:
                drawing.add_row(*cells(row))
            pieces += [Text(section.title, style="bold"), drawing, Text("")]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
    return drawn(pieces, look)


def records(report: ExtrapolateReport) -> Iterable[Row]:
    """One row a prediction."""
    roles = tuple(dict.fromkeys(role for each in report.results for one in each.predictions for role in one.at))
    return grouped(report, (*map(escape, roles), *HEADER), lambda result: _predictions(result, roles))


def charts(report: ExtrapolateReport) -> list[Chart]:
    """Runs, forecast, band and targets of each group, with the edge of the data marked."""
    from scaling_cli.report.extrapolate.plot import extrapolate_charts

    loss = report.columns.get("loss", "loss")
    return [chart for result in report.results for chart in extrapolate_charts(result, loss)]


def line(result: Extrapolation) -> str:
    """The first forecasts."""
    told = []
    for each in result.predictions[:LINE_ANSWERS]:
        at = ", ".join(f"{escape(role)} {amount(role, value)}" for role, value in each.at.items())
        told.append(f"loss {rounded(each.loss).whole} at {at}")
    told += [
        f"loss {figure(each.target_loss)} at {each.scale} {rounded(each.compute).whole}" for each in result.inverse
    ][: LINE_ANSWERS - len(told)]
    return f"{result.estimator}: {'; '.join(told)}" + more(len(result.predictions) + len(result.inverse))


def facts(report: ExtrapolateReport, result: Extrapolation) -> list[tuple[str, str]]:
    """What was done and what its track record is, in the order in which to read them."""
    told = []
    if result.group:
        told.append(("group", group_name(result.group)))
    told.append(("estimator", _estimator(result)))
    if result.inside is not None:
        told.append(("inside", _inside(result.inside, result)))
    if result.runs is None:
        told.append(("data", f"saved fit {escape(', '.join(source.path for source in report.inputs))}"))
    else:
        told.append(("data", f"{result.runs:,} runs, {result.points:,} points"))
    spans = [
        f"{escape(role)} {amount(role, low)} to {amount(role, high)}"
        for role, (low, high) in result.ranges.items()
        if role not in ("loss", "step") or role in result.inputs.values()
    ]
    if spans:
        told.append(("range", ", ".join(spans)))
    told.append(("interval", _interval(result)))
    if result.track:
        rows = [f"{percent(each.rmse_log)} from 1/{figure(each.reach, 2)}" for each in result.track]
        told.append(("track record", f"rms error of {', '.join(rows)} of the largest run"))
    reach = max((each.reach or 0.0 for each in result.predictions), default=0.0)
    if reach > NOTED:
        told.append(("reach", f"up to {figure(reach, 3)} times the largest run"))
    if result.score is not None:
        told.append(("score", _score(result)))
    return told


def _estimator(result: Extrapolation) -> str:
    if result.estimator == "describe":
        return escape(f"describe: the plain fit of {result.law}")
    weights = _weights(result.laws)
    how = "large runs weigh more, weak priors"
    if len(weights) == 1:
        return escape(f"forecast: {result.laws[0].law}; {how}")
    return escape(f"forecast: mean of {', '.join(weights)}, by rolling error; {how}")


def _inside(inside: InsidePart, result: Extrapolation) -> str:
    role = "compute" if {"params", "tokens"} <= set(result.inputs) else next(iter(result.inputs.values()))
    named = ", ".join(_weights(inside.laws)) if len(inside.laws) > 1 else "the same law"
    return f"below {escape(role)} {amount(role, inside.below)}, {named}; all runs weigh alike"


def _weights(laws: Sequence[LawWeight]) -> list[str]:
    return [f"{each.law} {percent(each.weight)}" for each in laws]


def _interval(result: Extrapolation) -> str:
    how = result.interval
    level = percent(how.level, 4)
    if how.method == "none":
        return "none: the saved fit has no replicates"
    if how.method == "draws":
        drawn = f"{escape(how.resampling)} " if how.resampling else ""
        return f"{level}, {how.replicates:,} {drawn}replicates of the fit"
    if how.origins:
        return f"{level}, errors of {how.origins} rolling origins and {how.replicates:,} bootstrap replicates"
    return f"{level}, {how.replicates:,} bootstrap replicates and the spread of the laws; too few runs for origins"


def _score(result: Extrapolation) -> str:
    score = result.score
    assert score is not None
    covered = "" if score.coverage is None else f", {percent(score.coverage)} inside the prediction interval"
    return (
        f"{score.points} targets: mean error {percent(score.mape)}, rms {percent(score.rmse_log)}, "
        f"bias {100 * score.bias_log:+.2g} %{covered}"
    )


def _predictions(result: Extrapolation, roles: tuple[str, ...]) -> Iterator[Row]:
    for each in result.predictions:
        loss, new, apart = each.loss, each.prediction, each.model_spread
        yield (
            *(each.at.get(role) for role in roles), loss.estimate, loss.low, loss.high, new.low, new.high, apart.low,
            apart.high, each.reach, each.outside, each.observed, result.interval.level, each.estimator,
            escape(each.name or ""),
        )  # fmt: skip
