"""What is said about a command line that cannot be read."""

from __future__ import annotations

import pytest

from tests.cli.running import run, run_here


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["fit", "runs.csv", "--checkpoints"], "Write --checkpoints final|all|best. scaling fit --help describes it."),
        (
            ["fit", "runs.csv", "--format"],
            "Write --format table|plain|json|jsonl|csv|md|latex|html. scaling fit --help",
        ),
        (["columns", "runs.csv", "--lose"], "scaling columns --help lists its options."),
        (["fti", "runs.csv"], "scaling --help lists the commands."),
    ],
)
def test_the_hint_says_what_to_write(words, hint):
    shown = run(*words)
    assert shown.returncode == 2
    assert f"hint: {hint}" in shown.stderr


def test_a_command_without_runs_says_that_they_may_come_from_standard_input():
    for command, argument in ("fit", "RUNS"), ("columns", "RUNS"), ("inference-coverage", "LOGS"):
        assert run_here(command).stderr == (
            f"error: Missing argument '{argument}...'.\n"
            f"hint: Name files or folders, or - for standard input. scaling {command} --help lists its options.\n"
        )
