"""Choose the points among rows: carry out the choice of checkpoints, and report caveats about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data import cells
from scaling_cli.data.files.held import Held, Made
from scaling_cli.data.filters import UNJUDGED
from scaling_cli.data.names import normalise
from scaling_cli.data.runs import curve_averages, derive, sanity, select
from scaling_cli.data.runs.canonical import UNREADABLE, canonical
from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.likely import no_column
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.completion import Completion
from scaling_cli.data.runs.rows.continued import continued_runs
from scaling_cli.data.runs.rows.shorter_copies import shorter_copies
from scaling_cli.data.runs.select import EARLIEST, FIRST_LOSS, LOWEST, RATE, Selection
from scaling_cli.data.runs.table import BY
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import SIX_ND, FlopsRule
from scaling_cli.numbers.units import metric_unit
from scaling_cli.record import Record, replace

GROWING = ("accuracy", "other")  # units of metrics that may grow
BROKEN_WORDS = ("nan", "inf", "infinity")


class LoadOptions(Record):
    """The options of `load_runs`, parsed."""

    mapping: Mapping[str, str]
    where: str | None
    by: tuple[str, ...]
    best_over: tuple[str, ...]
    keep: tuple[str, ...]
    maybe: tuple[str, ...]
    checkpoints: Checkpoints
    params_pattern: str | None
    loss_unit: str
    positive_loss: bool
    rule: FlopsRule
    keep_diverged: bool = False
    evaluation: str | None = None

    @property
    def takes_ends(self) -> bool:
        """Whether the points are to be the last rows of runs."""
        return self.checkpoints.which == "final" and self.checkpoints.sample_at is None


class ChosenPoints(Record):
    """The chosen points, with caveats about the choice."""

    selection: Selection
    caveats: tuple[Caveat, ...]


def skips_other_losses(plan: Plan) -> bool:
    """Whether to pass over rows that have only another loss: a log of curves has evaluations at few of its steps."""
    return bool(plan.other_losses) and "step" in plan.chosen


def choose_points(
    rows: pl.LazyFrame,
    schema: pl.Schema,
    plan: Plan,
    options: LoadOptions,
    unjudged: tuple[str, ...],
    *,
    around: pl.LazyFrame,
    count_repeats: bool,
    is_tiny: bool,
    run_names: Mapping[str, str],
    held: Held | None = None,
) -> ChosenPoints:
    """The points of `rows` under the names in the files; `unjudged` columns have a flag from `keep_where`.

    `around` has `rows` and others of the same runs, which may hold what `rows` lack; `run_names` has the names of runs
    that are files. `held` are the same rows, if they were read with those of other files.
    """
    checkpoints, every = options.checkpoints, rows
    if skips_other_losses(plan):
        rows = rows.with_columns(_loss_or_nan(schema, plan)).filter(~_has_only_another_loss(schema, plan))
    if options.rule.name != SIX_ND and checkpoints.sample_at is not None and checkpoints.sample_at[0] == "compute":
        raise UsageError(
            "--sample-at compute cannot be combined with --flops-rule, because --sample-at counts 6 * params * tokens.",
            hint="Sample at tokens instead, such as --sample-at tokens=1B,2B.",
        )
    flags = {UNJUDGED + name: f"unreadable {name} in --where" for name in unjudged}
    has_ends = takes_ends(plan, checkpoints)
    completion = Completion(lambda: canonical(around, schema, plan)[0], plan, run_names)

    def mark(every: pl.LazyFrame) -> Made:
        return _marked(every, schema, plan, options, flags, completion)

    is_by_row = not flags and not skips_other_losses(plan) and not _is_by_amount(checkpoints)
    if held is not None and is_by_row:
        marked, reasons = held.made((plan, options.positive_loss), mark)
    else:
        marked, reasons = mark(rows)
    is_whole = has_ends and schema[plan.chosen["step"].column].is_integer()
    choose = partial(
        _selection, reasons=reasons, plan=plan, checkpoints=checkpoints,
        is_whole=is_whole, count_repeats=count_repeats, is_tiny=is_tiny,
    )  # fmt: skip
    selection = choose(marked)
    ends = _ends(marked, reasons, selection, plan, options)
    shorter, copied = shorter_copies(marked, ends if plan.run_is_file else None, run_names, takes_log=plan.takes_log)
    if shorter:
        marked = marked.filter(~pl.col("run_id").is_in(shorter).fill_null(value=False))
        selection = choose(marked)
        ends = _ends(marked, reasons, selection, plan, options)
    broken: tuple[Caveat, ...] = ()
    if ends is not None:
        from scaling_cli.data.runs.diverged import without_diverged
        from scaling_cli.data.runs.rows.lost_runs import lost_runs

        passed_over = canonical(every, schema, plan)[0] if rows is not every else None
        lost = lost_runs(ends, passed_over, shorter, run_names)
        is_loss = options.loss_unit not in GROWING and metric_unit(normalise(plan.chosen["loss"].column)) not in GROWING
        selection, diverged = without_diverged(
            marked, selection, ends, keeps=options.keep_diverged, is_loss=is_loss, names=run_names
        )
        broken = (*diverged, *lost)
    selection = completion.of_points(selection)
    parts = continued_runs(selection.points, run_names)
    caveats = (*copied, *broken, *parts, *_caveats(marked, selection, plan, checkpoints), *completion.caveats)
    return ChosenPoints(_without_summaries(selection), caveats)


def _is_by_amount(checkpoints: Checkpoints) -> bool:
    """Whether an amount, such as tokens, decides which rows of a run count."""
    return checkpoints.skip_tokens is not None or checkpoints.sample_at is not None


def _marked(
    rows: pl.LazyFrame,
    schema: pl.Schema,
    plan: Plan,
    options: LoadOptions,
    flags: Mapping[str, str],
    completion: Completion,
) -> Made:
    """The rows under canonical names with the reason for which each is unusable, and the reasons by code."""
    checkpoints = options.checkpoints
    keeps_whole_steps = takes_ends(plan, checkpoints)
    named, unreadable = canonical(rows, schema, plan, tuple(flags), keeps_whole_steps=keeps_whole_steps)
    if _is_by_amount(checkpoints):
        named = completion.of_rows(named)
    marked, reasons = select.with_reasons(
        _from_tokens(named, plan, checkpoints),
        measures=plan.measures,
        unreadable=unreadable,
        labels=[BY + name for name in plan.by],
        flags=flags,
        positive_loss=options.positive_loss,
    )
    return marked.drop([UNREADABLE + role for role in unreadable], list(flags)), reasons


def _ends(
    rows: pl.LazyFrame, reasons: dict[int, str], selection: Selection, plan: Plan, options: LoadOptions
) -> Selection | None:
    """The last rows of runs, whichever rows are the points; None if rows are no steps of runs."""
    if takes_ends(plan, options.checkpoints):
        return selection
    return select.last_rows(rows, reasons, with_first=plan.run_is_file) if plan.has_curves else None


def _has_only_another_loss(schema: pl.Schema, plan: Plan) -> pl.Expr:
    def is_filled(column: str) -> pl.Expr:
        return (cells.text(column) if cells.is_text(schema[column]) else pl.col(column)).is_not_null()

    return ~is_filled(plan.chosen["loss"].column) & pl.any_horizontal(*(is_filled(name) for name in plan.other_losses))


def _loss_or_nan(schema: pl.Schema, plan: Plan) -> pl.Expr:
    """The loss, and NaN where it is missing and another loss of the row is not finite: the run may have diverged."""
    column = plan.chosen["loss"].column
    is_broken = pl.any_horizontal(
        cells.text(name).str.to_lowercase().str.strip_prefix("-").is_in(BROKEN_WORDS).fill_null(value=False)
        if cells.is_text(schema[name])
        else (pl.col(name).is_finite() == pl.lit(value=False)).fill_null(value=False)
        for name in plan.other_losses
        if cells.is_text(schema[name]) or schema[name].is_float()
    )
    if cells.is_text(schema[column]):
        return pl.when(cells.text(column).is_null() & is_broken).then(pl.lit("nan")).otherwise(column).alias(column)
    return pl.when(pl.col(column).is_null() & is_broken).then(pl.lit(float("nan"))).otherwise(column).alias(column)


def _from_tokens(rows: pl.LazyFrame, plan: Plan, checkpoints: Checkpoints) -> pl.LazyFrame:
    """The rows from `--skip-tokens` on, with the role of `--sample-at` computed if it has no column."""
    wanted = (["tokens"] if checkpoints.skip_tokens is not None else []) + (
        [checkpoints.sample_at[0]] if checkpoints.sample_at is not None else []
    )
    for role in dict.fromkeys(wanted):
        if role not in plan.chosen:
            if role not in plan.derived or "params" not in plan.chosen:
                raise no_column(role, rows.collect_schema().names())
            rows = rows.with_columns(derive.expression(role))
    if checkpoints.skip_tokens is None:
        return rows
    return rows.filter(~(pl.col("tokens") < checkpoints.skip_tokens).fill_null(value=False))


def takes_ends(plan: Plan, checkpoints: Checkpoints) -> bool:
    """Whether the points are the last rows of runs."""
    is_final = checkpoints.which == "final" and checkpoints.sample_at is None
    return is_final and plan.has_curves


def _selection(
    rows: pl.LazyFrame,
    reasons: dict[int, str],
    plan: Plan,
    checkpoints: Checkpoints,
    *,
    is_whole: bool,
    count_repeats: bool,
    is_tiny: bool,
) -> Selection:
    if checkpoints.needs_runs and not plan.has_runs:
        raise DataError(
            f"{checkpoints.option} needs the run of each row, but no column could be identified as run_id.",
            hint="Choose it with --run COLUMN.",
        )
    if checkpoints.sample_at is not None:
        near = curve_averages.near_any(*checkpoints.sample_at).is_not_null()
        return curve_averages.sampled(select.every_row(rows, reasons, near), *checkpoints.sample_at)
    if checkpoints.smooth is not None and not plan.has_curves:
        raise DataError(
            "--smooth needs the step of each row, but no column could be identified as step.",
            hint="Choose it with --step COLUMN.",
        )
    if takes_ends(plan, checkpoints):
        selection = select.last_rows(
            rows, reasons, is_whole=is_whole, count_repeats=count_repeats, with_first=plan.run_is_file
        )
        share = checkpoints.smooth
        return selection if share is None else curve_averages.smoothed_ends(rows, selection, share)
    if checkpoints.which == "best" and checkpoints.smooth is None:
        return select.lowest_loss(select.best_rows(rows, reasons))
    selection = (
        select.every_step(rows, reasons) if plan.has_curves else select.every_row(rows, reasons, is_tiny=is_tiny)
    )
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
    if checkpoints.which == "best":
        yield caveat("best-checkpoint")
    if checkpoints.sample_at is not None:
        role, amounts = checkpoints.sample_at
        runs = int(rows.select(pl.col("run_id").drop_nulls().n_unique()).collect(engine="streaming").item())
        if missed := runs * len(amounts) - points.height:
            yield caveat("sample-missed", missed=f"{missed:,}", wanted=f"{runs * len(amounts):,}", role=role)
    has_several_per_run = (checkpoints.which == "all" or checkpoints.sample_at is not None) and plan.has_runs
    if has_several_per_run and _has_schedules(points):
        yield caveat("mid-schedule")
