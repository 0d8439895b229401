"""What a paper on scaling laws should report, answered from the data where they can answer.

The items are those of Li, Kudugunta and Zettlemoyer 2025 ((Mis)Fitting, arXiv:2502.18969), in our words. Seeds and the
range of the extrapolation are added. What only a person can answer is left open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scaling_cli.numbers.format import amount, escape, figure, number_of, percent
from scaling_cli.report.pages.facts import method_words, spans
from scaling_cli.results.report import Report

Items = list[tuple[str, str]]
OPEN = (
    ("Hypothesis", "Why this form of law is expected, and what it assumes about its inputs"),
    ("Training", "Which data each model was trained on, and the tokenizer"),
    ("Training", "Whether params include embeddings"),
    ("Training", "Optimizer, learning-rate schedule and batch size, and how each was chosen"),
    ("Training", "Whether the learning rate and the batch size were tuned at every size"),
    ("Training", "Width, depth and context length, and how they grow with params"),
    ("Training", "Where code, checkpoints and logs can be found"),
    ("Data", "On which data the loss was measured, and whether the loss was changed (averaged, interpolated)"),
)


def checklist(report: Report[Any]) -> Items:
    """Item and answer; an empty answer is for a person."""
    answered = [(f"{topic}: {item}", answer) for topic, item, answer in _answered(report) if answer]
    return [*answered, *((f"{topic}: {item}", "") for topic, item in OPEN)]


def _answered(report: Report[Any]) -> Iterator[tuple[str, str, str]]:
    first = report.results[0] if report.results else None
    options = report.options
    yield "Hypothesis", "Form of the law", escape(str(getattr(first, "formula", None) or ""))
    yield "Hypothesis", "Parameters that are fitted", escape(", ".join(getattr(first, "parameters", ())))
    ranges: dict[str, tuple[float, float]] = getattr(first, "ranges", {})
    runs = getattr(first, "runs", None)
    groups = f" in the first of {len(report.results)} groups" if len(report.results) > 1 else ""
    yield "Training", "Number of runs", number_of(runs, "run") + groups if runs else ""
    yield (
        "Training",
        "Sizes and tokens",
        ", ".join(spans(ranges, [r for r in ("params", "tokens", "compute") if r in ranges])),
    )
    yield "Training", "How compute is counted", escape(str(options.get("flops_rule", "")))
    columns = (f"{role} from {escape(name)}" for role, name in report.columns.items())
    yield "Data", "Columns that were read", ", ".join(columns)
    yield "Data", "Which checkpoints count", escape(str(options.get("checkpoints") or ""))
    yield "Data", "Unit of the loss", escape(str(options.get("loss_unit", "")))
    yield from _fitting(first, options)


def _fitting(first: Any, options: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    objective = getattr(first, "objective", None)
    name = getattr(objective, "name", None) or options.get("objective")
    yield "Fitting", "Objective", escape(str(name or ""))
    starts = getattr(first, "starts", None)
    if starts is not None:
        agreeing = f"{starts.agreeing} of {starts.tried} refined starts reach the same optimum"
        yield "Fitting", "Algorithm and starting values", f"Levenberg-Marquardt from a grid of starts; {agreeing}"
    points = getattr(first, "points", None)
    yield "Fitting", "Points", number_of(points, "point") if points else ""
    interval = getattr(first, "interval", None)
    if interval is not None and not isinstance(interval, str):
        replicates = f", {interval.replicates:,} replicates" if interval.replicates else ""
        yield "Fitting", "Intervals", f"{percent(interval.level, 4)}, {method_words(interval.method)}{replicates}"
    yield "Fitting", "Seed", str(options.get("seed", ""))
    quality = getattr(first, "quality", None)
    if quality is not None:
        yield "Fitting", "Goodness of fit", f"rmse {percent(quality.rmse_log)} of log loss"
    track = getattr(first, "track", ())
    if track:
        tested = (f"{percent(one.rmse_log)} at {figure(one.reach, 2)}x" for one in track)
        yield "Fitting", "Errors on larger runs held out", ", ".join(tested)
    reaches = [row.reach for row in getattr(first, "predictions", ()) if row.reach]
    if reaches:
        yield "Fitting", "How far the furthest forecast reaches", f"{amount('', max(reaches))} times the largest run"
