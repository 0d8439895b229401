"""`scaling compare-exponents` as a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from scaling_cli import jobs as work
from scaling_cli.data.runs.load import Reading, load_runs, recorded
from scaling_cli.data.runs.pairing import PAIR_COLUMN, paired, unpaired
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.points.choose import Choice, choose
from scaling_cli.points.group import grouped_for, groups_of
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.arguments import TO, Amounts, Texts, amounts
from scaling_cli.verbs.common import columns_named, merged, require_compute, unread

if TYPE_CHECKING:
    import polars as pl

    from scaling_cli.results.comparison import ComparisonResult
    from scaling_cli.verbs.common import Runs


def compare_exponents(
    runs: Runs,
    *,
    by: Texts,
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
    to: Amounts | None = None,
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
        to: How far the drift counts: `{"compute": 1e25}`, or `"compute=1e25"`; by default as far beyond the data as
            they span.
        pair: The column that, with the input, matches runs of different groups; by default `seed` where every group
            has the same inputs and seeds, and `none` to leave runs unmatched.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or lack what the law needs.
        FitError: Fewer than two groups can be fitted.
    """
    # scipy's special functions take a tenth of a second to import, which other verbs need not wait for.
    from scaling_cli.analysis.comparison.answer import ComparisonQuestion, compare

    by, to = columns_named(by), amounts(to, "--to", TO)
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
    weighting = Weighting(weight, scale_weight, "none")
    keep = tuple(column for column in (x, weight) if column)
    table, matched = _load_pairable(runs, pair, by=by, keep=keep, **reading)
    choice = choose(table.frame, law, x, by=by)
    require_compute(choice, reading)
    table = table.needing((*choice.inputs.values(), *([weight] if weight else [])))
    groups, is_paired = _matched(list(groups_of(table, by)), choice, matched, must=pair not in (None, "none"))
    question = ComparisonQuestion(
        level=level, replicates=replicates, seed=seed, reference=reference, shared_floor=shared_floor, margin=margin,
        to=_reach(to, choice), is_paired=is_paired, is_exact=interval == "t",
        is_tuned=objective == "huber" and delta is None, workers=settings.workers,
        on_progress=on_progress,
    )  # fmt: skip
    fitted, failures, caveats = [], unread(table), list(table.caveats)
    with one_blas_thread():
        for group, frame in groups:
            grouped = grouped_for(frame, group, choice, space, weighting)
            try:
                one, found = fit_group(replace(grouped, drawn_as={} if is_paired else None), settings)
            except FitError as error:
                failures.append(Failure(group, error.message, error.hint))
                continue
            fitted.append((grouped.problem, one))
            caveats += found
        if len(fitted) < 2 and len(groups) > 1:
            raise _too_few(len(fitted), len(groups), failures[-1])
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
            "margin": margin, "to": to or None, "pair": pair,
        },
        results=(result,),
        caveats=merged([*caveats, *found]),
        failures=tuple(failures),
    )  # fmt: skip


def _too_few(fitted: int, groups: int, failure: Failure) -> FitError:
    from scaling_cli.analysis.comparison.groups import group_label

    told = f"{fitted} of {groups:,} groups could" if fitted else f"None of {groups:,} groups could"
    return FitError(
        f"{told} be fitted, and a comparison needs two; the last, {group_label(failure.group)}: {failure.error}",
        hint=failure.hint,
    )


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
