"""The command `scaling`: `python -m scaling_cli` is the same."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        # Answered before anything is imported: scripts ask for it often.
        from scaling_cli import __version__

        sys.stdout.write(f"scaling {__version__}\n")
        return
    # Imports make many objects and no garbage: searching for it as often as Python does takes a twelfth of a small fit.
    gc.set_threshold(100_000)
    from scaling_cli.cli.run import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
