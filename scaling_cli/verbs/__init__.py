"""The verbs of the library and of the command line: load, group, analyse, return results.

One module a command. A verb is imported when it is first asked for, since each brings what it needs.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # type checkers take it as true
if TYPE_CHECKING:
    from scaling_cli.verbs.allocating import optimal_allocation as optimal_allocation
    from scaling_cli.verbs.comparing import compare_exponents as compare_exponents
    from scaling_cli.verbs.fitting import columns as columns
    from scaling_cli.verbs.fitting import fit as fit
    from scaling_cli.verbs.fitting import sketched_columns as sketched_columns
    from scaling_cli.verbs.forecasting import extrapolate as extrapolate
    from scaling_cli.verbs.sampling import inference_coverage as inference_coverage

HOMES = {
    "columns": "fitting",
    "sketched_columns": "fitting",
    "compare_exponents": "comparing",
    "extrapolate": "forecasting",
    "fit": "fitting",
    "inference_coverage": "sampling",
    "optimal_allocation": "allocating",
}
__all__ = [*HOMES]


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)
