"""What is said of fits, as facts and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from scaling_cli.laws import find_law
from scaling_cli.numbers.format import amount, escape, figure, percent, rounded
from scaling_cli.report.pages.page import group_columns
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.fit import Estimate, FitResult
from scaling_cli.results.report import Report

RANGE_ROLES = ("params", "tokens", "compute", "unique_tokens")  # the order in which ranges are told


FitReport: TypeAlias = Report[FitResult]


def law_meanings(law: str, inputs: Sequence[str] = ()) -> dict[str, tuple[str, str]]:
    """Meaning and unit of a law's parameters and derived quantities."""
    found = find_law(law, inputs)
    return {
        **{parameter.name: (parameter.meaning, parameter.unit) for parameter in found.parameters},
        **{quantity.name: (quantity.meaning, "") for quantity in found.derived},
    }


def fit_facts(result: FitResult, columns: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was done and how well it went, as label and sentence, in the order in which to read them."""
    facts = [("law", _law(result))]
    if result.group:
        facts.insert(0, ("group", ", ".join(escape(f"{key}={value}") for key, value in result.group.items())))
    if result.reason:
        facts.append(("why", escape(result.reason)))
    facts.append(("data", f"{_number_of(result.runs, 'run')}, {_number_of(result.points, 'point')}"))
    renamed = [f"{role} from {escape(name)}" for role, name in columns.items() if role != name]
    if renamed:
        facts.append(("columns", ", ".join(renamed)))
    ranges = _ranges(result)
    if ranges:
        facts.append(("range", ranges))
    told = [
        *facts,
        ("objective", f"{_objective(result)} = {figure(result.objective.value, 6)}; {_starts(result)}"),
        ("interval", _interval(result)),
        ("quality", _quality(result)),
    ]
    if result.spread:
        told.append(("spread", _spread(result)))
    if result.selection:
        told.append(("ranking", _ranking(result)))
    return told


def shared_facts(report: FitReport) -> list[tuple[str, str]]:
    """What all groups have in common, or nothing where they were fitted in different ways."""
    facts = []
    formulas = {_law(each) for each in report.results}
    if len(formulas) == 1:
        facts.append(("law", formulas.pop()))
    for label, tell in (("objective", _objective), ("interval", _interval)):
        said = {tell(each) for each in report.results}
        if len(said) == 1:
            facts.append((label, said.pop()))
    return facts


def _law(result: FitResult) -> str:
    """Name and formula, with what its x stands for."""
    renamed = [f"{name} = {column}" for name, column in result.inputs.items() if name != column]
    where = f", {', '.join(renamed)}" if renamed else ""
    name = "" if result.law == result.formula else f"{result.law}: "  # a formula of the user's is its own name
    return escape(f"{name}{result.formula}{where}")


def _number_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _ranges(result: FitResult) -> str:
    known = [role for role in RANGE_ROLES if role in result.ranges]
    known += [role for role in result.ranges if role not in RANGE_ROLES]
    told = []
    for role in known:
        low, high = (amount(role, end) for end in result.ranges[role])
        told.append(f"{escape(role)} {low} to {high}" + (" FLOPs" if role == "compute" else ""))
    spread = result.identifiability.tokens_per_param
    if spread:
        told.append(f"tokens per param {figure(spread[0], 3)} to {figure(spread[1], 3)}")
    return ", ".join(told)


def _objective(result: FitResult) -> str:
    objective = result.objective
    delta = "" if objective.delta is None else f" (delta {figure(objective.delta, 3)})"
    weights = f", weights {escape(objective.weights)}" if objective.weights else ""
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
    told = f"{percent(interval.level, 4)}, {interval.method}"
    if interval.unit:
        told += f" over {escape(interval.unit)}s"
    if interval.replicates:
        told += f", {_number_of(interval.replicates, 'replicate')}"
    if interval.retried:
        told += f", {interval.retried:,} tried again ({interval.moved:,} moved)"
    return told + (f", {interval.failed:,} failed" if interval.failed else "")


def _quality(result: FitResult) -> str:
    quality = result.quality
    r2 = "" if quality.r2_log is None else f", R2 {quality.r2_log:.4f} of log loss"
    return f"rmse {percent(quality.rmse_log)}, mean error {percent(quality.mape)}{r2}"


def _spread(result: FitResult) -> str:
    """The range of each parameter over all reasonable objectives."""
    ranges = []
    for name, value in estimates(result).items():
        others = [{**each.parameters, **each.derived}[name] for each in result.spread or ()]
        values = [*others, *([] if value.estimate is None else [value.estimate])]
        ranges.append(f"{escape(name)} {figure(min(values), 4)} to {figure(max(values), 4)}")
    return f"over {len(result.spread or ()) + 1} objectives: {', '.join(ranges)}"


def _ranking(result: FitResult) -> str:
    """Every law with its error on larger runs than it was fitted to."""
    told = []
    for each in result.selection or ():
        score = "no score" if each.heldout_rmse_log is None else percent(each.heldout_rmse_log)
        test = f" (against {each.test.against}: p {figure(each.test.p_value, 2)})" if each.test else ""
        told.append(f"{escape(each.law)} {score}{test}")
    return f"error on larger runs: {', '.join(told)}"


def interval_heading(report: FitReport) -> str:
    """`95 % interval`, or `interval` where groups differ or have none."""
    levels = {each.interval.level for each in report.results if each.interval.method != "none"}
    return f"{percent(levels.pop(), 4)} interval" if len(levels) == 1 else "interval"


def estimates(result: FitResult) -> dict[str, Estimate]:
    """Fitted parameters, then what follows from them."""
    return result.parameters | result.derived


def parameter_sheet(report: FitReport) -> Sheet:
    """One row for each group and parameter, as text."""
    keys = group_columns(report)
    rows = []
    for result in report.results:
        known = law_meanings(result.law, tuple(result.inputs))
        group = tuple(escape(result.group.get(key, "")) for key in keys)
        for name, value in estimates(result).items():
            shown = rounded(value)
            meaning, unit = known.get(name, ("", ""))
            rows.append((*group, escape(name), shown.estimate, shown.interval, unit, meaning))
    heading = (
        *(escape(key) for key in keys),
        "parameter",
        "estimate",
        interval_heading(report),
        "unit",
        "meaning",
    )
    return _without_empty_columns(Sheet(heading, tuple(rows), symbols=len(keys)))


def _without_empty_columns(sheet: Sheet) -> Sheet:
    """The sheet without units or meanings where no row has one."""
    keep = [i for i in range(len(sheet.header)) if i <= sheet.symbols or any(row[i] for row in sheet.rows)]
    rows = tuple(tuple(row[i] for i in keep) for row in sheet.rows)
    return Sheet(tuple(sheet.header[i] for i in keep), rows, sheet.symbols)
