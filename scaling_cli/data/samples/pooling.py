"""Which rows of sampling logs may be counted together: what is refused, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import listing
from scaling_cli.data.samples.columns import MODELS, TASKS, named, rivals
from scaling_cli.data.samples.outcomes import Ask
from scaling_cli.errors import UsageError


def refuse_models(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask) -> None:
    """Refuse to pool the attempts of several models.

    Raises:
        UsageError: A column names several, and is no group.
    """
    for name in named(schema.names(), MODELS):
        if name in ask.by or schema[name].is_nested():
            continue
        count = rows.select(pl.col(name).n_unique()).collect(engine="streaming").item()
        if count > 1:
            raise UsageError(
                f"The column {name!r} has {count} values, and their attempts must not be pooled.",
                hint=f"Give --by {name}, or keep one with --where.",
            )


def refuse_filters(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask) -> None:
    """Refuse to count a document once for each filter that lm-eval scored it under.

    Raises:
        UsageError: There are several, and they are no group.
    """
    if "filter" not in schema or "filter" in ask.by or "doc_id" not in schema:
        return
    filters = rows.select(pl.col("filter").unique().sort()).collect(engine="streaming")["filter"].to_list()
    if len(filters) > 1:
        raise UsageError(
            f"Each document was scored under {len(filters)} filters: {listing([str(each) for each in filters])}.",
            hint=f"Keep one: --where \"filter = '{filters[0]}'\".",
        )


def tasks_of(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask) -> tuple[list[str], list[Caveat]]:
    """Columns that are part of a problem's name, with the caveat that they are pooled."""
    wanted = [name for name in named(schema.names(), TASKS) if name not in (*ask.by, *ask.mapping.values())]
    wanted = [name for name in wanted if not schema[name].is_nested()]
    if not wanted:
        return [], []
    counts = rows.select(pl.col(name).n_unique() for name in wanted).collect(engine="streaming").row(0)
    several = [name for name, count in zip(wanted, counts, strict=True) if count > 1]
    return several, [caveat("pooled-tasks", column=name) for name in several]


def other_problems(
    rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Mapping[str, str | None], tasks: Sequence[str]
) -> list[Caveat]:
    """A caveat for each column that might as well name the problems, and would make others of them."""
    taken = columns.get("problem")
    if taken is None or "problem" in ask.mapping:
        return []
    used = (*ask.by, *tasks, *columns.values(), *ask.mapping.values())
    others = [name for name in rivals(schema.names(), "problem", taken) if name not in used]
    others = [name for name in others if not schema[name].is_nested()]
    found = []
    for other in others:
        counts = rows.select(
            pl.col(taken).n_unique(), pl.col(other).n_unique(), both=pl.struct(taken, other).n_unique()
        )
        by_taken, by_other, by_both = counts.collect(engine="streaming").row(0)
        if by_both > by_taken:
            found.append(
                caveat("other-problems", taken=taken, count=f"{by_taken:,}", other=other, others=f"{by_other:,}")
            )
    return found
