"""`scaling columns` as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_cli.data.runs.load import load_runs
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.reading import Reading
from scaling_cli.results.columns import ColumnsResult
from scaling_cli.results.report import Report
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.common import report_of, unread

if TYPE_CHECKING:
    from scaling_cli.verbs.common import Runs


def columns(runs: Runs, asked: Reading) -> Report[ColumnsResult]:
    """Which column of the runs plays which role, and what would be left out.

    Args:
        runs: Files or a table, as `fit` takes them.

    Raises:
        UsageError: The options name a column that does not exist, or two columns fit a role equally well. The
            error's `partial` holds what was found before the error, if anything.
        DataError: The files cannot be read, or have no loss; `partial` is set here, too.
    """
    from scaling_cli.data.runs.summary import summarise, summarise_unloadable

    try:
        table = load_runs(runs, asked)
    except (UsageError, DataError) as error:
        found = summarise_unloadable(runs, asked, error)
        if found is not None:
            results = with_sentences("columns", (found,), {})
            error.partial = Report("columns", (), {}, asked.recorded(), results)
        raise
    summary = summarise(table, asked.loss_unit)
    return report_of("columns", table, asked, (summary,), table.caveats, unread(table))
