"""Options that are set once: flags over the environment over `scaling.toml` or `[tool.scaling]` of `pyproject.toml`.

Keys are options by their names in the library, for all commands that have them, or in a table named after a command for
that command alone. A variable of the environment is `SCALING_` and the name: `SCALING_REPLICATES=200`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.commands import SUMMARIES, find_command
from scaling_cli.options.option import Option

FILE, PROJECT = "scaling.toml", "pyproject.toml"
PREFIX = "SCALING_"
SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def settings(command: str, options: Iterable[Option]) -> dict[str, Any]:
    """The values that the environment and the files of this folder give to options of a command.

    Raises:
        UsageError: A file cannot be read, or sets what is not an option.
    """
    known = {option.name: option for option in options}
    found: dict[str, Any] = {}
    for place, table in _tables():
        _check(place, table)
        own = table.get(command, {})
        for name, value in {**table, **own}.items():
            if name.replace("-", "_") in known and not isinstance(value, Mapping):
                found[name.replace("-", "_")] = value
    for name, option in known.items():
        text = os.environ.get(PREFIX + name.upper())
        if text is not None:
            found[name] = _switch(text, name) if option.kind.is_switch else text
    return found


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
        commands = [name] if is_command else list(SUMMARIES)
        if is_command and name not in SUMMARIES:
            raise UsageError(f"{place}: [{name}] is not a command.", hint=f"Commands are {', '.join(SUMMARIES)}.")
        options = {option.name for command in commands for option in find_command(command).all_options}
        for key in value if is_command else [name]:
            if key.replace("-", "_") not in options:
                where = f"scaling {name}" if is_command else "any command"
                raise UsageError(f"{place}: {key} is not an option of {where}.", hint="See docs/options.md.")


def _switch(text: str, name: str) -> bool:
    if text.lower() not in SWITCHES:
        raise UsageError(f"{PREFIX}{name.upper()} is {text!r}.", hint="Write 1 or 0.")
    return SWITCHES[text.lower()]
