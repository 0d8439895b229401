"""The exit code of a report, and why it is not 0."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scaling_cli.numbers.format import escape
from scaling_cli.record import Record

if TYPE_CHECKING:
    from scaling_cli.cli.gates import Gate
    from scaling_cli.errors import UsageError
    from scaling_cli.options.output import Output
    from scaling_cli.results.report import Report


MOST_WITHOUT = 20  # results without a name after which it is taken for mistyped
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
    gates = Gates(output)
    gates.add(results, command)
    return gates.tripped()


class Gates:
    """The gates of `--fail-if`, asked of results as they are found.

    A name that some results have and others lack, as a parameter of one of their laws, trips the gate, because it could
    not be evaluated for all; one that none has is an error, which is raised at the end or after `MOST_WITHOUT` results.
    """

    def __init__(self, output: Output) -> None:
        self._texts, self._tripped = output.fail_if, ""
        self._gates: tuple[Gate, ...] = ()
        self._known: set[str] = set()
        self._lacking: dict[str, list[tuple[str, UsageError]]] = {}

    def add(self, results: Sequence[Any], command: str) -> None:
        """Ask the gates of further results, as they are in JSON."""
        if self._tripped or not self._texts:
            return
        from scaling_cli.cli.gates import parse_gate

        self._gates = self._gates or tuple(parse_gate(text) for text in self._texts)
        words = _words(command) if any(isinstance(gate.value, str) for gate in self._gates) else {}
        for document in results:
            for gate in self._gates:
                if not self._tripped:
                    self._ask(gate, document, words)

    def _ask(self, gate: Gate, document: Any, words: dict[str, list[str]]) -> None:
        from scaling_cli.cli.gates import UnknownNameError
        from scaling_cli.numbers.format import group_name

        group = f" in {group_name(document['group'])}" if document["group"] else ""
        try:
            where = gate.trips(document, words)
        except UnknownNameError as error:
            lacking = self._lacking.setdefault(gate.text, [])
            lacking.append((group, error))
            if gate.text not in self._known and len(lacking) >= MOST_WITHOUT:
                raise
            return
        self._known.add(gate.text)
        if where:
            self._tripped = f"--fail-if {gate.text!r} holds{group}: {where}."

    def tripped(self) -> str:
        """What trips, or could not be evaluated; empty where every gate passes.

        Raises:
            UsageError: A name is in no result.
        """
        for text, lacking in self._lacking.items():
            group, error = lacking[0]
            if not self._tripped and text not in self._known:
                raise error
            if not self._tripped:
                self._tripped = f"--fail-if {text!r} cannot be tested{group}, whose result lacks this name."
        return self._tripped


@functools.cache
def _words(command: str) -> dict[str, list[str]]:
    """The only words that keys of a command's results can have, by key."""
    from scaling_cli.document.schema import words_of
    from scaling_cli.verbs.schema import schema_of

    return words_of(schema_of(command))
