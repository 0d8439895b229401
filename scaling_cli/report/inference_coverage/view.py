"""What `scaling inference-coverage` says: coverage, laws, forecasts, track record, verifiers and budgets.

With several groups, each row of a table starts with its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scaling_cli.numbers.format import escape, figure, group_name, number_of, percent, rounded
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.inference_coverage.rows import CoverageReport, design, sections
from scaling_cli.report.pages.facts import stated
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.results.coverage import Coverage, CoverageResult
from scaling_cli.results.fit import Estimate

BOUNDS = "where coverage is a range, further attempts could give any value in it; sampling error is not included"


def pages(report: CoverageReport) -> list[Page]:
    """One page about all groups."""
    return [Page(facts(report), sections(report), details=details(report))]


def records(report: CoverageReport) -> Iterable[Row]:
    """One row per number."""
    return grouped(report, ("section", "name", "k", "estimate", "low", "high"), _numbers)


def charts(report: CoverageReport) -> list[Chart]:
    """Coverage of all groups against attempts, with forecasts."""
    from scaling_cli.report.inference_coverage.plot import coverage_charts

    return coverage_charts(report.results)


def panels(report: CoverageReport) -> Panels:
    """Measured coverage and the laws that forecast it."""
    from scaling_cli.report.inference_coverage.panels import coverage_panels

    return coverage_panels(report.results)


def facts(report: CoverageReport) -> Facts:
    """What was read, and how intervals were made."""
    results = report.results
    if not results:
        return []
    intervals = dict.fromkeys(f"{percent(result.level, 4)}, {result.interval}" for result in results)
    multiple = report.columns.get("attempts")
    return stated(
        ("data", data_sentence(results[0]) if len(results) == 1 else ""),
        ("attempts", f"each row counts as many as its {escape(multiple)} says" if multiple else ""),
        ("interval", "; ".join(intervals)),
        ("bounds", BOUNDS if any(_is_bounded(row) for result in results for row in result.coverage) else ""),
        ("equal compute", _equal_compute(results)),
        ("growth", "; ".join(filter(None, map(_growth, results)))),
    )


def _is_bounded(row: Coverage) -> bool:
    return row.estimate is None and row.low is not None


def _growth(result: CoverageResult) -> str:
    """How best numbers of solutions and verifications grow, and how well the smooth accuracies suit the log."""
    found = result.split
    if found is None:
        return ""
    name = group_name(result.group)
    powers = (("solutions", found.solutions_exponent), ("verifications", found.verifications_exponent))
    said = ", ".join(f"{what} ~ compute^{rounded(value).whole}" for what, value in powers)
    cost = f"a verification costs {figure(found.verify_cost)} solutions"
    missed = f"smooth accuracies miss those of the log by {percent(found.misfit)}"
    return f"{f'{name}: ' if name else ''}{said} ({cost}; {missed})"


def _equal_compute(results: Sequence[CoverageResult]) -> str:
    """For which groups more attempts are better than the larger model of --compare, and for which they are not."""
    words = {
        "sampling": "more attempts are better for",
        "training": "the larger model is better for",
        "inconclusive": "not decided for",
        "": "more attempts are needed in the log for",
    }
    found = [(result, result.exchange[0]) for result in results if result.exchange and result.exchange[0].against]
    said: list[str] = []
    for verdict, lead in words.items():
        names = [group_name(result.group) or "the log" for result, row in found if row.verdict == verdict]
        if names:
            start = lead[0].upper() + lead[1:] if said else lead
            said.append(f"{start} {'; '.join(names)}")
    return ". ".join(said)


def details(report: CoverageReport) -> Facts:
    """How the log was read."""
    columns = ", ".join(f"{role} from {escape(name)}" for role, name in report.columns.items() if role != name)
    designs = dict.fromkeys(design(result) for result in report.results)
    layout = report.results[0].layout if report.results else ""
    return stated(("read as", layout + (f"; {columns}" if columns else "")), ("design", ", ".join(designs)))


def data_sentence(result: CoverageResult) -> str:
    """Problems, attempts at each, and how many were never solved."""
    attempts = result.attempts
    if result.split is not None:
        return f"{number_of(result.problems, 'problem')}, {attempts.min:,} to {attempts.max:,} solutions each"
    made = f"{number_of(attempts.min, 'attempt')} each"
    if attempts.min < attempts.max:
        made = f"{attempts.min:,} to {attempts.max:,} attempts each (median {attempts.median:,.0f})"
    clusters = f" in {result.clusters:,} clusters" if result.clusters else ""
    never = "accepted" if result.are_verdicts else "solved"
    return f"{number_of(result.problems, 'problem')}{clusters}, {made}, {result.unsolved:,} never {never}"


def _numbers(result: CoverageResult) -> Iterator[Row]:
    for point in result.coverage:
        name = "bounds" if _is_bounded(point) else "coverage"
        yield "coverage", name, point.k, point.estimate, point.low, point.high
        yield "coverage", "se_problems", point.k, point.se_problems, None, None
        yield "coverage", "se_attempts", point.k, point.se_attempts, None, None
        yield "coverage", "all_succeed", point.k, point.all_succeed, None, None
    for name, law in result.fits.items():
        for parameter, value in law.parameters.items():
            yield "fits", f"{name}.{parameter}", None, value.estimate, value.low, value.high
    for row in result.forecast:
        yield "forecast", row.law, row.k, row.estimate, row.low, row.high
    for record in result.backtest:
        yield "backtest", record.law, record.trained, record.mean_absolute_error, None, None
    for choice in result.selection:
        yield "selection", choice.method, choice.k, choice.estimate, choice.low, choice.high
    for answer in result.budgets:
        value = answer.coverage
        yield "budgets", f"{answer.question} {answer.amount:g} {answer.unit}", answer.k, *_ends(value)
    for trade in result.exchange:
        if trade.difference is not None:
            yield "exchange", escape(trade.against), trade.k, *_ends(trade.difference)
    if result.split is not None:
        yield "split", "solutions_exponent", None, *_ends(result.split.solutions_exponent)
        yield "split", "verifications_exponent", None, *_ends(result.split.verifications_exponent)
        for best in result.split.budgets:
            for name in ("solutions", "verifications", "accuracy"):
                yield "split", name, best.budget, *_ends(getattr(best, name))
    for crossing in result.crossings:
        yield "crossings", escape(crossing.other), None, *_ends(crossing.k or Estimate(None))
    for pair in result.comparisons:
        yield "comparisons", escape(pair.other), pair.k, *_ends(pair.difference)


def _ends(value: Estimate) -> tuple[float | None, float | None, float | None]:
    return value.estimate, value.low, value.high
