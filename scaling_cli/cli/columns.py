"""`scaling columns`."""

from __future__ import annotations

from scaling_cli.cli.flags import DataOptions, OutputOptions, RunsArgument
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.show import deliver
from scaling_cli.errors import DataError, UsageError


def command(runs: RunsArgument, data: DataOptions, output: OutputOptions) -> int:
    """Say which column is read for what, in which unit, and what would be left out, before anything is fitted.

    Example: scaling columns logs/ --map loss=eval/loss
    """
    if output.figure:
        raise UsageError("columns fits nothing, so there is nothing to draw.", hint="Leave --figure out.")
    prepare_output(output, runs)
    from scaling_cli.report.columns import view
    from scaling_cli.verbs.columns import columns, sketched_columns

    try:
        report = columns(runs, by=data.groups(), **data.reading())
    except (UsageError, DataError) as error:
        deliver(sketched_columns(runs, error, by=data.groups(), **data.reading()), output, view)
        raise
    return deliver(report, output, view)
