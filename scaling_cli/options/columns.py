"""The options of `scaling columns`."""

from __future__ import annotations

from scaling_cli.options.command import RUNS, Command
from scaling_cli.options.reading import Reading

COMMAND = Command(
    about="Show how each column would be read, in which unit, and which rows would be left out. Nothing is fitted.",
    argument=RUNS,
    options=Reading,
    examples=(
        ("scaling columns runs.csv", "check how the file is read"),
        ("scaling columns logs/ --map loss=eval/loss", "say which column holds the loss"),
    ),
)
