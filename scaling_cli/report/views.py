"""The view of a command, `report/NAME.py` or the module `view` of the folder `report/NAME`, and its figure."""

from __future__ import annotations

import importlib
from typing import cast

from scaling_cli.options.commands import module_of
from scaling_cli.report.pages.page import View, panels_of

__all__ = ["panels_of", "view_of"]


def view_of(command: str) -> View:
    """How reports of a command look."""
    place = importlib.import_module(f"scaling_cli.report.{module_of(command)}")
    is_folder = hasattr(place, "__path__")
    return cast("View", importlib.import_module(f"{place.__name__}.view") if is_folder else place)
