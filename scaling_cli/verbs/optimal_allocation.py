"""`scaling optimal-allocation` as a function."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from scaling_cli import jobs as work
from scaling_cli.data.runs.load import Reading, load_runs, recorded
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.flops import SIX_ND
from scaling_cli.points.group import groups_of
from scaling_cli.results.fit import IntervalMethod
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.arguments import (
    FIX,
    TIE,
    Amount,
    Amounts,
    Numbers,
    Pairs,
    Texts,
    amounts,
    number,
    numbers,
    pairs,
)
from scaling_cli.verbs.common import columns_named, merged, saved_document, unread

if TYPE_CHECKING:
    from scaling_cli.analysis.allocation.question import Question
    from scaling_cli.results.allocation import AllocationResult
    from scaling_cli.verbs.common import Runs


def optimal_allocation(
    runs: Runs,
    *,
    budget: Numbers = (),
    target_loss: Numbers = (),
    approach: str = "parametric",
    profile: str = "exact",
    law: str = "auto",
    inference_tokens: Amount | None = None,
    unique_tokens: Amount | None = None,
    min_params: Amount | None = None,
    max_params: Amount | None = None,
    max_tokens: Amount | None = None,
    gpus: int | None = None,
    peak_flops: str | float | None = None,
    mfu: float | None = None,
    price_per_gpu_hour: float | None = None,
    explain_gap: bool = False,
    by: Texts = (),
    fix: Amounts | None = None,
    tie: Pairs = (),
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
        budget: FLOPs, training plus inference, one or several, as numbers or as text such as `"1e21,1e24"`; by default
            1, 10 and 100 times the largest run. Other amounts are numbers or text likewise: `"300B"`.
        target_loss: Losses to reach with the least compute, instead of budgets.
        approach: `parametric`, `isoflop`, `envelope` or `all`.
        profile: Curve of `isoflop`: `exact`, `parabola` or `akima`.
        law: The law of `parametric`; `auto` is chinchilla.
        inference_tokens: Tokens that the model will process once trained.
        unique_tokens: Tokens there are; more than these are repeated.
        peak_flops: Dense FLOP/s of one GPU, or its name.
        mfu: Share of the peak that training reaches.
        explain_gap: Whether to show how counting embeddings, and the range of sizes, move the exponent.
        fix, tie: As for `fit`: parameters of the law held at a value, or equal.
        interval: `wild`, `bootstrap` or `none`; an envelope always redraws runs.
        reading: Which rows and columns count, as for `fit`. `flops_rule` also counts the compute of future models.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: No answer could be trusted; the hint names the runs to add.
    """
    from scaling_cli.analysis.allocation.question import Question

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
    question = Question(
        budget=numbers(budget, "--budget"), target_loss=numbers(target_loss, "--target-loss"), approach=approach,
        profile=profile, law=law, inference_tokens=number(inference_tokens, "--inference-tokens"),
        unique_tokens=number(unique_tokens, "--unique-tokens"), min_params=number(min_params, "--min-params"),
        max_params=number(max_params, "--max-params"), max_tokens=number(max_tokens, "--max-tokens"),
        flops_rule=reading.pop("flops_rule", SIX_ND), gpus=gpus, peak_flops=peak_flops, mfu=mfu,
        price_per_gpu_hour=price_per_gpu_hour, explain_gap=explain_gap,
        fix=amounts(fix, "--fix", FIX), tie=tuple(pairs(tie, "--tie", TIE)), interval=interval,
    )  # fmt: skip
    saved = saved_document(runs)
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
    from scaling_cli.analysis.allocation.answer import allocate
    from scaling_cli.analysis.allocation.evidence import evidence_from

    lines = {} if curves is None else {tuple(group.values()): frame for group, frame in groups_of(curves, by)}
    results, caveats, failures = [], list(table.caveats), unread(table)
    for group, frame in groups_of(table, by):
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
        caveats=merged(caveats),
        failures=tuple(failures),
    )  # fmt: skip


def _allocated_saved(path: Path, question: Question, settings: Settings) -> Report[AllocationResult]:
    """Splits from a saved fit, for each of its groups."""
    from scaling_cli.analysis.allocation.answer import allocate_saved
    from scaling_cli.analysis.allocation.evidence import saved_law
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_fits
    from scaling_cli.results.report import Source

    results, caveats = [], []
    fits = read_fits(path)
    for saved in fits:
        plan = question.saved_plan(saved, settings.level)
        fitted = saved_law(saved)
        how = IntervalMethod("none", settings.level, 0, None)
        if saved.draws:
            how = IntervalMethod(saved.resampling or "draws", settings.level, len(saved.draws), "run")
        result, found = allocate_saved(fitted, saved.group, how, plan, with_gap=question.explain_gap)
        results.append(result)
        caveats += [*found, *(plan.hardware.doubts() if plan.hardware else ())]
    return Report(
        command="optimal-allocation",
        inputs=(Source(str(path), content_hash(str(path)), len(fits)),),
        columns={},
        options={**question.options(), "level": settings.level},
        results=tuple(results),
        caveats=merged(caveats),
    )
