"""Apply a function to many tasks, in this process or in parallel workers.

All repeated work goes through `each`, so that serial and parallel runs share one code path and return outcomes in one
order. joblib distributes the tasks: its backend `loky` uses processes on this machine, `dask` and `ray` use clusters.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import Record

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress: TypeAlias = Callable[[int, int], None]
CLUSTERS = ("dask", "ray")
BACKENDS = ("serial", "loky", *CLUSTERS)
SLICE = 8  # tasks per worker that a cluster gets at a time, because its backend returns them all at once

# Starting processes is worth it above this many seconds of remaining work: each process first imports this package,
# which takes one or two seconds.
WORTHWHILE = 4.0
TRIALS = 2  # tasks done in this process first; the first one includes the time for imports


class Workers(Record):
    """The number of processes and their backend; with `is_trial`, short work stays in this process."""

    count: int = 1
    backend: str = "loky"
    scheduler: str | None = None
    is_trial: bool = False

    @property
    def is_serial(self) -> bool:
        """Whether all work is done in this process."""
        return self.count == 1 and self.backend not in CLUSTERS


SERIAL = Workers(1, "serial")


def workers_from(jobs: str, backend: str | None = None, scheduler: str | None = None) -> Workers:
    """The workers that `--jobs N|auto`, `--backend` and `--scheduler` ask for.

    Raises:
        UsageError: The number is not valid, the backend is unknown, or it takes no scheduler.
    """
    if backend is not None and backend not in BACKENDS:
        raise UsageError(f"--backend {backend!r} is unknown.", hint=f"Choose one of {', '.join(BACKENDS)}.")
    if scheduler is not None and backend not in CLUSTERS:
        raise UsageError(
            "--scheduler works only with a backend for clusters.",
            hint=f"Add --backend {' or --backend '.join(CLUSTERS)}.",
        )
    count = available_cores() if jobs == "auto" else int(jobs) if jobs.isascii() and jobs.isdigit() else 0
    if count < 1:
        raise UsageError(
            f"--jobs {jobs!r} is not a number of processes.",
            hint="Give a whole number of at least 1, such as 2, or auto.",
        )
    if backend == "serial":
        return SERIAL
    return Workers(count, backend or "loky", scheduler, is_trial=jobs == "auto" and backend not in CLUSTERS)


def available_cores() -> int:
    """Number of cores that this process may use; in a container it can be smaller than that of the machine."""
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
    """Outcomes of `function` in the order of `tasks`; `on_progress` is called with the number done and the total."""
    for done, outcome in enumerate(_outcomes(function, tasks, workers), start=1):
        if on_progress is not None:
            on_progress(done, len(tasks))
        yield outcome


def _outcomes(function: Callable[[Task], Outcome], tasks: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    if len(tasks) < 2 or workers.is_serial:
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

    # One process per core: more threads of polars in each process would only compete for the cores.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    is_local = workers.backend == "loky"
    with contextlib.ExitStack() as stack:
        stack.enter_context(_cluster(workers))
        stack.enter_context(joblib.parallel_config(backend=workers.backend, n_jobs=workers.count))
        # As a context, so that the processes live until all slices are done.
        parallel = stack.enter_context(joblib.Parallel(return_as="generator" if is_local else "list"))
        stack.enter_context(_told_if_killed())
        size = len(tasks) if is_local else SLICE * workers.count
        for first in range(0, len(tasks), size):
            yield from parallel(joblib.delayed(function)(task) for task in tasks[first : first + size])


@contextlib.contextmanager
def _told_if_killed() -> Iterator[None]:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    try:
        yield
    except BrokenProcessPool:
        raise DataError(
            "A worker process was killed, perhaps because the memory was full.",
            hint="Use fewer --jobs. With --per-file and a file of JSON lines, --resume keeps what was finished.",
        ) from None


@contextlib.contextmanager
def _cluster(workers: Workers) -> Iterator[None]:
    """Connect joblib's backend to the cluster at the address, or to a temporary one on this machine."""
    with contextlib.ExitStack() as stack:
        try:
            if workers.backend == "dask":
                _join_dask(workers, stack)
            elif workers.backend == "ray":
                _join_ray(workers, stack)
        except ImportError as error:
            raise UsageError(
                f"--backend {workers.backend} needs a package that is not installed ({error.name}).",
                hint=f"Install it with: pip install 'scaling-cli[{workers.backend}]', or in a clone: "
                f"pip install '.[{workers.backend}]'",
            ) from None
        except OSError as error:
            if workers.scheduler is None:
                raise
            raise UsageError(
                f"Cannot reach a scheduler at {workers.scheduler}: {error}.",
                hint="Check the address, and that the scheduler is running.",
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
