"""The verbs of the library and of the command line: load, group, analyse, return results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scaling_cli import jobs as work
from scaling_cli.caveats import Caveat
from scaling_cli.data.load import load_runs
from scaling_cli.data.table import RunTable
from scaling_cli.document.report import Failure, Report
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import build_problem
from scaling_cli.fitting.result import FitResult
from scaling_cli.fitting.selection import Choice, choose
from scaling_cli.fitting.weights import Emphasis

if TYPE_CHECKING:
    import polars as pl

    Runs = str | Path | Sequence[str | Path] | pl.DataFrame

RANGED_ROLES = ("params", "tokens", "compute", "step", "loss")


def fit(
    runs: Runs,
    *,
    law: str = "auto",
    x: str | None = None,
    by: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    where: str | None = None,
    checkpoints: str = "final",
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    weight: str | None = None,
    scale_weight: float = 0.0,
    prior: str = "none",
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
        by: Columns whose values make groups, each fitted on its own.
        mapping: Role to column, where the usual names do not fit: `{"loss": "eval/loss"}`.
        where: A condition on rows, in SQL: `"params > 1e8"`.
        checkpoints: Which rows of a run count: `final`, its last step.
        delta: Where Huber's function turns straight, in residuals; None takes 1.345 robust scales.
        weight: A column of weights, one a point.
        scale_weight: Weighs points by this power of their scale: the law's one input, or compute.
        prior: `weak` adds what published laws agree on about exponents and floors.
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
    emphasis = Emphasis(weight, scale_weight, prior)
    keep = tuple(column for column in (x, weight) if column)
    table = load_runs(runs, mapping=mapping, where=where, by=by, keep=keep, checkpoints=checkpoints)
    choice = choose(table.frame, law, x)
    table = table.needing((*choice.inputs.values(), *([weight] if weight else [])))
    results, caveats, failures = [], list(table.caveats), []
    for group, frame in _groups(table, by):
        try:
            result, found = fit_group(_grouped(frame, group, choice, space, emphasis), settings)
        except ScalingError as error:
            if not group or isinstance(error, UsageError):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(result)
        caveats += found
    return Report(
        command="fit",
        inputs=table.sources,
        columns=table.columns,
        options={
            "law": law, "x": x, "by": list(by), "where": where, "checkpoints": checkpoints, "objective": objective,
            "space": space, "delta": "auto" if delta is None else delta, "weight": weight,
            "scale_weight": scale_weight, "prior": prior, "interval": interval, "level": level,
            "replicates": replicates, "seed": seed,
        },
        results=tuple(results),
        caveats=_merged(caveats),
        failures=tuple(failures),
    )  # fmt: skip


def _groups(table: RunTable, by: Sequence[str]) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """Each group's values and points, in the order of the values; one group of all where there is nothing to split."""
    if not by:
        yield {}, table.frame
        return
    parts = table.frame.partition_by(list(by), as_dict=True, include_key=True)
    for key in sorted(parts):
        yield dict(zip(by, key, strict=True)), parts[key]


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
    told = emphasis.told(choice.inputs)
    return Grouped(problem, group, choice.inputs, ranges, choice.reason, weights=told, prior=emphasis.prior)


def _merged(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """The caveats, each once."""
    kept: list[Caveat] = []
    for found in caveats:
        if found not in kept:
            kept.append(found)
    return tuple(kept)
