"""What `--where` may contain: conditions as people write them, and nothing that takes memory or time without limit."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.condition import check_condition, with_plain_numbers
from scaling_cli.errors import UsageError
from tests.data.loading import load_runs

RUNS = pl.DataFrame(
    {"run_id": ["a", "b", "c"], "params": [1e6, 2e6, 4e6], "tokens": [1e9] * 3, "loss": [3.0, 2.9, 2.8]}
)


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("params > 1e6 AND loss < 2.9", 1),
        ("run_id IN ('a', 'b--c') OR (params) > 3e6", 2),
        ("lower(run_id) LIKE '%a' OR log10(params) > 6.5", 2),
        ("CASE WHEN params > 1e6 THEN true ELSE false END", 2),
        ("run_id = 'repeat(1)' OR params BETWEEN 1 AND 1e6", 1),
        ("run_id IN (" + ", ".join(f"'r{i}'" for i in range(5000)) + ", 'a')", 1),
        (" OR ".join(["params > 1e6"] * 100), 2),
        ("params > 1M", 2),
        ("params > 1.5m AND tokens >= 1B", 2),
        ("tokens < 0.001T OR params BETWEEN 1.9M AND 2.1M", 1),
        ("params = 1_000_000 OR run_id = '2M'", 1),
        ("params IN (1M, 4000k)", 2),
        ("params > 2e0M", 1),
    ],
)
def test_what_people_write_is_taken(condition, kept):
    assert load_runs(RUNS, where=condition).frame.height == kept


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("repeat(run_id, 1000000000000) = 'a'", r"calls repeat\(\)"),
        ("LPAD(run_id, 1000000000000, 'x') = 'a'", r"calls LPAD\(\)"),
        ("replace(replace(run_id, 'a', 'aaaa'), 'a', 'aaaa') = 'a'", r"calls replace\(\)"),
        ("(" * 51 + "params" + ")" * 51 + " > 1", "parentheses"),
        (" OR ".join(["params > 1"] * 500), "operators"),
        ("-" + "-" * 100 + "params > 1", "comment"),
        ("- " * 300 + "params > 1", "operators"),
        ("CASE WHEN params > 1 THEN " * 9, "CASE"),
        ("params > 1; DROP TABLE x", "second statement"),
        ("params > 1" + " " * 100_000, "characters"),
    ],
)
def test_what_could_take_memory_or_time_is_refused(condition, why):
    with pytest.raises(UsageError, match=why):
        load_runs(RUNS, where=condition)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("a = '" + "x" * 99_994 + "'", None),
        ("a = '" + "x" * 99_995 + "'", "at most 100,000 are allowed"),
        ("(" * 50 + "a" + ")" * 50, None),
        ("(" * 51 + "a" + ")" * 51, "more than 50 parentheses"),
        ("(a)" * 60, None),
        ("a" + " AND a" * 200, None),
        ("a" + " AND a" * 201, "more than 200 operators"),
        ("CASE " * 8, None),
        ("CASE " * 9, "more than 8 times CASE"),
        ("a = 1; b", "a comment or a second statement"),
        ("a -- b", "a comment or a second statement"),
        ("a = ';--/*'", None),
        ("repeat(a, 5)", r"calls repeat\(\)"),
        ("LOWER(a) IN (1)", None),
        ("a IN ('repeat(x)')", None),
    ],
)
def test_a_condition_is_measured_up_to_its_limits(condition, message):
    if message is None:
        check_condition(condition, "hint")
    else:
        with pytest.raises(UsageError, match=message):
            check_condition(condition, "hint")


def test_a_long_condition_is_shown_in_part():
    with pytest.raises(UsageError) as caught:
        check_condition("repeat(" + "a" * 93 + ")", "hint")
    assert f"{'a' * 93}...'" in caught.value.message
    with pytest.raises(UsageError) as caught:
        check_condition("repeat(" + "a" * 92 + ")", "hint")
    assert f"{'a' * 92})'" in caught.value.message


def test_numbers_are_written_out_only_outside_quotes_and_names():
    condition = "x1B > 1B AND \"1B\" = '1B' AND a.b2M < 2.5t AND y > 1e9 AND z <> 3"
    plain = "x1B > 1e9 AND \"1B\" = '1B' AND a.b2M < 2.5e12 AND y > 1e9 AND z <> 3"
    assert with_plain_numbers(condition) == plain


@pytest.mark.parametrize("condition", ["params > 1 B", "params > 1e6 AS big", "run_id = 'a' loss", "params > 1X"])
def test_words_after_a_condition_are_refused(condition):
    with pytest.raises(UsageError, match="takes for the name of the result"):
        load_runs(RUNS, where=condition)


@pytest.mark.parametrize("condition", ["run_id = a", 'run_id = "a"'])
def test_a_text_without_single_quotes_gets_the_way_to_write_it(condition):
    with pytest.raises(UsageError, match="Unknown column 'a'") as error:
        load_runs(RUNS, where=condition)
    assert error.value.hint.endswith("Text stands in single quotes: 'a'.")
    assert load_runs(RUNS, where="run_id = 'a'").frame.height == 1
