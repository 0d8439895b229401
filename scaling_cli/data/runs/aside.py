"""Columns that have no role but may say which runs differ: a data set, an optimizer, a width.

They are read beside the points, so that `points.pooled` can tell whether one of them explains the spread of the losses.
A large log gives only those with a telling name, because each further column slows the reading down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from scaling_cli.data.files.inputs import BY_FILE
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aliases import may_be_evaluation
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.select import PEAK
from scaling_cli.numbers.units import PERPLEXITY, metric_unit

ASIDE = "aside "  # prefix of these columns among the points
MOST = 40  # columns of a small log

# Words in names of columns that say how a run was made.
CONDITIONS = {
    *("dataset", "data", "corpus", "corpora", "mixture", "mix", "domain", "source", "optimizer", "optimiser", "optim"),
    *("arch", "architecture", "family", "model", "tokenizer", "condition", "variant", "schedule", "scheduler"),
    *(
        "activation",
        "attention",
        "recipe",
        "method",
        "setting",
        "experiment",
        "ablation",
        "treatment",
        "arm",
        "sparsity",
    ),
}
# Words in names of columns in which runs of equal inputs may differ without another law.
BOOKKEEPING = {
    *("seed", "seeds", "replicate", "rep", "repeat", "trial", "fold", "id", "name", "date", "time", "timestamp"),
    *("created", "host", "hostname", "node", "user", "path", "file", "url", "commit", "hash", "index", "row", "state"),
    *("status", "step", "steps", "epoch", "notes", "run", "label", "runtime", "hours", "seconds", "lower", "upper"),
}


def says_unit(name: str) -> bool:
    """Whether the name is one such as `unit` or `loss_unit`."""
    return normalise(name).split("_")[-1] in ("unit", "units")


def is_perplexity(name: str) -> bool:
    """Whether a column of this name holds perplexities."""
    return metric_unit(normalise(name)) == PERPLEXITY


def words(name: str) -> set[str]:
    """The words of a name."""
    return set(normalise(name).split("_"))


def is_condition(name: str) -> bool:
    """Whether the name says how a run was made."""
    return bool(words(name) & CONDITIONS) and not words(name) & BOOKKEEPING


def aside_columns(schema: pl.Schema, plan: Plan, *, is_small: bool) -> dict[str, str]:
    """The columns to read beside the points, under the names that they get there."""
    used = {*(chosen.column for chosen in plan.chosen.values()), *plan.by.values(), *plan.keep.values()}
    free = [name for name, kind in schema.items() if name not in used and _is_plain(kind) and _may_differ(name)]
    conditions = [name for name in free if is_condition(name)]
    others = [name for name in free if name not in conditions] if is_small else []
    return {ASIDE + name: name for name in [*conditions, *others][:MOST]}


def _is_plain(kind: pl.DataType) -> bool:
    return kind in (pl.String, pl.Boolean) or isinstance(kind, pl.Categorical | pl.Enum) or kind.is_numeric()


def _may_differ(name: str) -> bool:
    is_outcome = may_be_evaluation(name) or metric_unit(normalise(name)) is not None or "loss" in normalise(name)
    is_bookkeeping = bool(words(name) & BOOKKEEPING) and name != BY_FILE
    is_telling = not is_outcome or says_unit(name) or is_perplexity(name)
    return is_telling and not is_bookkeeping and not re.match("__", name)


def with_peaks(points: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """Finished points with the highest learning rate of each run set aside, which the chosen rows have."""
    return points.with_columns(chosen[PEAK].alias(ASIDE + PEAK)) if PEAK in chosen.columns else points


def set_aside(points: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The points without the columns set aside, and these under their own names, row by row."""
    names = [name for name in points.columns if name.startswith(ASIDE)]
    if not names:
        return points, pl.DataFrame()
    aside = points.select(pl.col(name).alias(name.removeprefix(ASIDE)) for name in names)
    return points.drop(names), aside


def unnamed(keep: Mapping[str, str]) -> dict[str, str]:
    """The columns that were asked for, without those set aside."""
    return {name: column for name, column in keep.items() if not name.startswith(ASIDE)}
