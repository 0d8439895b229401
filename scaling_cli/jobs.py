"""Repeat a function over chunks or files, in this process or spread over workers.

Everything that repeats goes through `each`, so that parallel runs and serial runs are one code path with one order of
results. joblib does the spreading: its `loky` backend runs on this machine, `dask` and `ray` on clusters.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from scaling_cli.errors import UsageError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress: TypeAlias = Callable[[int, int], None]
BACKENDS = ("serial", "loky", "dask", "ray")


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes, and whose."""

    count: int = 1
    backend: str = "loky"
    scheduler: str | None = None


SERIAL = Workers(1, "serial")


def workers_from(jobs: str, backend: str | None = None) -> Workers:
    """Workers as the options `--jobs N|auto` and `--backend` name them.

    Raises:
        UsageError: The number is none, or the backend is unknown.
    """
    if backend is not None and backend not in BACKENDS:
        raise UsageError(f"No backend is called {backend!r}.", hint=f"Choose one of {', '.join(BACKENDS)}.")
    count = available_cores() if jobs == "auto" else int(jobs) if jobs.isascii() and jobs.isdigit() else 0
    if count < 1:
        raise UsageError(f"--jobs is {jobs!r}.", hint="Give a number of processes, such as 2, or auto.")
    return SERIAL if backend == "serial" else Workers(count, backend or "loky")


def available_cores() -> int:
    """Cores that this process may use, which in containers are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(
    function: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    *,
    workers: Workers = SERIAL,
    on_progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Outcomes of `function` in the order of `tasks`; `on_progress` hears how many are done, of how many."""
    outcomes = map(function, tasks) if workers.count == 1 or len(tasks) < 2 else _spread(function, tasks, workers)
    for done, outcome in enumerate(outcomes, start=1):
        if on_progress is not None:
            on_progress(done, len(tasks))
        yield outcome


def _spread(function: Callable[[Task], Outcome], tasks: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    import joblib

    parallel = joblib.Parallel(n_jobs=workers.count, backend=workers.backend, return_as="generator")
    outcomes: Iterator[Outcome] = parallel(joblib.delayed(function)(task) for task in tasks)
    return outcomes
