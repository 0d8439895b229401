"""Scaling laws that can be defended, from training and sampling logs.

`import scaling_cli as scaling` gives the verbs of the command line: `scaling.fit("runs.csv", law="chinchilla")`.
They are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from scaling_cli.version import __version__ as __version__

TYPE_CHECKING = False  # type checkers take it as true; importing typing for it would double the time of --version
if TYPE_CHECKING:
    from scaling_cli.verbs.columns import columns as columns
    from scaling_cli.verbs.compare_exponents import compare_exponents as compare_exponents
    from scaling_cli.verbs.extrapolate import extrapolate as extrapolate
    from scaling_cli.verbs.fit import fit as fit
    from scaling_cli.verbs.inference_coverage import inference_coverage as inference_coverage
    from scaling_cli.verbs.optimal_allocation import optimal_allocation as optimal_allocation

VERBS = ("columns", "compare_exponents", "extrapolate", "fit", "inference_coverage", "optimal_allocation")
__all__ = ["__version__", *VERBS]


def __getattr__(name: str) -> object:
    if name not in VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scaling_cli.library.called import Verb

    globals()[name] = Verb(name)
    return globals()[name]
