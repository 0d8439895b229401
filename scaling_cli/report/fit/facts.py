"""Facts about fits, as label and sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from scaling_cli.numbers.format import figure, group_name, number_of, percent
from scaling_cli.report.fit.rows import estimates
from scaling_cli.report.pages.facts import law_words, method_words, runs_and_points, spans, stated
from scaling_cli.report.pages.page import Facts
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Report

RANGE_ROLES = ("params", "tokens", "compute", "unique_tokens")  # the order in which ranges are listed


FitReport: TypeAlias = Report[FitResult]


def fit_facts(result: FitResult, columns: Mapping[str, str]) -> Facts:
    """What was fitted and how well, in the order in which to read it."""
    renamed = [f"{role} from {name}" for role, name in columns.items() if role != name]
    return stated(
        ("group", group_name(result.group)),
        ("law", _law(result)),
        ("why", result.reason or ""),
        ("data", runs_and_points(result.runs, result.points, ())),
        ("columns", ", ".join(renamed)),
        ("interval", _interval(result)),
        ("quality", _quality(result)),
        ("expected", _expected(result)),
        ("spread", _spread(result)),
        ("ranking", _ranking(result)),
    )


def _expected(result: FitResult) -> str:
    """Whether quantities have the values expected of them, and what these data could have shown."""
    said = []
    for name, test in result.expected.items():
        lead = f"{name} = {figure(test.value, 4)}"
        if test.p_value is None or test.detects is None:
            said.append(f"{lead} cannot be tested, because the data do not determine its standard error")
            continue
        more = (
            f"; {test.runs_needed:,.0f} such runs would show the difference found"
            if (test.runs_needed is not None and test.runs_needed > result.runs)
            else ""
        )
        verdict = "rejected" if test.p_value < 1 - result.interval.level else "not rejected"
        shown = f"these runs would show a difference of {figure(test.detects, 2)}"
        said.append(f"{lead} is {verdict} (p {figure(test.p_value, 2)}); {shown}{more}")
    return ". ".join(said)


def fit_details(result: FitResult) -> Facts:
    """What checks the fit."""
    return stated(
        ("range", _ranges(result)),
        ("objective", f"{_objective(result)} = {figure(result.objective.value, 6)}; {_starts(result)}"),
    )


def shared_facts(report: FitReport) -> Facts:
    """The law of all groups, where it is one."""
    return _shared(report, law=_law)


def shared_details(report: FitReport) -> Facts:
    """How all groups were fitted, where it is one way, and which groups resample equal inputs together."""
    return [*_shared(report, objective=_objective, interval=_interval), *stated(("resampled", _together(report)))]


def _together(report: FitReport) -> str:
    """The groups that resample configurations in place of runs, where not all do."""
    found = [group_name(result.group) for result in report.results if result.interval.unit == "configuration"]
    if not found or len(found) == len(report.results):
        return ""
    return f"runs at equal inputs together in {', '.join(found)}, and each run by itself in other groups"


def _shared(report: FitReport, **described: Callable[[FitResult], str]) -> Facts:
    said = {label: {describe(result) for result in report.results} for label, describe in described.items()}
    return [(label, sentences.pop()) for label, sentences in said.items() if len(sentences) == 1]


def _law(result: FitResult) -> str:
    return law_words(result.law, result.formula, result.inputs)


def _ranges(result: FitResult) -> str:
    known = [role for role in RANGE_ROLES if role in result.ranges]
    known += [role for role in result.ranges if role not in RANGE_ROLES]
    said = spans(result.ranges, known)
    spread = result.identifiability.tokens_per_param
    if spread:
        said.append(f"tokens per param {figure(spread[0], 3)} to {figure(spread[1], 3)}")
    return ", ".join(said)


def _objective(result: FitResult) -> str:
    objective = result.objective
    delta = "" if objective.delta is None else f" (delta {figure(objective.delta, 3)})"
    weights = f", weights {objective.weights}" if objective.weights else ""
    prior = "" if objective.prior == "none" else f", {objective.prior} prior"
    return f"{objective.name}{delta} on {objective.space} loss{weights}{prior}"


def _starts(result: FitResult) -> str:
    starts = result.starts
    if starts.tried == 1:
        return "1 start"
    return f"{starts.agreeing} of {starts.tried} starts agree"


def _interval(result: FitResult) -> str:
    interval = result.interval
    if interval.method == "none":
        return "none"
    parts = [percent(interval.level, 4), method_words(interval.method, interval.unit)]
    if interval.replicates:
        parts.append(number_of(interval.replicates, "replicate"))
    if interval.retried:
        parts.append(f"{interval.retried:,} repeated from other starts ({interval.moved:,} improved)")
    if interval.failed:
        parts.append(f"{interval.failed:,} failed")
    return ", ".join(parts)


def _quality(result: FitResult) -> str:
    quality = result.quality
    if not math.isfinite(quality.rmse_log):
        return "errors in percent are not known, because losses are not positive"
    r2 = "" if quality.r2_log is None else f", R2 {quality.r2_log:.4f} of log loss"
    return f"rmse {percent(quality.rmse_log)}, mean error {percent(quality.mape)}{r2}"


def _spread(result: FitResult) -> str:
    """The range of each parameter over all reasonable objectives."""
    if not result.spread:
        return ""
    ranges = []
    for name, value in estimates(result).items():
        values = [{**other.parameters, **other.derived}[name] for other in result.spread]
        values += [] if value.estimate is None else [value.estimate]
        ranges.append(f"{name} {figure(min(values), 4)} to {figure(max(values), 4)}")
    return f"over {len(result.spread) + 1} objectives: {', '.join(ranges)}"


def _ranking(result: FitResult) -> str:
    """Every law with its error on larger runs than it was fitted to."""
    if not result.selection:
        return ""
    laws = []
    for ranked in result.selection:
        score = "no score" if ranked.heldout_rmse_log is None else percent(ranked.heldout_rmse_log)
        test = f" (against {ranked.test.against}: p {figure(ranked.test.p_value, 2)})" if ranked.test else ""
        laws.append(f"{ranked.law} {score}{test}")
    return f"error on larger runs: {', '.join(laws)}"
