"""The figure of `scaling compare-exponents`: laws to --to, compute multipliers with their bands, and exponents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scaling_cli.numbers.format import escape, percent
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.report.charts.legends import short_names
from scaling_cli.results.comparison import Comparison, ComparisonResult
from scaling_cli.results.fit import Curve, Estimate
from scaling_cli.sentences.compare_exponents import is_rejected

MOST_PAIRS = 4
MOST_EXPONENTS = 2
FAR_APART = 10.0  # ratio of multipliers from which on their axis is logarithmic
UNITS = {"compute": "compute (FLOPs)"}


def compare_panels(result: ComparisonResult, charts: Sequence[Chart]) -> Panels:
    """Laws and multipliers in one row; exponents, or the effects of factors, in the next."""
    laws = [replace(chart, title="Laws of the groups") for chart in charts]
    below = _effects(result) if result.factors else _forests(result)
    return [row for row in ([*laws, *_multipliers(result), *_ranked(result)], list(below)) if row]


def _ranked(result: ComparisonResult) -> Iterator[Chart]:
    """The multiplier of each of many groups against one of them, where pairs have none."""
    rows = [row for row in result.ranking if row.multiplier is not None and row.multiplier.estimate is not None]
    if not rows or any(pair.compute_multiplier for pair in result.comparisons):
        return
    values = {row.name: row.multiplier for row in rows if row.multiplier is not None}
    (against,) = short_names([escape(rows[0].against or "")])
    yield Chart(
        series=[_forest(values)],
        lines=[],
        x=_times(f"{escape(result.margin.role)} over {against}", values.values()),
        y=Axis("", names=tuple(map(escape, values)), is_log=False),
        title="At equal loss, times the other group",
        rules=[Rule("", 1.0)],
    )


def _times(label: str, values: Iterable[Estimate]) -> Axis:
    """An axis of multipliers: of their logarithms where they lie far apart."""
    ends = [end for value in values for end in (value.estimate, value.low, value.high) if end is not None]
    is_log = min(ends) > 0 and max(ends) > FAR_APART * min(ends)
    return Axis(label, "times", is_log=is_log)


def _effects(result: ComparisonResult) -> Iterator[Chart]:
    """What each factor does to each exponent, factors one under another."""
    for exponent in result.exponents[:MOST_EXPONENTS]:
        values = {
            effect.name: effect.exponent.effect[exponent]
            for effect in result.factors
            if effect.exponent is not None and effect.exponent.effect[exponent].estimate is not None
        }
        if values:
            yield Chart(
                series=[_forest(values)],
                lines=[],
                x=Axis(f"effect on exponent {exponent}", is_log=False),
                y=Axis("", names=tuple(map(escape, values)), is_log=False),
                title=f"Effects with {percent(result.interval.level, 4)} intervals",
                rules=[Rule("none", 0.0)],
            )


def _multipliers(result: ComparisonResult) -> Iterator[Chart]:
    role = result.margin.role
    pairs = [pair for pair in result.comparisons if _curve(pair) is not None][:MOST_PAIRS]
    lines = [Line(f"{pair.left} over {pair.right}", curve) for pair in pairs if (curve := _curve(pair)) is not None]
    if not lines:
        return
    inside = [row.at for pair in pairs for row in pair.compute_multiplier if not row.is_extrapolated]
    edge = [Rule("edge of the data", max(inside))] if inside else []
    series = [_points(pair) for pair in pairs]
    yield Chart(
        series=series,
        lines=[replace(line, name="" if len(lines) == len(series) else line.name) for line in lines],
        x=Axis(f"{UNITS.get(role, escape(role))} of {_second(pairs)}", role),
        y=Axis(f"{escape(role)} multiplier", "times"),
        title="At equal loss, times the other group",
        rules=[Rule("", 1.0, is_level=True), *edge],
        band=f"{percent(result.interval.level, 4)} interval",
    )


def _second(pairs: Sequence[Comparison]) -> str:
    """The group whose compute the others are compared with, if it is one."""
    names = {pair.right for pair in pairs}
    return short_names([escape(names.pop())])[0] if len(names) == 1 else "the second group"


def _points(pair: Comparison) -> Series:
    rows = [row for row in pair.compute_multiplier if row.estimate is not None]
    return Series(f"{pair.left} over {pair.right}", [row.at for row in rows], [row.estimate or 1.0 for row in rows])


def _curve(pair: Comparison) -> Curve | None:
    """The multiplier along what the right group needs; its band, where every point has both ends."""
    rows = sorted((row for row in pair.compute_multiplier if row.estimate is not None), key=lambda row: row.at)
    if len(rows) < 2:
        return None
    x, y = tuple(row.at for row in rows), tuple(row.estimate or 1.0 for row in rows)
    low, high = tuple(row.low or 0.0 for row in rows), tuple(row.high or 0.0 for row in rows)
    return Curve(x, y, low, high) if all(low) and all(high) else Curve(x, y)


def _forests(result: ComparisonResult) -> Iterator[Chart]:
    """The exponent of each group with its interval, groups one under another."""
    for exponent in result.exponents[:MOST_EXPONENTS]:
        groups = {group.name: group for group in result.groups}
        ordered = [groups[row.name] for row in result.ranking] or list(result.groups)
        found = {group.name: value for group in ordered if (value := group.parameters.get(exponent))}
        values = {name: value for name, value in found.items() if value.estimate is not None}
        if not values:
            continue
        yield Chart(
            series=[_forest(values)],
            lines=[],
            x=Axis(f"exponent {exponent}", is_log=False),
            y=Axis("", names=tuple(values), is_log=False),
            title=f"Exponents with {percent(result.interval.level, 4)} intervals",
            rules=_common(result, exponent),
        )


def _common(result: ComparisonResult, exponent: str) -> list[Rule]:
    """The exponent that most groups are consistent with."""
    sharing = max(result.sharing, key=lambda found: len(found.groups), default=None)
    value = None if sharing is None else sharing.exponent.get(exponent)
    if sharing is None or value is None or value.estimate is None or is_rejected(sharing, result):
        return []
    return [Rule(f"common to {len(sharing.groups)} groups", value.estimate)]


def _forest(values: dict[str, Estimate]) -> Series:
    ends = [(value.estimate or 0.0, value.low, value.high) for value in values.values()]
    return Series(
        "",
        [estimate for estimate, _, _ in ends],
        list(range(len(ends))),
        low=[estimate if low is None else low for estimate, low, _ in ends],
        high=[estimate if high is None else high for estimate, _, high in ends],
    )
