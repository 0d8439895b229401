"""Repeat a function over chunks or files, in this process or spread over workers.

Everything that repeats goes through `each`, so that parallel runs and serial runs are one code path with one order of
results. joblib does the spreading: its `loky` backend runs on this machine, `dask` and `ray` on clusters.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from scaling_cli.errors import UsageError
from scaling_cli.record import Record

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress: TypeAlias = Callable[[int, int], None]
CLUSTERS = ("dask", "ray")
BACKENDS = ("serial", "loky", *CLUSTERS)
SLICE = 8  # tasks a worker of a cluster gets before results are handed on: its backend returns them all at once


# Seconds of work left above which starting processes pays: each imports this package first, which takes one or two.
WORTHWHILE = 4.0
TRIALS = 2  # tasks done here first, because the first one pays for imports


class Workers(Record):
    """How many processes, and whose; `is_trial` leaves short work to this process."""

    count: int = 1
    backend: str = "loky"
    scheduler: str | None = None
    is_trial: bool = False


SERIAL = Workers(1, "serial")


def workers_from(jobs: str, backend: str | None = None, scheduler: str | None = None) -> Workers:
    """Workers as the options `--jobs N|auto`, `--backend` and `--scheduler` name them.

    Raises:
        UsageError: The number is none, the backend is unknown, or has no scheduler.
    """
    if backend is not None and backend not in BACKENDS:
        raise UsageError(f"No backend is called {backend!r}.", hint=f"Choose one of {', '.join(BACKENDS)}.")
    if scheduler is not None and backend not in CLUSTERS:
        raise UsageError("--scheduler needs a cluster.", hint=f"Add --backend {' or --backend '.join(CLUSTERS)}.")
    count = available_cores() if jobs == "auto" else int(jobs) if jobs.isascii() and jobs.isdigit() else 0
    if count < 1:
        raise UsageError(f"--jobs is {jobs!r}.", hint="Give a number of processes, such as 2, or auto.")
    if backend == "serial":
        return SERIAL
    return Workers(count, backend or "loky", scheduler, is_trial=jobs == "auto" and backend not in CLUSTERS)


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
    for done, outcome in enumerate(_outcomes(function, tasks, workers), start=1):
        if on_progress is not None:
            on_progress(done, len(tasks))
        yield outcome


def _outcomes(function: Callable[[Task], Outcome], tasks: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    is_cluster = workers.backend in CLUSTERS
    if len(tasks) < 2 or (workers.count == 1 and not is_cluster):
        yield from map(function, tasks)
        return
    start = 0
    if workers.is_trial:
        seconds = 0.0
        while start < len(tasks) and (start < TRIALS or seconds * (len(tasks) - start) < WORTHWHILE):
            begun = time.monotonic()
            outcome = function(tasks[start])
            seconds = time.monotonic() - begun
            start += 1
            yield outcome
    if start < len(tasks):
        yield from _spread(function, tasks[start:], workers)


def _spread(function: Callable[[Task], Outcome], tasks: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    import joblib

    # One process a core: threads of polars in each would only get in each other's way.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    is_local = workers.backend == "loky"
    with contextlib.ExitStack() as stack:
        stack.enter_context(_cluster(workers))
        stack.enter_context(joblib.parallel_config(backend=workers.backend, n_jobs=workers.count))
        # Entered, so that the processes stay for all slices.
        parallel = stack.enter_context(joblib.Parallel(return_as="generator" if is_local else "list"))
        size = len(tasks) if is_local else SLICE * workers.count
        for first in range(0, len(tasks), size):
            yield from parallel(joblib.delayed(function)(task) for task in tasks[first : first + size])


@contextlib.contextmanager
def _cluster(workers: Workers) -> Iterator[None]:
    """The cluster that joblib's backend works on: the one at the address, or one on this machine for the while."""
    with contextlib.ExitStack() as stack:
        try:
            if workers.backend == "dask":
                _join_dask(workers, stack)
            elif workers.backend == "ray":
                _join_ray(workers, stack)
        except ImportError as error:
            raise UsageError(
                f"--backend {workers.backend} needs a package that is not installed ({error.name}).",
                hint=f"Install it: pip install 'scaling-cli[{workers.backend}]'.",
            ) from None
        except OSError as error:
            if workers.scheduler is None:
                raise
            raise UsageError(
                f"No scheduler answers at {workers.scheduler}: {error}.", hint="Check the address, and that it runs."
            ) from None
        yield


def _join_dask(workers: Workers, stack: contextlib.ExitStack) -> None:
    distributed: Any = importlib.import_module("distributed")
    address = workers.scheduler
    if address is None:
        address = stack.enter_context(
            distributed.LocalCluster(
                n_workers=workers.count, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
            )
        )
    stack.enter_context(distributed.Client(address))


def _join_ray(workers: Workers, stack: contextlib.ExitStack) -> None:
    ray: Any = importlib.import_module("ray")
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if workers.scheduler is None:
        ray.init(num_cpus=workers.count, include_dashboard=False, **quiet)
    else:
        ray.init(address=workers.scheduler, **quiet)
    stack.callback(ray.shutdown)
    importlib.import_module("ray.util.joblib").register_ray()
