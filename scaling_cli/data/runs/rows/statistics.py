"""Rows that are no runs but statistics of others, such as one called `mean` below a table, or with `seed=mean`."""

from __future__ import annotations

import re

from scaling_cli.caveats import caveat
from scaling_cli.data import cells
from scaling_cli.data.filters import columns_in
from scaling_cli.data.names import listing, normalise
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.rows.several_runs import SEEDS
from scaling_cli.record import replace

WORDS = {
    *("mean", "avg", "average", "averaged", "median", "std", "stdev", "stddev", "sd", "stderr", "sem", "se", "var"),
    *("variance", "min", "max", "sum", "count", "total", "25%", "50%", "75%", "ci"),
}


def without_statistics(rows: LogRows, where: str | None) -> LogRows:
    """The rows of runs, and a caveat that counts the rows whose run or seed is called like a statistic.

    If half of the rows are called so, these are names of runs, such as ways of pooling. Columns in the user's condition
    (`where`) or groups stay as they are.
    """
    run = [rows.plan.chosen["run_id"].column] if "run_id" in rows.plan.chosen else []
    seeds = [name for name in rows.schema.names() if normalise(re.split(r"[./]", name)[-1]) in SEEDS]
    for column in dict.fromkeys((*run, *seeds)):
        if not cells.is_text(rows.schema[column]) or column in (*rows.plan.by.values(), *columns_in(where)):
            continue
        is_statistic = cells.text(column).str.to_lowercase().is_in(WORDS).fill_null(value=False)
        names = rows.frame.select(cells.text(column).alias("name"), is_statistic.alias("is")).collect(
            engine="streaming"
        )
        found = names.filter("is")["name"]
        if 0 < 2 * len(found) < names.height:
            values = listing(found.unique().sort().to_list())
            facts = {"count": f"{len(found):,}", "total": f"{names.height:,}", "column": column, "names": values}
            return replace(rows, frame=rows.frame.filter(~is_statistic)).saying(caveat("statistics", None, **facts))
    return rows
