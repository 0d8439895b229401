"""The options of `scaling columns`."""

from __future__ import annotations

from scaling_cli.options.command import RUNS, Command
from scaling_cli.options.reading import Reading

COMMAND = Command(
    about="Show which column is read for what, in which unit, and what would be left out, before anything is fitted.",
    argument=RUNS,
    options=Reading,
    examples=(
        ("scaling columns runs.csv", "check how the file is read"),
        ("scaling columns logs/ --map loss=eval/loss", "name the column of the loss"),
    ),
)
