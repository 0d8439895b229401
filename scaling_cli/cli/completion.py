"""What the shell offers for an option's value: its choices, columns of the files that are named, laws and codes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable

from scaling_cli.options.option import Option

Offer = Callable[..., list[str]]


def completion(option: Option) -> Offer | None:
    """The function that typer asks, or None where any text may follow."""
    if option.name == "law":
        return _laws
    if option.name == "allow":
        return _codes
    if option.name == "map":
        return _roles
    if "COL" in option.shown:
        return _columns
    if option.choices:
        return lambda incomplete: [word for word in option.choices if word.startswith(incomplete)]
    return None


def _laws(incomplete: str) -> list[str]:
    from scaling_cli.laws import HOMES

    return [name for name in ("auto", *HOMES) if name.startswith(incomplete)]


def _codes(incomplete: str) -> list[str]:
    from scaling_cli.caveats.sentences import SENTENCES

    return [code for code in SENTENCES if code.startswith(incomplete)]


def _columns(incomplete: str) -> list[str]:
    """Columns of the files on the command line; after a comma, the next one."""
    done, comma, last = incomplete.rpartition(",")
    return [done + comma + name for name in column_names() if name.startswith(last)]


def _roles(incomplete: str) -> list[str]:
    """`ROLE=`, and after it the columns."""
    from scaling_cli.data.runs.aliases import ROLES

    role, equals, column = incomplete.partition("=")
    if not equals:
        return [f"{name}=" for name in ROLES if name.startswith(role)]
    return [f"{role}={name}" for name in column_names() if name.startswith(column)]


def column_names() -> list[str]:
    """The columns of the files on the command line that is being written; none where they cannot be read."""
    from scaling_cli.data.files.inputs import column_counts, open_inputs

    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")  # of bash, and of other shells
    try:
        paths = [word for word in shlex.split(line) if os.path.exists(word)]
        return list(column_counts(list(open_inputs(paths, None).scans())))
    except Exception:  # noqa: BLE001 - a shell that completes a word must never see an error
        return []
