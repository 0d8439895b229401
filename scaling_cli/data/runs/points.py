"""Choose the points among rows: carry out the choice of checkpoints, and report caveats about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import normalise
from scaling_cli.data.runs import curve_averages, sanity, select
from scaling_cli.data.runs.canonical import canonical
from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.load_options import LoadOptions, skips_other_losses, takes_ends
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.completion import Completion
from scaling_cli.data.runs.rows.continued import continued_runs
from scaling_cli.data.runs.rows.log_rows import Gathered, LogRows
from scaling_cli.data.runs.rows.marked import marked
from scaling_cli.data.runs.rows.several_kinds import refuse_several_kinds
from scaling_cli.data.runs.rows.shorter_copies import shorter_copies
from scaling_cli.data.runs.rows.twin_logs import twin_logs
from scaling_cli.data.runs.select import EARLIEST, FIRST_LOSS, LOWEST, RATE, Selection
from scaling_cli.data.runs.table import BY, lost_groups
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import SIX_ND
from scaling_cli.numbers.units import metric_unit
from scaling_cli.record import Record, replace

GROWING = ("accuracy", "other")  # units of metrics that may grow


class ChosenPoints(Record):
    """The chosen points, with caveats about the choice, and the groups of which no point is left."""

    selection: Selection
    caveats: tuple[Caveat, ...]
    lost_groups: Sequence[str] = ()


class _Choice(Record):
    """A choice of points on its way through the steps that mend it.

    Attributes:
        frame: All rows under canonical names, with the code of the reason for which each is unusable.
        reasons: The reasons by code.
        selection: The points.
        ends: The last rows of runs, whichever rows are the points; None if rows are no steps of runs.
        copies: Runs that were left out as shorter copies of others.
        caveats: What the steps so far have found.
    """

    frame: pl.LazyFrame
    reasons: dict[int, str]
    selection: Selection
    ends: Selection | None
    copies: Sequence[str] = ()
    caveats: tuple[Caveat, ...] = ()


def choose_points(rows: LogRows, gathered: Gathered, options: LoadOptions) -> ChosenPoints:
    """The points among rows that `settle` made of the gathered ones.

    Raises:
        UsageError: Rows are to be sampled by compute, which the user counts in another way.
        DataError: The choice needs runs or steps, and no column has them; all runs diverged; or rows of one step are
            of several kinds.
    """
    sample_at = options.checkpoints.sample_at
    if options.rule.name != SIX_ND and sample_at is not None and sample_at[0] == "compute":
        raise UsageError(
            "--sample-at compute cannot be combined with --flops-rule, because --sample-at counts 6 * params * tokens.",
            hint="Sample at tokens instead, such as --sample-at tokens=1B,2B.",
        )
    around = rows.frame if rows.around is None else rows.around
    completion = Completion(lambda: canonical(around, rows.schema, rows.plan)[0], rows.plan, gathered.file_names)
    choice = _choice(*marked(rows, gathered, options, completion), rows, gathered, options)
    if gathered.is_small:
        refuse_several_kinds(rows, choice.selection)
    choice = _without_copies(choice, rows, gathered, options)
    choice = _without_diverged(choice, rows, gathered, options)
    selection = completion.of_points(choice.selection)
    caveats = (
        *choice.caveats,
        *continued_runs(selection.points, gathered.file_names),
        *_caveats(choice.frame, selection, rows.plan, options.checkpoints),
        *completion.caveats,
    )
    return ChosenPoints(_without_summaries(selection), caveats, _lost_groups(choice.frame, selection, rows.plan))


def _lost_groups(rows: pl.LazyFrame, selection: Selection, plan: Plan) -> list[str]:
    """The groups that have rows, but no point."""
    by = {name: BY + name for name in plan.by if name != "run_id"}
    if not by or not selection.excluded:
        return []
    every = rows.select(by.values()).unique().collect(engine="streaming")
    return lost_groups(every, selection.points, by)


def _choice(
    frame: pl.LazyFrame, reasons: dict[int, str], rows: LogRows, gathered: Gathered, options: LoadOptions
) -> _Choice:
    """The points and the ends of runs among marked rows."""
    plan = rows.plan
    selection = _selection(frame, reasons, rows, gathered, options.checkpoints)
    if takes_ends(plan, options.checkpoints):
        return _Choice(frame, reasons, selection, selection)
    ends = select.last_rows(frame, reasons, with_first=plan.run_is_file) if plan.has_curves else None
    return _Choice(frame, reasons, selection, ends)


def _without_copies(choice: _Choice, rows: LogRows, gathered: Gathered, options: LoadOptions) -> _Choice:
    """The choice without runs that hold only the first rows of others, or the losses of another logger."""
    ends, takes_log = choice.ends if rows.plan.run_is_file else None, rows.plan.takes_log
    copies, found = shorter_copies(choice.frame, ends, gathered.file_names, takes_log=takes_log)
    twins, doubts = twin_logs(ends, gathered.file_names)
    copies, found = [*copies, *(run for run in twins if run not in copies)], (*found, *doubts)
    if not copies:
        return choice
    kept = choice.frame.filter(~pl.col("run_id").is_in(copies).fill_null(value=False))
    return replace(_choice(kept, choice.reasons, rows, gathered, options), copies=copies, caveats=found)


def _without_diverged(choice: _Choice, rows: LogRows, gathered: Gathered, options: LoadOptions) -> _Choice:
    """The choice without runs that diverged, and with caveats about runs that are not among the points."""
    if choice.ends is None:
        return choice
    from scaling_cli.data.runs.diverged import without_diverged
    from scaling_cli.data.runs.rows.lost_runs import lost_runs

    plan, names = rows.plan, gathered.file_names
    passed_over = canonical(rows.frame, rows.schema, plan)[0] if skips_other_losses(plan) else None
    lost = lost_runs(choice.ends, passed_over, choice.copies, names)
    is_loss = options.loss_unit not in GROWING and metric_unit(normalise(plan.chosen["loss"].column)) not in GROWING
    selection, diverged = without_diverged(
        choice.frame, choice.selection, choice.ends, keeps=options.keep_diverged, is_loss=is_loss, names=names
    )
    return replace(choice, selection=selection, caveats=(*choice.caveats, *diverged, *lost))


def _selection(
    frame: pl.LazyFrame, reasons: dict[int, str], rows: LogRows, gathered: Gathered, checkpoints: Checkpoints
) -> Selection:
    plan = rows.plan
    if checkpoints.needs_runs and not plan.has_runs:
        raise DataError(
            f"{checkpoints.option} needs the run of each row, but no column could be identified as run_id.",
            hint="Choose it with --run COLUMN.",
        )
    if checkpoints.sample_at is not None:
        near = curve_averages.near_any(*checkpoints.sample_at).is_not_null()
        return curve_averages.sampled(select.every_row(frame, reasons, near), *checkpoints.sample_at)
    if checkpoints.smooth is not None and not plan.has_curves:
        raise DataError(
            "--smooth needs the step of each row, but no column could be identified as step.",
            hint="Choose it with --step COLUMN.",
        )
    if takes_ends(plan, checkpoints):
        selection = select.last_rows(
            frame,
            reasons,
            is_whole=rows.schema[plan.chosen["step"].column].is_integer(),
            count_repeats=gathered.is_small,
            with_first=plan.run_is_file,
        )
        share = checkpoints.smooth
        return selection if share is None else curve_averages.smoothed_ends(frame, selection, share)
    if checkpoints.which == "best" and checkpoints.smooth is None:
        return select.lowest_loss(select.best_rows(frame, reasons))
    if plan.has_curves:
        selection = select.every_step(frame, reasons)
    else:
        selection = select.every_row(frame, reasons, is_tiny=gathered.is_tiny)
    if checkpoints.smooth is not None:
        selection = curve_averages.smoothed(selection, checkpoints.smooth)
    return select.lowest_loss(selection) if checkpoints.which == "best" else selection


def _without_summaries(selection: Selection) -> Selection:
    """The selection without what only the caveats need; `aside` takes the highest learning rate out."""
    names = [name for name in (EARLIEST, FIRST_LOSS, LOWEST, RATE) if name in selection.points.columns]
    return replace(selection, points=selection.points.drop(names)) if names else selection


def _has_schedules(points: pl.DataFrame) -> bool:
    """Whether the learning rate changes within a run, or is not known where runs have several points."""
    if "lr" not in points.columns or points["lr"].is_null().all():
        return points["run_id"].drop_nulls().is_duplicated().any()
    rates = points.drop_nulls("lr").group_by("run_id").agg(pl.col("lr").min() < pl.col("lr").max())
    return bool(rates["lr"].any())


def _caveats(rows: pl.LazyFrame, selection: Selection, plan: Plan, checkpoints: Checkpoints) -> Iterator[Caveat]:
    points = selection.points
    if selection.repeats:
        yield caveat("repeated-steps", rows=f"{selection.repeats:,}")
    yield from sanity.schedules(points)
    if checkpoints.which == "best" and selection.total - sum(selection.excluded.values()) > len(points):
        yield caveat("best-checkpoint")
    if checkpoints.sample_at is not None:
        role, amounts = checkpoints.sample_at
        runs = int(rows.select(pl.col("run_id").drop_nulls().n_unique()).collect(engine="streaming").item())
        if missed := runs * len(amounts) - points["run_id"].count():
            yield caveat("sample-missed", missed=f"{missed:,}", wanted=f"{runs * len(amounts):,}", role=role)
    has_several_per_run = (checkpoints.which == "all" or checkpoints.sample_at is not None) and plan.has_runs
    if has_several_per_run and _has_schedules(points):
        yield caveat("mid-schedule")
