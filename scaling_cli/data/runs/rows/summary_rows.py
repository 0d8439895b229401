"""Points that come twice, because a summary file lies beside the files of its runs.

Two points are copies if they agree in every number that both have, among them an amount and the loss, but do not have
the same columns: a summary lacks steps, or the parts lack learning rates. A single match may be chance, so most
points with the columns of the summary must have one. Losses in summaries are often rounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.files.inputs import BY_FILE, BY_FOLDER
from scaling_cli.data.runs.aside import ASIDE
from scaling_cli.numbers.format import with_and

AMOUNTS = ("params", "tokens", "compute")
EXACT, ROUNDED = 1e-7, 3e-4  # relative differences of losses
SAME_AMOUNT = 0.01  # relative: 124M is written for 124,439,808
NEIGHBOURS = 3  # in the order of losses that are compared with a point
MOST_ROUNDED, FEWEST_ROUNDED = 0.8, 3  # share and number of points with equal columns that must have a copy
MOST_EXACT, FEWEST_EXACT = 0.5, 2
OWN = ("run_id", ASIDE + BY_FILE, ASIDE + BY_FOLDER)  # columns in which a row and its copy differ
PLACE, LAYOUT, KNOWN = "__place", "__layout", "__known"


def without_copies(points: pl.DataFrame, files: Sequence[str]) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points of several files without copies that have fewer columns, and the caveat that counts these.

    `files` are the names of the runs that are files of their own.
    """
    amounts = [role for role in AMOUNTS if role in points.columns]
    if not amounts or points.height < 2:
        return points, ()
    marked = _marked(points, files)
    if marked[LAYOUT].n_unique() < 2:
        return points, ()
    pairs = _pairs(marked, amounts)
    copies = _believed(pairs, marked)
    if copies.is_empty():
        return points, ()
    kept = _filled(marked, copies).drop(PLACE, LAYOUT, KNOWN)
    roles = with_and(["loss", *amounts])
    facts = {"count": f"{points.height - kept.height:,}", "total": f"{points.height:,}", "roles": roles}
    return kept, (caveat("summary-copies", None, **facts),)


def _marked(points: pl.DataFrame, files: Sequence[str]) -> pl.DataFrame:
    """The points with their place, which columns they have, and how much is known of them."""
    others = [name for name in points.columns if name not in OWN]
    is_part = pl.col("run_id").is_in(list(files)) & (pl.len().over("run_id") == 1)
    has = [pl.col(name).is_not_null() for name in others]
    return points.with_row_index(PLACE).with_columns(
        pl.concat_str([is_part.cast(pl.String), *(known.cast(pl.String) for known in has)]).alias(LAYOUT),
        (2 * pl.sum_horizontal(known.cast(pl.Int64) for known in has) + is_part.cast(pl.Int64)).alias(KNOWN),
    )


def _pairs(marked: pl.DataFrame, amounts: Sequence[str]) -> pl.DataFrame:
    """Pairs of points of different columns that agree: the place to leave out, that to keep, and whether exactly."""
    ordered = marked.sort("loss", PLACE)
    kinds = {name: kind for name, kind in marked.schema.items() if name not in (*OWN, "loss", PLACE, LAYOUT, KNOWN)}
    found = []
    for back in range(1, NEIGHBOURS + 1):
        other = {name: pl.col(name).shift(back) for name in marked.columns}
        same = {
            name: _is_close(pl.col(name), other[name], SAME_AMOUNT)
            if kind.is_numeric()
            else pl.col(name) == other[name]
            for name, kind in kinds.items()
        }
        agrees = pl.all_horizontal(equal.fill_null(value=True) for equal in same.values())
        has_amount = pl.any_horizontal(same[role].fill_null(value=False) for role in amounts)
        is_near = _is_close(pl.col("loss"), other["loss"], ROUNDED)
        differs = pl.col(LAYOUT) != other[LAYOUT]
        is_first = pl.col(KNOWN) < other[KNOWN]
        found.append(
            ordered.select(
                pl.when(is_first).then(PLACE).otherwise(other[PLACE]).alias("copy"),
                pl.when(is_first).then(other[PLACE]).otherwise(PLACE).alias("original"),
                pl.when(is_first).then(LAYOUT).otherwise(other[LAYOUT]).alias(LAYOUT),
                _is_close(pl.col("loss"), other["loss"], EXACT).alias("is_exact"),
                (agrees & has_amount & is_near & differs).fill_null(value=False).alias("is_copy"),
            ).filter("is_copy")
        )
    return pl.concat(found).sort(pl.col("is_exact"), descending=True, maintain_order=True).unique("copy", keep="first")


def _is_close(left: pl.Expr, right: pl.Expr, share: float) -> pl.Expr:
    return (left - right).abs() <= share * pl.max_horizontal(left.abs(), right.abs())


def _believed(pairs: pl.DataFrame, marked: pl.DataFrame) -> pl.DataFrame:
    """The pairs of those layouts of which most points have a copy."""
    sizes = marked.group_by(LAYOUT).len("size")
    counts = pairs.group_by(LAYOUT).agg(pl.len().alias("near"), pl.col("is_exact").sum().alias("exact"))
    judged = pairs.join(counts.join(sizes, on=LAYOUT), on=LAYOUT)
    is_rounded = (pl.col("near") >= MOST_ROUNDED * pl.col("size")) & (pl.col("near") >= FEWEST_ROUNDED)
    is_exact = (pl.col("exact") >= MOST_EXACT * pl.col("size")) & (pl.col("exact") >= FEWEST_EXACT)
    believed = judged.filter(is_rounded | (is_exact & pl.col("is_exact")))
    return believed.filter(~pl.col("original").is_in(believed["copy"].to_list()))


def _filled(marked: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """The points that stay, with values that only their copies have."""
    names = [name for name in marked.columns if name not in ("run_id", "loss", PLACE, LAYOUT, KNOWN)]
    of_copies = (
        copies.sort("copy")
        .unique("original", keep="first", maintain_order=True)
        .join(marked, left_on="copy", right_on=PLACE)
        .select(pl.col("original").alias(PLACE), *(pl.col(name).alias(f"{name} of copy") for name in names))
    )
    kept = marked.filter(~pl.col(PLACE).is_in(copies["copy"].to_list()))
    joined = kept.join(of_copies, on=PLACE, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(name, f"{name} of copy").alias(name) for name in names).select(
        marked.columns
    )
