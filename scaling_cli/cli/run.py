"""Run one command line: the only place where errors become text and exit codes."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from scaling_cli.cli.flags import flatten
from scaling_cli.cli.streams import tell, unwritten
from scaling_cli.errors import ScalingError
from scaling_cli.version import __version__

# Name, module, and the line that `scaling --help` shows; the module is imported when its command is run.
COMMANDS = (
    ("fit", "scaling_cli.cli.fit", "Fit a loss law to training runs, with intervals."),
    ("compare-exponents", "scaling_cli.cli.compare_exponents", "Compare the exponents of groups of runs."),
    (
        "optimal-allocation",
        "scaling_cli.cli.optimal_allocation",
        "Split compute between params and tokens, with what being wrong costs.",
    ),
    ("columns", "scaling_cli.cli.columns", "Say which column is read for what, before fitting."),
    (
        "inference-coverage",
        "scaling_cli.cli.inference_coverage",
        "Coverage (pass@k) from sampling logs: what more attempts buy.",
    ),
    ("extrapolate", "scaling_cli.cli.extrapolate", "Forecast larger runs, with a track record."),
    ("laws", "scaling_cli.cli.laws", "List the laws that can be fitted, or explain one."),
)
HELP = "Turn training and sampling logs into scaling laws that can be defended."
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
COMPLETION = "_SCALING_COMPLETE"  # set by the shell when it asks what could follow
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command line."""
    # OpenBLAS threads on the engine's tiny matrices cost up to 10x; this must be set before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name in a script that stdout cannot write must not cost the result.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _answered(arguments)
        sys.stdout.flush()
    except OSError as error:
        return unwritten(error)
    return code


def _answered(arguments: Sequence[str]) -> int:
    """The same for a command whose output can be written."""
    try:
        application = typer.main.get_command(build(arguments))
        code = application.main(list(arguments) or ["--help"], prog_name="scaling", standalone_mode=False)
    except typer.TyperException as error:
        return _say(error.format_message(), "See scaling --help, or --help after the command.", error.exit_code)
    except ScalingError as error:
        return _say(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.Abort as end:
        if end.__cause__ is not None:  # an end of file that no one expected is a bug, which typer takes for a refusal
            raise end.__cause__ from None
        return INTERRUPTED
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # which typer takes for an exit code of 1
            raise end.__context__ from None
        raise
    return code if isinstance(code, int) else 0


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application, with only the commands imported that `arguments` could mean."""
    app = typer.Typer(name="scaling", help=HELP, rich_markup_mode=None, context_settings=HELP_OPTIONS)
    app.callback()(_common)
    command: Callable[..., object]
    for name, module, summary in COMMANDS:
        if name in arguments or COMPLETION in os.environ:
            command = flatten(importlib.import_module(module).command)
        else:
            command = _not_asked_for
        app.command(name, short_help=summary, context_settings=HELP_OPTIONS)(command)
    return app


def _not_asked_for() -> None:
    """A command that `arguments` cannot mean: only its line of help is needed."""


def _print_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"scaling {__version__}\n")
        raise typer.Exit


def _common(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Turn training and sampling logs into scaling laws that can be defended."""


def _say(message: str, hint: str, code: int) -> int:
    from scaling_cli.numbers.format import escape

    tell(f"error: {escape(message)}\nhint: {escape(hint)}\n")
    return code
