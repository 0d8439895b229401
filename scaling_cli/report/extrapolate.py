"""What `scaling extrapolate` found, in every format: facts, then tables, drawing last."""

from __future__ import annotations

import csv
import io
from typing import TypeAlias

from scaling_cli.analysis.forecast_result import Extrapolation
from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.report.extrapolate_rows import Section, sections
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines
from scaling_cli.report.numbers import amount, escape, figure, group_name, percent
from scaling_cli.report.sheet import aligned, latex, markdown, markdown_text

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")
NOTED = 3.0  # factor beyond the data from which it is said

ExtrapolateReport: TypeAlias = Report[Extrapolation]


def render(report: ExtrapolateReport, format: str, *, look: Look, draws: bool = True) -> str:
    """The results as text that ends in a newline; `render_notes` has what is left to say.

    Raises:
        UsageError: There is no such format.
    """
    if format == "json":
        return to_json(report, draws=draws)
    if format == "jsonl":
        return "".join(line + "\n" for line in to_json_lines(report))
    if format == "csv":
        return _csv(report)
    if format == "table":
        return _table(report, look)
    if format in ("plain", "latex"):
        return _text(report, format)
    if format == "md":
        return _markdown(report)
    raise UsageError(f"There is no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")


def render_notes(report: ExtrapolateReport, format: str, look: Look) -> str:
    """What belongs on stderr beside the result: caveats, and failures that the format has no place for."""
    if format in ("json", "jsonl", "md"):
        return ""
    return failure_lines(report.failures, look) + caveat_lines(report.caveats, look)


def render_plot(report: ExtrapolateReport, look: Look) -> str:
    """Runs, forecast, band and targets of the first group, with the edge of the data marked."""
    from scaling_cli.report.extrapolate_plot import extrapolate_plot

    return extrapolate_plot(report.results[0], look=look, loss=report.columns.get("loss", "loss"))


def facts(report: ExtrapolateReport, result: Extrapolation) -> list[tuple[str, str]]:
    """What was done and what its track record is, in the order in which to read them."""
    told = []
    if result.group:
        told.append(("group", group_name(result.group)))
    told.append(("estimator", _estimator(result)))
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
    weights = [f"{each.law} {percent(each.weight)}" for each in result.laws]
    how = "large runs weigh more, weak priors"
    if len(weights) == 1:
        return escape(f"forecast: {result.laws[0].law}; {how}")
    return escape(f"forecast: mean of {', '.join(weights)}, by rolling error; {how}")


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


def _table(report: ExtrapolateReport, look: Look) -> str:
    from rich.console import RenderableType
    from rich.text import Text

    from scaling_cli.report.table import cells, drawn, facts_grid, ruled_table

    pieces: list[RenderableType] = []
    for result in report.results:
        pieces += [facts_grid(facts(report, result)), Text("")]
        for section in sections(result):
            table = ruled_table(look)
            for i, title in enumerate(section.sheet.header):
                table.add_column(Text(title), justify="left" if i < section.left else "right", overflow="fold")
            for row in section.sheet.rows:
                table.add_row(*cells(row))
            pieces += [Text(section.title, style="bold"), table, Text("")]
    return drawn(pieces, look) if pieces else ""


def _text(report: ExtrapolateReport, format: str) -> str:
    parts = []
    lead = "" if format == "plain" else "% "
    for result in report.results:
        parts.append("".join(f"{lead}{label}: {said}\n" for label, said in facts(report, result)))
        parts += [f"{lead}{section.title}\n{_body(section, format)}" for section in sections(result)]
    return "\n".join(parts)


def _body(section: Section, format: str) -> str:
    return aligned(section.sheet) if format == "plain" else latex(section.sheet)


def _markdown(report: ExtrapolateReport) -> str:
    parts = []
    for result in report.results:
        parts.append("".join(f"- {label}: {markdown_text(said)}\n" for label, said in facts(report, result)))
        parts += [f"**{markdown_text(section.title)}**\n\n{markdown(section.sheet)}" for section in sections(result)]
    notes = [_note("Caveat", each.message, each.group, f" ({each.code})") for each in report.caveats]
    notes += [_note("Failed", each.error, each.group, f" {each.hint}") for each in report.failures]
    return "\n".join(part for part in (*parts, "".join(notes)) if part)


def _note(label: str, said: str, group: dict[str, str] | None, after: str) -> str:
    where = f" ({group_name(group)})" if group else ""
    return f"- **{label}**{markdown_text(where)}: {markdown_text(escape(said + after))}\n"


def _csv(report: ExtrapolateReport) -> str:
    """One row a prediction at full precision, for data frames."""
    keys = tuple(dict.fromkeys(key for each in report.results for key in each.group))
    roles = tuple(dict.fromkeys(role for each in report.results for one in each.predictions for role in one.at))
    fixed = (
        "loss", "loss_low", "loss_high", "prediction_low", "prediction_high", "spread_low", "spread_high", "reach",
        "outside", "observed", "level", "estimator",
    )  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*map(escape, keys), *map(escape, roles), *fixed])
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        for each in result.predictions:
            loss, new, apart = each.loss, each.prediction, each.model_spread
            writer.writerow([
                *group, *(each.at.get(role) for role in roles), loss.estimate, loss.low, loss.high, new.low, new.high,
                apart.low, apart.high, each.reach, each.outside, each.observed, result.interval.level, result.estimator,
            ])  # fmt: skip
    return text.getvalue()
