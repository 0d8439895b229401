"""`scaling score` as a function."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.files.digest import content_hash
from scaling_cli.data.files.inputs import absent
from scaling_cli.data.files.saved import is_document
from scaling_cli.data.paths_or_table import is_table
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable
from scaling_cli.document.forecasts import SavedForecast, read_forecasts
from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.numbers.format import percent, with_and
from scaling_cli.options.score import Score
from scaling_cli.record import replace
from scaling_cli.results.report import Failure, Report
from scaling_cli.results.score import Scored, ScoreResult
from scaling_cli.verbs.common import Runs, SavedFile, report_of, unread, written_down

if TYPE_CHECKING:
    from scaling_cli.analysis.score import Run
    from scaling_cli.results.forecast import Extrapolation

USAGE = "Write it like scaling score forecast.json new_runs.csv."


PathLike: TypeAlias = str | os.PathLike[str]


def score(files: PathLike | Iterable[PathLike | Report[Extrapolation] | Runs], asked: Score) -> Report[ScoreResult]:
    """Score forecasts that were saved before the runs were trained.

    Args:
        files: Saved forecasts, folders of them, or answers of `extrapolate`; and files of runs, or one table of them.
        asked: How to match runs to forecasts, and which rows and columns to read.

    Raises:
        UsageError: There is no forecast, or no file of runs.
        DataError: A file cannot be read, or no run fits a forecast.
    """
    from scaling_cli.analysis.score_units import unlike_units

    is_one = isinstance(files, str | os.PathLike | Report) or is_table(files)
    saved, runs = _sorted([files] if is_one else files)  # type: ignore[arg-type]
    forecasts = [forecast for file in saved for forecast in read_forecasts(file.path, file.name)]
    forecasts = _of_the_losses_asked(forecasts, asked.loss)
    groups = tuple(dict.fromkeys(column for forecast in forecasts for column in forecast.group))
    by_loss, unusable = _tables(runs, dict.fromkeys(forecast.loss for forecast in forecasts), asked, groups)
    forecasts = [forecast for forecast in forecasts if forecast.loss in by_loss]
    tables = list(by_loss.values())
    rows = {loss: list(table.frame.iter_rows(named=True)) for loss, table in by_loss.items()}
    columns = {loss: table.columns["loss"] for loss, table in by_loss.items()}
    converted, units, others = _in_unit_of_runs(forecasts, columns, asked.loss_unit)
    results, failures = _by_level(converted, rows, asked.within)
    units += unlike_units(converted, [row for result in results for row in result.scored], columns, asked.loss_unit)
    seen = {source.sha256 for source in tables[0].sources}
    # What a unit does to a fitted law is not asked here.
    caveats = [found for table in tables for found in table.caveats if found.code != "loss-unit"]
    names = ", ".join(table.columns["loss"] for table in tables)
    first = replace(tables[0], columns={**tables[0].columns, "loss": names})
    failed = [*unread(first), *unusable, *others, *failures]
    return report_of(
        "score", first, asked, results, [*caveats, *units, *_doubts(converted, results, seen, asked.within)], failed
    )


def _of_the_losses_asked(forecasts: Sequence[SavedForecast], losses: Sequence[str]) -> list[SavedForecast]:
    """The forecasts without those of other losses, where several were forecast together and --loss names some.

    Raises:
        UsageError: It names a loss that was not forecast.
    """
    known = list(dict.fromkeys(forecast.loss for forecast in forecasts if forecast.loss is not None))
    if not losses or not known:
        return list(forecasts)
    if unknown := [loss for loss in losses if loss not in known]:
        raise UsageError(
            f"--loss is {with_and(unknown)}, but the losses of the forecasts are {with_and(known)}.",
            hint="Name some of these; the columns of the runs must have the same names.",
        )
    return [forecast for forecast in forecasts if forecast.loss is None or forecast.loss in losses]


def _tables(
    runs: Runs, losses: Iterable[str | None], asked: Score, groups: Sequence[str]
) -> tuple[dict[str | None, RunTable], list[Failure]]:
    """The runs with each of the losses that were forecast; those that the runs lack are failures.

    Raises:
        UsageError: They have none of the losses.
        DataError: A file cannot be read.
    """
    tables: dict[str | None, RunTable] = {}
    failures: list[Failure] = []
    errors: list[ScalingError] = []
    for loss in losses:
        try:
            table = load_runs(runs, asked.but(loss=(loss,)) if loss else asked, maybe=tuple(groups))
            _require_groups(table, groups)
            tables[loss] = table
        except (UsageError, DataError) as error:
            errors.append(error)
            failures.append(Failure({"loss": loss or ""}, error.message, error.hint))
    if not tables:
        raise errors[0]
    return tables, failures


def _require_groups(table: RunTable, groups: Sequence[str]) -> None:
    if missing := [name for name in groups if table.own([name])[0] not in table.frame.columns]:
        raise UsageError(
            f"The forecasts are of groups of {with_and(missing)}, but the runs have no such column.",
            hint=f"Add column {missing[0]} to the runs, with the group of each.",
        )


def _in_unit_of_runs(
    forecasts: Sequence[SavedForecast], columns: Mapping[str | None, str], loss_unit: str
) -> tuple[list[SavedForecast], list[Caveat], list[Failure]]:
    """The forecasts in the unit of the runs' columns, caveats about those converted, and those of another metric.

    Raises:
        DataError: All forecasts are of another metric.
    """
    from scaling_cli.analysis.score_units import in_unit_of_runs

    converted: list[SavedForecast] = []
    caveats: list[Caveat] = []
    failures: list[Failure] = []
    for forecast in forecasts:
        try:
            made, found = in_unit_of_runs(forecast, columns[forecast.loss], loss_unit)
        except DataError as error:
            if len(failures) + 1 == len(forecasts):
                raise
            failures.append(Failure({"forecast": Path(forecast.path).name}, error.message, error.hint))
            continue
        converted.append(made)
        caveats += [each for each in found if each not in caveats]
    return converted, caveats, failures


def _by_level(
    forecasts: Sequence[SavedForecast], rows: Mapping[str | None, Sequence[Run]], within: float
) -> tuple[list[ScoreResult], list[Failure]]:
    """A result for each level of the intervals, since forecasts of different levels have no calibration in common."""
    from scaling_cli.analysis.score import scored

    results: list[ScoreResult] = []
    failures: list[Failure] = []
    levels = sorted({forecast.level for forecast in forecasts})
    for level in levels:
        group = {"level": percent(level, 4)} if len(levels) > 1 else {}
        try:
            result = scored([each for each in forecasts if each.level == level], rows, within)
        except DataError as error:
            if len(failures) + 1 == len(levels):
                raise
            failures.append(Failure(group, error.message, error.hint))
            continue
        results.append(replace(result, group=group))
    return results, failures


def _sorted(given: Iterable[PathLike | Report[Extrapolation] | Runs]) -> tuple[list[SavedFile], Runs]:
    """The forecasts, each once and in the order of their names within folders, and the runs.

    Raises:
        UsageError: There are no forecasts, no runs, or runs both in a table and in files.
    """
    saved: list[SavedFile] = []
    paths: list[PathLike] = []
    tables: list[Runs] = []
    for each in given:
        if isinstance(each, Report):
            saved.append(written_down(each, f"answer {len(saved) + 1}"))
        elif isinstance(each, str | os.PathLike):
            found = _documents(Path(each))
            saved += [SavedFile(str(path), path) for path in found]
            paths += [] if found else [each]
        else:
            tables.append(each)
    if not saved:
        for path in paths:
            if Path(path).suffix == ".json" and not Path(path).exists():
                raise absent(os.fspath(path))
        raise UsageError("There is no saved forecast among the files.", hint=f"Save one first. {USAGE}")
    if not paths and not tables:
        raise UsageError("There are only forecasts, and no runs to score them by.", hint=USAGE)
    if len(tables) + bool(paths) > 1:
        raise UsageError("Runs are given in more than one table, or in files and a table.", hint="Give one table.")
    once: dict[str, SavedFile] = {}
    for file in saved:
        once.setdefault(content_hash(str(file.path)), file)  # a copy is no further forecast
    return list(once.values()), tables[0] if tables else [os.fspath(path) for path in paths]


def _documents(path: Path) -> list[Path]:
    """The document of this tool at a path, or the forecasts in a folder, which may hold other results too."""
    if path.is_dir():
        return [each for each in sorted(path.glob("*.json")) if is_document(each, "extrapolate")]
    return [path] if path.is_file() and is_document(path) else []


def _doubts(
    forecasts: Sequence[SavedForecast], results: Sequence[ScoreResult], seen: set[str], within: float
) -> list[Caveat]:
    """A caveat for forecasts that were made from the runs by which they are scored."""
    rows = [row for result in results for row in result.scored]
    own = sorted({name for forecast in forecasts if (name := _knew(forecast, rows, seen, within)) is not None})
    return [caveat("forecast-knew-runs", files=", ".join(own))] if own else []


def _knew(forecast: SavedForecast, rows: Sequence[Scored], seen: set[str], within: float) -> str | None:
    """The name of the forecast, if it was made from a run that it is scored by; by its files, if it holds no runs."""
    name = Path(forecast.path).name
    if forecast.runs is None:
        return name if forecast.hashes & seen else None
    scored = [row for row in rows if row.forecast == name]
    losses = {row.observed for row in scored}
    for at, loss in forecast.runs:
        if loss in losses and any(row.observed == loss and _is_near(at, row.at, within) for row in scored):
            return name
    return None


def _is_near(at: Mapping[str, float], other: Mapping[str, float], within: float) -> bool:
    shared = [role for role in at if role in other]
    return all(abs(math.log(at[role] / other[role])) <= math.log1p(within) for role in shared)
