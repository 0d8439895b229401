"""A run that is still being trained: read its log again and again. For the shell alone."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.options.kinds import SWITCH, number
from scaling_cli.options.option import Options, option


class Watching(Options):
    """A run that is under way."""

    heading = "A run under way"

    watch: bool = option(
        False, SWITCH, "Read the log again whenever it grows, and forecast the end of the run along its schedule "
        "(--targets FILE).",
    )  # fmt: skip
    beat: float | None = option(
        None, number(above=0.0, example="2.31"), "Loss to beat: exit with code 5 once the interval of the final loss "
        "lies above it.",
        metavar="LOSS",
    )  # fmt: skip
    every: float = option(
        30.0, number(above=0.0, example="30"), "With --watch, seconds to wait before reading the log again."
    )

    def check(self) -> None:
        """Refuse a pace where nothing is watched."""
        super().check()
        if self.every != self.options["every"].default and not self.watch:
            raise UsageError("--every works only with --watch.", hint="Add --watch, or leave --every out.")

    @property
    def is_asked(self) -> bool:
        """Whether a run is to be watched or judged."""
        return self.watch or self.beat is not None
