"""`scaling laws`."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer


def command(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Explain this law.")] = None,
    format: Annotated[Literal["table", "plain", "json"], typer.Option(help="Form of the list.")] = "table",
) -> int:
    """List the laws that can be fitted, or explain one: formula, parameters, source."""
    from scaling_cli.cli import terminal
    from scaling_cli.laws import LAWS, find_law
    from scaling_cli.report.laws.view import render_law, render_laws
    from scaling_cli.report.pages.look import Look

    look = Look(terminal.width(), terminal.wants_color("auto", sys.stdout), terminal.speaks_unicode(sys.stdout))
    sys.stdout.write(render_laws(LAWS, format, look) if name is None else render_law(find_law(name), format, look))
    return 0
