"""The verbs of the library and of the command line: load, group, analyse, return results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from scaling_cli import jobs as work
from scaling_cli.caveats import Caveat
from scaling_cli.data.load import Reading, load_runs, recorded
from scaling_cli.data.pairing import PAIR_COLUMN, paired, unpaired
from scaling_cli.data.table import RunTable
from scaling_cli.document.report import Failure, Report
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.complete import completed
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import build_problem
from scaling_cli.fitting.ranking import fit_best
from scaling_cli.fitting.result import FitResult, IntervalMethod
from scaling_cli.fitting.selection import Choice, candidates, check_law, checkpoints_of, choose, columns_of
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.fitting.weights import Emphasis
from scaling_cli.laws.constrained import constrain

if TYPE_CHECKING:
    import polars as pl

    from scaling_cli.analysis.allocation_question import Question
    from scaling_cli.analysis.allocation_result import AllocationResult
    from scaling_cli.analysis.comparison_result import ComparisonResult
    from scaling_cli.analysis.coverage_options import CoverageAsk
    from scaling_cli.analysis.extrapolate import Ask
    from scaling_cli.analysis.extrapolate_evidence import Method
    from scaling_cli.analysis.forecast_result import Extrapolation
    from scaling_cli.coverage.result import CoverageResult
    from scaling_cli.data.summary import ColumnsResult

    Runs = str | Path | Sequence[str | Path] | pl.DataFrame

RANGED_ROLES = ("params", "tokens", "compute", "step", "loss")


def fit(
    runs: Runs,
    *,
    law: str = "auto",
    x: str | None = None,
    fix: Mapping[str, float] | None = None,
    tie: Sequence[tuple[str, str]] = (),
    start: Mapping[str, float] | None = None,
    bound: Mapping[str, tuple[float, float]] | None = None,
    by: Sequence[str] = (),
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    weight: str | None = None,
    scale_weight: float = 0.0,
    prior: str = "none",
    interval: str = "wild",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    spread: bool = False,
    jobs: str | int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    on_progress: work.Progress | None = None,
    label: Mapping[str, str] | None = None,
    **reading: Unpack[Reading],
) -> Report[FitResult]:
    """Fit a law to runs, one fit a group.

    Args:
        runs: Files, folders or globs, or a polars frame with one row a run or checkpoint.
        law: A name that `scaling laws` lists; `auto` to choose by the columns that vary; `all` to rank those that the
            columns support by how well smaller runs predict larger ones; or a formula such as
            `"E + A*params**-alpha"`, of columns and of parameters to fit.
        x: The column that a law of one input is fitted along; by default compute, else tokens, params or step. For a
            law of any columns, their names with commas.
        fix: Parameters held at a value: `{"alpha": 0.34}`.
        tie: Pairs of parameters held equal: `[("alpha", "beta")]`.
        start: For a formula, the value from which to look for a parameter in which it is not linear.
        bound: For a formula, the least and the greatest value of a parameter.
        by: Columns whose values make groups, each fitted on its own.
        delta: Where Huber's function turns straight, in residuals; None takes 1.345 robust scales.
        weight: A column of weights, one a point.
        scale_weight: Weighs points by this power of their scale: the law's one input, or compute.
        prior: `weak` adds what published laws agree on about exponents and floors.
        interval: `wild` (signs of residuals, by run), `bootstrap` and `bca` (runs redrawn), `profile`, `sandwich`, `t`
            or `none`.
        level: Of the intervals; 0.95 for 95 %.
        spread: Whether to tell what other reasonable objectives say.
        on_progress: Hears the chunks done, and how many groups there are.
        label: What all of these runs are, such as `{"file": "a.csv"}`; it becomes part of each group, and an error
            becomes a failure in the report.
        reading: Which rows and columns count: `mapping={"loss": "eval/loss"}`, `where="params > 1e8"`,
            `checkpoints="final"` and the other options of `data.load.load_runs`.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: There is one group, and no law fitted to it could be trusted.
    """
    by = columns_named(by)
    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        spread=spread,
        workers=work.workers_from(str(jobs), backend, scheduler),
        on_progress=on_progress,
    )
    emphasis = Emphasis(weight, scale_weight, prior)
    keep, maybe = columns_of(law, x)
    keep = (*keep, *([weight] if weight else []))
    reading["checkpoints"] = checkpoints_of(law, reading.get("checkpoints", "final"))
    options: dict[str, object] = {
        "law": law, "x": x, "fix": dict(fix or {}), "tie": [list(pair) for pair in tie],
        "start": dict(start or {}), "bound": {name: list(ends) for name, ends in (bound or {}).items()},
        "by": list(by), **recorded(reading), "objective": objective, "space": space,
        "delta": "auto" if delta is None else delta, "weight": weight, "scale_weight": scale_weight, "prior": prior,
        "interval": interval, "level": level, "replicates": replicates, "seed": seed, "spread": spread,
    }  # fmt: skip
    check_law(law)
    try:
        table = load_runs(runs, by=by, keep=keep, maybe=maybe, positive_loss=space == "log", **reading)
        choices = (
            candidates(table.frame, x)
            if law == "all"
            else [choose(table.frame, law, x, by=by, start=start, bound=bound)]
        )
        choices = [replace(choice, law=constrain(choice.law, fix or {}, tie)) for choice in choices]
        needed = dict.fromkeys(column for choice in choices for column in choice.inputs.values())
        table = table.needing((*needed, *([weight] if weight else [])))
    except ScalingError as error:
        if label is None:
            raise
        return Report("fit", (), {}, options, (), failures=(Failure(dict(label), error.message, error.hint),))
    fitted_laws = {choice.law.name: choice.law for choice in choices}
    results, caveats = [], [replace(found, group=dict(label) if label else None) for found in table.caveats]
    failures = _unread(table)
    for group, frame in _groups(table, by, label):
        try:
            grouped = [_grouped(frame, group, choice, space, emphasis) for choice in choices]
            with one_blas_thread():
                result, found = fit_group(grouped[0], settings) if law != "all" else fit_best(grouped, settings)
        except ScalingError as error:
            if not group or (label is None and isinstance(error, UsageError)):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(completed(result, fitted_laws[result.law]))
        caveats += found
    return Report("fit", table.sources, table.columns, options, tuple(results), _merged(caveats), tuple(failures))


def columns(runs: Runs, *, by: Sequence[str] = (), **reading: Unpack[Reading]) -> Report[ColumnsResult]:
    """Which column of the runs plays which role, and what would be left out; options as for `fit`.

    Raises:
        UsageError: The options name what does not exist, or two columns tie for a role.
        DataError: The files cannot be read, or have no loss.
    """
    from scaling_cli.data.summary import summarise

    table = load_runs(runs, by=by, **reading)
    summary = summarise(table, reading.get("loss_unit", "nats"))
    options = {"by": list(by), **recorded(reading)}
    return Report("columns", table.sources, table.columns, options, (summary,), table.caveats, tuple(_unread(table)))


def extrapolate(
    runs: Runs,
    *,
    at: Sequence[str] = (),
    targets: str | Path | None = None,
    target_loss: Sequence[float] = (),
    backtest: bool = False,
    estimator: str = "forecast",
    then: str | None = None,
    then_law: str = "sigmoid",
    chance: float | None = None,
    law: str = "auto",
    x: str | None = None,
    by: Sequence[str] = (),
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    interval: str = "wild",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    jobs: str | int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    on_progress: work.Progress | None = None,
    **reading: Unpack[Reading],
) -> Report[Extrapolation]:
    """Forecast the loss of larger runs, from runs or from a saved fit.

    Args:
        runs: Files or a polars frame, as `fit` takes them, or one document that `scaling fit --json` wrote.
        at: Targets as `"params=70B,tokens=1.4T"`, or ranges as `"compute=1e20..1e24"`; by default 3, 10 and 30 times
            the largest run.
        targets: A file with a target a row, and the loss where it is known.
        target_loss: Losses to find the scale of.
        backtest: Whether to score forecasts from smaller cut-offs, beside simpler ones.
        estimator: `forecast` averages laws, with weight on the large scales; `describe` is the plain fit.
        then: Column of a task metric to be forecast through the loss.
        then_law: From loss to metric: `sigmoid` or `exponential-saturation`.
        chance: The metric of a model without skill, where it is known.
        law: One law instead of the average.
        reading: Which rows and columns count, as for `fit`.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: There is one group, and nothing can be forecast from it.
    """
    from scaling_cli.analysis.extrapolate import Ask
    from scaling_cli.analysis.extrapolate_evidence import Method
    from scaling_cli.analysis.targets import Target, parse_at

    by = columns_named(by)
    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend, scheduler),
        on_progress=on_progress,
    )
    wanted = [target for text in at for target in parse_at(text)]
    if targets is not None:
        from scaling_cli.data.targets import load_targets

        rows = load_targets(targets, mapping=reading.get("mapping"), by=by, keep=(x,) if x else ())
        wanted += [Target(*row) for row in rows]
    if any(not loss > 0 for loss in target_loss):
        raise UsageError("A target loss is not above 0.", hint="Write --target-loss 2.0.")
    ask = Ask(tuple(wanted), tuple(target_loss), backtest, then, then_law, chance)
    method = Method(estimator, law, x, space, settings)
    options: dict[str, object] = {
        "at": list(at), "targets": None if targets is None else str(targets), "target_loss": list(target_loss),
        "backtest": backtest, "estimator": estimator, "then": then, "then_law": then_law, "chance": chance, "law": law,
        "x": x, "by": list(by), **recorded(reading), "level": level, "replicates": replicates,
        "seed": seed,
    }  # fmt: skip
    saved = _saved_document(runs)
    if saved is not None:
        return _extrapolated_saved(saved, ask, method, options)
    keep = tuple(column for column in (x, then) if column)
    table = load_runs(runs, by=by, keep=keep, positive_loss=space == "log", **reading)
    return _extrapolated(table, ask, method, options, by)


def _extrapolated(
    table: RunTable, ask: Ask, method: Method, options: dict[str, object], by: Sequence[str]
) -> Report[Extrapolation]:
    """Forecasts from runs, group by group."""
    from scaling_cli.analysis.extrapolate import extrapolate as answer
    from scaling_cli.analysis.extrapolate import unmatched
    from scaling_cli.analysis.extrapolate_evidence import evidence_from

    choice = method.choose(table.frame, ask)
    table = table.needing(tuple(choice.inputs.values()))
    results, caveats, failures = [], list(table.caveats), _unread(table)
    groups = list(_groups(table, by))
    for group, frame in groups:
        try:
            with one_blas_thread():
                evidence, doubts = evidence_from(frame, group, choice, ask, method)
                result, found = answer(evidence, ask)
        except ScalingError as error:
            if not group or isinstance(error, UsageError):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(result)
        caveats += [*doubts, *found]
    caveats += unmatched(ask, [group for group, _ in groups])
    if any(each.code == "mid-schedule" for each in caveats):  # which says the same, and knows the schedule
        caveats = [each for each in caveats if each.code != "mid-schedule-points"]
    return Report(
        command="extrapolate",
        inputs=table.sources,
        columns=table.columns,
        options=options,
        results=tuple(results),
        caveats=_merged(caveats),
        failures=tuple(failures),
    )


def _extrapolated_saved(path: Path, ask: Ask, method: Method, options: dict[str, object]) -> Report[Extrapolation]:
    """Forecasts from a saved fit, for each of its groups."""
    from scaling_cli.analysis.extrapolate import extrapolate as answer
    from scaling_cli.analysis.extrapolate_evidence import saved_evidence
    from scaling_cli.data.source import Source, content_hash
    from scaling_cli.document.read import read_fits

    method.check_saved(ask)
    results, caveats = [], []
    fits = read_fits(path)
    for saved in fits:
        evidence, doubts = saved_evidence(saved, method)
        result, found = answer(evidence, ask)
        results.append(result)
        caveats += [*doubts, *found]
    return Report(
        command="extrapolate",
        inputs=(Source(str(path), content_hash(str(path)), len(fits)),),
        columns={},
        options={**options, "estimator": "describe"},
        results=tuple(results),
        caveats=_merged(caveats),
    )


def optimal_allocation(
    runs: Runs,
    *,
    budget: Sequence[float] = (),
    target_loss: Sequence[float] = (),
    approach: str = "parametric",
    profile: str = "exact",
    law: str = "auto",
    inference_tokens: float | None = None,
    unique_tokens: float | None = None,
    min_params: float | None = None,
    max_params: float | None = None,
    max_tokens: float | None = None,
    flops_rule: str = "6ND",
    gpus: int | None = None,
    peak_flops: str | float | None = None,
    mfu: float | None = None,
    price_per_gpu_hour: float | None = None,
    explain_gap: bool = False,
    by: Sequence[str] = (),
    fix: Mapping[str, float] | None = None,
    tie: Sequence[tuple[str, str]] = (),
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    interval: str = "wild",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    jobs: str | int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    on_progress: work.Progress | None = None,
    **reading: Unpack[Reading],
) -> Report[AllocationResult]:
    """Split compute between params and tokens, with intervals, from runs or from a saved fit.

    Args:
        runs: Files or a polars frame, as `fit` takes them, or one document that `scaling fit --json` wrote.
        budget: FLOPs, training plus inference; by default 1, 10 and 100 times the largest run.
        target_loss: Losses to reach with the least compute, instead of budgets.
        approach: `parametric`, `isoflop`, `envelope` or `all`.
        profile: Curve of `isoflop`: `exact`, `parabola` or `akima`.
        law: The law of `parametric`; `auto` is chinchilla.
        inference_tokens: Tokens that the model will process once trained.
        unique_tokens: Tokens there are; more than these are repeated.
        flops_rule: `6ND`, `non-embedding`, `attention` or a formula in params, tokens and columns of the runs.
        peak_flops: Dense FLOP/s of one GPU, or its name.
        mfu: Share of the peak that training reaches.
        explain_gap: Whether to show how counting embeddings, and the range of sizes, move the exponent.
        fix, tie: As for `fit`: parameters of the law held at a value, or equal.
        interval: `wild`, `bootstrap` or `none`; an envelope always redraws runs.
        reading: Which rows and columns count, as for `fit`.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: No answer could be trusted; the hint names the runs to add.
    """
    from scaling_cli.analysis.allocation_question import Question

    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend, scheduler),
        on_progress=on_progress,
    )
    question = Question(
        budget=tuple(budget), target_loss=tuple(target_loss), approach=approach, profile=profile, law=law,
        inference_tokens=inference_tokens, unique_tokens=unique_tokens, min_params=min_params, max_params=max_params,
        max_tokens=max_tokens, flops_rule=flops_rule, gpus=gpus, peak_flops=peak_flops, mfu=mfu,
        price_per_gpu_hour=price_per_gpu_hour, explain_gap=explain_gap, fix=dict(fix or {}),
        tie=tuple(tie), interval=interval,
    )  # fmt: skip
    saved = _saved_document(runs)
    if saved is not None:
        if law != "auto" or fix or tie or by or reading.get("where") or reading.get("mapping"):
            raise UsageError(
                f"{saved} is a saved fit: its law, its groups and its runs are settled.",
                hint="Leave --law, --fix, --tie, --by, --where and --map out, or give the runs.",
            )
        return _allocated_saved(saved, question, settings)
    keep = tuple(question.rule.extras)
    load = partial(load_runs, runs, by=by, keep=keep)
    needed = ("params", "tokens", "compute", *question.found_law.inputs, *keep)
    table = load(**reading).needing(tuple(dict.fromkeys(needed)))
    every: Reading = {**reading, "checkpoints": "all", "sample_at": None}
    curves = load(**every).needing(("params", "tokens", "compute", *keep)) if question.needs_curves else None
    return _allocated(table, curves, question, settings, by=by, reading=reading, space=space)


def _allocated(
    table: RunTable,
    curves: RunTable | None,
    question: Question,
    settings: Settings,
    *,
    by: Sequence[str],
    reading: Reading,
    space: str,
) -> Report[AllocationResult]:
    """Splits from runs, group by group."""
    from scaling_cli.analysis.allocation import allocate
    from scaling_cli.analysis.allocation_question import evidence_from

    lines = {} if curves is None else {tuple(group.values()): frame for group, frame in _groups(curves, by)}
    results, caveats, failures = [], list(table.caveats), _unread(table)
    for group, frame in _groups(table, by):
        try:
            evidence, shapes = evidence_from(frame, group, question, space, lines.get(tuple(group.values())))
            plan = question.plan(evidence.largest, shapes, settings.level)
            result, found = allocate(evidence, plan, settings, with_gap=question.explain_gap)
        except ScalingError as error:
            if not group or isinstance(error, UsageError):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(result)
        caveats += [*found, *(plan.hardware.doubts() if plan.hardware else ())]
    objective = settings.objective
    return Report(
        command="optimal-allocation",
        inputs=table.sources,
        columns=table.columns,
        options={
            **question.options(), "by": list(by), **recorded(reading),
            "objective": objective.name, "space": space,
            "delta": "auto" if objective.delta is None else objective.delta, "interval": settings.interval,
            "level": settings.level, "replicates": settings.replicates, "seed": settings.seed,
        },
        results=tuple(results),
        caveats=_merged(caveats),
        failures=tuple(failures),
    )  # fmt: skip


def _allocated_saved(path: Path, question: Question, settings: Settings) -> Report[AllocationResult]:
    """Splits from a saved fit, for each of its groups."""
    from scaling_cli.analysis.allocation import allocate_saved
    from scaling_cli.analysis.allocation_question import saved_law
    from scaling_cli.data.source import Source, content_hash
    from scaling_cli.document.read import read_fits

    results, caveats = [], []
    fits = read_fits(path)
    for saved in fits:
        plan = question.saved_plan(saved, settings.level)
        fitted = saved_law(saved)
        method = "none" if saved.draws is None else "bootstrap"
        how = IntervalMethod(method, settings.level, len(fitted.parameters) - 1, None if method == "none" else "run")
        result, found = allocate_saved(fitted, saved.group, how, plan, with_gap=question.explain_gap)
        results.append(result)
        caveats += [*found, *(plan.hardware.doubts() if plan.hardware else ())]
    return Report(
        command="optimal-allocation",
        inputs=(Source(str(path), content_hash(str(path)), len(fits)),),
        columns={},
        options={**question.options(), "level": settings.level},
        results=tuple(results),
        caveats=_merged(caveats),
    )


def _saved_document(runs: Runs) -> Path | None:
    """The path of the one saved fit that is given, if it is one."""
    from scaling_cli.document.read import is_document

    given = [runs] if isinstance(runs, str | Path) else runs if isinstance(runs, Sequence) else []
    paths = [Path(each) for each in given]
    documents = [path for path in paths if is_document(path)]
    if documents and len(paths) > 1:
        raise UsageError(f"{documents[0]} is a saved fit, and other inputs are given too.", hint="Give one of them.")
    return documents[0] if documents else None


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


def compare_exponents(
    runs: Runs,
    *,
    by: Sequence[str],
    law: str = "auto",
    x: str | None = None,
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    weight: str | None = None,
    scale_weight: float = 0.0,
    interval: str = "wild",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    reference: str | None = None,
    shared_floor: bool = False,
    margin: float = 1.25,
    to: Mapping[str, float] | None = None,
    pair: str | None = None,
    jobs: str | int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    on_progress: work.Progress | None = None,
    **reading: Unpack[Reading],
) -> Report[ComparisonResult]:
    """Compare the exponents of groups of runs: does a factor move the exponent, or only the constant?

    Args are those of `fit`, and:
        by: Columns whose values make the groups.
        interval: Of each group's own parameters; `t` also takes tests to be exact for few runs.
        reference: Compare each group with this one alone, instead of every pair.
        shared_floor: Give all groups one floor, unless the data reject it.
        margin: A drift of the compute multiplier that is too small to matter, such as 1.25, or, below 1, an
            exponent difference.
        to: How far the drift counts: `{"compute": 1e25}`; by default as far beyond the data as they span.
        pair: The column that, with the input, matches runs of different groups; by default `seed` where every group
            has the same inputs and seeds, and `none` to leave runs unmatched.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: Fewer than two groups can be fitted.
    """
    # scipy's special functions take a tenth of a second to import, which other verbs need not wait for.
    from scaling_cli.analysis.comparison import Question, compare

    by = columns_named(by)
    if not by:
        raise UsageError("Nothing says which runs to compare.", hint="Name the column of the groups with --by.")
    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend, scheduler),
    )
    emphasis = Emphasis(weight, scale_weight, "none")
    keep = tuple(column for column in (x, weight) if column)
    table, matched = _load_pairable(runs, pair, by=by, keep=keep, **reading)
    choice = choose(table.frame, law, x, by=by)
    table = table.needing((*choice.inputs.values(), *([weight] if weight else [])))
    groups, is_paired = _matched(list(_groups(table, by)), choice, matched, must=pair not in (None, "none"))
    question = Question(
        level=level, replicates=replicates, seed=seed, reference=reference, shared_floor=shared_floor, margin=margin,
        to=_reach(to, choice), is_paired=is_paired, is_exact=interval == "t", workers=settings.workers,
        on_progress=on_progress,
    )  # fmt: skip
    fitted, failures, caveats = [], _unread(table), list(table.caveats)
    with one_blas_thread():
        for group, frame in groups:
            grouped = _grouped(frame, group, choice, space, emphasis)
            try:
                one, found = fit_group(replace(grouped, drawn_as={} if is_paired else None), settings)
            except FitError as error:
                failures.append(Failure(group, error.message, error.hint))
                continue
            fitted.append((grouped.problem, one))
            caveats += found
        result, found = compare([problem for problem, _ in fitted], [each for _, each in fitted], question)
    return Report(
        command="compare-exponents",
        inputs=table.sources,
        columns=table.columns,
        options={
            "law": law, "x": x, "by": list(by), **recorded(reading), "objective": objective,
            "space": space, "delta": "auto" if delta is None else delta, "weight": weight,
            "scale_weight": scale_weight, "interval": interval, "level": level,
            "replicates": replicates, "seed": seed, "reference": reference, "shared_floor": shared_floor,
            "margin": margin, "to": dict(to) if to else None, "pair": pair,
        },
        results=(result,),
        caveats=_merged([*caveats, *found]),
        failures=tuple(failures),
    )  # fmt: skip


def _load_pairable(runs: Runs, pair: str | None, *, keep: tuple[str, ...], **load: Any) -> tuple[RunTable, str | None]:
    """The runs with the column that matches them across groups, and its name where there is one."""
    if pair is None:
        try:
            return load_runs(runs, keep=(*keep, PAIR_COLUMN), **load), PAIR_COLUMN
        except UsageError:
            # Most logs have no seeds. If something else is wrong, the next line says so.
            return load_runs(runs, keep=keep, **load), None
    if pair == "none":
        return load_runs(runs, keep=keep, **load), None
    return load_runs(runs, keep=(*keep, pair), **load), pair


def _matched(
    groups: list[tuple[dict[str, str], pl.DataFrame]], choice: Choice, column: str | None, *, must: bool
) -> tuple[list[tuple[dict[str, str], pl.DataFrame]], bool]:
    """The groups, with runs matched by input and `column` where they can be, and whether they are."""
    if column is None or len(groups) < 2:
        return groups, False
    frames = paired([frame for _, frame in groups], [*choice.inputs.values(), column])
    if frames is None:
        if must:
            raise unpaired(column)
        return groups, False
    return [(group, frame) for (group, _), frame in zip(groups, frames, strict=True)], True


def _reach(to: Mapping[str, float] | None, choice: Choice) -> float | None:
    """The value of `--to`, which must be of what the law is drawn along."""
    if not to:
        return None
    role = choice.inputs.get("x", "compute")
    if set(to) != {role}:
        raise UsageError(f"--to names {', '.join(to)}, and the law runs along {role}.", hint=f"Write --to {role}=1e25.")
    return float(to[role])


def _unread(table: RunTable) -> list[Failure]:
    """The files that could not be read while others could."""
    return [Failure({"file": file.path}, file.error, file.hint) for file in table.unread]


def _groups(
    table: RunTable, by: Sequence[str], label: Mapping[str, str] | None = None
) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """Each group's values and points, in the order of the values; one group of all where there is nothing to split."""
    if not by:
        yield dict(label or {}), table.frame
        return
    parts = table.frame.partition_by(list(by), as_dict=True, include_key=True)
    for key in sorted(parts):
        yield {**(label or {}), **dict(zip(by, key, strict=True))}, parts[key]


def _grouped(frame: pl.DataFrame, group: dict[str, str], choice: Choice, space: str, emphasis: Emphasis) -> Grouped:
    ranges = {
        name: (float(frame[name].min()), float(frame[name].max()))  # type: ignore[arg-type]
        for name in dict.fromkeys([*RANGED_ROLES, *choice.inputs.values()])
        if name in frame.columns and frame[name].null_count() == 0
    }
    problem = build_problem(
        frame,
        choice.law,
        choice.inputs,
        space,
        weights=emphasis.weights(frame, choice.inputs),
        beliefs=emphasis.beliefs(choice.law, float(frame["loss"].min())),  # type: ignore[arg-type]
    )
    return Grouped(
        problem,
        group,
        choice.inputs,
        ranges,
        choice.reason,
        weights=emphasis.told(choice.inputs),
        prior=emphasis.prior,
        names=tuple(frame["run_id"].unique().sort().cast(str).to_list()),
        scale=emphasis.scale(frame, choice.inputs),
    )


def columns_named(by: str | Sequence[str]) -> tuple[str, ...]:
    """Columns given as one name or several, each once."""
    return (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))


def _merged(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """The caveats, each once."""
    kept: list[Caveat] = []
    for found in caveats:
        if found not in kept:
            kept.append(found)
    return tuple(kept)
