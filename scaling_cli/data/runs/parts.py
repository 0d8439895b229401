"""Params as the sum of parts, for laws of models whose parts are not all used equally often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.runs.derive import recounted
from scaling_cli.data.runs.table import RunTable
from scaling_cli.flops import FlopsRule
from scaling_cli.record import replace


def table_of_parts(table: RunTable, own: Mapping[str, str], parts: Sequence[str], rule: FlopsRule) -> RunTable:
    """The table with params as the sum of `parts`, and compute counted by `rule`; `own` has the columns of inputs.

    Raises:
        DataError: A part or the tokens are missing, or the rule gives a run no FLOPs.
    """
    table = table.needing(("tokens", *table.own([own[name] for name in parts])))
    named = dict(zip(own, table.own(list(own.values())), strict=True))
    frame = table.frame.with_columns(
        *(pl.col(column).alias(name) for name, column in named.items() if name != column),
        params=pl.sum_horizontal(pl.col(named[name]).cast(pl.Float64) for name in parts),
    )
    columns = {**table.columns, "params": " + ".join(own[name] for name in parts), "compute": rule.formula}
    return replace(table, frame=recounted(frame, rule, ()), columns=columns)
