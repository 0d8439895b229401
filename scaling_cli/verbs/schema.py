"""`scaling schema` as a function."""

from __future__ import annotations

import json

from scaling_cli.document.schema import COMMANDS
from scaling_cli.document.schema import schema as schema_of
from scaling_cli.errors import UsageError
from scaling_cli.options.laws import Laws


def schema(name: str, asked: Laws) -> str:
    """The JSON Schema of the documents of a command, as text.

    Raises:
        UsageError: The command does not exist, or writes no documents.
    """
    if name not in COMMANDS:
        raise UsageError(f"There is no schema for {name!r}.", hint=f"Choose one of {', '.join(COMMANDS)}.")
    return json.dumps(schema_of(name), indent=2) + "\n"
