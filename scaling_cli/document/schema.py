"""The JSON Schema of each command's document, as packaged."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `scaling <command> --json` writes."""
    name = f"schemas/{command}.schema.json"
    loaded: dict[str, Any] = json.loads(resources.files("scaling_cli.document").joinpath(name).read_text("utf-8"))
    return loaded
