"""The options of `scaling schema`."""

from __future__ import annotations

from scaling_cli.options.command import Argument, Command
from scaling_cli.options.option import Options
from scaling_cli.options.output import ToFile

COMMAND = Command(
    about="Print the JSON Schema of the documents that a command writes with --json.",
    argument=Argument(name="name", metavar="COMMAND", help="Name of the command.", python="str", is_list=False),
    options=Options,
    shell=(ToFile,),
    examples=(("scaling schema fit", "the schema of what `scaling fit --json` writes"),),
)
