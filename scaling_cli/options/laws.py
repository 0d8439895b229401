"""The options of `scaling laws`."""

from __future__ import annotations

from scaling_cli.options.command import Argument, Command
from scaling_cli.options.option import Options


class Laws(Options):
    """No options beside those of output."""


COMMAND = Command(
    about="List the laws that can be fitted, or explain one: its formula, parameters, source and published fits.",
    argument=Argument(
        name="name", metavar="[NAME]", help="The law to explain.", python="str | None", is_list=False, is_needed=False
    ),
    options=Laws,
    examples=(("scaling laws", "all laws"), ("scaling laws chinchilla", "one law and its published fits")),
)
