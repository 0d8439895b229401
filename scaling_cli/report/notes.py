"""Caveats and failures as lines for stderr, like the warnings of a compiler."""

from __future__ import annotations

from collections.abc import Iterable

from scaling_cli.caveats import Caveat
from scaling_cli.document.report import Failure
from scaling_cli.report.look import Look
from scaling_cli.report.numbers import escape, group_name
from scaling_cli.report.sheet import markdown_text

SHOWN_GROUPS = 3  # names listed when one caveat concerns several groups


def caveat_lines(caveats: Iterable[Caveat], look: Look) -> str:
    """Each caveat once, with its code and the groups it concerns."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in caveats:
        groups.setdefault((each.message, each.code), []).append(group_name(each.group or {}))
    return "".join(
        _note("caveat", f"{_where(names)}{escape(message)} [{escape(code)}]", look)
        for (message, code), names in groups.items()
    )


def failure_lines(failures: Iterable[Failure], look: Look) -> str:
    """Each failed group with what went wrong and what to try."""
    return "".join(
        _note("failed", f"{_where([group_name(each.group)])}{escape(each.error)}", look)
        + _note("hint", escape(each.hint), look)
        for each in failures
    )


def markdown_notes(caveats: Iterable[Caveat], failures: Iterable[Failure]) -> str:
    """Caveats and failures as a list, for a page that leaves the terminal and must carry its own warnings."""
    notes = [_markdown_note("Caveat", each.message, each.group, f" ({each.code})") for each in caveats]
    notes += [_markdown_note("Failed", each.error, each.group, f" {each.hint}") for each in failures]
    return "".join(notes)


def _markdown_note(label: str, said: str, group: dict[str, str] | None, after: str) -> str:
    where = f" ({group_name(group)})" if group else ""
    return f"- **{label}**{markdown_text(where)}: {markdown_text(escape(said + after))}\n"


def _where(names: list[str]) -> str:
    shown = ", ".join(name for name in names[:SHOWN_GROUPS] if name)
    more = f" and {len(names) - SHOWN_GROUPS} more" if len(names) > SHOWN_GROUPS else ""
    return f"{shown}{more}: " if shown else ""


def _note(label: str, text: str, look: Look) -> str:
    lead = f"{label}: "
    body = look.wrapped(lead + text, indent=len(lead))
    return look.painted(label, "yellow" if label != "failed" else "red") + body[len(label) :] + "\n"
