"""The commands, in the order in which `scaling --help` lists them: the whole list is here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from scaling_cli.options.command import Command

# Name to the line that `scaling --help` shows. A command NAME is described by `COMMAND` in `options/NAME.py`, answered
# by the function NAME of `verbs/NAME.py`, and shown by the view in `report/NAME` (hyphens are underscores there).
SUMMARIES = {
    "fit": "Fit a loss law to training runs, with intervals.",
    "extrapolate": "Forecast the loss of larger runs, and test such forecasts.",
    "compare-exponents": "Compare the exponents of groups of runs.",
    "optimal-allocation": "Split a compute budget between params and tokens.",
    "plan": "Choose the runs to train next, with the intervals to expect.",
    "score": "Score saved forecasts by runs that were trained later.",
    "inference-coverage": "Estimate and forecast coverage (pass@k) from sampling logs.",
    "columns": "Show how each column is read, before fitting.",
    "show": "Show a saved result again, in any format, without fitting.",
    "laws": "List the laws that can be fitted, or explain one.",
    "schema": "Print the JSON Schema of a command's results.",
}
EXAMPLES = (  # of `scaling --help`, which imports no command
    ("scaling columns runs.csv", "how each column is read"),
    ("scaling fit runs.csv -o fit.json", "a law with intervals, saved"),
    ("scaling extrapolate fit.json --at params=70B,tokens=1.4T", "the loss of one larger run"),
)
NO_FUNCTION = ("show", "schema")  # commands of the shell alone


def module_of(name: str) -> str:
    """The name of a command's modules and functions: with underscores in place of hyphens."""
    return name.replace("-", "_")


# The functions of the library: name to command. `scaling_cli.laws` is a folder, so that function has another name.
LIBRARY = {"list_laws" if name == "laws" else module_of(name): name for name in SUMMARIES if name not in NO_FUNCTION}


def find_command(name: str) -> Command:
    """The command of that name."""
    return cast("Command", importlib.import_module(f"scaling_cli.options.{module_of(name)}").COMMAND)
