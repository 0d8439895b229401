"""`scaling extrapolate`."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import typer

from scaling_cli.cli.fit_options import FitOptions
from scaling_cli.cli.flags import DataOptions, OutputOptions, share
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.progress import progress
from scaling_cli.cli.show import deliver
from scaling_cli.cli.work_options import BatchOptions, WorkOptions

RunsOrFit = Annotated[
    list[str],
    typer.Argument(metavar="RUNS...|FIT.json", help="Runs as `scaling fit` reads them, or one saved fit."),
]


# Of the options of `fit`: a forecast has weights, beliefs and laws of its own.
UNUSED = ("fix", "tie", "start", "bound", "weight", "scale_weight", "prior", "spread")


@dataclasses.dataclass(frozen=True)
class TargetOptions:
    """What to forecast."""

    at: Annotated[
        list[str],
        typer.Option(
            metavar="ROLE=N[,ROLE=N]",
            help="Target: params=70B,tokens=1.4T, compute=1e22,1e23 or compute=1e20..1e24. Repeatable.",
        ),
    ] = dataclasses.field(default_factory=list)
    targets: Annotated[
        str | None, typer.Option(metavar="FILE", help="A target a row; where it has the loss, forecasts are scored.")
    ] = None
    target_loss: Annotated[
        list[str],
        typer.Option(metavar="L[,L]", help="The scale that reaches this loss; with --at params=N, at those params."),
    ] = dataclasses.field(default_factory=list)
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Score forecasts from smaller cut-offs, beside simpler ones.")
    ] = False
    estimator: Annotated[
        Literal["forecast", "describe"],
        typer.Option(help="Average laws with weight on large runs, or the plain fit of `scaling fit`."),
    ] = "forecast"


@dataclasses.dataclass(frozen=True)
class ThenOptions:
    """The second of two stages."""

    then: Annotated[str | None, typer.Option(metavar="COL", help="Forecast this task metric through the loss.")] = None
    then_law: Annotated[Literal["sigmoid", "exponential-saturation"], typer.Option(help="From loss to metric.")] = (
        "sigmoid"
    )
    chance: Annotated[
        float | None,
        typer.Option(parser=share, metavar="SHARE", help="The metric of a model without skill, held fixed."),
    ] = None


def command(
    runs: RunsOrFit,
    targets: TargetOptions,
    second: ThenOptions,
    data: DataOptions,
    fitting: FitOptions,
    work: WorkOptions,
    batch: BatchOptions,
    output: OutputOptions,
) -> int:
    """Forecast the loss of larger runs, and say how far such forecasts have been off on these runs.

    Example: scaling extrapolate runs.csv --at params=70B,tokens=1.4T --backtest
    """
    prepare_output(output, runs)
    fitting.refuse(UNUSED, "extrapolate")
    import functools

    from scaling_cli.report.extrapolate import view
    from scaling_cli.verbs.extrapolate import extrapolate

    ask = functools.partial(
        extrapolate,
        at=targets.at,
        targets=targets.targets,
        target_loss=targets.target_loss,
        backtest=targets.backtest,
        estimator=targets.estimator,
        then=second.then,
        then_law=second.then_law,
        chance=second.chance,
        law=fitting.law,
        x=fitting.x,
        by=data.groups(),
        **fitting.estimation(),
        **data.reading(),
    )
    if batch.is_asked:
        from scaling_cli.cli.per_file import deliver_each

        return deliver_each(runs, ask, batch, work.workers(), output, view)
    with progress(output, "Replicates") as on_progress:
        report = ask(runs, **work.repetition(), on_progress=on_progress)
    return deliver(report, output, view)
