"""`scaling laws`."""

from __future__ import annotations

from typing import Annotated

import typer

from scaling_cli.cli.flags import OutputOptions
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.show import deliver
from scaling_cli.errors import UsageError


def command(
    output: OutputOptions,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Explain this law.")] = None,
) -> int:
    """List the laws that can be fitted, or explain one: formula, parameters, source, published fits.

    Example: scaling laws chinchilla
    """
    if output.figure:
        raise UsageError("laws fits nothing, so there is nothing to draw.", hint="Leave --figure out.")
    prepare_output(output, ())
    from scaling_cli.report.laws import view
    from scaling_cli.verbs.laws import laws

    return deliver(laws(name), output, view)
