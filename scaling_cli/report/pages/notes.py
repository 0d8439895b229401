"""Caveats and failures as lines for stderr, in the form of compiler warnings, and caveats gathered over groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from scaling_cli.caveats import Caveat
from scaling_cli.caveats.order import MEANINGS, rank
from scaling_cli.numbers.format import escape, group_name, with_and
from scaling_cli.record import Record
from scaling_cli.report.pages.look import Look
from scaling_cli.results.report import Failure

SHOWN_AT_ONCE = 5  # caveats on a terminal
SHOWN_IN_LINES, SHOWN_ON_PAGES = 3, 20  # names listed when one caveat concerns several groups


class Gathered(Record):
    """A caveat with the names of all groups that have it; no names if it is about the whole report."""

    names: tuple[str, ...]
    message: str
    code: str

    def where(self, shown: int = SHOWN_ON_PAGES) -> str:
        """The names of the first groups and the number of further ones; empty for the whole report."""
        more = f" and {len(self.names) - shown} more" if len(self.names) > shown else ""
        between = "; " if any(", " in name for name in self.names) else ", "  # names of several columns have commas
        return between.join(self.names[:shown]) + more


def gathered(caveats: Iterable[Caveat]) -> list[Gathered]:
    """Each caveat once, ordered by the first group that has it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for caveat in caveats:
        groups.setdefault((caveat.message, caveat.code), []).append(group_name(caveat.group or {}))
    return [Gathered(tuple(filter(None, names)), message, code) for (message, code), names in groups.items()]


def caveat_lines(caveats: Iterable[Caveat], look: Look) -> str:
    """Each caveat once, with its code and the groups that have it; on a terminal the first, and a count of the rest."""
    notes = sorted(gathered(caveats), key=lambda note: rank(note.code))
    is_cut = look.width is not None and not look.is_detailed and len(notes) > SHOWN_AT_ONCE
    shown = notes[:SHOWN_AT_ONCE] if is_cut else notes
    lines = [
        _note("caveat", f"{_lead(note.where(SHOWN_IN_LINES))}{escape(note.message)} [{escape(note.code)}]", look)
        for note in shown
    ]
    if is_cut:
        counts = Counter(rank(note.code) for note in notes[SHOWN_AT_ONCE:])
        left = with_and(f"{count} that {MEANINGS[level]}" for level, count in sorted(counts.items()))
        lines.append(_note("caveats", f"{left} are left out here; --details shows all {len(notes)}.", look))
    return "".join(lines)


def failure_lines(failures: Iterable[Failure], look: Look) -> str:
    """Each failed group with what went wrong and what to try."""
    return "".join(
        _note("failed", f"{_lead(group_name(failure.group))}{escape(failure.error)}", look)
        + _note("hint", escape(failure.hint), look)
        for failure in failures
    )


def _lead(where: str) -> str:
    return f"{where}: " if where else ""


def _note(label: str, text: str, look: Look) -> str:
    lead = f"{label}: "
    body = look.wrapped(lead + text, indent=len(lead))
    return look.painted(label, "yellow" if label != "failed" else "red") + body[len(label) :] + "\n"
