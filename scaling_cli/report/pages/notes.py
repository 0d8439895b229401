"""Caveats and failures: as lines for stderr, like the warnings of a compiler, and gathered for pages."""

from __future__ import annotations

from collections.abc import Iterable

from scaling_cli.caveats import Caveat
from scaling_cli.numbers.format import escape, group_name
from scaling_cli.record import Record
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.sheet import markdown_text
from scaling_cli.results.report import Failure

SHOWN_IN_LINES, SHOWN_ON_PAGES = 3, 20  # names listed when one caveat concerns several groups


class Gathered(Record):
    """A caveat said once, with the names of all the groups that it concerns; no name for the whole."""

    names: tuple[str, ...]
    message: str
    code: str

    def where(self, shown: int = SHOWN_ON_PAGES) -> str:
        """The first groups by name, and how many there are beside them; empty for the whole."""
        more = f" and {len(self.names) - shown} more" if len(self.names) > shown else ""
        return ", ".join(self.names[:shown]) + more


def gathered(caveats: Iterable[Caveat]) -> list[Gathered]:
    """Each caveat once, in the order of their first group."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in caveats:
        groups.setdefault((each.message, each.code), []).append(group_name(each.group or {}))
    return [Gathered(tuple(filter(None, names)), message, code) for (message, code), names in groups.items()]


def caveat_lines(caveats: Iterable[Caveat], look: Look) -> str:
    """Each caveat once, with its code and the groups it concerns."""
    return "".join(
        _note("caveat", f"{_lead(each.where(SHOWN_IN_LINES))}{escape(each.message)} [{escape(each.code)}]", look)
        for each in gathered(caveats)
    )


def failure_lines(failures: Iterable[Failure], look: Look) -> str:
    """Each failed group with what went wrong and what to try."""
    return "".join(
        _note("failed", f"{_lead(group_name(each.group))}{escape(each.error)}", look)
        + _note("hint", escape(each.hint), look)
        for each in failures
    )


def markdown_notes(caveats: Iterable[Caveat], failures: Iterable[Failure]) -> str:
    """Caveats and failures as a list, for a page that leaves the terminal and must carry its own warnings."""
    notes = [_markdown_note("Caveat", each.message, each.where(), f" ({each.code})") for each in gathered(caveats)]
    notes += [_markdown_note("Failed", each.error, group_name(each.group), f" {each.hint}") for each in failures]
    return "".join(notes)


def _markdown_note(label: str, said: str, where: str, after: str) -> str:
    place = f" ({where})" if where else ""
    return f"- **{label}**{markdown_text(place)}: {markdown_text(escape(said + after))}\n"


def _lead(where: str) -> str:
    return f"{where}: " if where else ""


def _note(label: str, text: str, look: Look) -> str:
    lead = f"{label}: "
    body = look.wrapped(lead + text, indent=len(lead))
    return look.painted(label, "yellow" if label != "failed" else "red") + body[len(label) :] + "\n"
