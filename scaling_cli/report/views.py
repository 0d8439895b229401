"""The view of a command, `report/NAME.py` or the module `view` of the folder `report/NAME`, and its figure."""

from __future__ import annotations

import importlib
from typing import Any, cast

from scaling_cli.options.commands import module_of
from scaling_cli.report.charts.chart import Panels
from scaling_cli.report.pages.page import View
from scaling_cli.results.report import Report


def panels_of(view: View, report: Report[Any]) -> Panels:
    """The figure of a report: what the view composes, else its charts one under another."""
    compose = getattr(view, "panels", None)
    rows: Panels = compose(report) if compose else [[chart] for chart in view.charts(report)]
    return [row for row in rows if row]


def view_of(command: str) -> View:
    """How reports of a command look."""
    place = importlib.import_module(f"scaling_cli.report.{module_of(command)}")
    is_folder = hasattr(place, "__path__")
    return cast("View", importlib.import_module(f"{place.__name__}.view") if is_folder else place)
