"""Hints of commands that lack some options of `scaling fit`, but take what it saves."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import ParamSpec

from scaling_cli.errors import ScalingError
from scaling_cli.numbers.format import with_and
from scaling_cli.options.commands import find_command
from scaling_cli.record import replace
from scaling_cli.results.report import Report, Result

Given = ParamSpec("Given")
Verb = Callable[Given, Report[Result]]


def fitted_first(command: str) -> Callable[[Verb[Given, Result]], Verb[Given, Result]]:
    """Let each hint of this command that offers an option which only `scaling fit` has say how to use it."""

    def decorate(verb: Verb[Given, Result]) -> Verb[Given, Result]:
        @functools.wraps(verb)
        def answer(*args: Given.args, **kwargs: Given.kwargs) -> Report[Result]:
            try:
                report = verb(*args, **kwargs)
            except ScalingError as error:
                hint = _completed(error.hint, command)
                if hint == error.hint:
                    raise
                raise error.hinting(hint) from error.__cause__
            failures = tuple(replace(each, hint=_completed(each.hint, command)) for each in report.failures)
            return replace(report, failures=failures)

        return answer

    return decorate


def _completed(hint: str, command: str) -> str:
    lacking = _flags("fit") - _flags(command)
    named = [flag for flag in dict.fromkeys(re.findall(r"--[a-z-]+", hint)) if flag in lacking]
    if not named or "scaling fit" in hint:  # which says already where they belong
        return hint
    return (
        f"{hint} `scaling {command}` does not have {with_and(named)}: fit the law first with `scaling fit RUNS ... -o "
        "FIT.json`, and give FIT.json in place of the runs."
    )


def _flags(command: str) -> set[str]:
    return {flag for option in find_command(command).options.options.values() for flag in option.flags}
