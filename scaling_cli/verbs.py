"""The verbs of the library and of the command line: load, group, analyse, return results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_cli import jobs as work
from scaling_cli.caveats import Caveat
from scaling_cli.data.load import load_runs
from scaling_cli.data.table import RunTable
from scaling_cli.document.report import Failure, Report
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.complete import completed
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import build_problem
from scaling_cli.fitting.result import FitResult
from scaling_cli.fitting.selection import Choice, choose
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.laws.constrained import constrain

if TYPE_CHECKING:
    import polars as pl

    from scaling_cli.analysis.coverage_options import CoverageAsk
    from scaling_cli.coverage.result import CoverageResult

    Runs = str | Path | Sequence[str | Path] | pl.DataFrame

RANGED_ROLES = ("params", "tokens", "compute", "step", "loss")


def fit(
    runs: Runs,
    *,
    law: str = "auto",
    x: str | None = None,
    fix: Mapping[str, float] | None = None,
    tie: Sequence[tuple[str, str]] = (),
    by: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    where: str | None = None,
    checkpoints: str = "final",
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    interval: str = "bootstrap",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    jobs: str | int = 1,
    backend: str | None = None,
    on_progress: work.Progress | None = None,
) -> Report[FitResult]:
    """Fit a law to runs, one fit a group.

    Args:
        runs: Files, or a polars frame with one row a run or checkpoint.
        law: A name that `scaling laws` lists, or `auto` to choose by the columns that vary.
        x: The column that a law of one input is fitted along; by default compute, else tokens, params or step.
        fix: Parameters held at a value: `{"alpha": 0.34}`.
        tie: Pairs of parameters held equal: `[("alpha", "beta")]`.
        by: Columns whose values make groups, each fitted on its own.
        mapping: Role to column, where the usual names do not fit: `{"loss": "eval/loss"}`.
        where: A condition on rows, in SQL: `"params > 1e8"`.
        checkpoints: Which rows of a run count: `final`, its last step.
        delta: Where Huber's function turns straight, in residuals; None takes 1.345 robust scales.
        level: Of the intervals; 0.95 for 95 %.
        on_progress: Hears the chunks done, and how many groups there are.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: There is one group, and no law fitted to it could be trusted.
    """
    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend),
    )
    table = load_runs(runs, mapping=mapping, where=where, by=by, keep=(x,) if x else (), checkpoints=checkpoints)
    choice = choose(table.frame, law, x)
    choice = replace(choice, law=constrain(choice.law, fix or {}, tie))
    table = table.needing(tuple(choice.inputs.values()))
    results, caveats, failures = [], list(table.caveats), []
    for group, frame in _groups(table, by):
        try:
            with one_blas_thread():
                result, found = fit_group(_grouped(frame, group, choice, space), settings)
        except ScalingError as error:
            if not group or isinstance(error, UsageError):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(completed(result, choice.law))
        caveats += found
    return Report(
        command="fit",
        inputs=table.sources,
        columns=table.columns,
        options={
            "law": law, "x": x, "fix": dict(fix or {}), "tie": [list(pair) for pair in tie],
            "by": list(by), "where": where, "checkpoints": checkpoints, "objective": objective,
            "space": space, "delta": "auto" if delta is None else delta, "interval": interval, "level": level,
            "replicates": replicates, "seed": seed,
        },
        results=tuple(results),
        caveats=_merged(caveats),
        failures=tuple(failures),
    )  # fmt: skip


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
        logs: Files, or a polars frame with one row an attempt or a problem.
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
        options: Fields of `CoverageAsk`: k, design, short, laws, to, force, backtest, level, band, replicates, seed,
            compare, mix, verifier, exchange.

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
        caveats=_merged([*table.caveats, *found.caveats]),
        failures=(*unread, *found.failures),
    )  # fmt: skip


def _told(ask: CoverageAsk) -> dict[str, object]:
    """The options of coverage as JSON repeats them."""
    told = {each.name: getattr(ask, each.name) for each in dataclasses.fields(ask)}
    return {name: value for name, value in told.items() if name not in ("questions", "prices")}


def _groups(table: RunTable, by: Sequence[str]) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """Each group's values and points, in the order of the values; one group of all where there is nothing to split."""
    if not by:
        yield {}, table.frame
        return
    parts = table.frame.partition_by(list(by), as_dict=True, include_key=True)
    for key in sorted(parts):
        yield dict(zip(by, key, strict=True)), parts[key]


def _grouped(frame: pl.DataFrame, group: dict[str, str], choice: Choice, space: str) -> Grouped:
    ranges = {
        name: (float(frame[name].min()), float(frame[name].max()))  # type: ignore[arg-type]
        for name in dict.fromkeys([*RANGED_ROLES, *choice.inputs.values()])
        if name in frame.columns and frame[name].null_count() == 0
    }
    return Grouped(build_problem(frame, choice.law, choice.inputs, space), group, choice.inputs, ranges, choice.reason)


def _merged(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """The caveats, each once."""
    kept: list[Caveat] = []
    for found in caveats:
        if found not in kept:
            kept.append(found)
    return tuple(kept)
