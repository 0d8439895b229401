"""`scaling schema` as a function."""

from __future__ import annotations

import importlib
import json
from typing import cast, get_args

from scaling_cli.document.schema import Schema, document_schema
from scaling_cli.errors import UsageError
from scaling_cli.options.commands import LIBRARY, module_of
from scaling_cli.options.option import Options
from scaling_cli.record import Record


def schema(name: str, asked: Options) -> str:
    """The JSON Schema of the documents of a command, as text.

    Raises:
        UsageError: The command does not exist, or writes no documents.
    """
    return json.dumps(schema_of(name), indent=2) + "\n"


def schema_of(command: str) -> Schema:
    """The JSON Schema of the documents of a command.

    Raises:
        UsageError: The command does not exist, or writes no documents.
    """
    if command not in LIBRARY.values():
        raise UsageError(f"There is no schema for {command!r}.", hint=f"Choose one of {', '.join(LIBRARY.values())}.")
    return document_schema(command, result_of(command))


def result_of(command: str) -> type[Record]:
    """The class of a command's results, by what its function returns: `Report[FitResult]`."""
    module = importlib.import_module(f"scaling_cli.verbs.{module_of(command)}")
    answer = getattr(module, module_of(command))
    # Only this annotation is read: names in the others may be imported for type checkers alone.
    (result,) = get_args(eval(answer.__annotations__["return"], vars(module)))
    return cast("type[Record]", result)
