"""The options of `scaling laws`."""

from __future__ import annotations

from scaling_cli.options.command import Argument, Command
from scaling_cli.options.kinds import choice
from scaling_cli.options.option import Options, option

TOPIC_NAMES = (
    "curves", "surfaces", "data", "architecture", "precision", "training", "reinforcement", "inference", "metrics",
)  # fmt: skip


class Laws(Options):
    """Which laws to list."""

    heading = "Law"

    topic: str | None = option(
        None, choice(*TOPIC_NAMES), "List only laws on this topic.", choices=TOPIC_NAMES, is_basic=True
    )  # fmt: skip


COMMAND = Command(
    about="List the laws that can be fitted, or explain one: its formula, parameters, source and published fits.",
    argument=Argument(
        name="name",
        metavar="[NAME]",
        help="The law to explain, or words to search for.",
        python="str | None",
        is_list=False,
        is_needed=False,
    ),
    options=Laws,
    examples=(
        ("scaling laws", "all laws"),
        ("scaling laws chinchilla", "one law and its published fits"),
        ("scaling laws mixture", "laws with this word"),
        ("scaling laws --topic data", "laws of data"),
    ),
)
