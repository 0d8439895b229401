"""One command of the shell: flags from its options, its verb, its view."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling_cli.cli.settings import settings
from scaling_cli.data.files.saved import is_document
from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.options.command import Argument, Command
from scaling_cli.options.commands import find_command, module_of
from scaling_cli.options.formats import suffixes
from scaling_cli.options.option import Option, Options
from scaling_cli.options.output import Output, ToFile
from scaling_cli.options.watch import Watching
from scaling_cli.options.work import Batch, Work

if TYPE_CHECKING:
    from scaling_cli.results.report import Report

Shell = dict[type[Options], Any]
HELP = ("-h", "--help")
NO_OPTIONS = (*HELP, "-")  # the last is stdin


def typer_command(name: str, words: Sequence[str] | None) -> Callable[..., int]:
    """The command as typer takes it: a function with one parameter for each option that may be in a command line.

    `words` are those of the command line; they are None where a shell asks what could follow.
    """
    command = find_command(name)
    options = command.all_options
    read = options if words is None else _read_in(words, options)
    parameters = [_parameter(option, completes=words is None) for option in read]
    parameters = [_argument(command.argument), *parameters, *_help_flags(name)]

    def called(**values: Any) -> int:
        argument = values.pop(command.argument.name)
        given = {option.name: value for option in read if (value := _given(option, values[option.name])) is not None}
        found = settings(name, options, is_quiet=bool(given.get("quiet")))
        weaker = found.without(_unsuited(command, argument, found.values | given, given))
        given = weaker.values | given
        weaker = weaker.without([key for key in given if given[key] is not weaker.values.get(key)])
        try:
            parts = {part: part(**{key: given[key] for key in given if key in part.options}) for part in command.shell}
            asked = command.options(**{key: value for key, value in given.items() if key in command.options.options})
            return answer(name, command, argument, asked, parts)
        except (UsageError, DataError) as error:
            error.hint += weaker.said({option.name: option for option in options}, error.message)
            raise

    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called


def _unsuited(command: Command, argument: Any, wanted: Mapping[str, Any], given: Mapping[str, Any]) -> frozenset[str]:
    """Options whose settings do not suit this command line, `given`, for which the flag would be an error."""
    from scaling_cli.options.reading import OF_TARGETS

    found: set[str] = set()
    if command.argument.takes_fits and (not argument or is_document(argument[0])):
        found |= _of_runs() - {"law"} if not argument else _of_runs()
        found -= set(OF_TARGETS) if wanted.get("targets") else set()
    if Work in command.shell and not wanted.get("per_file"):
        found |= set(Work.options)
    if {"json", "format"} & given.keys() or Path(given.get("output", "")).suffix.lower() in suffixes():
        found |= {"json", "format"}
    return frozenset(found)


def _of_runs() -> set[str]:
    """Options that runs obey, but a fit in place of runs does not."""
    from scaling_cli.options.fit import Share
    from scaling_cli.options.fitting import Along, Held, Law, Objective, Prior, Started, Weights
    from scaling_cli.options.reading import Reading

    parts = (Law, Share, Along, Held, Started, Objective, Weights, Prior, Reading)
    return {"interval"}.union(*(part.options for part in parts))


def answer(name: str, command: Command, argument: Any, asked: Options, shell: Shell) -> int:
    """Run the verb, show its report, and return the exit code."""
    from scaling_cli.cli.output import prepare_output

    output = next(part for part in shell.values() if isinstance(part, Output | ToFile))
    batch, work, watching = shell.get(Batch), shell.get(Work), shell.get(Watching)
    prepare_output(output, functools.partial(_files_read, command, argument, asked, batch))
    if batch is not None and batch.per_file:
        from scaling_cli.cli.threads import spare_threads

        spare_threads(argument or ())
    _import_libraries(name)
    from scaling_cli.cli.show import deliver, write
    from scaling_cli.report.views import view_of

    module = importlib.import_module(f"scaling_cli.verbs.{module_of(name)}")
    verb = getattr(module, module_of(name))
    if isinstance(output, ToFile):
        return write(verb(argument, asked), output.output)
    if batch is not None and (batch.per_file or batch.resume):
        return _answer_each(name, command, argument, asked, shell, output)
    if work is not None and work.__dict__ != Work().__dict__:
        raise UsageError(
            "In this command --jobs works only with --per-file.", hint="Add --per-file, or leave --jobs out."
        )
    if watching is not None and watching.is_asked:
        from scaling_cli.cli.watch import scheduled, watched

        ask = functools.partial(verb, argument, scheduled(asked))
        return watched(ask, lambda report: deliver(report, output, view_of(report.command)), argument or (), watching)
    report = _reported(verb, command, argument, asked, output)
    with _as_saved(argument) if name == "show" else contextlib.nullcontext():
        return deliver(report, output, view_of(report.command))


def _answer_each(name: str, command: Command, argument: Any, asked: Options, shell: Shell, output: Output) -> int:
    """Run the verb on each file by itself, show the reports, and return the exit code."""
    from scaling_cli.cli.per_file import deliver_each
    from scaling_cli.report.views import view_of
    from scaling_cli.verbs.each_file import MOST_SMALL, Many, contents_of

    module = importlib.import_module(f"scaling_cli.verbs.{module_of(name)}")
    verb, each = getattr(module, module_of(name)), getattr(module, f"{module_of(name)}_each", None)
    work = shell.get(Work)
    alone = asked if work is not None else asked.but(**Work().__dict__)
    workers = work.workers if work is not None else asked.workers  # type: ignore[attr-defined]
    return deliver_each(
        argument,
        command.argument.suffixes,
        functools.partial(verb, asked=alone),
        shell[Batch],
        workers,
        output,
        view_of(name),
        None if each is None else Many(functools.partial(each, asked=alone), getattr(module, "AT_ONCE", MOST_SMALL)),
        contents_of(alone),
    )


def _reported(
    verb: Callable[..., Report[Any]], command: Command, argument: Any, asked: Options, output: Output
) -> Report[Any]:
    """The report, made while a bar shows the progress; after an error, what was found before it is shown first."""
    from scaling_cli.cli.progress import progress
    from scaling_cli.cli.show import deliver
    from scaling_cli.report.views import view_of
    from scaling_cli.results.report import Report

    try:
        with progress(output, command.progress) as on_progress:
            return verb(argument, asked, **({"on_progress": on_progress} if command.progress else {}))
    except ScalingError as error:
        if isinstance(error.partial, Report):
            deliver(error.partial, output, view_of(error.partial.command))
        raise


def _import_libraries(name: str) -> None:
    """Import numpy and polars before the modules that use them; of all commands, `laws` needs no polars.

    Python 3.11 keeps the variables of open calls in pieces of 16 KB, and gets or returns a piece wherever calls go past
    its end. Imported from deep within our own modules, the two libraries do so 3,000 times: 20 ms.
    """
    importlib.import_module("numpy")
    if name != "laws":
        importlib.import_module("polars")


def _as_saved(path: str) -> contextlib.AbstractContextManager[None]:
    from scaling_cli.document.saved import checked_while_shown

    return checked_while_shown(Path(path))


def _files_read(command: Command, argument: Any, asked: Options, batch: Batch | None) -> list[str | int]:
    """The files that a command reads: each name that is given, and each file that it stands for."""
    from scaling_cli.cli.inputs import files_read

    named = list(argument or ()) if command.argument.is_list else [argument] if os.path.exists(argument or "") else []
    for name, option in asked.options.items():
        value = getattr(asked, name)
        if "FILE" in option.shown and value:
            named += [value] if isinstance(value, str) else [text for text in value if os.path.exists(text)]
    return files_read(
        named,
        command.argument.suffixes,
        takes_results=command.argument.takes_results,
        takes_empty=batch is None or not batch.per_file,
    )


def _argument(argument: Argument) -> inspect.Parameter:
    kind: Any = list[str] if argument.is_list else str if argument.is_needed else str | None
    default = inspect.Parameter.empty if argument.is_needed else None
    mark = typer.Argument(metavar=argument.metavar, help=argument.help)
    return inspect.Parameter(
        argument.name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, mark], default=default
    )


def _read_in(words: Sequence[str], options: list[Option]) -> list[Option]:
    """The options that are in a command line, for typer takes a tenth of a millisecond to prepare each.

    All of them, where a word is none of their flags: then typer says which one could be meant.
    """
    flags = {flag: option for option in options for flag in option.flags}
    flags |= {f"-{option.letter}": option for option in options if option.letter}
    found = {word.partition("=")[0] for word in words if word.startswith("-")}
    if not found <= {*flags, *NO_OPTIONS}:
        return options
    names = {flags[flag].name for flag in found.difference(NO_OPTIONS)}
    return [option for option in options if option.name in names]


def _parameter(option: Option, *, completes: bool = False) -> inspect.Parameter:
    """The parameter of a flag. It takes a list of texts, so that a repeated flag is noticed; the option parses them."""
    kind: Any = (bool | None) if option.kind.is_switch else (list[str] | None)
    metavar = None if option.kind.is_switch else option.shown
    complete = None
    if completes:
        from scaling_cli.cli.completion import completion

        complete = completion(option)
    flags = ["/".join(option.flags), *([f"-{option.letter}"] if option.letter else [])]
    mark = typer.Option(*flags, metavar=metavar, help=option.help, autocompletion=complete)
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, mark], default=None
    )


def _given(option: Option, values: Any) -> Any:
    """The value of a flag, or None where it was not given.

    Raises:
        UsageError: It was given twice, and has one value.
    """
    if option.kind.is_switch or not values:
        return values if values != [] else None
    if option.kind.repeats:
        return values
    if len(values) > 1:
        hint = "Join the conditions by AND." if option.flag == "--where" else "Give it once."
        raise UsageError(f"{option.flag} is given {len(values)} times: {', '.join(values)}.", hint=hint)
    return values[0]


def _help_flags(name: str) -> list[inspect.Parameter]:
    def show(*, is_short: bool) -> Callable[[bool], None]:
        def callback(is_asked: bool) -> None:
            if is_asked:
                from scaling_cli.cli.help import command_help, width

                sys.stdout.write(command_help(name, width(), is_short=is_short))
                raise typer.Exit

        return callback

    marks: Mapping[str, Any] = {
        "short_help_": typer.Option(HELP[0], callback=show(is_short=True), is_eager=True),
        "full_help_": typer.Option(HELP[1], callback=show(is_short=False), is_eager=True),
    }
    return [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[bool, mark], default=False)
        for key, mark in marks.items()
    ]
