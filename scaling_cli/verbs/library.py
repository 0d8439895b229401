"""The verbs as callers from Python meet them: an answer that holds nothing is an error, as for the command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from scaling_cli.document.report import Report
from scaling_cli.errors import FitError

Asked = Callable[..., Report[Any]]


def called(verb: Asked) -> Asked:
    """The verb, which raises where no group could be answered; under a `label` failures stay in the report."""

    @functools.wraps(verb)
    def asking(*given: Any, **options: Any) -> Report[Any]:
        report = verb(*given, **options)
        if report.failures and not report.results and options.get("label") is None:
            raise _nothing(report)
        return report

    asking.__module__ = "scaling_cli"  # where it is found again, by workers to whom it is sent
    return asking


def _nothing(report: Report[Any]) -> FitError:
    first = report.failures[0]
    where = ", ".join(f"{key}={value}" for key, value in first.group.items())
    return FitError(
        f"None of {len(report.failures):,} groups could be answered; of {where}: {first.error}", hint=first.hint
    )
