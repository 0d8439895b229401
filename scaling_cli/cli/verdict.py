"""The exit code of a report, and why it is not 0."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scaling_cli.numbers.format import escape
from scaling_cli.record import Record

if TYPE_CHECKING:
    from scaling_cli.options.output import Output
    from scaling_cli.results.report import Report


DONE, DOUBTED, PARTLY = 0, 4, 5  # exit codes: see docs/how-to/json.md


def say(verdict: Verdict) -> int:
    """Write on stderr why the exit code is not 0, and return it."""
    if verdict.reason:
        sys.stderr.write(f"error: {escape(verdict.reason)}\nhint: {escape(verdict.hint)}\n")
    return verdict.code


class Verdict(Record):
    """The exit code of a report, and why it is not 0."""

    code: int
    reason: str = ""
    hint: str = ""


def judge(report: Report[Any], output: Output) -> Verdict:
    """The exit code that a report deserves under these options, and why."""
    codes = {caveat.code for caveat in report.caveats}
    tripped = ""
    if output.fail_if:
        from scaling_cli.document.write import plain

        tripped = tripped_gate([plain(result) for result in report.results], output, report.command)
    return judged(output, results=len(report.results), codes=codes, tripped=tripped, failures=len(report.failures))


def judged(output: Output, *, results: int, codes: set[str], tripped: str, failures: int) -> Verdict:
    """What results, caveats, gates and failures add up to."""
    if not results:
        return Verdict(DOUBTED, "No group could be fitted.", "Follow the hint of each failed group.")
    doubts = sorted(codes - set(output.allow))
    if output.strict and doubts:
        return Verdict(
            DOUBTED,
            f"--strict: there are caveats, {', '.join(doubts)}.",
            "Fix the cause, or accept one with --allow CODE.",
        )
    if tripped:
        return Verdict(PARTLY, tripped, "The result was written; change --fail-if if it should pass.")
    return Verdict(PARTLY if failures else DONE)


def tripped_gate(results: Sequence[Any], output: Output, command: str) -> str:
    """The first gate of `--fail-if` that trips, with its group and value; empty where none does.

    `results` are as in JSON.
    """
    from scaling_cli.cli.gates import parse_gate
    from scaling_cli.numbers.format import group_name

    gates = [parse_gate(text) for text in output.fail_if]
    words = _words(command) if any(isinstance(gate.value, str) for gate in gates) else {}
    for document in results:
        for gate in gates:
            if where := gate.trips(document, words):
                group = f" in {group_name(document['group'])}" if document["group"] else ""
                return f"--fail-if {gate.text!r} holds{group}: {where}."
    return ""


@functools.cache
def _words(command: str) -> dict[str, list[str]]:
    """The only words that keys of a command's results can have, by key."""
    from scaling_cli.document.schema import words_of
    from scaling_cli.verbs.schema import schema_of

    return words_of(schema_of(command))
