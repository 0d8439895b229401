"""Work in parallel processes, and on many files one by one."""

from __future__ import annotations

from scaling_cli.jobs import BACKENDS, Workers, workers_from
from scaling_cli.options.kinds import JOBS, SWITCH, TEXT, choice
from scaling_cli.options.option import Options, option


class Work(Options):
    """How many processes do the work; the result does not depend on it, to the byte."""

    heading = "Parallel work"

    jobs: str = option("1", JOBS, "Number of processes to use; results do not depend on it.", recorded="never")
    backend: str | None = option(
        None, choice(*BACKENDS), "How the processes are run; results do not depend on it.", choices=BACKENDS,
        recorded="never",
    )  # fmt: skip
    scheduler: str | None = option(
        None, TEXT, "Address of the dask or ray cluster; by default a temporary local one.", metavar="ADDRESS",
        recorded="never",
    )  # fmt: skip

    def check(self) -> None:
        """Refuse a cluster without a backend."""
        super().check()
        _ = self.workers

    @property
    def workers(self) -> Workers:
        """The processes that these options ask for."""
        return workers_from(self.jobs, self.backend, self.scheduler)


class Batch(Options):
    """Many files, one by one; for the shell alone."""

    heading = "Many files"

    per_file: bool = option(
        False, SWITCH, "Analyse each file separately; a file that fails is reported, and the others continue."
    )
    resume: bool = option(
        False, SWITCH,
        "With --per-file -o FILE.jsonl: keep results in FILE whose input is unchanged, and try failed files again.",
    )  # fmt: skip
