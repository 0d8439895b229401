"""The tables of `scaling compare-exponents --factors`: one row per factor, and the rows of CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaling_cli.numbers.format import figure, rounded
from scaling_cli.report.compare_exponents.facts import probability
from scaling_cli.report.compare_exponents.rows import group_sheet, open_interval
from scaling_cli.report.pages.page import Row, Section
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words
from scaling_cli.results.comparison import ComparisonResult, FactorEffect, Moved

MOVES = {True: "yes", False: "no", None: "open"}
RATIO_DIGITS = 4  # of a ratio, which may be close to one
KINDS = ("exponent", "constant", "floor")
HEADER = (
    "factor", "kind", "parameter", "contrast", "estimate", "low", "high", "margin", "detects", "statistic", "p_value",
    "moves",
)  # fmt: skip
COLUMNS = (
    *words("factor", "changes", "which"), Column("answer", is_bold=True), *numbers("effect"),
    Column("interval", "interval"), *numbers("margin", "detects", "p"), *words("levels"),
)  # fmt: skip


def factor_sections(result: ComparisonResult) -> list[Section]:
    """The factors, with the groups as a detail."""
    return [
        Section("", _sheet(result.factors, ("exponent",))),
        Section("", _sheet(result.factors, ("constant", "floor"))),
        Section("", group_sheet(result), is_detail=True),
    ]


def _sheet(effects: Iterable[FactorEffect], kinds: tuple[str, ...]) -> Sheet:
    """One row per factor and kind of parameter; a further one for each further parameter."""
    rows = []
    for effect in effects:
        lead = effect.name
        for kind, moved in _kinds(effect):
            if kind not in kinds:
                continue
            said: tuple[str, ...] = (kind, MOVES[moved.moves], probability(moved.p_value), _levels(moved))
            for name, value in moved.effect.items():
                digits = RATIO_DIGITS if kind == "constant" else 2
                sizes = (figure(moved.margin[name], digits), figure(moved.detects[name], digits))
                which = name if len(moved.effect) > 1 else ""
                shown = (rounded(value).estimate, open_interval(value))
                rows.append((lead, said[0], which, said[1], *shown, *sizes, said[2], said[3]))
                lead, said = "", ("", "", "", "")
    return Sheet(COLUMNS, tuple(rows)).without_empty()


def _levels(moved: Moved) -> str:
    over = ", ".join(moved.averaged)
    return f"{moved.contrast}, averaged over {over}" if over else moved.contrast


def _kinds(effect: FactorEffect) -> Iterator[tuple[str, Moved]]:
    for kind in KINDS:
        moved = getattr(effect, kind)
        if moved is not None:
            yield kind, moved


def factor_records(results: Iterable[ComparisonResult]) -> Iterator[Row]:
    """One row for each factor and parameter."""
    yield HEADER
    for result in results:
        for effect in result.factors:
            for kind, moved in _kinds(effect):
                for name, value in moved.effect.items():
                    said = (effect.name, kind, name, _levels(moved))
                    sizes = (moved.margin[name], moved.detects[name])
                    ends = (value.estimate, value.low, value.high)
                    yield [*said, *ends, *sizes, moved.statistic, moved.p_value, MOVES[moved.moves]]
