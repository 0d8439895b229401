"""The options of `scaling show`."""

from __future__ import annotations

from scaling_cli.options.command import Argument, Command
from scaling_cli.options.option import Options
from scaling_cli.options.output import Saved

COMMAND = Command(
    about="Show a result that a command saved as JSON (-o FILE.json), in any format and with any figure. Nothing is "
    "fitted again.",
    argument=Argument(
        name="result", metavar="RESULT.json", help="A file that a command wrote with --json or -o.", python="str",
        is_list=False,
    ),
    options=Options,
    shell=(Saved,),
    examples=(
        ("scaling show fit.json", "the answer again"),
        ("scaling show fit.json --figure fit.pdf --figure-size single --report fit.html", "a figure and a page"),
        ("scaling show fit.json --format latex", "a table for a paper"),
    ),
)  # fmt: skip
