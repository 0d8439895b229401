"""Help: all options under their headings, or (`-h`) the usual ones on one screen."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from scaling_cli.options.commands import EXAMPLES, SUMMARIES, find_command

if TYPE_CHECKING:
    from scaling_cli.options.command import Command
    from scaling_cli.options.option import Option

ABOUT = "Fit scaling laws to training and sampling logs, and say how far each number can be trusted."
WIDEST = 120  # columns, beyond which lines are hard to follow
LEFT = 0.36  # share of the columns that flags may take; help of a longer one begins on the next line
SHORT_EXAMPLES = 2  # in the short help
HELP_ROW = ("-h, --help", "Show the most used options (-h) or all options (--help).")


def width() -> int:
    """Columns to fill."""
    return min(shutil.get_terminal_size((80, 24)).columns, WIDEST)


def main_help(columns: int) -> str:
    """The help of `scaling` itself."""
    rows = [("--version, -V", "Print the version."), ("-h, --help", "Print this page; after a command, its options.")]
    rows += [("--install-completion", "Set up completion of commands and options in this shell.")]
    return "\n".join(
        [
            "Usage: scaling COMMAND ...",
            "",
            *textwrap.wrap(ABOUT, columns),
            "",
            "Commands:",
            *_rows(SUMMARIES.items(), columns),
            "",
            "Options:",
            *_rows(rows, columns),
            "",
            "Examples:",
            *_examples(EXAMPLES, columns),
            "",
        ]
    )


def command_help(name: str, columns: int, *, is_short: bool) -> str:
    """The help of one command."""
    command = find_command(name)
    argument = command.argument
    lines = [f"Usage: scaling {name} {argument.metavar} [OPTIONS]", "", *textwrap.wrap(command.about, columns), ""]
    sections = list(sections_of(command))
    if is_short:
        basic = [option for _, options in sections for option in options if option.is_basic]
        lines += [*_rows([_row(option) for option in basic], columns), ""]
        more = sum(len(options) for _, options in sections) - len(basic)
        lines += [f"`scaling {name} --help` lists {more} more options.", ""] if more else []
    else:
        lines += [*_rows([(argument.metavar, argument.help)], columns), ""]
        for heading, options in sections:
            lines += [f"{heading}:", *_rows([_row(option) for option in options], columns), ""]
        lines += ["Help:", *_rows([HELP_ROW], columns), ""]
    examples = _examples(command.examples, columns)
    return "\n".join([*lines, "Examples:", *(examples[:SHORT_EXAMPLES] if is_short else examples), ""])


def sections_of(command: Command) -> Iterable[tuple[str, list[Option]]]:
    """Headings and options of a command in the shell."""
    for part in (command.options, *command.shell):
        yield from part.sections()


def _row(option: Option) -> tuple[str, str]:
    letter = f"-{option.letter}, " if option.letter else ""
    value = f" {option.shown}" if option.shown else ""
    default = default_of(option)
    return f"{letter}{'/'.join(option.flags)}{value}", f"{option.help} [default: {default}]" if default else option.help


def default_of(option: Option) -> str:
    """The default as it would be written in a shell; empty if there is none to show."""
    if option.kind.is_switch or option.default is None or option.default in ((), {}):
        return ""
    default = option.kind.record(option.default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _rows(rows: Iterable[tuple[str, str]], columns: int) -> list[str]:
    """Two columns: what is written, and what it means."""
    rows = list(rows)
    left = min(int(LEFT * columns), max(len(term) for term, _ in rows) + 4)
    lines: list[str] = []
    for term, meaning in rows:
        if len(term) + 4 > left:
            lines += _broken(term, columns)
            term = ""
        text = textwrap.wrap(meaning, max(columns - left, 20), break_on_hyphens=False)
        lines += [f"  {term}".ljust(left) + text[0], *(" " * left + line for line in text[1:])]
    return lines


def _broken(term: str, columns: int) -> list[str]:
    """A term in lines of its own; one that is too long for a line is broken between alternatives."""
    lines = [" "]
    for part in re.split(r"(?<=[|])", f" {term}"):
        if len(lines[-1]) + len(part) > columns:
            lines.append(" " * 6)
        lines[-1] += part
    return lines


def _examples(examples: Sequence[tuple[str, str]], columns: int) -> list[str]:
    """Each command line with what it does, beside it where there is room, else below."""
    lines = []
    for line, meaning in examples:
        whole = f"  {line}  # {meaning}"
        lines.append(whole if len(whole) <= columns else f"  # {meaning}\n  {line}")
    return lines
