"""`scaling columns` as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from scaling_cli.data.runs.load import Reading, load_runs, recorded
from scaling_cli.errors import ScalingError
from scaling_cli.results.report import Report
from scaling_cli.verbs.arguments import Texts
from scaling_cli.verbs.common import columns_named, unread

if TYPE_CHECKING:
    from scaling_cli.results.columns import ColumnsResult
    from scaling_cli.verbs.common import Runs


def columns(runs: Runs, *, by: Texts = (), **reading: Unpack[Reading]) -> Report[ColumnsResult]:
    """Which column of the runs plays which role, and what would be left out; options as for `fit`.

    Raises:
        UsageError: The options name what does not exist, or two columns tie for a role.
        DataError: The files cannot be read, or have no loss.
    """
    from scaling_cli.data.runs.summary import summarise

    table = load_runs(runs, by=columns_named(by), **reading)
    summary = summarise(table, reading.get("loss_unit", "nats"))
    options = {"by": list(columns_named(by)), **recorded(reading)}
    return Report("columns", table.sources, table.columns, options, (summary,), table.caveats, tuple(unread(table)))


def sketched_columns(
    runs: Runs, error: ScalingError, *, by: Texts = (), **reading: Unpack[Reading]
) -> Report[ColumnsResult]:
    """What `columns` can tell of runs that cannot be loaded because of `error`; raises it where that is nothing."""
    from scaling_cli.data.runs.summary import summarise_unloadable

    options = {"by": list(columns_named(by)), **recorded(reading)}
    unit, form = reading.get("loss_unit", "nats"), reading.get("input_format")
    found = summarise_unloadable(runs, reading.get("mapping") or {}, unit, form, error)
    if found is None:
        raise error
    return Report("columns", (), {}, options, (found,))
