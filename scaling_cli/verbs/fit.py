"""`scaling fit` and `scaling columns` as functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from scaling_cli import jobs as work
from scaling_cli.caveats import caveat
from scaling_cli.data.runs.load import Reading, load_runs, recorded
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import SIX_ND, flops_rule
from scaling_cli.laws import Law
from scaling_cli.points.choose import (
    Choice,
    candidates,
    check_floors,
    check_law,
    checkpoints_of,
    choose,
    columns_of,
)
from scaling_cli.points.group import grouped_for, groups_of
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.arguments import FIX, START, TIE, Amounts, Bounds, Pairs, Texts, amounts, bounds, pairs
from scaling_cli.verbs.common import columns_named, merged, unread

if TYPE_CHECKING:
    from scaling_cli.verbs.common import Runs


def fit(
    runs: Runs,
    *,
    law: str = "auto",
    x: str | None = None,
    fix: Amounts | None = None,
    tie: Pairs = (),
    start: Amounts | None = None,
    bound: Bounds | None = None,
    by: Texts = (),
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
        runs: Files, folders or globs, or a table (polars, or Arrow) with one row a run or checkpoint.
        law: A name that `scaling laws` lists; `auto` to choose by the columns that vary; `all` to rank those that the
            columns support by how well smaller runs predict larger ones; or a formula such as
            `"E + A*params**-alpha"`, of columns and of parameters to fit.
        x: The column that a law of one input is fitted along; by default compute, else tokens, params or step. For a
            law of any columns, their names with commas.
        fix: Parameters held at a value: `{"alpha": 0.34}`, or `"alpha=0.34"`.
        tie: Pairs of parameters held equal: `[("alpha", "beta")]`, or `"alpha=beta"`.
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
    fix, tie = amounts(fix, "--fix", FIX), pairs(tie, "--tie", TIE)
    start, bound = amounts(start, "--start", START), bounds(bound)
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
    weighting = Weighting(weight, scale_weight, prior)
    keep, maybe = columns_of(law, x)
    keep = (*keep, *([weight] if weight else []))
    reading["checkpoints"] = checkpoints_of(law, reading.get("checkpoints", "final"))
    options: dict[str, object] = {
        "law": law, "x": x, "fix": fix, "tie": [list(pair) for pair in tie],
        "start": start, "bound": {name: list(ends) for name, ends in bound.items()},
        "by": list(by), **recorded(reading), "objective": objective, "space": space,
        "delta": "auto" if delta is None else delta, "weight": weight, "scale_weight": scale_weight, "prior": prior,
        "interval": interval, "level": level, "replicates": replicates, "seed": seed, "spread": spread,
    }  # fmt: skip
    check_law(law)
    rule = reading.get("flops_rule", SIX_ND)
    try:
        table = load_runs(runs, by=by, keep=keep, maybe=maybe, positive_loss=space == "log", **reading)
        choices = (
            candidates(table.frame, x)
            if law == "all"
            else [choose(table.frame, law, x, by=by, start=start, bound=bound)]
        )
        powers = {} if flops_rule(rule).rate else {choice.law.name: _powers(choice.law) for choice in choices}
        choices = [_without(powers.get(choice.law.name, ()), choice) for choice in choices]
        if fix or tie:
            from scaling_cli.laws.constrained import constrain

            for choice in choices:
                check_floors(choice, fix, table.frame["loss"])
            choices = [replace(choice, law=constrain(choice.law, fix, tie)) for choice in choices]
        needed = dict.fromkeys(column for choice in choices for column in choice.inputs.values())
        table = table.needing((*needed, *([weight] if weight else [])))
    except ScalingError as error:
        if label is None:
            raise
        return Report("fit", (), {}, options, (), failures=(Failure(dict(label), error.message, error.hint),))
    if law == "all":
        from scaling_cli.fitting.ranking import fit_best
    fitted_laws = {choice.law.name: choice.law for choice in choices}
    results, caveats = [], [replace(found, group=dict(label) if label else None) for found in table.caveats]
    failures = unread(table)
    for group, frame in groups_of(table, by, label):
        try:
            grouped = [grouped_for(frame, group, choice, space, weighting) for choice in choices]
            with one_blas_thread():
                result, found = fit_group(grouped[0], settings) if law != "all" else fit_best(grouped, settings)
        except ScalingError as error:
            if not group or (label is None and isinstance(error, UsageError)):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        if fix or tie:
            from scaling_cli.fitting.complete import completed

            result = completed(result, fitted_laws[result.law])
        results.append(result)
        caveats += found
        if powers.get(result.law):
            told = " and ".join(powers[result.law])
            caveats.append(caveat("rule-bends-split", dict(label) if label else None, rule=rule, quantities=told))
    return Report("fit", table.sources, table.columns, options, tuple(results), merged(caveats), tuple(failures))


def _powers(law: Law) -> tuple[str, ...]:
    """The quantities of a law that hold only while compute is in proportion to params * tokens."""
    return tuple(quantity.name for quantity in law.derived if quantity.is_power_of_compute)


def _without(names: Sequence[str], choice: Choice) -> Choice:
    """The choice of a law that tells no quantities of these names."""
    if not names:
        return choice
    kept = tuple(quantity for quantity in choice.law.derived if quantity.name not in names)
    return replace(choice, law=replace(choice.law, derived=kept))
