"""Counters of tokens that start again."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.rows import token_counter
from scaling_cli.data.runs.rows.token_counter import doubts, find_falls, mended, suspects
from scaling_cli.data.runs.select import RATE


def rows(tokens, steps=None, run="a"):
    steps = steps or [10 * (place + 1) for place in range(len(tokens))]
    return pl.DataFrame({"run_id": [run] * len(tokens), "step": steps, "tokens": [float(count) for count in tokens]})


def falls_of(*frames):
    found = find_falls(pl.concat(frames).lazy())
    return found.restarts.rows(), found.others.rows()


@pytest.mark.parametrize(
    ("tokens", "restarts", "others"),
    [
        ([10, 20, 30, 40], [], []),
        ([10, 20, 30, 10, 20], [("a", 40.0, 30.0)], []),
        ([10, 20, 30, 20, 30], [("a", 40.0, 30.0)], []),  # twice the tokens of the steps since
        ([10, 20, 30, 21, 31], [], [("a", 40.0)]),
        ([10, 20, 0, 10, 5], [("a", 30.0, 20.0), ("a", 50.0, 30.0)], []),  # what two restarts lost adds up
        ([10, 10, 20, 30], [], []),
    ],
)
def test_a_fall_to_near_zero_is_a_restart(tokens, restarts, others):
    assert falls_of(rows(tokens)) == (restarts, others)


def test_runs_are_looked_at_by_themselves_and_only_those_asked_for():
    first, second = rows([10, 20, 10]), rows([100, 200, 300], run="b")
    assert falls_of(first, second) == ([("a", 30.0, 20.0)], [])
    only = find_falls(pl.concat([first, first.with_columns(run_id=pl.lit("c"))]).lazy(), pl.Series(["c"]))
    assert only.restarts["run_id"].to_list() == ["c"]


def test_rows_without_a_run_a_step_or_tokens_do_not_count():
    odd = pl.DataFrame({"run_id": [None, "a", "a", "a"], "step": [15, None, 25, 26], "tokens": [1.0, 1.0, None, -1.0]})
    assert falls_of(pl.concat([rows([10, 20, 30]), odd])) == ([], [])


def test_steps_that_a_resumed_run_went_over_again_are_passed_over():
    again = rows([10, 20, 30, 40, 30, 40, 50], steps=[10, 20, 30, 40, 30, 40, 50])
    assert falls_of(again) == ([], [])
    crash = rows([10, 20, 30, 40, 10, 20], steps=[10, 20, 30, 40, 30, 40])  # a restart after step 20
    assert falls_of(crash) == ([("a", 30.0, 20.0)], [])


def test_rows_out_of_order_are_sorted():
    shuffled = rows([50, 10, 40, 20, 30, 60, 80, 70], steps=[50, 10, 40, 20, 30, 60, 80, 70])
    assert falls_of(shuffled) == ([], [])
    backwards = rows([10, 20, 30, 40, 50, 60], steps=[60, 50, 40, 30, 20, 10])
    assert len(falls_of(backwards)[0]) + len(falls_of(backwards)[1]) == 5


def test_many_rows_are_thinned_and_show_the_same_restart(monkeypatch):
    counts = [*range(1, 301), *range(1, 301)]
    plain = rows(counts, steps=list(range(600)))
    whole = falls_of(plain)
    monkeypatch.setattr(token_counter, "EXACT", 599)
    monkeypatch.setattr(token_counter, "BUCKETS", 60)
    ((run, step, lost),), others = falls_of(plain)
    assert whole == ([("a", 300.0, 300.0)], [])
    assert (run, others) == ("a", [])
    assert 300 <= step < 312
    assert 288 < lost <= 300


def test_tokens_before_each_restart_are_added_from_its_step_on():
    falls = find_falls(rows([10, 20, 30, 10, 20, 10]).lazy())
    points = pl.DataFrame({
        "run_id": ["a", "a", "a", "a", "b", None, "a"],
        "step": [60, 40, 30, 50, 60, 60, None],
        "tokens": [10.0, 10.0, 30.0, 20.0, 5.0, 7.0, 9.0],
    })  # fmt: skip
    assert mended(points, falls)["tokens"].to_list() == [60.0, 40.0, 30.0, 50.0, 5.0, 7.0, 9.0]
    assert mended(points, falls).columns == points.columns
    untouched = find_falls(rows([10, 20]).lazy())
    assert mended(points, untouched) is points


@pytest.mark.parametrize(
    ("step", "rate", "is_suspect"),
    [
        (100.0, 10.0 / 101, False),
        (100.0, 10.0 / 101 * 1.004, False),
        (100.0, 10.0 / 101 * 1.006, True),
        (99.0, 10.0 / 100, True),  # too short to tell
        (100.0, None, True),
    ],
)
def test_a_run_is_suspected_by_its_rate(step, rate, is_suspect):
    point = pl.DataFrame(
        {"run_id": ["a"], "step": [step], "tokens": [10.0], RATE: [rate]}, schema_overrides={RATE: pl.Float64}
    )
    assert suspects(point).to_list() == (["a"] if is_suspect else [])
    assert suspects(point.drop(RATE)).to_list() == ["a"]
    assert suspects(point.with_columns(run_id=pl.lit(None, pl.String))).is_empty()


def test_restarts_and_other_falls_have_caveats_of_their_own():
    falls = find_falls(
        pl.concat([rows([10, 20, 10], run="b"), rows([10, 20, 10]), rows([10, 20, 30, 25], run="c")]).lazy()
    )
    restarted, fallen = doubts(falls, "seen", 5, lambda run: f"<{run}>")
    assert (restarted.code, fallen.code) == ("tokens-restarted", "tokens-fall")
    assert "2 of 5" in restarted.message
    assert "<a>" in restarted.message
    assert "step 30" in restarted.message
    assert "1 of 5" in fallen.message
    assert doubts(find_falls(rows([10, 20]).lazy()), "seen", 1, str) == ()


@pytest.mark.parametrize(("resumes", "others"), [(3, []), (4, [("a", 20.0)])])
def test_steps_that_go_back_more_than_three_times_are_out_of_order(resumes, others):
    """After a resume, the rows that are gone over again do not count; in a log out of order all rows do."""
    log = [(10, 10), (20, 20), (30, 30), (40, 40)]
    for place in range(resumes):
        log += [(15 + place, 100 + place), (50 + place, 110 + place)]
    steps, tokens = zip(*log, strict=True)
    assert falls_of(rows(tokens, steps=list(steps))) == ([], others)
