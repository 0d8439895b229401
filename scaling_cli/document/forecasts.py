"""Saved forecasts read back, so that they can be scored by runs that were trained later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import ValidationError, convert

from scaling_cli.document.read import documents
from scaling_cli.errors import DataError
from scaling_cli.numbers.parse import LARGEST, SMALLEST
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band

SCHEMA = "scaling.extrapolate/1"


class SavedPrediction(Record):
    """One forecast loss, with its interval for the mean loss and, if it has one, that for one new run."""

    at: dict[str, float]
    loss: Estimate
    prediction: Band = Band()

    @property
    def interval(self) -> Estimate:
        """The forecast with the interval for one new run, or else that for the mean."""
        low, high = self.prediction.low, self.prediction.high
        if low is None or high is None:
            low, high = self.loss.low, self.loss.high
        return Estimate(self.loss.estimate, low, high)


class SavedLevel(Record):
    """The level of the intervals."""

    level: float = 0.95


class SavedForecast(Record):
    """The forecasts for one group of runs; `hashes` are those of the files that it was made from.

    `loss` is the column of the loss where several were forecast together, `column` that of each loss if it is known,
    and `loss_unit` the option for its unit, if it was given. `runs` are the amounts and the loss of each run that it
    was made from, None if the document lacks them.
    """

    path: str
    group: dict[str, str]
    level: float
    predictions: tuple[SavedPrediction, ...]
    hashes: frozenset[str]
    loss: str | None = None
    column: str | None = None
    loss_unit: str | None = None
    runs: tuple[tuple[dict[str, float], float], ...] | None = None


class _Result(Record):
    predictions: tuple[SavedPrediction, ...]
    group: dict[str, str] = {}
    interval: SavedLevel = SavedLevel()


class _Observations(Record):
    inputs: dict[str, list[float]] = {}
    observed: list[float] = []


class _Drawing(Record):
    observations: _Observations | None = None


class _Document(Record):
    results: tuple[_Result, ...]
    drawing: tuple[_Drawing, ...] = ()


def read_forecasts(path: Path, name: str = "") -> list[SavedForecast]:
    """Every forecast in a document of `scaling extrapolate`; `name` is what it is called, where not `path`.

    Raises:
        DataError: The file is not such a document.
    """
    found = []
    for where, document in documents(path, "`scaling extrapolate ... -o FILE.json`", name):
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise DataError(
                f"{where} is not a saved forecast.",
                hint="Save one with scaling extrapolate RUNS --at ... -o FORECAST.json.",
            )
        try:
            saved = convert(document, _Document)
        except ValidationError as problem:
            raise DataError(
                f"{where}: {problem}.", hint="Write it again with scaling extrapolate -o FORECAST.json."
            ) from problem
        inputs, columns = document.get("inputs"), document.get("columns")
        sources = [each for each in inputs if isinstance(each, dict)] if isinstance(inputs, list) else []
        hashes = frozenset(str(each.get("sha256", "")) for each in sources)
        losses = str(columns.get("loss", "")).split(", ") if isinstance(columns, dict) else []
        options = document.get("options")
        given = options.get("loss_unit") if isinstance(options, dict) else None
        unit = given if isinstance(given, str) else None
        drawn = dict(enumerate(saved.drawing))
        own = [
            replace(_forecast(result, name or str(path), hashes, losses), loss_unit=unit, runs=_runs(drawn.get(place)))
            for place, result in enumerate(saved.results)
        ]
        if fault := next((fault for each in own for fault in _faults(each)), "" if own else "it has no result"):
            raise DataError(
                f"{where} is not a saved forecast: {fault}.", hint="Write it again with scaling extrapolate."
            )
        found += own
    return found


def _faults(forecast: SavedForecast) -> Iterator[str]:
    """What no forecast can have: amounts and losses that are not above zero, or ends in the wrong order."""
    if not 0 < forecast.level < 1:
        yield f"its level is {forecast.level:g}"
    for prediction in forecast.predictions:
        ends = prediction.interval
        amounts = {**prediction.at, "loss": ends.estimate, "low end of the loss": ends.low, "high end": ends.high}
        for name, amount in amounts.items():
            if amount is not None and not SMALLEST <= amount <= LARGEST:
                yield f"its {name} is {amount:g}"
        if ends.low is not None and ends.high is not None and ends.low > ends.high:
            yield f"its interval of the loss goes from {ends.low:g} down to {ends.high:g}"


def _runs(drawing: _Drawing | None) -> tuple[tuple[dict[str, float], float], ...] | None:
    """The amounts and the loss of each run of a drawing; None if it does not show them."""
    seen = None if drawing is None else drawing.observations
    if seen is None or not seen.observed or any(len(values) != len(seen.observed) for values in seen.inputs.values()):
        return None
    places = zip(*seen.inputs.values(), strict=True)
    return tuple(
        (dict(zip(seen.inputs, at, strict=True)), loss) for at, loss in zip(places, seen.observed, strict=True)
    )


def _forecast(made: _Result, path: str, hashes: frozenset[str], losses: Sequence[str]) -> SavedForecast:
    loss = made.group.get("loss") if len(losses) > 1 else None
    group = {name: value for name, value in made.group.items() if name != "loss" or loss not in losses}
    own = loss if loss in losses else None
    column = own or (losses[0] if len(losses) == 1 and losses[0] else None)
    return SavedForecast(path, group, made.interval.level, made.predictions, hashes, own, column)
