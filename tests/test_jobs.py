import time

import pytest

from scaling_cli import jobs
from scaling_cli.errors import DataError, UsageError


def doubled(number):
    if number < 0:
        error = DataError("A number below zero.", hint="Give another.")
        error.caveats = ["was negative"]
        raise error
    return 2 * number


def slow(number):
    time.sleep(0.02 * (5 - number))
    return number


@pytest.mark.parametrize("workers", [jobs.SERIAL, jobs.Workers(2), jobs.Workers(2, is_trial=True)])
def test_outcomes_come_in_the_order_of_tasks_with_progress(workers):
    heard = []
    outcomes = list(jobs.each(doubled, range(5), workers=workers, on_progress=lambda *said: heard.append(said)))
    assert outcomes == [0, 2, 4, 6, 8]
    assert heard == [(done, 5) for done in range(1, 6)]


def test_an_early_task_that_takes_longest_still_comes_first():
    assert list(jobs.each(slow, range(5), workers=jobs.Workers(2))) == [0, 1, 2, 3, 4]


def test_an_error_in_a_worker_arrives_whole():
    with pytest.raises(DataError) as caught:
        list(jobs.each(doubled, [1, -1], workers=jobs.Workers(2)))
    assert caught.value.hint == "Give another."
    assert caught.value.caveats == ["was negative"]


def test_automatic_workers_leave_short_work_to_this_process(monkeypatch):
    def refuse(*_):
        raise AssertionError("processes were started")

    monkeypatch.setattr(jobs, "_spread", refuse)
    workers = jobs.workers_from("auto")
    assert workers.is_trial
    assert list(jobs.each(doubled, range(100), workers=workers)) == [2 * i for i in range(100)]


def test_automatic_workers_share_long_work(monkeypatch):
    monkeypatch.setattr(jobs, "WORTHWHILE", 0.0)
    monkeypatch.setattr(jobs, "_spread", lambda function, tasks, _: map(function, tasks))
    assert list(jobs.each(doubled, range(5), workers=jobs.Workers(2, is_trial=True))) == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    "options", [("0",), ("two",), ("1", "spark"), ("2", None, "tcp://host:1"), ("2", "loky", "tcp://host:1")]
)
def test_options_that_name_no_workers_are_usage_errors(options):
    with pytest.raises(UsageError) as caught:
        jobs.workers_from(*options)
    assert caught.value.hint


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of theirs, not of this package's
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_cluster_gives_the_same_outcomes_or_says_what_to_install(backend):
    package = {"dask": "distributed", "ray": "ray"}[backend]
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(UsageError, match=package) as caught:
            list(jobs.each(doubled, range(3), workers=jobs.Workers(2, backend)))
        assert f"scaling-cli[{backend}]" in caught.value.hint
    else:
        assert list(jobs.each(doubled, range(20), workers=jobs.Workers(2, backend))) == [2 * i for i in range(20)]
