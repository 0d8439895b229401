"""Run one command line: the only place where errors become text and exit codes."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from scaling_cli.cli.interrupts import ended, was_stopped
from scaling_cli.cli.streams import tell, unwritten
from scaling_cli.errors import DataError, ScalingError
from scaling_cli.options.commands import SUMMARIES
from scaling_cli.version import __version__

NO_HELP: dict[str, list[str]] = {"help_option_names": []}  # help is our own
COMPLETION = "_SCALING_COMPLETE"  # set by the shell when it asks what could follow


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
        return ended() if was_stopped() else unwritten(error)
    except KeyboardInterrupt:
        return ended()
    return code


def _answered(arguments: Sequence[str]) -> int:
    """The exit code of one command line; errors in writing its output are raised."""
    try:
        application = typer.main.get_command(build(arguments))
        code = application.main(list(arguments) or ["--help"], prog_name="scaling", standalone_mode=False)
    except typer.TyperException as error:
        return _say(error.format_message(), _usage(error.format_message(), arguments), error.exit_code)
    except ScalingError as error:
        return ended() if was_stopped() else _refused(error)
    except MemoryError:
        hint = "Use fewer --jobs or --replicates, fewer rows, or a machine with more memory."
        return _say("There is not enough memory.", hint, DataError.exit_code)
    except typer.Abort as end:
        if isinstance(end.__cause__, EOFError):  # one that no one expected is a bug, which typer takes for a refusal
            raise end.__cause__ from None
        return ended()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # which typer takes for an exit code of 1
            raise end.__context__ from None
        raise
    if was_stopped():  # typer takes the interrupt for an exit
        return ended()
    return code if isinstance(code, int) else 0


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application, with only the commands imported that `arguments` could mean."""
    app = typer.Typer(name="scaling", rich_markup_mode=None, context_settings=NO_HELP)
    app.callback(invoke_without_command=True)(_common)
    # Where the first word is a command, no other can be meant; typer takes a while to prepare each.
    names = arguments[:1] if arguments[:1] and arguments[0] in SUMMARIES and COMPLETION not in os.environ else SUMMARIES
    for name in names:
        command = _not_asked_for
        if name in arguments or COMPLETION in os.environ:
            from scaling_cli.cli.command import typer_command

            command = typer_command(name, None if COMPLETION in os.environ else arguments)
        app.command(name, short_help=SUMMARIES[name], context_settings=NO_HELP)(command)
    return app


def _not_asked_for() -> int:
    """A stand-in for a command that `arguments` do not name."""
    return 0


def _print_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"scaling {__version__}\n")
        raise typer.Exit


def _print_help(is_asked: bool) -> None:
    if is_asked:
        from scaling_cli.cli.help import main_help, width

        sys.stdout.write(main_help(width()))
        raise typer.Exit


def _common(
    version: Annotated[bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True)] = False,
    help: Annotated[bool, typer.Option("--help", "-h", callback=_print_help, is_eager=True)] = False,
) -> None:
    """What every command has."""


def _usage(message: str, arguments: Sequence[str]) -> str:
    """What to do about a command line that cannot be read; for an option without its value, what the value may be."""
    name = next((word for word in arguments if word in SUMMARIES), None)
    if name is None:
        return "scaling --help lists the commands."
    if message.startswith(("Missing argument 'RUNS", "Missing argument 'LOGS")):
        return f"Name files or folders, or - for standard input. scaling {name} --help lists its options."
    flag = re.search(r"'(--[\w-]+)' requires an argument", message)
    if flag is not None:
        from scaling_cli.options.commands import find_command

        for option in find_command(name).all_options:
            if option.flag == flag[1]:
                return f"Write {option.flag} {option.shown}. scaling {name} --help describes it."
    return f"scaling {name} --help lists its options."


def _refused(error: ScalingError) -> int:
    """Tell an error, with what was found out before it, and may be its reason: files not read, and caveats."""
    code = _say(error.message, error.hint, error.exit_code)
    if error.unread or error.caveats:
        from scaling_cli.caveats import Caveat
        from scaling_cli.report.pages.look import Look
        from scaling_cli.report.pages.notes import caveat_lines, failure_lines
        from scaling_cli.results.report import Failure

        tell(failure_lines((each for each in error.unread if isinstance(each, Failure)), Look()))
        tell(caveat_lines((each for each in error.caveats if isinstance(each, Caveat)), Look()))
    return code


def _say(message: str, hint: str, code: int) -> int:
    from scaling_cli.numbers.format import escape

    tell(f"error: {escape(message)}\nhint: {escape(hint)}\n")
    return code
