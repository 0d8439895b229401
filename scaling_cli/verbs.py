"""The verbs of the library and of the command line: load, group, analyse, return results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_cli import jobs as work
from scaling_cli.caveats import Caveat
from scaling_cli.data.load import load_runs
from scaling_cli.data.pairing import PAIR_COLUMN, paired, unpaired
from scaling_cli.data.table import RunTable
from scaling_cli.document.report import Failure, Report
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.fit import Grouped, Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import build_problem
from scaling_cli.fitting.result import FitResult
from scaling_cli.fitting.selection import Choice, choose

if TYPE_CHECKING:
    import polars as pl

    from scaling_cli.analysis.comparison_result import ComparisonResult

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
    table = table.needing(tuple(choice.inputs.values()))
    results, caveats, failures = [], list(table.caveats), []
    for group, frame in _groups(table, by):
        try:
            result, found = fit_group(_grouped(frame, group, choice, space), settings)
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
            "space": space, "delta": "auto" if delta is None else delta, "interval": interval, "level": level,
            "replicates": replicates, "seed": seed,
        },
        results=tuple(results),
        caveats=_merged(caveats),
        failures=tuple(failures),
    )  # fmt: skip


def compare_exponents(
    runs: Runs,
    *,
    by: Sequence[str],
    law: str = "auto",
    x: str | None = None,
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
    reference: str | None = None,
    shared_floor: bool = False,
    margin: float = 1.25,
    to: Mapping[str, float] | None = None,
    pair: str | None = None,
    jobs: str | int = 1,
    backend: str | None = None,
    on_progress: work.Progress | None = None,
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
    from scaling_cli.fitting.linear import check_linear, with_t

    if not by:
        raise UsageError("Nothing says which runs to compare.", hint="Name the column of the groups with --by.")
    settings = Settings(
        objective=Objective(objective, delta),
        interval="none" if interval == "t" else interval,
        level=level,
        replicates=replicates,
        seed=seed,
        workers=work.workers_from(str(jobs), backend),
    )
    keep = (x,) if x else ()
    table, matched = _load_pairable(runs, pair, mapping=mapping, where=where, by=by, keep=keep, checkpoints=checkpoints)
    choice = choose(table.frame, law, x)
    if interval == "t":
        check_linear(choice.law.name, objective, space)
    table = table.needing(tuple(choice.inputs.values()))
    groups, is_paired = _matched(list(_groups(table, by)), choice, matched, must=pair not in (None, "none"))
    fitted, failures, caveats = [], [], list(table.caveats)
    for group, frame in groups:
        grouped = replace(_grouped(frame, group, choice, space), drawn_as={} if is_paired else None)
        try:
            one, found = fit_group(grouped, settings)
            fitted.append((grouped.problem, with_t(grouped.problem, one, level) if interval == "t" else one))
        except FitError as error:
            failures.append(Failure(group, error.message, error.hint))
            continue
        caveats += found
    question = Question(
        level=level, replicates=replicates, seed=seed, reference=reference, shared_floor=shared_floor, margin=margin,
        to=_reach(to, choice), is_paired=is_paired, is_exact=interval == "t", workers=settings.workers,
        on_progress=on_progress,
    )  # fmt: skip
    result, found = compare([problem for problem, _ in fitted], [each for _, each in fitted], question)
    return Report(
        command="compare-exponents",
        inputs=table.sources,
        columns=table.columns,
        options={
            "law": law, "x": x, "by": list(by), "where": where, "checkpoints": checkpoints, "objective": objective,
            "space": space, "delta": "auto" if delta is None else delta, "interval": interval, "level": level,
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
