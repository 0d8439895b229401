"""The command `scaling`: `python -m scaling_cli` is the same.

Modules are imported inside functions, where a signal during an import is answered in one line.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    import gc
    import warnings

    from scaling_cli.cli.streams import open_missing

    open_missing()
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        # Answered before anything is imported: scripts ask for it often.
        sys.exit(_version())
    # Imports make many objects and no garbage: searching for it as often as Python does takes a twelfth of a small fit.
    gc.set_threshold(100_000)
    if not sys.warnoptions:
        # What numpy says about an overflow is not a message to users; workers inherit the variable.
        os.environ.setdefault("PYTHONWARNINGS", "ignore")
        warnings.simplefilter("ignore")
    from scaling_cli.cli.interrupts import listen

    listen()
    from scaling_cli.cli.run import run

    sys.exit(run(arguments))


def _version() -> int:
    from scaling_cli.cli.streams import unwritten
    from scaling_cli.version import __version__

    try:
        sys.stdout.write(f"scaling {__version__}\n")
        sys.stdout.flush()
    except OSError as error:
        return unwritten(error)
    return 0


def command() -> None:
    """Run `main` and exit at once: unloading all modules would take a third of the time of a small fit."""
    try:
        import atexit

        main()
    except KeyboardInterrupt:  # while the first modules are imported
        from scaling_cli.cli.interrupts import ended

        os._exit(ended())
    except SystemExit as end:
        if not isinstance(end.code, int) or not (_was_stopped() or _can_leave()):
            raise
        atexit._run_exitfuncs()  # temporary files are removed
        os._exit(_flushed(end.code))


def _can_leave() -> bool:
    """Whether unloading modules would take long and no worker is left to wait for."""
    return "polars" in sys.modules and "joblib" not in sys.modules


def _was_stopped() -> bool:
    """Whether a signal came: then `python -m` might end with the code of Ctrl-C, whichever signal it was.

    It does so if the signal interrupts code that was compiled from text, as that of dataclasses is.
    """
    found = sys.modules.get("scaling_cli.cli.interrupts")
    return found is not None and found.was_stopped()


def _flushed(code: int) -> int:
    """The exit code, once all output has left."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        from scaling_cli.cli.streams import unwritten

        return unwritten(error) or code
    return code


if __name__ == "__main__":
    command()
