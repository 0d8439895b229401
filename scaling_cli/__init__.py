"""Scaling laws that can be defended, from training and sampling logs.

`import scaling_cli as scaling` gives the verbs of the command line: `scaling.fit("runs.csv", law="chinchilla")`.
They are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers take it as true; importing typing for it would double the time of --version
if TYPE_CHECKING:
    from scaling_cli.verbs import columns as columns
    from scaling_cli.verbs import compare_exponents as compare_exponents
    from scaling_cli.verbs import extrapolate as extrapolate
    from scaling_cli.verbs import fit as fit
    from scaling_cli.verbs import inference_coverage as inference_coverage
    from scaling_cli.verbs import optimal_allocation as optimal_allocation

VERBS = ("columns", "compare_exponents", "extrapolate", "fit", "inference_coverage", "optimal_allocation")
__all__ = ["__version__", *VERBS]


def __getattr__(name: str) -> object:
    if name not in VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scaling_cli import verbs
    from scaling_cli.verbs.library import called

    globals()[name] = called(getattr(verbs, name))
    return globals()[name]
