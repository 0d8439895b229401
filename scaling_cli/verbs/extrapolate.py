"""`scaling extrapolate` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from scaling_cli import jobs as work
from scaling_cli.data.runs.load import Reading, load_runs, recorded
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.flops import SIX_ND
from scaling_cli.points.choose import checkpoints_of
from scaling_cli.points.group import groups_of
from scaling_cli.results.report import Failure, Report
from scaling_cli.verbs.arguments import Numbers, Texts, numbers, texts
from scaling_cli.verbs.common import columns_named, labelled, merged, require_compute, saved_document, unread

if TYPE_CHECKING:
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.question import Ask
    from scaling_cli.results.forecast import Extrapolation
    from scaling_cli.verbs.common import Runs


def extrapolate(
    runs: Runs,
    *,
    at: Texts = (),
    targets: str | Path | None = None,
    target_loss: Numbers = (),
    backtest: bool = False,
    estimator: str = "forecast",
    then: str | None = None,
    then_law: str = "sigmoid",
    chance: float | None = None,
    law: str = "auto",
    x: str | None = None,
    by: Texts = (),
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
    label: Mapping[str, str] | None = None,
    **reading: Unpack[Reading],
) -> Report[Extrapolation]:
    """Forecast the loss of larger runs, from runs or from a saved fit.

    Args:
        runs: Files or a polars frame, as `fit` takes them, or one document that `scaling fit --json` wrote.
        at: A target as `"params=70B,tokens=1.4T"`, a range as `"compute=1e20..1e24"`, or several; by default 3, 10 and
            30 times the largest run.
        targets: A file with a target a row, and the loss where it is known.
        target_loss: Losses to find the scale of, one or several.
        backtest: Whether to score forecasts from smaller cut-offs, beside simpler ones.
        estimator: `forecast` averages laws, with weight on the large scales; `describe` is the plain fit.
        then: Column of a task metric to be forecast through the loss.
        then_law: From loss to metric: `sigmoid` or `exponential-saturation`.
        chance: The metric of a model without skill, where it is known.
        law: One law instead of the average.
        label: What all of these runs are, as for `fit`.
        reading: Which rows and columns count, as for `fit`.

    Raises:
        UsageError: The options do not fit together.
        DataError: The files cannot be read.
        FitError: There is one group, and nothing can be forecast from it.
    """
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.question import Ask
    from scaling_cli.analysis.forecast.targets import Target, parse_at

    by, at, target_loss = columns_named(by), texts(at, "--at"), numbers(target_loss, "--target-loss")
    reading["checkpoints"] = checkpoints_of(law, reading.get("checkpoints", "final"))
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
        from scaling_cli.data.runs.targets import load_targets

        rows = load_targets(
            targets,
            mapping=reading.get("mapping"),
            by=by,
            keep=(x,) if x else (),
            loss_unit=reading.get("loss_unit", "nats"),
        )
        wanted += [Target(*row) for row in rows]
    if any(not loss > 0 for loss in target_loss):
        raise UsageError("A target loss is not above 0.", hint="Write --target-loss 2.0.")
    ask = Ask(tuple(wanted), target_loss, backtest, then, then_law, chance)
    method = Method(estimator, law, x, space, settings)
    options: dict[str, object] = {
        "at": list(at), "targets": None if targets is None else str(targets), "target_loss": list(target_loss),
        "backtest": backtest, "estimator": estimator, "then": then, "then_law": then_law, "chance": chance, "law": law,
        "x": x, "by": list(by), **recorded(reading), "objective": objective, "space": space,
        "delta": "auto" if delta is None else delta, "interval": interval, "level": level, "replicates": replicates,
        "seed": seed,
    }  # fmt: skip
    return labelled(
        lambda: _answered(runs, ask, method, options, by, reading),
        label,
        Report("extrapolate", (), {}, options, ()),
    )


def _answered(
    runs: Runs, ask: Ask, method: Method, options: dict[str, object], by: Sequence[str], reading: Reading
) -> Report[Extrapolation]:
    """Forecasts from runs or from a saved fit, whichever is given."""
    saved = saved_document(runs)
    rule = reading.get("flops_rule", SIX_ND)
    if rule != SIX_ND and (saved is not None or any("compute" not in target.at for target in ask.targets)):
        raise UsageError(
            f"--flops-rule {rule!r} counts the compute of runs, not that of a saved fit or of targets.",
            hint="Give runs, and targets as --at compute=1e24.",
        )
    if saved is not None:
        return _extrapolated_saved(saved, ask, method, options)
    keep = tuple(column for column in (method.x, ask.then) if column)
    table = load_runs(runs, by=by, keep=keep, positive_loss=method.space == "log", **reading)
    return _extrapolated(table, ask, method, options, by, reading)


def _extrapolated(
    table: RunTable, ask: Ask, method: Method, options: dict[str, object], by: Sequence[str], reading: Reading
) -> Report[Extrapolation]:
    """Forecasts from runs, group by group."""
    from scaling_cli.analysis.forecast.answer import extrapolate as answer
    from scaling_cli.analysis.forecast.evidence import evidence_from
    from scaling_cli.analysis.forecast.question import unmatched

    choice = method.choose(table.frame, ask)
    require_compute(choice, reading)
    table = table.needing(tuple(choice.inputs.values()))
    results, caveats, failures = [], list(table.caveats), unread(table)
    groups = list(groups_of(table, by))
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
        caveats=merged(caveats),
        failures=tuple(failures),
    )


def _extrapolated_saved(path: Path, ask: Ask, method: Method, options: dict[str, object]) -> Report[Extrapolation]:
    """Forecasts from a saved fit, for each of its groups."""
    from scaling_cli.analysis.forecast.answer import extrapolate as answer
    from scaling_cli.analysis.forecast.evidence import saved_evidence
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_fits
    from scaling_cli.results.report import Source

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
        caveats=merged(caveats),
    )
