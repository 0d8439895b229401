"""Files that lack a column which others have."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.data.files.inputs import Scan, UnreadFile
from scaling_cli.data.runs.aliases import is_loss
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.table import NO
from scaling_cli.data.usable_files import UnusableFilesError
from scaling_cli.numbers.format import number_of


def refuse_without_loss(scans: Sequence[Scan], loss: str) -> None:
    """Refuse the files that lack the column of the loss.

    Raises:
        UnusableFilesError: There are any.
    """
    unusable = [
        UnreadFile(file.name, f"{file.name} has no column {loss!r}.", _remedy(scan, loss))
        for scan in scans
        if loss not in scan.columns
        for file in scan.files
    ]
    if unusable:
        raise UnusableFilesError(unusable)


def _remedy(scan: Scan, loss: str) -> str:
    own = next((name for name in scan.columns if is_loss(name)), None)
    column = "its column of the loss" if own is None else f"its column {own!r}"
    return f"Leave this file out, or rename {column} to {loss!r}."


def lacking(scans: Sequence[Scan], plan: Plan) -> dict[str, str]:
    """For each role of which some files have the column, the files that do not."""
    found = {}
    for role, chosen in plan.chosen.items():
        files = [file.name for scan in scans if chosen.column not in scan.columns for file in scan.files]
        if files:
            more = f" and {number_of(len(files) - 1, 'more file')}" if len(files) > 1 else ""
            verb = "have" if more else "has"
            found[f"{NO}{role}"] = f"{files[0]}{more} {verb} no column {chosen.column!r}"
    return found
