"""`scaling fit`."""

from __future__ import annotations

from scaling_cli.cli.fit_options import FitOptions
from scaling_cli.cli.flags import DataOptions, OutputOptions, RunsArgument
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.progress import progress
from scaling_cli.cli.show import deliver
from scaling_cli.cli.work_options import BatchOptions, WorkOptions


def command(
    runs: RunsArgument,
    data: DataOptions,
    fitting: FitOptions,
    work: WorkOptions,
    batch: BatchOptions,
    output: OutputOptions,
) -> int:
    """Fit a loss law to training runs: the global optimum, with intervals, and whether the data can answer.

    Example: scaling fit runs.csv --law chinchilla --json -o fit.json
    """
    prepare_output(output, runs)
    import functools

    from scaling_cli.report.fit import view
    from scaling_cli.verbs.fit import fit

    ask = functools.partial(
        fit,
        law=fitting.law,
        x=fitting.x,
        fix=fitting.fix,
        tie=fitting.tie,
        start=fitting.start,
        bound=fitting.bound,
        by=data.groups(),
        **fitting.estimation(),
        weight=fitting.weight,
        scale_weight=fitting.scale_weight,
        prior=fitting.prior,
        spread=fitting.spread,
        **data.reading(),
    )
    if batch.is_asked:
        from scaling_cli.cli.per_file import deliver_each

        return deliver_each(runs, ask, batch, work.workers(), output, view)
    with progress(output, "Replicates") as on_progress:
        report = ask(runs, **work.repetition(), on_progress=on_progress)
    return deliver(report, output, view)
