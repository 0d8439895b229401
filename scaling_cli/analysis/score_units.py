"""The units of saved forecasts and of the runs that score them: bits and nats are converted, others must agree.

A unit is what --loss-unit says, or else the name of the column; a loss is in nats per token where neither says more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import normalise
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction
from scaling_cli.errors import DataError
from scaling_cli.numbers.units import PERPLEXITY, metric_unit
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band
from scaling_cli.results.score import Scored

LIKE_BITS = 0.04  # largest difference of each error in log loss from that of bits taken for nats
NATS, BITS, OTHER = "nats", "bits", "other"
FACTORS = {(NATS, BITS): 1 / math.log(2), (BITS, NATS): math.log(2)}
FORMULA = re.compile(r"[*+]|\b(ln|log|log2|log10|exp)\(|/\s*\d")
# Bits that are not of a token, so that they are no multiple of a loss per token.
PER_TEXT = re.compile(r"(.*_)?(bpc|bits_per_(char|character|word))(_.*)?")


def unit_of(column: str | None, loss_unit: str | None) -> str | None:
    """The unit of a column of losses, or None where neither the option nor the name says it.

    The name of a formula says nothing, since it may convert the unit.
    """
    if loss_unit not in (None, NATS):
        return NATS if loss_unit == PERPLEXITY else loss_unit
    if column is None or FORMULA.search(column):
        return None
    name = normalise(column)
    return "bits per character or word" if PER_TEXT.fullmatch(name) else metric_unit(name)


def in_unit_of_runs(forecast: SavedForecast, column: str, loss_unit: str) -> tuple[SavedForecast, list[Caveat]]:
    """The forecast in the unit of the runs' losses, and a caveat if it had to be converted.

    Args:
        column: The runs' column of the loss.
        loss_unit: --loss-unit for the runs, `nats` if it was not given.

    Raises:
        DataError: The forecast is of another metric.
    """
    made, reached = unit_of(forecast.column, forecast.loss_unit), unit_of(column, loss_unit)
    # Who converts the losses by a formula converts them to the unit of the forecast.
    is_same = loss_unit == NATS and (forecast.column == column or FORMULA.search(column) is not None)
    if is_same or {made, reached} in ({OTHER, None}, {OTHER}):
        return forecast, []
    pair = (made or NATS, reached or NATS)
    if pair[0] == pair[1]:
        return forecast, []
    if pair not in FACTORS:
        raise _other_metric(forecast, column, pair, is_said=reached is not None)
    return _times(forecast, FACTORS[pair]), [_converted(forecast, column, pair, is_said=reached is not None)]


def unlike_units(
    forecasts: Sequence[SavedForecast], rows: Sequence[Scored], columns: Mapping[str | None, str], loss_unit: str
) -> list[Caveat]:
    """A caveat for each forecast whose runs all differ from it as losses in bits differ from losses in nats.

    `columns` are the runs' columns of each loss.
    """
    found = {}
    for forecast in forecasts:
        name, column = Path(forecast.path).name, columns[forecast.loss]
        errors = [row.error_log for row in rows if (row.forecast, row.loss) == (name, forecast.loss)]
        made, reached = unit_of(forecast.column, forecast.loss_unit), unit_of(column, loss_unit)
        if not errors or {made, reached} - {None, NATS, BITS}:
            continue
        size = math.log(FACTORS[NATS, BITS])
        for sign in (1, -1):
            if all(abs(sign * error - size) < LIKE_BITS for error in errors):
                is_known = reached is not None or FORMULA.search(column) is not None or (made == BITS and sign > 0)
                remedy = f"Check the units of {column} and of the forecast" if is_known else _remedy(column, sign)
                ratio = math.exp(sum(errors) / len(errors))
                found[name, forecast.loss] = caveat(
                    "score-in-bits", file=name, column=column, ratio=ratio, remedy=remedy
                )
    return list(found.values())


def _remedy(column: str, sign: int) -> str:
    if sign > 0:
        return "Give --loss-unit bits if the runs are in bits"
    return f"Convert the runs if the forecast is in bits: --map 'loss={column}*1.442695'"


def _converted(forecast: SavedForecast, column: str, pair: tuple[str, str], *, is_said: bool) -> Caveat:
    remedy = "make the forecast again with --loss-unit bits" if is_said and pair[1] == BITS else "give --loss-unit bits"
    if is_said and pair[1] == NATS:
        remedy = "name the runs' own column with --loss and their unit with --loss-unit"
    return caveat(
        "forecast-converted", file=Path(forecast.path).name, column=column, made=pair[0], reached=pair[1],
        factor=FACTORS[pair], remedy=remedy,
    )  # fmt: skip


def _other_metric(forecast: SavedForecast, column: str, pair: tuple[str, str], *, is_said: bool) -> DataError:
    made, reached = pair
    if reached == PERPLEXITY and made in (NATS, BITS):
        hint = "Give --loss-unit perplexity, which compares the logarithm of the runs' perplexities."
    elif made == PERPLEXITY:
        hint = "Choose the runs' column of perplexity with --loss COL, without --loss-unit."
    elif is_said or " " in made:
        hint = f"Choose the runs' column in {made} with --loss COL, or convert {column}: --map 'loss={column}*FACTOR'."
    else:
        hint = f"Choose the runs' column in {made} with --loss COL, or give --loss-unit {made} if {column} is in it."
    return DataError(
        f"{Path(forecast.path).name} forecasts a loss in {made}, but {column} of the runs is in {reached}, so their "
        "difference is not an error of the forecast.",
        hint=hint,
    )


def _times(forecast: SavedForecast, factor: float) -> SavedForecast:
    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    def times(each: SavedPrediction) -> SavedPrediction:
        loss, new = each.loss, each.prediction
        return replace(
            each,
            loss=Estimate(scaled(loss.estimate), scaled(loss.low), scaled(loss.high)),
            prediction=Band(scaled(new.low), scaled(new.high)),
        )

    return replace(forecast, predictions=tuple(map(times, forecast.predictions)))
