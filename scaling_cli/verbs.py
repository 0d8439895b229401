"""The verbs of the library and of the command line: load, group, analyse, return results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from scaling_cli import jobs as work
from scaling_cli.caveats import Caveat
from scaling_cli.data.load import Reading, load_runs, recorded
from scaling_cli.data.summary import ColumnsResult, summarise
from scaling_cli.data.table import RunTable
from scaling_cli.document.report import Failure, Report
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import build_problem
from scaling_cli.fitting.result import FitResult
from scaling_cli.fitting.selection import Choice, choose
from scaling_cli.laws import find_law

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
    objective: str = "huber",
    space: str = "log",
    delta: float | None = None,
    interval: str = "bootstrap",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
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
        law: A name that `scaling laws` lists, or `auto` to choose by the columns that vary.
        x: The column that a law of one input is fitted along; by default compute, else tokens, params or step.
        by: Columns whose values make groups, each fitted on its own.
        delta: Where Huber's function turns straight, in residuals; None takes 1.345 robust scales.
        level: Of the intervals; 0.95 for 95 %.
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
    settings = Settings(
        objective=Objective(objective, delta),
        interval=interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend, scheduler),
    )
    options = {
        "law": law, "x": x, "by": list(by), **recorded(reading), "objective": objective, "space": space,
        "delta": "auto" if delta is None else delta, "interval": interval, "level": level, "replicates": replicates,
        "seed": seed,
    }  # fmt: skip
    if law not in ("auto", "all"):
        find_law(law)
    group = dict(label or {})
    try:
        keep = (x,) if x else ()
        table = load_runs(runs, by=by, keep=keep, positive_loss=space == "log", **reading)
        choice = choose(table.frame, law, x)
        table = table.needing(tuple(choice.inputs.values()))
    except ScalingError as error:
        if label is None:
            raise
        return Report("fit", (), {}, options, (), failures=(Failure(group, error.message, error.hint),))
    results, caveats = [], [replace(found, group=group or None) for found in table.caveats]
    failures = [Failure({"file": file.path}, file.error, file.hint) for file in table.unread]
    for part, frame in _groups(table, by, group):
        try:
            result, found = fit_group(_grouped(frame, part, choice, space), settings)
        except ScalingError as error:
            if not part or (label is None and isinstance(error, UsageError)):
                raise
            failures.append(Failure(part, error.message, error.hint))
            continue
        results.append(result)
        caveats += found
    return Report("fit", table.sources, table.columns, options, tuple(results), _merged(caveats), tuple(failures))


def columns(runs: Runs, *, by: Sequence[str] = (), **reading: Unpack[Reading]) -> Report[ColumnsResult]:
    """Which column of the runs plays which role, and what would be left out; options as for `fit`.

    Raises:
        UsageError: The options name what does not exist, or two columns tie for a role.
        DataError: The files cannot be read, or have no loss.
    """
    table = load_runs(runs, by=by, **reading)
    return Report(
        "columns",
        table.sources,
        table.columns,
        {"by": list(by), **recorded(reading)},
        (summarise(table, reading.get("loss_unit", "nats")),),
        table.caveats,
        tuple(Failure({"file": file.path}, file.error, file.hint) for file in table.unread),
    )


def _groups(
    table: RunTable, by: Sequence[str], label: Mapping[str, str]
) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """Each group's values and points, in the order of the values; one group of all where there is nothing to split."""
    if not by:
        yield dict(label), table.frame
        return
    parts = table.frame.partition_by(list(by), as_dict=True, include_key=True)
    for key in sorted(parts):
        yield {**label, **dict(zip(by, key, strict=True))}, parts[key]


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
