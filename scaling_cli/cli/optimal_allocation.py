"""`scaling optimal-allocation`."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import typer

from scaling_cli.cli.fit_options import FitOptions
from scaling_cli.cli.flags import DataOptions, OutputOptions, share
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.progress import progress
from scaling_cli.cli.show import deliver
from scaling_cli.cli.work_options import WorkOptions

UNUSED = ("x", "start", "bound", "weight", "scale_weight", "prior", "spread")  # of the options of `fit`

RunsOrFit = Annotated[
    list[str],
    typer.Argument(metavar="RUNS...|FIT.json", help="Runs as `scaling fit` reads them, or one saved fit."),
]


@dataclasses.dataclass(frozen=True)
class QuestionOptions:
    """What to spend, and within which limits."""

    budget: Annotated[
        list[str],
        typer.Option(metavar="C[,C]", help="Budgets in FLOPs; by default 1, 10 and 100 times the largest run."),
    ] = dataclasses.field(default_factory=list)
    target_loss: Annotated[
        list[str], typer.Option(metavar="L[,L]", help="Instead of a budget: the least compute that reaches this loss.")
    ] = dataclasses.field(default_factory=list)
    approach: Annotated[
        Literal["parametric", "isoflop", "envelope", "all"], typer.Option(help="How the best split is found.")
    ] = "parametric"
    profile: Annotated[Literal["exact", "parabola", "akima"], typer.Option(help="Curve of --approach isoflop.")] = (
        "exact"
    )
    explain_gap: Annotated[
        bool, typer.Option("--explain-gap", help="Kaplan or Chinchilla: what counting and range do to the exponent.")
    ] = False


@dataclasses.dataclass(frozen=True)
class LimitOptions:
    """What bounds the split, and how compute is counted."""

    inference_tokens: Annotated[
        str | None, typer.Option(metavar="N", help="Tokens to process once trained; the budget then covers both.")
    ] = None
    unique_tokens: Annotated[
        str | None, typer.Option(metavar="N", help="Tokens there are; more than these are repeated.")
    ] = None
    min_params: Annotated[str | None, typer.Option(metavar="N", help="Fewest params.")] = None
    max_params: Annotated[str | None, typer.Option(metavar="N", help="Most params.")] = None
    max_tokens: Annotated[str | None, typer.Option(metavar="N", help="Most training tokens.")] = None


@dataclasses.dataclass(frozen=True)
class HardwareOptions:
    """Time and money."""

    gpus: Annotated[int | None, typer.Option(metavar="N", help="GPUs, for days.")] = None
    peak_flops: Annotated[
        str | None, typer.Option(metavar="FLOP/s|GPU", help="Dense peak of one GPU, such as 989e12 or h100.")
    ] = None
    mfu: Annotated[
        float | None, typer.Option(parser=share, metavar="SHARE", help="Share of the peak that training reaches.")
    ] = None
    price_per_gpu_hour: Annotated[float | None, typer.Option(metavar="PRICE", help="For the price of a budget.")] = None


def command(
    runs: RunsOrFit,
    question: QuestionOptions,
    limits: LimitOptions,
    machines: HardwareOptions,
    data: DataOptions,
    fitting: FitOptions,
    work: WorkOptions,
    output: OutputOptions,
) -> int:
    """Split compute between params and tokens: with intervals, and what being wrong costs.

    Example: scaling optimal-allocation runs.csv --budget 1e21,1e24 --approach all
    """
    prepare_output(output, runs)
    fitting.refuse(UNUSED, "optimal-allocation")
    from scaling_cli.report.optimal_allocation import view
    from scaling_cli.verbs.optimal_allocation import optimal_allocation

    with progress(output, "Replicates") as on_progress:
        report = optimal_allocation(
            runs,
            budget=question.budget,
            target_loss=question.target_loss,
            approach=question.approach,
            profile=question.profile,
            explain_gap=question.explain_gap,
            inference_tokens=limits.inference_tokens,
            unique_tokens=limits.unique_tokens,
            min_params=limits.min_params,
            max_params=limits.max_params,
            max_tokens=limits.max_tokens,
            gpus=machines.gpus,
            peak_flops=machines.peak_flops,
            mfu=machines.mfu,
            price_per_gpu_hour=machines.price_per_gpu_hour,
            law=fitting.law,
            by=data.groups(),
            fix=fitting.fix,
            tie=fitting.tie,
            **fitting.estimation(),
            **work.repetition(),
            on_progress=on_progress,
            **data.reading(),
        )
    return deliver(report, output, view)
