"""`scaling compare-exponents`."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from scaling_cli.cli.fit_options import FitOptions
from scaling_cli.cli.flags import DataOptions, OutputOptions, RunsArgument
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.progress import progress
from scaling_cli.cli.show import deliver
from scaling_cli.cli.work_options import WorkOptions

# Of the options of `fit`: a comparison holds no parameter at a value, believes nothing and uses one objective.
UNUSED = ("fix", "tie", "start", "bound", "prior", "spread")


@dataclasses.dataclass(frozen=True)
class CompareOptions:
    """What to ask of the groups."""

    reference: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare each group with this one; else every pair.")
    ] = None
    shared_floor: Annotated[
        bool, typer.Option("--shared-floor", help="One floor for all groups, unless the data reject it.")
    ] = False
    margin: Annotated[
        str,
        typer.Option(
            metavar="1.25|0.005",
            help="What is too small to matter: a drift of the compute multiplier, or below 1 an exponent difference.",
        ),
    ] = "1.25"
    to: Annotated[
        str | None,
        typer.Option(metavar="ROLE=X", help="How far the drift counts: compute=1e25; else as far again as the data."),
    ] = None
    pair: Annotated[
        str | None,
        typer.Option(metavar="COL|none", help="Column that matches runs of the groups; seed, where they all match."),
    ] = None


def command(
    runs: RunsArgument,
    data: DataOptions,
    fitting: FitOptions,
    comparing: CompareOptions,
    work: WorkOptions,
    output: OutputOptions,
) -> int:
    """Compare the exponents of groups of runs: does a factor move the exponent, or only the constant?

    Example: scaling compare-exponents runs.csv --by optimizer --to compute=1e25
    """
    prepare_output(output, runs)
    fitting.refuse(UNUSED, "compare-exponents")
    from scaling_cli.numbers.parse import parse_number
    from scaling_cli.report.compare_exponents import view
    from scaling_cli.verbs.compare_exponents import compare_exponents

    with progress(output, "Tests") as on_progress:
        report = compare_exponents(
            runs,
            by=data.groups(),
            law=fitting.law,
            x=fitting.x,
            **data.reading(),
            **fitting.estimation(),
            weight=fitting.weight,
            scale_weight=fitting.scale_weight,
            reference=comparing.reference,
            shared_floor=comparing.shared_floor,
            margin=parse_number(comparing.margin.strip().removesuffix("x")),
            to=comparing.to,
            pair=comparing.pair,
            **work.repetition(),
            on_progress=on_progress,
        )
    return deliver(report, output, view)
