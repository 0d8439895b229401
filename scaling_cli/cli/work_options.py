"""Options of whatever repeats: who does the work, and many files each on its own."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal, TypedDict

import typer

from scaling_cli.jobs import Workers, workers_from


class Repetition(TypedDict):
    """Keyword arguments of a verb about who does the work."""

    jobs: str
    backend: str | None
    scheduler: str | None


@dataclasses.dataclass(frozen=True)
class WorkOptions:
    """Who does the work."""

    jobs: Annotated[str, typer.Option(metavar="N|auto", help="Processes to spread replicates or files over.")] = "1"
    backend: Annotated[
        Literal["serial", "loky", "dask", "ray"] | None, typer.Option(help="Who runs the processes.")
    ] = None
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The dask or ray cluster to use; by default, a local one.")
    ] = None

    def workers(self) -> Workers:
        """Who does the work."""
        return workers_from(self.jobs, self.backend, self.scheduler)

    def repetition(self) -> Repetition:
        """What verbs that repeat take of these, for `**`."""
        return {"jobs": self.jobs, "backend": self.backend, "scheduler": self.scheduler}


@dataclasses.dataclass(frozen=True)
class BatchOptions:
    """Many files, each on its own."""

    per_file: Annotated[
        bool, typer.Option("--per-file", help="Each file is a group of its own; a bad one is reported, the rest go on.")
    ] = False
    resume: Annotated[
        bool,
        typer.Option("--resume", help="With --per-file -o FILE.jsonl: keep what FILE has, by content; retry failures."),
    ] = False

    @property
    def is_asked(self) -> bool:
        """Whether any of these is given."""
        return self.per_file or self.resume
