"""`scaling inference-coverage` as a function."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scaling_cli.document.report import Failure, Report
from scaling_cli.verbs.common import merged

if TYPE_CHECKING:
    from scaling_cli.analysis.coverage_options import CoverageAsk
    from scaling_cli.coverage.result import CoverageResult
    from scaling_cli.verbs.common import Runs


def inference_coverage(
    logs: Runs,
    *,
    by: Sequence[str] = (),
    layout: str = "auto",
    mapping: Mapping[str, str] | None = None,
    where: str | None = None,
    threshold: float | None = None,
    on_missing: str = "drop",
    budgets: Sequence[str] = (),
    targets: Sequence[float] = (),
    values: Sequence[str] = (),
    marginals: Sequence[float] = (),
    policy: str = "fixed",
    prices: Mapping[str, Sequence[str]] | None = None,
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
        options: Fields of `CoverageAsk`: k, design, short, all_succeed, laws, to, force, backtest, level, band,
            replicates, seed, compare, mix, verifier, exchange.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or are of no known layout.
        FitError: There is one group, and nothing can be said of it.
    """
    from scaling_cli.analysis.coverage import analyse
    from scaling_cli.analysis.coverage_budget import Questions
    from scaling_cli.analysis.coverage_options import CoverageAsk, parse_amount, quantities
    from scaling_cli.coverage.problem import sample_groups
    from scaling_cli.data.samples import load_samples

    questions = Questions(
        budgets=tuple(parse_amount(text) for text in budgets),
        targets=tuple(targets),
        values=tuple(parse_amount(text) for text in values),
        marginals=tuple(marginals),
        policy=policy,
    )
    ask = CoverageAsk(questions=questions, prices=quantities(prices or {}), **options)
    table = load_samples(
        logs, layout=layout, mapping=mapping, by=by, where=where, threshold=threshold, on_missing=on_missing
    )
    found = analyse(sample_groups(table, by), table.layout, ask)
    unread = [Failure({"file": each.path}, each.error, each.hint) for each in table.unread]
    return Report(
        command="inference-coverage",
        inputs=table.sources,
        columns=table.columns,
        options={
            "by": list(by), "layout": layout, "where": where, "threshold": threshold, "on_missing": on_missing,
            "policy": policy, "prices": dict(prices or {}), "budgets": list(budgets), "targets": list(targets),
            "values": list(values), "marginals": list(marginals), **_told(ask),
        },
        results=tuple(found.results),
        caveats=merged([*table.caveats, *found.caveats]),
        failures=(*unread, *found.failures),
    )  # fmt: skip


def _told(ask: CoverageAsk) -> dict[str, object]:
    """The options of coverage as JSON repeats them."""
    told: dict[str, object] = {each.name: getattr(ask, each.name) for each in dataclasses.fields(ask)}
    if isinstance(ask.k, Iterable) and not isinstance(ask.k, str):
        told["k"] = ",".join(map(str, ask.k))
    return {name: value for name, value in told.items() if name not in ("questions", "prices")}
