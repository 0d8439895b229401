"""`scaling inference-coverage` as a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scaling_cli.record import fields, replace
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.arguments import Numbers, Texts, number, numbers, texts
from scaling_cli.verbs.common import columns_named, labelled, merged

if TYPE_CHECKING:
    from scaling_cli.analysis.coverage.question import CoverageAsk
    from scaling_cli.results.coverage import CoverageResult
    from scaling_cli.verbs.common import Runs


def inference_coverage(
    logs: Runs,
    *,
    by: Texts = (),
    layout: str = "auto",
    mapping: Mapping[str, str] | None = None,
    where: str | None = None,
    threshold: float | None = None,
    on_missing: str = "drop",
    budgets: Texts = (),
    targets: Numbers = (),
    values: Texts = (),
    marginals: Numbers = (),
    policy: str = "fixed",
    prices: Mapping[str, Texts] | None = None,
    label: Mapping[str, str] | None = None,
    **options: Any,
) -> Report[CoverageResult]:
    """Coverage (pass@k) from logs of repeated sampling, one result a group: estimates, laws, forecasts, budgets.

    Args:
        logs: Files, or a table (polars, or Arrow) with one row an attempt or a problem.
        by: Columns whose values make groups; models are never pooled.
        layout: How the rows stand: `auto`, `attempts`, `counts`, `curve`, `list` or `matrix`.
        mapping: Role to column: problem, attempt, correct, n, c, score, verified, answer, cluster.
        where: A condition on rows, in SQL.
        threshold: From which value on an attempt has succeeded, where values are not 0 and 1.
        on_missing: `drop` leaves attempts without an outcome out, `fail` counts them as failed.
        budgets: Amounts a problem with their unit: `"10usd"`, `"1e15flops"`.
        targets: Coverages to reach.
        values: What a solved problem is worth, with its unit.
        marginals: Least gains in coverage for which another attempt is made.
        policy: `fixed` makes all attempts; `stop` ends at the first success.
        prices: What attempts cost: `price_in`, `price_out`, `tokens_in`, `tokens_out`, `cache_read`, `cache_write`,
            `verdict`, `params`, `kv_dim`, `intensity`, `queries`, each a list of `"12B"` or `"NAME=12B"`.
        label: What all of these logs are, as for `fit`.
        options: Fields of `CoverageAsk`: k, design, short, all_succeed, laws, to, force, backtest, level, band,
            replicates, seed, compare, mix, verifier, exchange.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or are of no known layout.
        FitError: There is one group, and nothing can be said of it.
    """
    from scaling_cli.analysis.coverage.budget import Questions
    from scaling_cli.analysis.coverage.prices import quantities
    from scaling_cli.analysis.coverage.question import CoverageAsk, parse_amount

    by, budgets, values = columns_named(by), texts(budgets, "--budget"), texts(values, "--value")
    questions = Questions(
        budgets=tuple(parse_amount(text) for text in budgets),
        targets=numbers(targets, "--target"),
        values=tuple(parse_amount(text) for text in values),
        marginals=numbers(marginals, "--marginal"),
        policy=policy,
    )
    priced = {name: texts(given, f"--{name.replace('_', '-')}") for name, given in (prices or {}).items()}
    options["to"] = number(options.get("to"), "--to")
    ask = CoverageAsk(questions=questions, prices=quantities(priced), **options)
    reading: dict[str, Any] = {
        "by": list(by), "layout": layout, "where": where, "threshold": threshold, "on_missing": on_missing,
    }  # fmt: skip
    told = {
        **reading, "mapping": dict(mapping or {}), "policy": policy,
        "prices": {name: list(given) for name, given in priced.items()}, "budgets": list(budgets),
        "targets": list(questions.targets), "values": list(values), "marginals": list(questions.marginals),
        **_told(ask),
    }  # fmt: skip
    empty: Report[CoverageResult] = Report("inference-coverage", (), {}, told, ())
    return labelled(lambda: _covered(logs, ask, empty, {**reading, "mapping": mapping}), label, empty)


def _covered(
    logs: Runs, ask: CoverageAsk, empty: Report[CoverageResult], reading: dict[str, Any]
) -> Report[CoverageResult]:
    """The report, from one that knows only what was asked."""
    from scaling_cli.analysis.coverage.answer import analyse
    from scaling_cli.data.samples.load import load_samples
    from scaling_cli.points.samples import sample_groups

    table = load_samples(logs, **reading)
    found = analyse(sample_groups(table, reading["by"]), table.layout, ask)
    unread = [Failure({"file": each.path}, each.error, each.hint) for each in table.unread]
    return replace(
        empty,
        inputs=table.sources,
        columns=table.columns,
        results=tuple(found.results),
        caveats=merged([*table.caveats, *found.caveats]),
        failures=(*unread, *found.failures),
    )


def _told(ask: CoverageAsk) -> dict[str, object]:
    """The options of coverage as JSON repeats them."""
    told: dict[str, object] = {each.name: getattr(ask, each.name) for each in fields(ask)}
    if isinstance(ask.k, Iterable) and not isinstance(ask.k, str):
        told["k"] = ",".join(map(str, ask.k))
    return {name: value for name, value in told.items() if name not in ("questions", "prices")}
