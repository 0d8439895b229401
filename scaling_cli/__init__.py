"""Fit scaling laws to training and sampling logs, with intervals and checks.

`import scaling_cli as scaling` gives the commands as functions: `scaling.fit("runs.csv", law="chinchilla")`.
They are loaded on first use, so that importing the package costs nothing. `__init__.pyi` has their signatures.
"""

from __future__ import annotations

ANSWERS = ("Answer", "load")
ERRORS = ("DataError", "FitError", "ScalingError", "UsageError")


def __getattr__(name: str) -> object:
    if name == "__version__":
        from scaling_cli.version import __version__

        return __version__
    from scaling_cli.options.commands import LIBRARY

    if name in ERRORS:
        from scaling_cli import errors

        return getattr(errors, name)
    if name in ANSWERS:
        from scaling_cli.library import answer

        return getattr(answer, name)
    if name not in LIBRARY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scaling_cli.library.called import Verb

    globals()[name] = Verb(LIBRARY[name], name)
    return globals()[name]


def __dir__() -> list[str]:
    from scaling_cli.options.commands import LIBRARY

    return sorted([*LIBRARY, *ANSWERS, *ERRORS, "__version__"])
