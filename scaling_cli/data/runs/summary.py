"""What the columns of the input are read as, shown before anything is fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from scaling_cli.data.files.formats import as_asked
from scaling_cli.data.files.inputs import column_counts, open_inputs
from scaling_cli.data.paths_or_table import PathsOrTable, frame_of, paths_of
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN
from scaling_cli.data.runs.aliases import ROLES, scale_of
from scaling_cli.data.runs.columns import candidates
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading
from scaling_cli.results.columns import ColumnsResult, RoleColumn

SAMPLE_ROWS = 5
SAMPLE_COLUMNS = 8  # of input that cannot be loaded; a wide log has hundreds
NOTHING = "nothing found"
UNITS = {"params": "count", "tokens": "count", "unique_tokens": "count", "compute": "FLOPs", "batch_size": "as given",
         "gpu_hours": "GPU-hours", "seconds": "s"}  # fmt: skip


def summarise(table: RunTable, loss_unit: str) -> ColumnsResult:
    """The columns of a table, with the first points as a sample."""
    frame = table.frame
    roles = tuple(_role(table, role, loss_unit) for role in table.columns if role in frame.columns)
    return ColumnsResult(
        runs=frame["run_id"].n_unique(),
        points=frame.height,
        rows=table.total,
        roles=roles,
        others=table.others,
        excluded=table.excluded,
        sample=tuple(frame.head(SAMPLE_ROWS).to_dicts()),
        tokens_per_param=_ratios(frame),
    )


def _ratios(frame: pl.DataFrame) -> tuple[float, float] | None:
    """The smallest and the largest number of tokens per param."""
    if not has_params_and_tokens(frame.columns):
        return None
    known = frame.lazy().filter((pl.col("params") > 0) & (pl.col("tokens") > 0))
    ratio = pl.col("tokens") / pl.col("params")
    low, high = known.select(ratio.min().alias("low"), ratio.max().alias("high")).collect().row(0)
    return None if low is None else (float(low), float(high))


def summarise_unloadable(data: PathsOrTable, reading: Reading, error: ScalingError) -> ColumnsResult | None:
    """The columns of input that cannot be loaded because of `error`; None if its rows cannot be read, either."""
    try:
        rows, files = _rows(data, reading)
        names = list(files)
        shown = candidates(names, reading.mapping, files)
        first = dict.fromkeys([*(name for columns in shown.values() for name in columns), *names])
        texts = [pl.col(name).cast(pl.String) for name in list(first)[:SAMPLE_COLUMNS]]
        with quiet_panics():
            sample = rows.select(texts).head(SAMPLE_ROWS).collect()
            count = int(rows.select(pl.len()).collect(engine="streaming").item())
    except (ScalingError, *THROWN):
        return None
    shown = {"loss": []} | shown if "loss" not in shown else shown
    return ColumnsResult(
        runs=0,
        points=0,
        rows=count,
        roles=tuple(_unsettled(role, shown[role], reading.loss_unit) for role in ROLES if role in shown),
        others=tuple(name for name in names if not any(name in columns for columns in shown.values())),
        excluded={},
        sample=tuple(sample.to_dicts()),
        problem=error.message,
        remedy=error.hint,
    )


def _rows(data: PathsOrTable, reading: Reading) -> tuple[pl.LazyFrame, Counter[str]]:
    """The rows under the names in the files, and how many files have each column."""
    rows = frame_of(data)
    if rows is not None:
        return rows, Counter(rows.collect_schema().names())
    with as_asked(reading.input_format):
        inputs = open_inputs(paths_of(data), reading.input_format, reading.max_expand)
        return inputs.frame(), column_counts(list(inputs.scans()))


def _unsettled(role: str, tied: Sequence[str], loss_unit: str) -> RoleColumn:
    origin = " or ".join(tied) if tied else NOTHING
    scale = scale_of(role, tied[0]) if len(tied) == 1 else 1.0
    return RoleColumn(role, origin, _unit(role, loss_unit), scale, None, None, 0)


def _unit(role: str, loss_unit: str) -> str:
    if role == "loss":
        return "nats" if loss_unit == PERPLEXITY else loss_unit
    return UNITS.get(role, "name" if role == "run_id" else "as given")


def _role(table: RunTable, role: str, loss_unit: str) -> RoleColumn:
    values = table.frame[role]
    is_number = values.dtype.is_numeric()
    return RoleColumn(
        role=role,
        origin=table.columns[role],
        unit=_unit(role, loss_unit),
        scale=table.scales.get(role, 1.0),
        low=_number(values.min()) if is_number else None,
        high=_number(values.max()) if is_number else None,
        missing=values.null_count(),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
