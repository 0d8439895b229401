"""Options that are set once: flags over the environment over `scaling.toml` or `[tool.scaling]` of `pyproject.toml`.

Keys are options by their names in the library, for all commands that have them, or in a table named after a command for
that command alone. A variable of the environment is `SCALING_` and the name: `SCALING_REPLICATES=200`.

A setting is weaker than a flag: one that does not suit the rest of a command line, such as the column of the loss
beside a saved fit, is left out, where the flag would be an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from scaling_cli.cli.streams import tell
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import escape, with_and
from scaling_cli.options.commands import SUMMARIES, find_command
from scaling_cli.options.option import Option
from scaling_cli.record import Record

FILE, PROJECT = "scaling.toml", "pyproject.toml"
PREFIX = "SCALING_"
SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
FORMAT = ("json", "format")  # which both choose the format


class Settings(Record):
    """The values of options that are set for a command, each with the place that sets it."""

    values: dict[str, Any] = {}
    places: dict[str, str] = {}

    def over(self, weaker: Settings) -> Settings:
        """These, and what weaker settings add to them."""
        kept = weaker.without(FORMAT) if any(self.values.get(name) for name in FORMAT) else weaker
        return Settings(kept.values | self.values, kept.places | self.places)

    def without(self, names: Collection[str]) -> Settings:
        """All but these options."""
        return Settings(
            {name: value for name, value in self.values.items() if name not in names},
            {name: place for name, place in self.places.items() if name not in names},
        )

    def said(self, options: Mapping[str, Option], message: str) -> str:
        """Which places set the options that the message of an error names, by their flag or value."""
        by: dict[str, list[str]] = {}
        for name, place in self.places.items():
            value = self.values[name]
            words = (options[name].flag, *(repr(each) for each in (value if isinstance(value, list) else [value])))
            if any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", message) for word in words):
                by.setdefault(place, []).append(options[name].flag)
        return "".join(f" {place} sets {with_and(flags)}." for place, flags in by.items())


def settings(command: str, options: Iterable[Option], *, is_quiet: bool = False) -> Settings:
    """The values that the environment and the files of this folder give to options of a command.

    Raises:
        UsageError: A file cannot be read, or sets what is not an option.
    """
    known = {option.name: option for option in options}
    found = Settings()
    for place, table in _tables():
        _check(place, table)
        for part in (table, table.get(command, {})):
            named = {name.replace("-", "_"): value for name, value in part.items() if not isinstance(value, Mapping)}
            values = {name: value for name, value in named.items() if name in known}
            found = Settings(values, dict.fromkeys(values, place)).over(found)
    return _environment(known, is_quiet=is_quiet).over(found)


def _environment(known: Mapping[str, Option], *, is_quiet: bool) -> Settings:
    """The variables of the environment; an empty one counts as unset, as elsewhere in a shell."""
    values, places = {}, {}
    for variable, text in sorted(os.environ.items()):
        if not variable.startswith(PREFIX) or not text:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in known:
            values[name] = _switch(text, name) if known[name].kind.is_switch else text
            places[name] = variable
        elif not is_quiet and name not in (every := _all_names()):
            from scaling_cli.data.names import guess

            near = guess(variable, [PREFIX + each.upper() for each in every])
            tell(f"note: {escape(variable)} is no option of any command, and is ignored. {near}".rstrip() + "\n")
    return Settings(values, places)


def _all_names() -> set[str]:
    return {option.name for command in SUMMARIES for option in find_command(command).all_options}


def _tables() -> Iterable[tuple[str, dict[str, Any]]]:
    """The tables of settings of this folder, weakest first."""
    project = Path(PROJECT)
    if project.is_file() and "tool.scaling" in project.read_text(encoding="utf-8", errors="replace"):
        yield f"{PROJECT}, [tool.scaling]", dict(_read(project).get("tool", {}).get("scaling", {}))
    if Path(FILE).is_file():
        yield FILE, _read(Path(FILE))


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"{path} cannot be read: {problem}.", hint="Correct it, or remove it.") from problem


def _check(place: str, table: Mapping[str, Any]) -> None:
    """Refuse a key that is not an option of any command, or not of the command whose table it is in."""
    for name, value in table.items():
        is_command = isinstance(value, Mapping)
        if is_command and name not in SUMMARIES:
            raise UsageError(f"{place}: [{name}] is not a command.", hint=f"Commands are {', '.join(SUMMARIES)}.")
        options = {option.name for option in find_command(name).all_options} if is_command else _all_names()
        for key in value if is_command else [name]:
            if key.replace("-", "_") not in options:
                from scaling_cli.data.names import guess

                where = f"scaling {name}" if is_command else "any command"
                near = guess(key, sorted(options))
                raise UsageError(f"{place}: {key} is not an option of {where}.", hint=f"{near}See docs/options.md.")


def _switch(text: str, name: str) -> bool:
    if text.lower() not in SWITCHES:
        raise UsageError(f"{PREFIX}{name.upper()} is {text!r}.", hint="Write 1 or 0.")
    return SWITCHES[text.lower()]
