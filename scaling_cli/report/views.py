"""The view of a command: the folder `report/NAME` with a module `view`, or the one module `report/NAME.py`."""

from __future__ import annotations

import importlib
from typing import cast

from scaling_cli.options.commands import module_of
from scaling_cli.report.pages.page import View


def view_of(command: str) -> View:
    """How reports of a command look."""
    place = importlib.import_module(f"scaling_cli.report.{module_of(command)}")
    is_folder = hasattr(place, "__path__")
    return cast("View", importlib.import_module(f"{place.__name__}.view") if is_folder else place)
